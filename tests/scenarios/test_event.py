"""One event per exchange with an acquirer: what happened, who decided, in which step."""

from specs.journal_format import Answered, Exchange
from tests.builders import HOME_CARD, purchase, reversal
from tests.switching.desk import Desk


def test_an_approval_names_everybody_and_no_card() -> None:
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk.pass_time(1.0)
    desk.answer(desk.wire().sent[0], "00")

    (event,) = desk.watcher.events
    assert (event.mti, event.stan, event.issuer_stan) == ("0100", "000001", "000001")
    assert (event.acquirer, event.issuer, event.rrn) == ("souk", "atlas", "632810000001")
    assert (event.amount_minor, event.currency) == (10_000, "504")
    assert (event.response_code, event.decided_by, event.ended_in) == ("00", "issuer", "issuer")
    assert 990_000 < event.issuer_us <= event.total_us < 1_100_000
    assert event.pan_masked == "950401******0001"
    assert HOME_CARD not in repr(event)


def test_a_decline_of_ours_says_where_it_was_made() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(currency=None))
    desk.arrive(terminal, purchase(pan="4111111111111111"))
    desk.line_falls()
    desk.arrive(terminal, purchase(stan="000002"))
    ended = [(one.response_code, one.decided_by, one.ended_in) for one in desk.watcher.events]
    assert ended == [
        ("30", "router", "format"),
        ("92", "router", "routing"),
        ("91", "router", "routing"),
    ]


def test_what_nobody_took_has_no_code() -> None:
    """The approval ended in its delivery; the silence of a stalled disk ended in the journal."""
    desk = Desk()
    gone = desk.terminal()
    desk.arrive(gone, purchase())
    gone.is_open = False
    desk.answer(desk.wire().sent[0], "00")
    late = desk.terminal()
    desk.arrive(late, purchase(stan="000002", rrn="000000000002"))
    desk.disk.stalls = True
    desk.answer(desk.wire().sent[2], "00")
    desk.pass_time(10.1)
    ended = [(one.response_code, one.ended_in) for one in desk.watcher.events]
    assert ended == [("", "delivery"), ("", "journal")]


def test_the_hsm_has_its_share_of_the_time() -> None:
    desk = Desk()
    desk.hsm.is_slow = True
    desk.arrive(desk.terminal(), purchase(pin_block="0123456789ABCDEF"))
    desk.pass_time(2.0)
    desk.hsm.is_slow = False
    desk.settle()
    desk.answer(desk.wire().sent[0], "00")
    (event,) = desk.watcher.events
    assert 1_990_000 < event.hsm_us < 2_100_000


def test_a_repeat_has_no_share_of_what_its_original_waited_for() -> None:
    """It heard the stored answer: neither HSM nor issuer worked for it."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.pass_time(1.0)
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(terminal, purchase("0101"))
    original, repeat = desk.watcher.events
    assert original.issuer_us > 0
    assert (repeat.response_code, repeat.hsm_us, repeat.issuer_us) == ("00", 0, 0)


def test_everybody_who_waited_has_an_event_and_so_has_the_reversal() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.arrive(terminal, purchase("0101"))
    desk.arrive(terminal, reversal())
    desk.answer(desk.wire().sent[0], "00")
    ended = sorted((one.mti, one.response_code) for one in desk.watcher.events)
    assert ended == [("0100", "91"), ("0101", "91"), ("0420", "00")]


def exchanges_on_record(desk: Desk) -> list[Exchange]:
    return [
        one.exchange for one in desk.disk.records
        if isinstance(one, Answered) and one.exchange is not None
    ]  # fmt: skip


def test_what_is_on_record_is_left_to_the_follower() -> None:
    """Once: its record tells of the exchange, and the router only counts it."""
    desk = Desk(told_by_follower=True)
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.pass_time(1.0)
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(terminal, purchase(stan="000002", rrn="000000000002"))
    desk.answer(desk.wire().sent[1], "51")
    assert desk.watcher.events == []
    counted = [one[3:] for one in desk.watcher.exchanges.series]
    assert counted == [("00", "issuer"), ("51", "issuer")]
    told, declined = exchanges_on_record(desk)
    assert (told.issuer, told.issuer_stan, told.decided_by) == ("atlas", "000001", "issuer")
    assert 990_000 < told.issuer_us <= told.recorded_us < 1_100_000
    assert declined.ended_in == "issuer"


def test_what_is_on_no_record_is_told_by_the_router() -> None:
    """A repeat, a decline of ours, and what the disk refused."""
    desk = Desk(told_by_follower=True)
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(terminal, purchase("0101"))
    desk.arrive(terminal, purchase(currency=None, stan="000002"))
    desk.arrive(terminal, purchase(stan="000003", rrn="000000000003"))
    desk.disk.refuses = True
    desk.answer(desk.wire().sent[1], "51")
    told = [(one.mti, one.response_code, one.ended_in) for one in desk.watcher.events]
    assert told == [("0101", "00", "issuer"), ("0100", "30", "format"), ("0100", "51", "issuer")]


def test_an_answer_that_nobody_took_is_told_beside_its_record() -> None:
    """The record cannot know."""
    desk = Desk(told_by_follower=True)
    gone = desk.terminal()
    desk.arrive(gone, purchase())
    gone.is_open = False
    desk.answer(desk.wire().sent[0], "00")
    assert desk.watcher.events == []
    assert len(exchanges_on_record(desk)) == 1
    what, facts = desk.watcher.told[0]
    assert (what, facts["stan"]) == ("answer_not_delivered", "000001")
