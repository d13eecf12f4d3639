"""A 0400 of an issuer's approval goes to it on line; what it does not confirm is ours."""

import pytest

from specs.elements import DE
from specs.journal_format import Reversed
from tests.builders import purchase, reversal
from tests.switching.desk import Desk, Terminal, bank

STAYS_20 = "000000002000" + "0" * 30


def bought() -> tuple[Desk, Terminal]:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    return desk, terminal


def test_the_issuer_confirms_and_the_acquirer_hears_it() -> None:
    desk, terminal = bought()
    request = desk.wire().sent[0]
    desk.arrive(terminal, reversal("0400"))
    undo = desk.wire().sent[1]
    assert undo.mti == "0400"
    assert undo.text(DE.ORIGINAL_DATA)[4:20] == request.text(DE.STAN) + request.text(7)
    assert terminal.codes == ["00"]
    desk.answer(undo, "00")
    assert [heard.mti for heard in terminal.heard] == ["0110", "0410"]
    assert terminal.codes == ["00", "00"]
    desk.pass_time(30.0)
    assert desk.wire().mtis == ["0100", "0400"]
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["00", "00", "91"]


@pytest.mark.parametrize("code", ["25", "91", "05", "96", "12"])
def test_on_any_other_code_it_becomes_a_stored_0421(code: str) -> None:
    """H9: with the 0400's DE 7 and 11, because that left; the acquirer hears 00."""
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400"))
    undo = desk.wire().sent[1]
    desk.answer(undo, code)
    assert terminal.codes == ["00", "00"]
    again = desk.wire().sent[2]
    assert again.mti == "0421"
    for same in (DE.TRANSMISSION_TIME, DE.STAN, DE.ORIGINAL_DATA):
        assert again.text(same) == undo.text(same)


def test_silence_makes_it_a_stored_0421() -> None:
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400"))
    desk.pass_time(6.1)
    assert terminal.codes == ["00", "00"]
    assert desk.wire().mtis == ["0100", "0400", "0421"]


def test_a_fallen_line_makes_it_a_stored_0421() -> None:
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400"))
    desk.line_falls()
    assert terminal.codes == ["00", "00"]
    desk.line_returns()
    assert desk.wire().mtis == ["0100", "0400", "0421"]


def test_without_a_line_it_is_stored_at_once() -> None:
    """It never left, so its first transmission is a 0420."""
    desk, terminal = bought()
    desk.line_falls()
    desk.arrive(terminal, reversal("0400"))
    assert terminal.codes == ["00", "00"]
    desk.line_returns()
    assert desk.wire().mtis == ["0100", "0420"]


def test_it_goes_by_the_line_of_its_original() -> None:
    desk = Desk(bank("atlas", lines=2))
    desk.arrive(desk.terminal("other"), purchase())
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.answer(desk.wire(1).sent[0], "00", line=1)
    desk.arrive(terminal, reversal("0400"))
    assert desk.wire(1).mtis == ["0100", "0400"]


def test_a_repeated_0400_waits_for_the_first() -> None:
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400"))
    desk.arrive(terminal, reversal("0401"))
    desk.answer(desk.wire().sent[1], "00")
    assert terminal.codes == ["00", "00", "00"]
    assert [heard.mti for heard in terminal.heard] == ["0110", "0410", "0410"]
    desk.arrive(terminal, reversal("0401"))
    assert terminal.codes == ["00"] * 4
    assert desk.wire().mtis == ["0100", "0400"]


def test_a_repeat_of_the_purchase_waits_for_what_becomes_of_it() -> None:
    """A repeat never hears 00 for a hold that may be gone already."""
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400"))
    repeat = desk.terminal()
    desk.arrive(repeat, purchase("0101"))
    assert repeat.codes == []
    desk.answer(desk.wire().sent[1], "00")
    assert repeat.codes == ["91"]


def test_nobody_hears_that_it_is_gone_before_that_is_durable() -> None:
    """H2: no line, a slow disk: no 0400, 0401 or repeated purchase is answered."""
    desk, terminal = bought()
    desk.line_falls()
    desk.disk.stalls = True
    desk.arrive(terminal, reversal("0400"))
    desk.arrive(terminal, reversal("0401"))
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["00"]
    desk.disk.stalls = False
    desk.settle()
    assert sorted(terminal.codes[1:]) == ["00", "00", "91"]


def test_what_the_disk_refused_is_not_confirmed_to_the_repeat_either() -> None:
    """The first 0400 hears 96 at its deadline; its 0401 waits for the record as well."""
    desk, terminal = bought()
    desk.line_falls()
    desk.disk.refuses = True
    desk.arrive(terminal, reversal("0400"))
    desk.pass_time(10.1)
    assert terminal.codes == ["00", "96"]
    desk.arrive(terminal, reversal("0401"))
    assert terminal.codes == ["00", "96"]
    desk.disk.refuses = False
    desk.pass_time(1.0)
    assert terminal.codes == ["00", "96", "00"]
    assert len([r for r in desk.disk.records if isinstance(r, Reversed)]) == 1


def test_one_found_in_flight_at_start_becomes_a_stored_0421() -> None:
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400"))
    undo = desk.wire().sent[1]
    desk = desk.restarted()
    (again,) = desk.wire().sent
    assert again.mti == "0421"
    assert again.text(DE.STAN) == undo.text(DE.STAN)
    late = desk.terminal()
    desk.arrive(late, reversal("0401"))
    desk.arrive(late, purchase("0101"))
    assert late.codes == ["00", "91"]
    assert desk.wire().mtis == ["0421"]


def test_one_found_in_flight_whose_original_is_reversed_stays_where_it_is() -> None:
    """Issuer confirmed, and the record is there: a restart has nothing to do."""
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400"))
    desk.answer(desk.wire().sent[1], "00")
    desk = desk.restarted()
    assert desk.wire().sent == []
    late = desk.terminal()
    desk.arrive(late, purchase("0101"))
    desk.arrive(late, reversal("0401"))
    assert late.codes == ["91", "00"]
    assert desk.wire().sent == []


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_partial_one_leaves_the_rest_to_be_reversed(is_restarted: bool) -> None:
    """On line, unanswered at a kill: what a restart stores is still partial."""
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400", replacement=STAYS_20))
    if is_restarted:
        desk = desk.restarted()
        terminal = desk.terminal()
        (undo,) = desk.wire().sent
    else:
        undo = desk.wire().sent[1]
    assert undo.text(DE.REPLACEMENT_AMOUNTS) == STAYS_20
    desk.answer(undo, "00")
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes[-1] == "00"
    desk.arrive(terminal, reversal("0420", stan="000902"))
    assert desk.wire().sent[-1].mti == "0420"
    assert not desk.wire().sent[-1].has(DE.REPLACEMENT_AMOUNTS)


def test_a_full_reversal_beside_a_partial_one_on_line() -> None:
    """The partial 0400 is under way: the full one does not take its answer for its own."""
    desk, terminal = bought()
    desk.arrive(terminal, reversal("0400", replacement=STAYS_20))
    desk.arrive(terminal, reversal("0420", stan="000902"))
    assert desk.wire().mtis == ["0100", "0400", "0420"]
    desk.answer(desk.wire().sent[1], "00")
    assert terminal.codes == ["00", "00", "00"]
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes[-1] == "91"
    desk.arrive(terminal, reversal("0420", stan="000903"))
    assert terminal.codes[-1] == "00"
    assert desk.wire().mtis == ["0100", "0400", "0420"]


@pytest.mark.parametrize("how", ["in flight", "unknown", "advice", "stored"])
def test_what_is_not_for_the_line_is_stored_at_once(how: str) -> None:
    desk = Desk()
    terminal = desk.terminal()
    if how == "in flight":
        desk.arrive(terminal, purchase())
        desk.arrive(terminal, reversal("0400"))
    elif how == "unknown":
        desk.arrive(terminal, reversal("0400"))
    elif how == "advice":
        desk.arrive(terminal, purchase("0120"))
        desk.arrive(terminal, reversal("0400", of=purchase("0120")))
    else:
        desk.buy(terminal, purchase(), "00")
        desk.arrive(terminal, reversal("0420", replacement=STAYS_20))
        desk.arrive(terminal, reversal("0400", stan="000902"))
    assert terminal.heard[-1].mti == "0410"
    assert terminal.codes[-1] == "00"
    assert "0400" not in desk.wire().mtis
