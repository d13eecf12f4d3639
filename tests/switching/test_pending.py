"""Who waits for which response on a line, and whose number is whose."""

from router.switching.pending import Line, Waiting
from router.switching.stans import QUARANTINE_S, Stans
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


def test_numbers_that_end_alike_are_told_apart() -> None:
    """They share a row of the table; each is taken out of its middle, its end and its beginning."""
    line = a_line(pending_max=64)
    numbers = [5, 69, 133, 197]
    for order in ([2, 0, 3, 1], [3, 2, 1, 0], [0, 1, 2, 3]):
        requests = [sent(line, f"{number:06d}", 10.0) for number in numbers]
        for place in order:
            request, waiting = requests[place]
            assert line.match(response(request)) is waiting
            assert line.match(response(request)) is None
    assert line.load == 0
    assert line.expire(100.0) == []


def test_whatever_leaves_a_slice_of_time_the_rest_still_expires() -> None:
    for gone in (0, 1, 2):
        line = a_line()
        requests = [sent(line, f"{number:06d}", 10.0 + number / 1000) for number in (1, 2, 3)]
        line.match(response(requests[gone][0]))
        over = requests[gone][1]
        assert over.before is None  # else they keep each other in memory: no collector sees them
        assert over.behind is None
        left = [waiting for place, (_, waiting) in enumerate(requests) if place != gone]
        assert line.expire(10.04) == left


def test_all_that_the_dialect_names_must_be_the_same() -> None:
    """Whatever is written differently, or is absent, makes it the answer to something else."""
    elements = (DE.TRANSMISSION_TIME, DE.STAN, DE.ACQUIRER_ID, DE.TERMINAL_ID, DE.RRN)
    line = Line("atlas-1", "atlas", Stans(), elements, 10)
    request, waiting = sent(line, "000001", 10.0)
    answer = response(request)
    for element, other in ((DE.ACQUIRER_ID, "1"), (DE.TERMINAL_ID, "OTHER   "), (DE.RRN, None)):
        changed = answer.replacing(None, {element: other})
        assert line.match(changed) is None
        assert line.differing_elements(changed) == [element]
    assert line.match(answer) is waiting


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


def test_a_number_that_is_held_stays_in_quarantine_when_it_is_given_back() -> None:
    """A 0400 that nobody answered becomes an entry under its number: a late answer may still come,
    however soon the entry is over.
    """
    stans = Stans(space=20)
    stan = stans.take(0.0)
    assert stan == "000001"
    stans.quarantine(stan, 0.0)
    room = stans.room(0.0)
    stans.hold(stan)
    assert stans.room(0.0) == room - 1
    stans.free(stan)
    assert stans.room(0.0) == room
    taken = [stans.take(1.0, for_reversal=True) for _ in range(19)]
    assert stan not in taken
    for number in taken:
        assert number is not None
        stans.free(number)
    assert stans.room(QUARANTINE_S) == 20
    assert stans.take(QUARANTINE_S) == stan


def test_of_a_held_number_only_the_quarantine_ends() -> None:
    stans = Stans(space=4)
    stans.quarantine("000002", 0.0)
    stans.hold("000002")
    assert stans.room(QUARANTINE_S) == 3
    given = [stans.take(QUARANTINE_S, for_reversal=True) for _ in range(4)]
    assert given == ["000001", "000003", "000004", None]


def test_neighbours_in_the_table_do_not_touch_each_other() -> None:
    """Each number has its own two bits, the last of all six digits too."""
    stans = Stans(first=999_990, space=10)
    numbers = [f"{number:06d}" for number in range(999_990, 1_000_000)]
    assert [stans.take(0.0, for_reversal=True) for _ in range(11)] == [*numbers, None]
    for stan in numbers[::2]:
        stans.free(stan)
    assert stans.room(0.0) == 5
    assert [stans.take(0.0, for_reversal=True) for _ in range(6)] == [*numbers[::2], None]


def test_a_number_as_an_issuer_writes_it_longer_is_the_same() -> None:
    stans = Stans()
    assert stans.take(0.0) == "000001"
    stans.free("000000000001")
    assert stans.room(0.0) == stans.space
