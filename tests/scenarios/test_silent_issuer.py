"""The issuer says nothing: the acquirer hears 91, the issuer gets a reversal."""

from specs.elements import DE
from specs.journal_format import Answered, Reversed, Stored
from tests.builders import purchase
from tests.switching.desk import Desk


def test_acquirer_hears_91_and_issuer_gets_a_reversal() -> None:
    """After the issuer's timeout, not before; exactly one 0420, which names what was sent."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.pass_time(5.9)
    assert terminal.codes == []
    desk.pass_time(0.2)
    assert terminal.codes == ["91"]

    request, reversal = desk.wire().sent
    assert reversal.mti == "0420"
    assert reversal.text(DE.ORIGINAL_DATA) == (
        "0100"
        + request.text(DE.STAN)
        + request.text(DE.TRANSMISSION_TIME)
        + "00000001001"
        + "00000950400"
    )
    for same in (DE.PAN, DE.PROCESSING_CODE, DE.AMOUNT, DE.RRN, DE.TERMINAL_ID, DE.CURRENCY):
        assert reversal.text(same) == request.text(same)
    assert reversal.text(DE.STAN) != request.text(DE.STAN)


def test_the_reversal_is_in_one_commit_with_the_decline() -> None:
    """A crash between the two would leave a hold behind a heard decline."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.stalls = True
    desk.pass_time(6.1)
    (commit,) = desk.disk.waiting
    assert [type(record) for record in commit.records] == [Reversed, Stored, Answered]
    assert terminal.codes == []
    desk.disk.stalls = False
    desk.settle()
    assert terminal.codes == ["91"]


def test_the_reversal_is_repeated_until_the_issuer_takes_it() -> None:
    """0420 once, then 0421, same DE 7, 11 and 37; 00 ends it."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk.pass_time(25.0)
    first, *others = desk.wire().sent[1:]
    assert first.mti == "0420"
    assert others
    for again in others:
        assert again.mti == "0421"
        for kept in (DE.TRANSMISSION_TIME, DE.STAN, DE.RRN):
            assert again.text(kept) == first.text(kept)

    desk.answer(desk.wire().sent[-1], "00")
    count = len(desk.wire().sent)
    desk.pass_time(60.0)
    assert len(desk.wire().sent) == count


def test_the_reversal_names_the_card_that_came_by_its_track() -> None:
    """The track is never kept; DE 2 is, or nobody could tell whose hold it is."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase(pan=None, track_2="9504010000000001=28122010000000000"))
    desk.pass_time(6.1)
    reversal = desk.wire().sent[1]
    assert reversal.text(DE.PAN) == "9504010000000001"
    assert not reversal.has(DE.TRACK_2)


def test_a_response_that_says_nothing_usable_is_silence() -> None:
    """Without a code nobody knows what the issuer did."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.answer(desk.wire().sent[0], "  ")
    assert terminal.codes == ["91"]
    assert desk.wire().mtis == ["0100", "0420"]


def test_one_slow_request_does_not_hide_the_deadline_of_another() -> None:
    """The first one waited for the HSM and was sent last; both are given up in their own time."""
    desk = Desk()
    slow, quick = desk.terminal("slow"), desk.terminal("quick")
    desk.hsm.is_slow = True
    desk.arrive(slow, purchase(stan="000001", pin_block="0123456789ABCDEF"))
    desk.pass_time(3.0)
    desk.arrive(quick, purchase(stan="000002"))
    desk.hsm.is_slow = False
    desk.settle()

    desk.pass_time(3.1)
    assert slow.codes == ["91"]
    assert quick.codes == []
    desk.pass_time(3.0)
    assert quick.codes == ["91"]
