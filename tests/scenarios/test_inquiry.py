"""An inquiry holds nothing: it is never reversed, whatever becomes of it."""

import pytest

from specs.elements import DE
from tests.builders import message, purchase, reversal
from tests.switching.desk import Desk

INQUIRY = {"processing_code": "310000", "amount": "000000000000"}


@pytest.mark.parametrize("processing_code", ["300000", "310000"])
def test_a_silent_issuer_means_91_and_nothing_else(processing_code: str) -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(processing_code=processing_code, amount="000000000000"))
    desk.pass_time(20.0)
    assert terminal.codes == ["91"]
    assert desk.wire().mtis == ["0100"]
    assert desk.restarted().disk.entries == []


def test_a_fallen_line_means_91_and_nothing_else() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(**INQUIRY))
    desk.line_falls()
    desk.line_returns()
    assert terminal.codes == ["91"]
    assert desk.wire().mtis == ["0100"]


def test_an_answer_nobody_takes_is_not_reversed() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(**INQUIRY))
    terminal.is_open = False
    desk.answer(desk.wire().sent[0], "00")
    assert desk.wire().mtis == ["0100"]
    late = desk.terminal()
    desk.arrive(late, purchase("0101", **INQUIRY))
    assert late.codes == ["00"]


@pytest.mark.parametrize("mti", ["0400", "0420"])
@pytest.mark.parametrize("is_known", [True, False])
def test_its_reversal_hears_00_and_is_sent_nowhere(mti: str, is_known: bool) -> None:
    """H14: known, in flight or never seen."""
    desk = Desk()
    terminal = desk.terminal()
    if is_known:
        desk.buy(terminal, purchase(**INQUIRY), "00")
    desk.arrive(terminal, reversal(mti, of=purchase(**INQUIRY)))
    assert terminal.codes[-1] == "00"
    assert all(sent.mti == "0100" for sent in desk.wire().sent)
    assert desk.restarted().wire().sent == []


def test_a_reversal_that_does_not_say_what_it_reverses_is_forwarded() -> None:
    """An unknown DE 3 may hold: better a reversal too many than a hold."""
    desk = Desk()
    terminal = desk.terminal()
    values = reversal(of=purchase(processing_code="020000")).values()
    undo = message("0420").codec.written("0420", values)
    desk.arrive(terminal, undo)
    assert terminal.codes == ["00"]
    assert desk.wire().mtis == ["0420"]
    assert desk.wire().sent[0].text(DE.PROCESSING_CODE) == "020000"
