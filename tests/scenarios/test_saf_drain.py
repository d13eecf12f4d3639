"""After an outage: what was stored is delivered fast, and live requests do not feel it."""

from dataclasses import replace

from specs.elements import DE
from specs.journal_format import Ended
from tests.builders import card, purchase, reversal
from tests.switching.desk import Desk, bank

ADVICES = 10_000
TRIP_TICKS = 2  # an answer takes 0.1 s


def advise(desk: Desk, number: int, pan: str = "") -> None:
    desk.arrive(
        desk.terminal(),
        purchase(
            "0220",
            stan=f"{number:06d}",
            rrn=f"{number:012d}",
            pan=pan or card(f"950401{number:05d}"),
        ),
    )


def test_ten_thousand_advices_drain_in_under_a_minute_beside_live_requests() -> None:
    """An issuer 0.1 s away, the default window and rate; a purchase every 50 ms goes at once."""
    issuer = bank("atlas", pending_max=256)
    issuer.terms = replace(issuer.terms, saf_window=64)
    desk = Desk(issuer)
    desk.line_falls()
    for number in range(ADVICES):
        advise(desk, number)
        desk.clock.seconds += 0.0005
    began = desk.clock.seconds
    desk.line_returns()
    wire, terminal = desk.wire(), desk.terminal()
    answered, bought = 0, 0
    arrived: list[int] = []  # how much had been sent by each of the last ticks
    while issuer.entries:
        desk.arrive(terminal, purchase(stan=f"{bought:06d}", rrn=f"{bought + 500_000:012d}"))
        bought += 1
        assert wire.sent[-1].mti == "0100"  # it does not stand behind the drain
        arrived.append(len(wire.sent))
        if len(arrived) > TRIP_TICKS:
            for sent in wire.sent[answered : arrived[-1 - TRIP_TICKS]]:
                desk.answer(sent, "00")
            answered = arrived[-1 - TRIP_TICKS]
        desk.pass_time(0.05)
        assert desk.clock.seconds - began < 60.0
    assert set(terminal.codes) == {"00"}
    assert sum(isinstance(record, Ended) for record in desk.disk.records) == ADVICES
    desk.pass_time(1.1)
    told = dict(desk.watcher.told)
    assert told["saf_drain_over"]["acknowledged"] == ADVICES
    assert told["saf_drain_goes_on"]["per_s"]


def test_no_more_in_a_second_than_the_rate() -> None:
    """It answers at once; ten a second are allowed, and what the first moment had saved up."""
    issuer = bank("atlas")
    issuer.terms = replace(issuer.terms, saf_per_s=10.0)
    desk = Desk(issuer)
    desk.line_falls()
    for number in range(100):
        advise(desk, number)
    desk.line_returns()
    answered = 0
    for _ in range(60):
        sent = desk.wire().sent[answered:]
        answered += len(sent)
        for one in sent:
            desk.answer(one, "00")
        desk.pass_time(0.05)
    assert 28 <= len(desk.wire().sent) <= 33


def test_stored_entries_take_no_place_of_a_live_request() -> None:
    """Ten may wait on the line, four entries do: ten purchases still go."""
    desk = Desk(bank("atlas", pending_max=10))
    for number in range(8):
        advise(desk, number)
    assert desk.wire().mtis == ["0220"] * 4
    terminal = desk.terminal()
    for number in range(12):
        desk.arrive(terminal, purchase(stan=f"{number:06d}", rrn=f"{number + 900:012d}"))
    assert desk.wire().mtis == ["0220"] * 4 + ["0100"] * 10
    assert terminal.codes == ["91", "91"]


def test_a_busy_line_is_left_to_live_requests() -> None:
    """Above half of what it takes, stored entries wait; below, they go on by themselves."""
    desk = Desk(bank("atlas", pending_max=4))
    terminal = desk.terminal()
    for number in range(3):
        desk.arrive(terminal, purchase(stan=f"{number:06d}", rrn=f"{number + 900:012d}"))
    advise(desk, 1)
    desk.pass_time(1.0)
    assert desk.wire().mtis == ["0100"] * 3
    desk.answer(desk.wire().sent[0], "00")
    desk.pass_time(0.2)
    assert desk.wire().mtis == ["0100"] * 3 + ["0220"]


def test_an_issuer_in_trouble_is_asked_by_fewer_and_fewer() -> None:
    """All four are silent; then one entry at a time asks, until it takes them again."""
    issuer = bank("atlas")
    issuer.terms = replace(issuer.terms, saf_retry_s=30.0)  # the four do not come again soon
    desk = Desk(issuer)
    for number in range(40):
        advise(desk, number)
    assert len(desk.wire().sent) == 4
    desk.pass_time(6.2)
    assert len(desk.wire().sent) == 5
    for taken in range(4, 30):
        desk.answer(desk.wire().sent[taken], "00")
        desk.pass_time(0.1)
    assert issuer.saf.out == 4


def test_a_reversal_whose_line_is_busy_holds_up_no_other() -> None:
    """It goes by the line its original left by; one behind it goes by the other line at once."""
    desk = Desk(bank("atlas", lines=2, pending_max=4))
    terminal = desk.terminal()
    for number in range(1, 3):
        pan = card(f"9504010{number}")
        desk.arrive(terminal, purchase(stan=f"{number:06d}", rrn=f"{number:012d}", pan=pan))
    desk.pass_time(5.5)
    second = desk.issuers[0].lines[1]
    second.carries_traffic = False
    for number in range(3, 6):
        desk.arrive(terminal, purchase(stan=f"{number:06d}", rrn=f"{number:012d}"))
    second.carries_traffic = True
    desk.pass_time(0.7)
    assert (desk.wire(0).mtis.count("0420"), desk.wire(1).mtis.count("0420")) == (0, 1)
    desk.answer(desk.wire(0).sent[-1], "00")
    desk.pass_time(0.2)
    assert desk.wire(0).mtis.count("0420") == 1


def test_parked_by_age_with_an_alarm_and_after_a_restart_too() -> None:
    """An hour is allowed. Its age counts over the restart, by DE 7."""
    desk = Desk()
    desk.line_falls()
    advise(desk, 1)
    desk.pass_time(1.0)
    desk.clock.seconds += 3000.0
    issuer = bank("atlas")
    issuer.terms = replace(issuer.terms, saf_age_s_max=3600.0)
    issuer.lines[0].carries_traffic = False
    desk = desk.restarted(issuer)
    desk.pass_time(1.0)
    assert desk.watcher.alarms == []
    assert 2990 < desk.clock.seconds - issuer.entries[next(iter(issuer.entries))].since < 3010
    desk.clock.seconds += 610.0
    desk.pass_time(0.1)
    assert desk.watcher.alarms == ["saf_entry_parked"]
    (parked,) = desk.restarted().issuers[0].parked.values()
    assert parked.why == "older than saf_age_s_max"


def test_the_clock_that_was_set_back_makes_nothing_old() -> None:
    """An entry seems to be stored in the future: it is new."""
    desk = Desk()
    desk.line_falls()
    advise(desk, 1)
    desk.clock.date = "1123"
    desk = desk.restarted()
    desk.pass_time(0.1)
    assert desk.watcher.alarms == []
    assert desk.wire().mtis == ["0221"]


def test_a_kill_between_two_parkings_leaves_nothing_before_its_turn() -> None:
    """The advice is parked on record, the reversal behind it is not: it parks at the start."""
    desk = Desk()
    pan = card("950401")
    advise(desk, 1, pan)
    desk.arrive(desk.terminal(), reversal(of=purchase("0220", rrn=f"{1:012d}", pan=pan)))
    for attempt in range(3):
        desk.answer(desk.wire().sent[attempt], "12")
        desk.pass_time(1.1)
    last = desk.disk.records.pop()
    assert isinstance(last, Ended)
    assert last.why.startswith("comes after")
    desk = desk.restarted()
    desk.pass_time(1.0)
    assert desk.wire().sent == []
    assert len(desk.issuers[0].parked) == 2


def test_a_full_store_takes_nothing_more_and_needs_no_more_room() -> None:
    """Two entries are allowed: the third advice hears 96, and so does a request, which may need
    a reversal. What is in flight already is reversed all the same."""
    issuer = bank("atlas")
    issuer.terms = replace(issuer.terms, saf_entries_max=2)
    desk = Desk(issuer)
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(stan="000009"))
    for number in range(3):
        desk.arrive(
            terminal,
            purchase("0220", stan=f"{number:06d}", rrn=f"{number:012d}", pan=card("9504012")),
        )
    desk.arrive(terminal, purchase(stan="000010", rrn="000000000010"))
    assert terminal.codes == ["00", "00", "96", "96"]
    desk.pass_time(6.1)
    assert desk.wire().mtis.count("0420") == 1
    assert desk.wire().sent[-1].text(DE.ORIGINAL_DATA)[4:10] == desk.wire().sent[0].text(DE.STAN)
