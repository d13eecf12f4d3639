"""kill -9, and what the next process makes of the journal."""

from collections.abc import Iterator

import pytest

from router.switching.conductor import Limits
from router.switching.recovery import EVICT_EVERY
from specs.elements import DE
from specs.journal_format import (
    About,
    Answered,
    Forwarded,
    NumberGiven,
    Parts,
    Record,
    kept_message,
)
from tests.builders import purchase, reversal
from tests.switching.desk import Desk

PAN = "9504010000000001"


def test_forwarded_alone_is_reversed() -> None:
    """Nobody knows whether it left, nor what the acquirer heard: surely not an approval."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    request = desk.wire().sent[0]
    desk = desk.restarted()
    (undo,) = desk.wire().sent
    assert undo.mti == "0420"
    assert undo.text(DE.ORIGINAL_DATA)[4:20] == request.text(DE.STAN) + request.text(7)
    assert undo.text(DE.AMOUNT) == request.text(DE.AMOUNT)


@pytest.mark.parametrize("code", ["00", "10", "51"])
def test_what_is_answered_belongs_to_the_acquirer(code: str) -> None:
    """Whether it heard the approval or not: it asks again, or reverses."""
    desk = Desk()
    desk.buy(desk.terminal(), purchase(), code)
    desk = desk.restarted()
    desk.pass_time(20.0)
    assert desk.wire().sent == []


def test_an_answered_approval_can_be_reversed_after_a_restart() -> None:
    desk = Desk()
    request = desk.buy(desk.terminal(), purchase(), "00")
    desk = desk.restarted()
    terminal = desk.terminal()
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["00"]
    assert desk.wire().sent[0].text(DE.ORIGINAL_DATA)[4:10] == request.text(DE.STAN)


def test_an_inquiry_found_in_flight_ends_without_a_reversal() -> None:
    """H14: it holds nothing."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase(processing_code="310000", amount="0" * 12))
    desk = desk.restarted()
    assert desk.wire().sent == []
    assert isinstance(desk.disk.records[-1], Answered)
    terminal = desk.terminal()
    desk.arrive(terminal, purchase("0101", processing_code="310000", amount="0" * 12))
    assert terminal.codes == ["91"]


def test_a_second_restart_finds_nothing_more_to_do() -> None:
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk = desk.restarted()
    desk.answer(desk.wire().sent[0], "00")
    before = list(desk.disk.records)
    desk = desk.restarted()
    desk.pass_time(30.0)
    assert desk.disk.records == before
    assert desk.wire().sent == []


def test_many_restarts_make_one_reversal() -> None:
    """Whatever is stored is stored once, and keeps its numbers."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    sent = []
    for _ in range(4):
        desk = desk.restarted()
        desk.pass_time(0.1)
        sent += desk.wire().sent
    assert [message.mti for message in sent] == ["0420", "0421", "0421", "0421"]
    assert len({message.text(DE.STAN) for message in sent}) == 1


def test_a_slow_disk_at_start_keeps_everybody_waiting_for_the_truth() -> None:
    """H2: a repeat hears nothing at its deadline, a reversal 96, nobody 91 or 00 too early."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk = Desk(records=desk.disk.records, clock=desk.clock)
    desk.disk.stalls = True
    repeat, undo = desk.terminal(), desk.terminal()
    desk.arrive(repeat, purchase("0101"))
    desk.arrive(undo, reversal())
    desk.pass_time(10.1)
    assert (repeat.codes, undo.codes) == ([], ["96"])


def test_a_restart_goes_on_behind_a_number_that_was_only_carried() -> None:
    """The request that had it is not read any more."""
    desk = Desk(records=[NumberGiven("atlas", "1124101500", "000041")])
    sent = desk.buy(desk.terminal(), purchase())
    assert sent.text(DE.STAN) == "000042"


def test_a_restart_reads_as_it_goes_and_keeps_no_more_than_the_repeat_window() -> None:
    """Far more than the limit were answered; the one in flight at the beginning is still ended."""
    sent = kept_message("0100", {2: PAN, 7: "1124101500", 11: "000007"})
    in_flight = Forwarded(about_of("000007"), "atlas", "atlas-1", sent)
    records: list[Record] = [in_flight, *answered_ones(3 * EVICT_EVERY)]
    desk = Desk(limits=Limits(repeats_max=100))
    recovery = desk.conductor.recovery()
    most = 0
    for record in records:
        recovery.read([record])
        most = max(most, len(desk.conductor._known))
    desk.conductor.recovered(recovery)
    desk.settle()
    assert most < 100 + EVICT_EVERY
    (undo,) = desk.wire().sent
    assert undo.text(DE.ORIGINAL_DATA)[4:10] == "000007"


def answered_ones(number: int) -> Iterator[Record]:
    """Each a record."""
    for one in range(number):
        yield Answered(about_of(f"{one:06d}X"), "00", True, {})


def about_of(stan: str) -> About:
    parts = Parts(acquirer="souk", kind="10", stan=stan, pan=PAN, processing_code="000000",
                  currency="504", amount="1")
    return parts.about("0100")


def test_an_approval_that_was_lost_on_its_way_is_its_acquirers_to_reverse() -> None:
    """H15: nobody heard the 00 on record; the restart leaves it, the acquirer's 0420 undoes it."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk.disk.stalls = True
    desk.answer(desk.wire().sent[0], "00")
    desk.disk.land_unheard()
    desk = desk.restarted()
    assert desk.wire().sent == []
    terminal = desk.terminal()
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["00"]
    assert desk.wire().mtis == ["0420"]


def test_a_decline_of_ours_is_recorded_behind_its_answer() -> None:
    """H16: nobody waits for that record; without it a restart days later would reverse."""
    desk = Desk()
    desk.wire().takes = False
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    assert terminal.codes == ["91"]
    assert [type(record) for record in desk.disk.records] == [Forwarded, Answered]
    desk = desk.restarted()
    desk.pass_time(1.0)
    assert desk.disk.entries == []
    assert desk.wire().sent == []
