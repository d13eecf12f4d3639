"""A disk that stalls or refuses: declines, never an unrecorded approval."""

from specs.journal_format import Answered, Reversed, Stored
from tests.builders import purchase, reversal
from tests.switching.desk import Desk


def test_a_refused_forwarded_record_hears_96_and_nothing_leaves() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.refuses = True
    desk.arrive(terminal, purchase())
    assert terminal.codes == ["96"]
    assert desk.wire().sent == []


def test_a_disk_that_stays_broken_costs_no_memory() -> None:
    """A decline without a record on the disk has nothing to insist on."""
    desk = Desk()
    desk.disk.refuses = True
    for number in range(50):
        desk.arrive(desk.terminal(), purchase(stan=f"{number:06d}", rrn=f"{number:012d}"))
    assert desk.disk.waiting == []
    desk.pass_time(1.0)
    assert desk.disk.waiting == []
    assert desk.conductor.is_idle


def test_a_refused_approval_is_reversed_and_declined_when_the_disk_takes_that() -> None:
    """H1: after an error nobody knows what is on the disk, so 91 waits for the reversal."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.refuses = True
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == []
    assert desk.wire().mtis == ["0100"]

    desk.disk.refuses = False
    desk.pass_time(0.7)
    assert desk.wire().mtis == ["0100", "0420"]
    assert terminal.codes == ["91"]


def test_a_refused_approval_on_a_disk_that_stays_broken_is_met_with_silence() -> None:
    """Until its deadline and beyond: the acquirer reverses what it did not hear, and hears 96."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.refuses = True
    desk.answer(desk.wire().sent[0], "00")
    desk.pass_time(10.1)
    assert terminal.codes == []
    desk.arrive(terminal, reversal())
    desk.pass_time(10.1)
    assert terminal.codes == ["96"]
    desk.disk.refuses = False
    desk.pass_time(1.0)
    assert desk.wire().mtis == ["0100", "0420"]


def test_a_refused_answer_to_an_inquiry_is_declined_at_once() -> None:
    """It holds nothing."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(processing_code="310000", amount="0" * 12))
    desk.disk.refuses = True
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == ["96"]


def test_an_approval_under_way_to_a_stalled_disk_is_met_with_silence() -> None:
    """H1: a kill may find *answered 00*; whatever was said instead would be wrong then."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.stalls = True
    desk.answer(desk.wire().sent[0], "00")
    desk.pass_time(12.0)
    assert terminal.codes == []

    desk.disk.land_unheard()
    desk = desk.restarted()
    late = desk.terminal()
    desk.arrive(late, purchase("0101"))
    assert late.codes == ["00"]
    assert desk.wire().sent == []


def test_that_approval_is_reversed_once_the_disk_goes_on() -> None:
    """Nobody heard it in time. What overrides it is durable before anybody hears 91."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.stalls = True
    desk.answer(desk.wire().sent[0], "00")
    desk.pass_time(12.0)
    desk.disk.stalls = False
    desk.settle()
    assert terminal.codes == []
    assert desk.wire().mtis == ["0100", "0420"]
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["91"]
    kinds = [type(record) for record in desk.disk.records if not isinstance(record, Stored)]
    assert kinds[-2:] == [Answered, Reversed]


def test_a_repeat_that_comes_meanwhile_may_still_take_the_approval() -> None:
    """The first one's deadline passed in silence; the repeat is in time when the disk goes on."""
    desk = Desk()
    one, two = desk.terminal(), desk.terminal()
    desk.arrive(one, purchase())
    desk.disk.stalls = True
    desk.answer(desk.wire().sent[0], "00")
    desk.pass_time(9.0)
    desk.arrive(two, purchase("0101"))
    desk.pass_time(2.0)
    desk.disk.stalls = False
    desk.settle()
    assert (one.codes, two.codes) == ([], ["00"])
    assert desk.wire().mtis == ["0100"]


def test_a_request_that_waits_for_the_disk_past_its_time_never_leaves() -> None:
    """Promise 4; and a restart, which finds *forwarded*, has its decline beside it."""
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.stalls = True
    desk.arrive(terminal, purchase())
    desk.pass_time(11.0)
    assert terminal.codes == ["96"]
    desk.disk.stalls = False
    desk.settle()
    assert desk.wire().sent == []
    assert desk.restarted().disk.entries == []


def test_a_commit_that_was_refused_is_tried_again_whole() -> None:
    """H8: the decline is never stored before the reversal that goes with it."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.refuses = True
    desk.line_falls()
    assert terminal.codes == ["91"]
    before = len(desk.disk.records)
    assert before == 1

    desk.disk.refuses = False
    desk.disk.stalls = True
    desk.pass_time(0.7)
    (commit,) = desk.disk.waiting
    assert [type(record) for record in commit.records] == [Reversed, Stored, Answered]


def test_killed_before_it_was_tried_again_a_restart_reverses() -> None:
    """*Forwarded* alone is what it finds."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk.disk.refuses = True
    desk.line_falls()
    desk = desk.restarted()
    assert desk.wire().mtis == ["0420"]


def test_the_end_of_an_entry_is_never_stored_before_the_entry() -> None:
    """It is not even sent before it is durable."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.disk.refuses = True
    desk.arrive(terminal, reversal())
    desk.pass_time(3.0)
    assert desk.wire().mtis == ["0100"]
    desk.disk.refuses = False
    desk.pass_time(1.0)
    assert desk.wire().mtis == ["0100", "0420"]


def test_a_refused_end_is_told_again_and_the_entry_sent_no_more() -> None:
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk.pass_time(6.1)
    desk.disk.refuses = True
    desk.answer(desk.wire().sent[1], "00")
    assert not desk.conductor.is_idle
    desk.disk.refuses = False
    desk.pass_time(10.0)
    assert desk.conductor.is_idle
    assert desk.wire().mtis == ["0100", "0420"]
    desk = desk.restarted()
    desk.pass_time(1.0)
    assert desk.wire().sent == []


def test_a_refused_decline_of_the_issuer_is_heard_and_stored_later() -> None:
    """51 needs no reversal; a restart before that reverses what it cannot know."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.refuses = True
    desk.answer(desk.wire().sent[0], "51")
    assert terminal.codes == ["51"]
    desk.disk.refuses = False
    desk.pass_time(0.7)
    assert desk.restarted().disk.entries == []


def test_past_the_issuers_share_of_the_time_nothing_leaves_any_more() -> None:
    """The acquirer could still be answered in time, and is: 91."""
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.stalls = True
    desk.arrive(terminal, purchase())
    desk.pass_time(7.0)
    desk.disk.stalls = False
    desk.settle()
    assert terminal.codes == ["91"]
    assert desk.wire().sent == []
