"""Partial approvals (10) and partial reversals (DE 95)."""

import pytest

from specs.elements import DE
from tests.builders import purchase, reversal
from tests.switching.desk import Desk, Terminal

HALF = "000000005000"
STAYS_20 = "000000002000" + "0" * 30
STAYS_10 = "000000001000" + "0" * 30


def bought(code: str = "00", **more: str) -> tuple[Desk, Terminal]:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), code, **more)
    return desk, terminal


def test_the_acquirer_hears_the_amount_that_was_approved() -> None:
    desk, terminal = bought("10", amount=HALF)
    assert terminal.codes == ["10"]
    assert terminal.heard[0].text(DE.AMOUNT) == HALF
    desk = desk.restarted()
    late = desk.terminal()
    desk.arrive(late, purchase("0101"))
    assert late.codes == ["10"]
    assert late.heard[0].text(DE.AMOUNT) == HALF


@pytest.mark.parametrize("amount", [HALF, purchase().text(DE.AMOUNT)])
def test_reversing_a_partial_approval_reverses_what_was_approved(amount: str) -> None:
    """The acquirer may name either amount, the first time and in its repeats."""
    desk, terminal = bought("10", amount=HALF)
    desk.arrive(terminal, reversal(amount=amount))
    assert desk.wire().sent[1].text(DE.AMOUNT) == HALF
    desk.arrive(terminal, reversal("0421", amount=amount))
    assert terminal.codes == ["10", "00", "00"]
    desk = desk.restarted()
    late = desk.terminal()
    desk.arrive(late, reversal("0421", amount=amount))
    assert late.codes == ["00"]


def test_a_partial_approval_is_found_by_its_amount_under_another_time() -> None:
    """Only the repeat was seen; the reversal names the original's DE 7, and what was approved."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase("0101", transmission_time="1124101504"), "10", amount=HALF)
    desk.arrive(terminal, reversal(of=purchase(), amount=HALF))
    assert desk.watcher.alarms == []
    assert desk.wire().sent[1].text(DE.ORIGINAL_DATA)[4:10] == desk.wire().sent[0].text(DE.STAN)


def test_a_partial_reversal_keeps_the_answer_and_tells_the_issuer_what_stays() -> None:
    desk, terminal = bought()
    desk.arrive(terminal, reversal(replacement=STAYS_20))
    assert desk.wire().sent[1].text(DE.REPLACEMENT_AMOUNTS) == STAYS_20
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["00", "00", "00"]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_the_rest_can_still_be_reversed(is_restarted: bool) -> None:
    """H10: the full reversal after a partial one is not "reversed already"."""
    desk, terminal = bought()
    desk.arrive(terminal, reversal(replacement=STAYS_20))
    desk.answer(desk.wire().sent[1], "00")
    if is_restarted:
        desk = desk.restarted()
        terminal = desk.terminal()
    desk.arrive(terminal, reversal(stan="000902"))
    assert terminal.codes[-1] == "00"
    undo = desk.wire().sent[-1]
    assert undo.mti == "0420"
    assert not undo.has(DE.REPLACEMENT_AMOUNTS)
    desk.answer(undo, "00")
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes[-1] == "91"


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_repeat_of_the_partial_reversal_sends_nothing_and_less_that_stays_does(
    is_restarted: bool,
) -> None:
    desk, terminal = bought()
    desk.arrive(terminal, reversal(replacement=STAYS_20))
    desk.answer(desk.wire().sent[1], "00")
    if is_restarted:
        desk = desk.restarted()
        terminal = desk.terminal()
    before = len(desk.wire().sent)
    desk.arrive(terminal, reversal("0421", replacement=STAYS_20))
    assert len(desk.wire().sent) == before
    desk.arrive(terminal, reversal(stan="000902", replacement=STAYS_10))
    assert len(desk.wire().sent) == before + 1
    assert desk.wire().sent[-1].text(DE.REPLACEMENT_AMOUNTS) == STAYS_10
    assert terminal.codes[-2:] == ["00", "00"]


def test_a_full_reversal_behind_a_partial_one_that_is_being_written() -> None:
    """It waits for the record, and then it is looked at: the rest goes too."""
    desk, terminal = bought()
    desk.disk.stalls = True
    desk.arrive(terminal, reversal(replacement=STAYS_20))
    desk.arrive(terminal, reversal(stan="000902"))
    desk.disk.stalls = False
    desk.settle()
    assert terminal.codes == ["00", "00", "00"]
    first = desk.wire().sent[1]
    desk.answer(first, "00")
    assert [sent.has(DE.REPLACEMENT_AMOUNTS) for sent in desk.wire().sent[1:]] == [True, False]


def test_of_what_is_in_flight_nothing_stays() -> None:
    """Its acquirer hears it declined: the issuer must not keep a part."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.arrive(terminal, reversal(replacement=STAYS_20))
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == ["00", "91"]
    assert not desk.wire().sent[1].has(DE.REPLACEMENT_AMOUNTS)


@pytest.mark.parametrize("kill", [False, True])
def test_the_rest_of_an_unknown_original_can_still_be_reversed(kill: bool) -> None:
    """Never seen here, reversed in part, then in full: the issuer hears of both, once each."""
    desk = Desk()
    desk.arrive(desk.terminal(), reversal(replacement=STAYS_20))
    desk.answer(desk.wire().sent[0], "00")
    desk = desk.restarted() if kill else desk
    terminal = desk.terminal()
    before = len(desk.wire().sent)
    desk.arrive(terminal, reversal("0421", replacement=STAYS_20))
    assert len(desk.wire().sent) == before
    desk.arrive(terminal, reversal())
    assert desk.wire().sent[-1].mti == "0420"
    assert not desk.wire().sent[-1].has(DE.REPLACEMENT_AMOUNTS)
    desk.arrive(terminal, reversal("0421"))
    assert len(desk.wire().sent) == before + 1
    assert terminal.codes == ["00", "00", "00"]
    desk.arrive(terminal, purchase())
    assert terminal.codes[-1] == "94"
