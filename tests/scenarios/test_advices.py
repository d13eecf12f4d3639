"""Advices are answered as soon as they are durable here, and delivered whatever happens."""

import pytest

from specs.elements import DE
from tests.builders import purchase, reversal
from tests.switching.desk import Desk


@pytest.mark.parametrize(("mti", "response"), [("0120", "0130"), ("0220", "0230")])
def test_an_advice_is_taken_stored_and_delivered(mti: str, response: str) -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.stalls = True
    desk.arrive(terminal, purchase(mti))
    assert (terminal.heard, desk.wire().sent) == ([], [])

    desk.disk.stalls = False
    desk.settle()
    assert [heard.mti for heard in terminal.heard] == [response]
    assert terminal.codes == ["00"]
    (sent,) = desk.wire().sent
    assert sent.mti == mti
    assert sent.text(DE.RRN) == purchase().text(DE.RRN)
    desk.answer(sent, "00")
    desk.pass_time(30.0)
    assert desk.wire().mtis == [mti]


def test_a_flagged_advice_is_our_first_transmission() -> None:
    desk = Desk()
    desk.arrive(desk.terminal(), purchase("0121"))
    assert desk.wire().mtis == ["0120"]


def test_a_repeated_advice_is_taken_once() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase("0220"))
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(terminal, purchase("0221"))
    assert terminal.codes == ["00", "00"]
    assert desk.wire().mtis == ["0220"]
    desk = desk.restarted()
    late = desk.terminal()
    desk.arrive(late, purchase("0221"))
    assert late.codes == ["00"]
    assert desk.wire().sent == []


def test_an_issuer_without_a_line_gets_it_later() -> None:
    """The acquirer need not know."""
    desk = Desk()
    desk.line_falls()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase("0220"))
    assert terminal.codes == ["00"]
    desk.pass_time(60.0)
    desk.line_returns()
    assert desk.wire().mtis == ["0220"]


def test_silence_is_answered_with_a_flagged_repeat() -> None:
    """Same numbers, 0221; nobody reverses an advice."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase("0220"))
    desk.pass_time(8.0)
    first, second = desk.wire().sent
    assert (first.mti, second.mti) == ("0220", "0221")
    assert first.text(DE.STAN) == second.text(DE.STAN)
    assert first.text(DE.TRANSMISSION_TIME) == second.text(DE.TRANSMISSION_TIME)


def test_an_advice_that_the_disk_refuses_hears_96_and_may_come_again() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.refuses = True
    room = desk.issuers[0].stans.room(0.0)
    desk.arrive(terminal, purchase("0220"))
    assert terminal.codes == ["96"]
    assert desk.wire().sent == []
    assert desk.issuers[0].stans.room(0.0) == room

    desk.disk.refuses = False
    desk.arrive(terminal, purchase("0221"))
    assert terminal.codes == ["96", "00"]
    desk.pass_time(0.1)
    assert desk.wire().mtis == ["0220"]


def test_an_advice_on_a_stalled_disk_hears_96_and_its_repeat_the_truth() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.stalls = True
    desk.arrive(terminal, purchase("0220"))
    desk.pass_time(10.0)
    assert terminal.codes == ["96"]
    desk.disk.stalls = False
    desk.settle()
    desk.arrive(terminal, purchase("0221"))
    assert terminal.codes == ["96", "00"]
    assert desk.wire().mtis == ["0220"]


def test_the_reversal_of_an_advice_goes_behind_it_and_names_it() -> None:
    """DE 90 is the advice as the issuer knows it; it is sent once the advice is acknowledged."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase("0220"))
    desk.arrive(terminal, reversal(of=purchase("0220")))
    assert terminal.codes == ["00", "00"]
    assert desk.wire().mtis == ["0220"]
    advice = desk.wire().sent[0]
    desk.answer(advice, "00")
    undo = desk.wire().sent[1]
    assert undo.mti == "0420"
    assert undo.text(DE.ORIGINAL_DATA)[:20] == "0220" + advice.text(DE.STAN) + advice.text(7)


def test_an_advice_keeps_no_track_nor_chip_data() -> None:
    desk = Desk()
    desk.arrive(
        desk.terminal(),
        purchase(
            "0220", track_2="9504010000000001=28122010000000000", pin_block="0123456789ABCDEF"
        ),
    )
    values = desk.disk.entries[0].message.values
    assert not {DE.TRACK_2, DE.PIN_BLOCK, DE.CHIP_DATA} & values.keys()
