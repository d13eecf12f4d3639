"""An approval that a link took and never wrote: nobody heard it, so it is reversed."""

import pytest

from specs.elements import DE
from tests.builders import purchase, reversal
from tests.switching.desk import Desk, Terminal


def approved(desk: Desk) -> tuple[Terminal, object]:
    """A purchase whose approval its link took, and what the link would bring back."""
    terminal = desk.terminal()
    desk.buy(terminal, purchase())
    (approval,) = terminal.approvals
    return terminal, approval


def brought_back(desk: Desk, approval: object) -> None:
    desk.conductor.undeliverable(approval)
    desk.settle()


def test_it_is_reversed_and_its_repeat_hears_a_decline() -> None:
    desk = Desk()
    _, approval = approved(desk)
    brought_back(desk, approval)
    assert desk.wire().mtis == ["0100", "0420"]
    assert desk.wire().sent[1].text(DE.ORIGINAL_DATA)[4:10] == desk.wire().sent[0].text(DE.STAN)
    assert [what for what, _ in desk.watcher.told] == ["undeliverable_approval"]
    late = desk.terminal()
    desk.arrive(late, purchase("0101"))
    desk = desk.restarted()
    again = desk.terminal()
    desk.arrive(again, purchase("0101"))
    assert (late.codes, again.codes) == (["91"], ["91"])


def test_nobody_hears_that_it_is_gone_before_that_is_durable() -> None:
    """H2: the disk stalls while the reversal is on its way to it."""
    desk = Desk()
    _, approval = approved(desk)
    desk.disk.stalls = True
    desk.conductor.undeliverable(approval)
    late = desk.terminal()
    desk.arrive(late, purchase("0101"))
    assert late.codes == []
    desk.disk.stalls = False
    desk.settle()
    assert late.codes == ["91"]


@pytest.mark.parametrize("first", [0, 1])
def test_whoever_heard_it_on_another_link_keeps_it(first: int) -> None:
    """The original and its repeat were both told; one of the two links fell before it wrote."""
    desk = Desk()
    terminals = [desk.terminal(), desk.terminal()]
    desk.arrive(terminals[0], purchase())
    desk.arrive(terminals[1], purchase("0101"))
    desk.answer(desk.wire().sent[0], "00")
    brought_back(desk, terminals[first].approvals[0])
    assert desk.wire().mtis == ["0100"]
    brought_back(desk, terminals[1 - first].approvals[0])
    assert desk.wire().mtis == ["0100", "0420"]


def test_a_stored_answer_that_does_not_go_out_takes_nothing_back() -> None:
    """The original heard 00; the repeat's link fell. After a restart too, when nobody knows."""
    desk = Desk()
    approved(desk)
    late = desk.terminal()
    desk.arrive(late, purchase("0101"))
    brought_back(desk, late.approvals[0])
    assert desk.wire().mtis == ["0100"]
    desk = desk.restarted()
    late = desk.terminal()
    desk.arrive(late, purchase("0101"))
    assert late.codes == ["00"]
    brought_back(desk, late.approvals[0])
    assert desk.wire().sent == []


def test_what_its_acquirer_reverses_already_is_not_reversed_twice() -> None:
    """On another link, before this one was found to be gone: stored, or still on line."""
    desk = Desk()
    _, approval = approved(desk)
    desk.arrive(desk.terminal(), reversal())
    brought_back(desk, approval)
    assert desk.wire().mtis == ["0100", "0420"]
    desk = Desk()
    _, approval = approved(desk)
    desk.arrive(desk.terminal(), reversal("0400"))
    brought_back(desk, approval)
    assert desk.wire().mtis == ["0100", "0400"]


def test_declines_advices_and_reversals_are_not_brought_back() -> None:
    """Nothing is held by them."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(stan="000001", rrn="000000000001"), "51")
    desk.arrive(terminal, purchase("0220", stan="000002", rrn="000000000002"))
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["51", "00", "00"]
    assert terminal.approvals == []


def test_an_unreadable_answer_reverses_its_request_at_once() -> None:
    """No more than its number can be read: as good as silence, six seconds sooner."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    sent = desk.wire().sent[0]
    desk.conductor.unreadable(desk.issuers[0].lines[0], "0110", sent.text(DE.STAN))
    desk.settle()
    assert terminal.codes == ["91"]
    assert desk.wire().mtis == ["0100", "0420"]
    desk.answer(sent, "00")  # and its good twin comes too late
    assert ("late_response", "atlas-1") in desk.watcher.counts
    assert desk.wire().mtis == ["0100", "0420"]


def test_an_unreadable_answer_to_nothing_changes_nothing() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    line = desk.issuers[0].lines[0]
    desk.conductor.unreadable(line, "0110", "999999")
    desk.conductor.unreadable(line, "0430", desk.wire().sent[0].text(DE.STAN))
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == ["00"]


def test_an_unreadable_answer_to_an_entry_has_it_tried_again() -> None:
    desk = Desk()
    desk.arrive(desk.terminal(), purchase("0220"))
    sent = desk.wire().sent[0]
    desk.conductor.unreadable(desk.issuers[0].lines[0], "0230", sent.text(DE.STAN))
    desk.pass_time(1.1)
    assert desk.wire().mtis == ["0220", "0221"]
