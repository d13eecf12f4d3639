"""Thousands of requests end at one instant: each as ever, but not all in one turn of the loop."""

from collections.abc import Callable
from dataclasses import replace

from router.switching.conductor import Limits
from router.switching.peers import Issuer
from router.wire.message import Message
from specs.journal_format import Reversed, Stored
from tests.builders import card, purchase
from tests.switching.desk import Desk, bank, bins

MANY = 3000
MOST_IN_A_TURN = MANY // 32
TIMEOUT_S = 6.0
TICK_S = 0.05
TURN_S = 0.005


def large() -> Issuer:
    issuer = bank("silent", timeout_s=TIMEOUT_S, pending_max=MANY)
    issuer.terms = replace(issuer.terms, requests_burst=MANY)
    return issuer


def request(number: int, bank_digits: str = "950401") -> Message:
    pan = card(f"{bank_digits}{number:05d}")
    return purchase(stan=f"{number:06d}", rrn=f"{number:012d}", pan=pan)


class House:
    """Two banks: the larger one has MANY requests and answers none, the other one is well."""

    def __init__(self, answer_within_s: float = 10.0) -> None:
        self.desk = Desk(
            large(), bank("lively"),
            ranges=[bins("950401", "silent"), bins("950402", "lively")],
            limits=Limits(in_flight_max=10_000, issuer_share=1.0),
        )  # fmt: skip
        self.terminal = self.desk.terminal("souk", answer_within_s, in_flight_max=10_000)
        self.terminal.acquirer = replace(self.terminal.acquirer, requests_burst=10_000)
        for number in range(MANY):
            self.desk.conductor.arrive(self.terminal, request(number))
        self.desk.settle()
        self.began = self.desk.clock.seconds
        assert len(self.desk.wire().sent) == MANY

    def turns(self, seconds: float, between: Callable[[], None] = lambda: None) -> list[int]:
        """As the daemon has them: how many requests each of them answered."""
        clock, conductor = self.desk.clock, self.desk.conductor
        until, next_tick = clock.seconds + seconds, clock.seconds
        answered: list[int] = []
        while clock.seconds < until:
            clock.seconds += TURN_S
            before = len(self.terminal.heard)
            if clock.seconds >= next_tick:
                next_tick = clock.seconds + TICK_S
                conductor.tick()
            elif conductor.is_behind:
                conductor.go_on()
            self.desk.settle()
            answered.append(len(self.terminal.heard) - before)
            between()
        return answered

    def check_reversed_once_each(self) -> None:
        records = self.desk.disk.records
        told = [one.about.key for one in records if isinstance(one, Reversed)]
        stored = [one.about.key for one in records if isinstance(one, Stored)]
        assert len(told) == len(set(told)) == MANY
        assert sorted(stored) == sorted(told)


def test_three_thousand_silences_are_spread_over_turns_and_nothing_else_changes() -> None:
    """Each is reversed once, each acquirer hears 91 within 0.6 s and before its deadline."""
    house = House()
    assert sum(house.turns(TIMEOUT_S - 0.2)) == 0
    turns = house.turns(1.5)
    assert 0 < max(turns) <= MOST_IN_A_TURN
    assert sum(turns) == MANY
    assert sum(turns[: int(0.8 / TURN_S)]) == MANY
    assert house.terminal.codes == ["91"] * MANY
    house.check_reversed_once_each()


def test_the_other_bank_is_asked_in_between() -> None:
    """What arrives while they end is sent in its own turn."""
    house = House()
    house.turns(TIMEOUT_S - 0.2)
    lively = house.desk.wire(issuer=1)
    asked = 0

    def one_more() -> None:
        nonlocal asked
        asked += 1
        house.desk.arrive(house.terminal, request(10_000 + asked, "950402"))
        assert len(lively.sent) == asked
        house.desk.answer(lively.sent[-1], "00", issuer=1)

    house.turns(1.5, one_more)
    assert house.terminal.codes.count("00") == asked
    assert house.terminal.codes.count("91") == MANY


def test_a_line_that_falls_under_thousands_is_no_long_turn_either() -> None:
    """They hear so from that moment on, long before their timeout."""
    house = House()
    house.desk.conductor.line_fell(house.desk.issuers[0].lines[0])
    house.desk.settle()
    assert 0 < len(house.terminal.heard) <= MOST_IN_A_TURN
    turns = house.turns(1.5)
    assert max(turns) <= MOST_IN_A_TURN
    assert house.terminal.codes == ["91"] * MANY
    house.check_reversed_once_each()


def test_an_answer_that_comes_after_its_deadline_is_late_although_others_are_dealt_with_first() -> (
    None
):
    """The deadline decides, and not when its turn comes: it is reversed like the others."""
    house = House()
    house.turns(TIMEOUT_S - 0.2)
    while not house.terminal.heard:
        house.turns(TURN_S)
    house.desk.answer(house.desk.wire().sent[MANY - 1], "00")
    assert ("late_response", "silent-1") in house.desk.watcher.counts
    house.turns(1.5)
    assert house.terminal.codes == ["91"] * MANY
    house.check_reversed_once_each()


def test_deadlines_of_acquirers_are_spread_too_and_kept() -> None:
    """Acquirers in more of a hurry than the issuer's timeout: 96 in time, reversed at its end."""
    house = House(answer_within_s=3.0)
    house.turns(2.8)
    assert house.terminal.codes == []
    turns = house.turns(0.2 - TURN_S)
    assert house.terminal.codes == ["96"] * MANY
    assert [answered for answered in turns if answered][:5] == [32] * 5
    house.turns(TIMEOUT_S)
    house.check_reversed_once_each()


def test_the_breaker_knows_at_once() -> None:
    """Nothing more is sent there, although most of its silences are not dealt with yet."""
    house = House()
    house.turns(TIMEOUT_S - 0.2)
    while not house.terminal.heard:
        house.turns(TURN_S)
    house.desk.arrive(house.terminal, request(9_999))
    assert (len(house.desk.wire().sent), house.terminal.codes[-1]) == (MANY, "91")


def test_an_issuer_stays_until_the_last_of_them_is_reversed() -> None:
    """It left the configuration meanwhile: its lines are still needed for what is stored."""
    house = House()
    issuer = house.desk.issuers[0]
    house.desk.conductor.line_fell(issuer.lines[0])
    issuer.saf.entries.clear()
    assert (issuer.is_idle, issuer.given_up > 0) == (False, True)
    house.turns(1.5)
    assert issuer.given_up == 0
