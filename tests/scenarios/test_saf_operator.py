"""What a person does with parked entries: look, have them tried again, settle them."""

from router.switching.saf_entry import EntryState
from router.switching.saf_operator import Wanted
from specs.elements import DE
from specs.journal_format import Ended, Stored
from tests.builders import card, purchase, reversal
from tests.switching.desk import Desk

PAN = card("950401")
EVERYTHING = Wanted(everything=True)


def parked_pair() -> Desk:
    """An advice that its issuer refuses, and its reversal behind it."""
    desk = Desk()
    request = purchase("0220", rrn=f"{1:012d}", pan=PAN)
    desk.arrive(desk.terminal(), request)
    desk.arrive(desk.terminal(), reversal(of=request))
    for attempt in range(3):
        desk.answer(desk.wire().sent[attempt], "12")
        desk.pass_time(1.1)
    assert len(desk.issuers[0].parked) == 2
    return desk


def listed(desk: Desk, wanted: Wanted = EVERYTHING, parked_only: bool = False) -> list[EntryState]:
    return desk.conductor.saf_operator.listed(desk.conductor.issuers, wanted, parked_only, 100)


def retried(desk: Desk, wanted: Wanted = EVERYTHING) -> tuple[list[str], list[str]]:
    """What goes back, and "durable" once it is."""
    heard: list[str] = []
    ids = desk.conductor.saf_operator.retry(
        desk.conductor.issuers, wanted, "amina", lambda: heard.append("durable")
    )
    desk.settle()
    return ids, heard


def settled(desk: Desk, wanted: Wanted = EVERYTHING) -> list[str]:
    ids = desk.conductor.saf_operator.settle(
        desk.conductor.issuers, wanted, "amina", "booked by hand", lambda: None
    )
    desk.settle()
    return ids


def test_a_list_shows_no_card_and_why_each_is_parked() -> None:
    desk = parked_pair()
    advice, behind = listed(desk)
    assert advice.pan_masked == f"{PAN[:6]}{'*' * (len(PAN) - 10)}{PAN[-4:]}"
    assert advice.why == "refused 3 times, with 12 at last"
    assert (behind.mti, behind.after, behind.why) == ("0420", advice.id, f"comes after {advice.id}")
    assert PAN not in repr(listed(desk))
    assert [one.why for one in listed(desk.restarted())] == [advice.why, behind.why]


def test_a_list_tells_what_waits_from_what_was_sent() -> None:
    desk = Desk()
    for number, pan in enumerate((PAN, PAN, card("9504012"))):
        desk.arrive(
            desk.terminal(), purchase("0220", stan=f"{number:06d}", rrn=f"{number:012d}", pan=pan)
        )
    assert [one.state for one in listed(desk)] == ["sent", "waiting", "sent"]
    assert listed(desk, parked_only=True) == []
    assert listed(desk, Wanted(issuer="other")) == []
    chosen = Wanted(ids=(listed(desk)[1].id,))
    assert [one.rrn for one in listed(desk, chosen)] == [f"{1:012d}"]


def test_a_retried_entry_keeps_its_numbers_and_is_flagged() -> None:
    desk = parked_pair()
    numbers = desk.wire().sent[0].text(DE.STAN), desk.wire().sent[0].text(DE.TRANSMISSION_TIME)
    ids, heard = retried(desk)
    assert (len(ids), heard) == (2, ["durable"])
    again = desk.wire().sent[-1]
    assert again.mti == "0221"
    assert (again.text(DE.STAN), again.text(DE.TRANSMISSION_TIME)) == numbers
    desk.answer(again, "00")
    assert desk.wire().sent[-1].mti == "0421"
    desk.answer(desk.wire().sent[-1], "00")
    assert (desk.issuers[0].entries, desk.issuers[0].parked) == ({}, {})
    assert (desk.restarted().issuers[0].entries, desk.issuers[0].parked) == ({}, {})


def test_whoever_is_behind_brings_what_must_come_first() -> None:
    """Only the reversal is named; it would park again at once without its advice."""
    desk = parked_pair()
    ids, _ = retried(desk, Wanted(ids=(listed(desk)[1].id,)))
    assert len(ids) == 2
    assert desk.wire().sent[-1].mti == "0221"


def test_what_is_parked_in_memory_only_is_not_tried_again_yet() -> None:
    """The disk refused its parking. On record after the retry, a restart would park it anew."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase("0220", rrn=f"{1:012d}", pan=PAN))
    for attempt in range(3):
        desk.disk.refuses = attempt == 2
        desk.answer(desk.wire().sent[attempt], "12")
        desk.pass_time(0.2 if desk.disk.refuses else 1.1)
    desk.disk.refuses = False
    assert [one.state for one in listed(desk)] == ["parked"]
    assert retried(desk) == ([], [])
    desk.pass_time(1.0)
    ids, heard = retried(desk)
    assert (len(ids), heard) == (1, ["durable"])
    assert [one.state for one in listed(desk.restarted())] == ["waiting"]


def test_a_retry_keeps_the_order_whatever_was_parked_first() -> None:
    """The reversal's parking was on record before its advice's. Sent first it found nothing twice,
    was over, and the advice that came behind it held for ever (seed 35272810, `operator`).
    """
    desk = parked_pair()
    records = desk.disk.records
    records[-2:] = reversed(records[-2:])
    assert [record.why[:7] for record in records[-2:] if isinstance(record, Ended)] == [
        "comes a", "refused"]
    desk = desk.restarted()
    retried(desk)
    desk.pass_time(0.1)
    assert desk.wire().mtis == ["0221"]
    desk.answer(desk.wire().sent[-1], "00")
    assert desk.wire().mtis == ["0221", "0421"]


def test_a_retry_goes_before_a_reversal_that_the_disk_takes_later() -> None:
    """The advice is parked and tried again while the disk has not taken its reversal yet."""
    desk = Desk()
    request = purchase("0220", rrn=f"{1:012d}", pan=PAN)
    desk.arrive(desk.terminal(), request)
    for attempt in range(3):
        desk.answer(desk.wire().sent[attempt], "12")
        desk.pass_time(1.1)
    desk.disk.stalls = True
    desk.arrive(desk.terminal(), reversal(of=request))
    desk.conductor.saf_operator.retry(desk.conductor.issuers, EVERYTHING, "amina", lambda: None)
    desk.disk.stalls = False
    desk.settle()
    desk.pass_time(0.1)
    assert desk.wire().mtis == ["0220", "0221", "0221", "0221"]
    desk.answer(desk.wire().sent[-1], "00")
    assert desk.wire().mtis[-1] == "0420"
    assert [one.mti for one in listed(desk.restarted())] == ["0420"]


def test_a_retry_counts_after_a_kill_and_gives_new_time() -> None:
    """Stored again: a restart delivers it, and its age counts from the retry."""
    desk = parked_pair()
    desk.line_falls()
    desk.clock.seconds += 2000.0
    retried(desk)
    desk.clock.seconds += 100.0
    desk = desk.restarted()
    assert [round(one.age_s, -1) for one in listed(desk)] == [100, 100]
    desk.pass_time(0.1)
    assert desk.wire().mtis == ["0221"]


def test_settled_is_over_with_who_and_why_on_record() -> None:
    desk = parked_pair()
    stan = listed(desk)[0].stan
    assert settled(desk, Wanted(ids=(listed(desk)[0].id,))) == [
        desk.disk.entries[0].issuer + f"/0220/{stan}/" + desk.disk.entries[0].id[3]
    ]
    last = desk.disk.records[-1]
    assert isinstance(last, Ended)
    assert (last.parked, last.who, last.why) == (False, "amina", "booked by hand")
    (what, facts) = desk.watcher.told[-1]
    assert (what, facts["who"], facts["why"]) == ("saf_entry_settled", "amina", "booked by hand")
    assert len(listed(desk)) == 1
    assert len(desk.restarted().issuers[0].parked) == 1


def test_what_is_behind_a_settled_entry_may_go() -> None:
    desk = parked_pair()
    settled(desk, Wanted(ids=(listed(desk)[0].id,)))
    retried(desk)
    assert desk.wire().sent[-1].mti == "0421"


def test_nothing_is_meant_where_nothing_is_named() -> None:
    """Neither what is open: an operator settles only what the router has given up."""
    desk = parked_pair()
    assert settled(desk, Wanted()) == []
    assert retried(desk, Wanted(ids=("atlas/0220/999999/1124000000",))) == ([], [])
    desk.arrive(desk.terminal(), purchase("0220", stan="000077", rrn="000000000077"))
    open_id = next(one.id for one in listed(desk) if one.state == "sent")
    assert settled(desk, Wanted(ids=(open_id,))) == []


def test_a_number_of_a_parked_entry_is_given_to_nobody_else() -> None:
    """It may be tried again under it, after a restart too."""
    desk = parked_pair()
    desk = desk.restarted()
    held = {one.stan for one in listed(desk)}
    desk.issuers[0].stans.space = 6
    terminal = desk.terminal()
    for number in range(3):
        desk.buy(terminal, purchase(stan=f"{number:06d}", rrn=f"{number + 70:012d}"), "51")
    given = {sent.text(DE.STAN) for sent in desk.wire().sent}
    assert len(given) >= 2
    assert not given & held
    assert all(isinstance(record, Stored) or record for record in desk.disk.records)
