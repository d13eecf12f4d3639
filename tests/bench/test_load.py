"""The load process sees what is wrong with answers, and counts time from when a request was due."""

import time

import pytest

from bench.load.generator import Load
from bench.load.plan import Plan, Result
from tests.bench.peer import Answer, Fields, answering, approved


def loaded(answer: Answer, rate: float = 0.0, in_flight: int = 0, seconds: float = 0.2) -> Result:
    """One short run against a peer in this process."""
    with answering(answer) as port:
        plan = Plan(
            ports=[port], dialect="iso87-ascii", connections=2, seconds=seconds, warm_up_s=0.0,
            rate=rate, in_flight=in_flight, pids={}, drain_s=0.2,
        )  # fmt: skip
        return Load(plan).run()


def test_right_answers_are_counted_and_nothing_else() -> None:
    """A closed loop: as one is answered, the next leaves."""
    result = loaded(approved, in_flight=4)
    assert result.answered > 4
    assert (result.wrong, result.lost, result.overloaded) == ({}, 0, False)
    assert 0 < result.latencies["p50"] <= result.latencies["p99"]
    assert result.cpu_us["load"] > 0


@pytest.mark.parametrize(
    ("mistake", "seen"),
    [
        ({"39": "91"}, "response code 91"),
        ({"t": "0130"}, "MTI 0130"),
        ({"37": "000000999999"}, "RRN of another request"),
        ({"11": "999999"}, "STAN of no request"),
    ],
)
def test_a_wrong_answer_is_told_by_what_is_wrong(mistake: Fields, seen: str) -> None:
    """Every single answer has the mistake, and every single one is counted."""
    result = loaded(lambda request: approved(request) | mistake, rate=50)
    assert list(result.wrong) == [seen]
    assert result.wrong[seen] >= 9


def test_what_is_never_answered_is_lost() -> None:
    """Nobody answers: all of them."""
    result = loaded(lambda _: None, rate=100)
    assert result.answered == 0
    assert result.lost >= 19


def test_a_stall_is_seen_by_all_it_kept_waiting() -> None:
    """The peer sleeps 0.3 s once, at 200 a second: some 60 requests, not one, took long.

    A load that waits for an answer before it sends the next would have sent none meanwhile, and
    counted a single slow one (coordinated omission).
    """
    stalled: list[Fields] = []

    def stalls_once(request: Fields) -> Fields:
        if not stalled:
            stalled.append(request)
            time.sleep(0.3)
        return approved(request)

    result = loaded(stalls_once, rate=200, seconds=0.4)
    assert result.lost == 0
    assert result.latencies["p50"] > 50_000


def test_requests_differ_and_have_a_pin() -> None:
    """STAN and RRN count, the cards take turns, each PIN block is its card's."""
    heard: list[Fields] = []

    def listens(request: Fields) -> Fields:
        heard.append(request)
        return approved(request)

    loaded(listens, in_flight=4)
    assert len({request["11"] for request in heard}) == len(heard)
    assert len({request["37"] for request in heard}) == len(heard)
    assert len({request["2"] for request in heard[:64]}) == min(64, len(heard))
    assert len({request["52"] for request in heard[:64]}) == min(64, len(heard))
    assert all(request["2"].startswith("9504") and len(request["7"]) == 10 for request in heard)
