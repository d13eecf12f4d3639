"""Who waits for which response on a line, and whose number is whose."""

from router.switching.pending import QUARANTINE_S, Line, Stans, Waiting
from router.wire.message import Message
from specs.elements import DE
from tests.builders import purchase


class Asker:
    """Whoever sent a request."""


def a_line(pending_max: int = 10) -> Line:
    return Line("atlas-1", "atlas", Stans(), (DE.TRANSMISSION_TIME, DE.STAN), pending_max)


def sent(line: Line, stan: str, deadline: float) -> tuple[Message, Waiting]:
    request = purchase(stan=stan)
    return request, line.wait(request, "0110", Asker(), deadline)


def response(request: Message) -> Message:
    return request.replacing("0110", {DE.RESPONSE_CODE: "00"})


def test_a_response_finds_its_request_once() -> None:
    line = a_line()
    request, waiting = sent(line, "000001", 10.0)
    assert line.match(response(request)) is waiting
    assert line.match(response(request)) is None
    assert line.load == 0


def test_deadline_and_fall_take_it_out_of_the_table() -> None:
    line = a_line()
    first, one = sent(line, "000001", 10.0)
    second, two = sent(line, "000002", 20.0)
    assert line.expire(9.9) == []
    assert line.expire(10.0) == [one]
    assert line.fall(11.0) == [two]
    assert line.match(response(first)) is None
    assert line.match(response(second)) is None
    assert line.is_late(response(first))
    assert line.is_late(response(second))


def test_each_is_given_up_at_its_own_deadline_whatever_the_order_of_sending() -> None:
    line = a_line()
    deadlines = [10.0, 4.0, 7.5, 4.02, 30.0]
    waitings = [sent(line, f"{n:06d}", at)[1] for n, at in enumerate(deadlines)]
    assert line.expire(3.99) == []
    assert line.expire(4.0) == [waitings[1]]
    assert line.expire(4.01) == []
    assert line.expire(8.0) == [waitings[3], waitings[2]]
    assert line.expire(100.0) == [waitings[0], waitings[4]]


def test_what_is_long_expired_is_unknown_and_forgotten() -> None:
    """An entry that expires again and again does not keep the older ones in memory."""
    line = a_line()
    repeated = purchase(stan="000001")
    line.wait(repeated, "0110", Asker(), 1.0)
    line.expire(1.0)
    request, _ = sent(line, "000002", 2.0)
    line.expire(2.0)
    line.wait(repeated, "0110", Asker(), 100.0)
    line.expire(100.0)
    assert line.is_late(response(request))
    line.expire(2.0 + QUARANTINE_S)
    assert not line.is_late(response(request))
    assert line.is_late(response(repeated))


def test_a_full_line_says_so() -> None:
    line = a_line(pending_max=2)
    for number in range(2):
        assert not line.is_full
        sent(line, f"{number:06d}", 10.0)
    assert line.is_full


def test_the_difference_of_a_response_that_matched_nothing_is_named() -> None:
    line = a_line()
    request, _ = sent(line, "000001", 10.0)
    other_time = response(request).replacing(None, {DE.TRANSMISSION_TIME: "0101010101"})
    assert line.differing_elements(other_time) == [DE.TRANSMISSION_TIME]
    assert line.differing_elements(other_time.replacing("0210", {})) == [0, DE.TRANSMISSION_TIME]
    assert line.differing_elements(response(purchase(stan="000777"))) == []


def test_an_expired_number_is_used_again_after_its_quarantine() -> None:
    stans = Stans()
    stans.space = 4
    assert stans.take(0.0) == "000001"
    stans.quarantine("000001", 0.0)
    assert [stans.take(1.0, for_reversal=True) for _ in range(3)] == ["000002", "000003", "000004"]
    for stan in ("000002", "000003", "000004"):
        stans.free(stan)
    assert stans.take(2.0, for_reversal=True) == "000002"
    assert stans.take(1.0 + QUARANTINE_S, for_reversal=True) == "000003"
    assert stans.take(1.0 + QUARANTINE_S, for_reversal=True) == "000004"
    assert stans.take(1.0 + QUARANTINE_S, for_reversal=True) == "000001"


def test_a_request_gets_a_number_again_when_the_quarantine_is_over() -> None:
    stans = Stans()
    stans.space = 4
    for number in range(1, 4):
        stans.quarantine(f"{number:06d}", float(number))
    assert stans.take(4.0) is None
    assert stans.take(1.0 + QUARANTINE_S) is not None


def test_a_reversal_takes_a_number_from_quarantine_rather_than_none() -> None:
    stans = Stans()
    stans.space = 2
    for stan in ("000001", "000002"):
        stans.quarantine(stan, 0.0)
    assert stans.take(1.0) is None
    assert stans.take(1.0, for_reversal=True) == "000001"


def test_a_withdrawn_number_is_free() -> None:
    stans = Stans()
    line = Line("atlas-1", "atlas", stans, (DE.STAN,), 10)
    before = stans.room(0.0)
    stan = stans.take(0.0)
    assert stan is not None
    _, waiting = sent(line, stan, 10.0)
    line.withdraw(waiting)
    assert stans.room(0.0) == before
