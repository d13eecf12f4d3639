"""A line to the issuer falls, or takes nothing."""

from specs.elements import DE
from specs.journal_format import Forwarded
from tests.builders import card, purchase
from tests.switching.desk import Desk, bank


def test_what_left_is_reversed_at_once_when_its_line_falls() -> None:
    """Nobody waits for the timeout; the reversal goes when a line is up."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.line_falls()
    assert terminal.codes == ["91"]
    assert desk.wire().mtis == ["0100"]

    desk.line_returns()
    assert desk.wire().mtis == ["0100", "0420"]


def test_what_left_is_not_sent_again_on_another_line() -> None:
    """Promise 3: the other line carries the reversal, never the request."""
    desk = Desk(bank("atlas", lines=2))
    desk.arrive(desk.terminal(), purchase())
    assert desk.wire(0).mtis == ["0100"]
    desk.line_falls(0)
    assert desk.wire(1).mtis == ["0420"]


def test_the_reversal_prefers_the_line_its_original_left_by() -> None:
    desk = Desk(bank("atlas", lines=2))
    desk.arrive(desk.terminal("first"), purchase())
    desk.arrive(desk.terminal("second"), purchase(pan=card("9504012")))
    desk.pass_time(6.1)
    for line in (0, 1):
        request, reversal = desk.wire(line).sent
        assert reversal.text(DE.ORIGINAL_DATA)[4:10] == request.text(DE.STAN)


def test_what_never_left_goes_by_the_next_line() -> None:
    """With a number and a *forwarded* record of its own."""
    desk = Desk(bank("atlas", lines=2))
    desk.wire(0).takes = False
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    (sent,) = desk.wire(1).sent
    forwarded = [record for record in desk.disk.records if isinstance(record, Forwarded)]
    assert [(record.line, record.outbound.values[DE.STAN]) for record in forwarded] == [
        ("atlas-1", "000001"),
        ("atlas-2", "000002"),
    ]
    desk.answer(sent, "00", line=1)
    assert terminal.codes == ["00"]


def test_what_no_line_takes_hears_91_and_is_not_reversed() -> None:
    """Not a byte was handed to a socket; a restart finds nothing to do either."""
    desk = Desk(bank("atlas", lines=2))
    desk.wire(0).takes = desk.wire(1).takes = False
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    assert terminal.codes == ["91"]
    assert desk.disk.entries == []
    assert desk.restarted().disk.entries == []


def test_a_line_that_falls_while_the_disk_writes_counts_as_never_left() -> None:
    desk = Desk(bank("atlas", lines=2))
    desk.disk.stalls = True
    desk.arrive(desk.terminal(), purchase())
    desk.line_falls(0)
    desk.disk.stalls = False
    desk.settle()
    assert desk.wire(0).sent == []
    assert desk.wire(1).mtis == ["0100"]


def test_the_least_loaded_line_is_chosen() -> None:
    desk = Desk(bank("atlas", lines=3))
    for number in range(6):
        desk.arrive(desk.terminal(f"t{number}"), purchase())
    assert [len(desk.wire(line).sent) for line in range(3)] == [2, 2, 2]
