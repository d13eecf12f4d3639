"""Repeats and duplicates: the table of the design, row by row."""

import pytest

from router.switching.conductor import Limits
from specs.elements import DE
from tests.builders import card, purchase, reversal
from tests.switching.desk import Desk


def test_a_repeat_of_what_is_answered_hears_the_stored_answer() -> None:
    """Flagged or not; with the issuer's authorization, without asking the issuer."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, purchase("0101"))
    desk.arrive(terminal, purchase("0100"))

    assert terminal.codes == ["00", "00", "00"]
    assert [heard.get(DE.AUTHORIZATION_CODE) for heard in terminal.heard] == ["A00001"] * 3
    assert [heard.mti for heard in terminal.heard] == ["0110"] * 3
    assert desk.wire().mtis == ["0100"]


def test_a_repeat_after_a_restart_hears_the_stored_answer() -> None:
    desk = Desk()
    desk.buy(desk.terminal(), purchase(), "00")
    desk = desk.restarted()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["00"]
    assert terminal.heard[0].text(DE.AUTHORIZATION_CODE) == "A00001"
    assert desk.wire().sent == []


def test_a_repeat_of_a_reversed_approval_hears_91() -> None:
    """Nobody took the approval, so its hold is gone: a repeat never hears 00 for it."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    terminal.is_open = False
    desk.answer(desk.wire().sent[0], "00")
    assert desk.wire().mtis == ["0100", "0420"]

    second = desk.terminal()
    desk.arrive(second, purchase("0101"))
    assert second.codes == ["91"]
    desk = desk.restarted()
    third = desk.terminal()
    desk.arrive(third, purchase("0101"))
    assert third.codes == ["91"]


def test_everybody_who_waits_gets_an_answer_of_his_own() -> None:
    """H12: original and repeat on two links; each hears its own MTI, DE 7 and DE 11."""
    desk = Desk()
    one, two = desk.terminal(), desk.terminal()
    desk.arrive(one, purchase())
    desk.arrive(two, purchase("0101", transmission_time="1124101504"))
    desk.answer(desk.wire().sent[0], "00")

    assert one.codes == two.codes == ["00"]
    assert one.heard[0].text(DE.TRANSMISSION_TIME) == "1124101500"
    assert two.heard[0].text(DE.TRANSMISSION_TIME) == "1124101504"
    assert desk.wire().mtis == ["0100"]


def test_two_on_one_link_hear_two_answers() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.arrive(terminal, purchase("0101"))
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == ["00", "00"]


def test_an_approval_is_undeliverable_only_when_nobody_takes_it() -> None:
    desk = Desk()
    one, two = desk.terminal(), desk.terminal()
    desk.arrive(one, purchase())
    desk.arrive(two, purchase("0101"))
    one.is_open = False
    desk.answer(desk.wire().sent[0], "00")
    assert two.codes == ["00"]
    assert desk.wire().mtis == ["0100"]


def test_once_one_heard_a_decline_all_do() -> None:
    """H12: one deadline passed at the HSM; the repeat, who has time, is declined too."""
    desk = Desk()
    one, two = desk.terminal(), desk.terminal()
    desk.hsm.is_slow = True
    desk.arrive(one, purchase(pin_block="0123456789ABCDEF"))
    desk.pass_time(8.0)
    desk.arrive(two, purchase("0101", pin_block="0123456789ABCDEF"))
    desk.pass_time(2.0)
    assert (one.codes, two.codes) == (["96"], [])

    desk.hsm.is_slow = False
    desk.settle()
    assert two.codes == ["91"]
    assert desk.wire().sent == []


def test_an_approval_that_comes_after_a_decline_was_heard_is_nobodys() -> None:
    """H12: 96 at one deadline; the issuer's 00 a moment later is reversed, the repeat hears 91."""
    desk = Desk()
    one, two = desk.terminal(answer_within_s=3.0), desk.terminal(answer_within_s=3.0)
    desk.arrive(one, purchase())
    desk.pass_time(2.0)
    desk.arrive(two, purchase("0101"))
    desk.pass_time(0.9)
    assert one.codes == ["96"]
    desk.answer(desk.wire().sent[0], "00")
    assert two.codes == ["91"]
    assert desk.wire().mtis == ["0100", "0420"]


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "000000010001"},
        {"pan": card("950401777")},
        {"processing_code": "010000"},
        {"currency": "978"},
    ],
)
@pytest.mark.parametrize("mti", ["0100", "0101"])
def test_different_content_under_a_known_key_hears_94(mti: str, other: dict[str, str]) -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, purchase(mti, **other))
    assert terminal.codes == ["00", "94"]
    assert desk.wire().mtis == ["0100"]


def test_a_repeat_whose_original_was_never_seen_is_the_original() -> None:
    """Towards the issuer it is sent for the first time, so it is not flagged."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase("0101"), "00")
    assert terminal.codes == ["00"]
    assert terminal.heard[0].mti == "0110"
    assert desk.wire().mtis == ["0100"]


def test_a_repeat_with_a_new_time_is_found_without_it() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, purchase("0101", transmission_time="1124101504"))
    assert terminal.codes == ["00", "00"]
    assert desk.wire().mtis == ["0100"]


def test_a_repeat_may_overtake_its_original_on_another_link() -> None:
    """H3: the 0101 with a new DE 7 comes first; the slow 0100 behind it is the same purchase."""
    desk = Desk()
    fast, slow = desk.terminal(), desk.terminal()
    desk.buy(fast, purchase("0101", transmission_time="1124101504"), "00")
    desk.arrive(slow, purchase("0100"))
    assert slow.codes == ["00"]
    assert desk.wire().mtis == ["0100"]

    desk = desk.restarted()
    late = desk.terminal()
    desk.arrive(late, purchase("0100"))
    assert late.codes == ["00"]
    assert desk.wire().sent == []


def test_two_purchases_that_differ_in_time_only_are_two() -> None:
    """Neither is flagged: an acquirer that uses STAN and RRN again means another purchase."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.buy(terminal, purchase(transmission_time="1124101700"), "00")
    assert desk.wire().mtis == ["0100", "0100"]


def test_acquirers_do_not_meet_in_one_key() -> None:
    """Two acquirers with the same DE 32, 11 and 7: two purchases."""
    desk = Desk()
    one, two = desk.terminal("one"), desk.terminal("two")
    desk.buy(one, purchase(), "00")
    desk.buy(two, purchase(), "51")
    assert (one.codes, two.codes) == (["00"], ["51"])


@pytest.mark.parametrize("mti", ["0100", "0101"])
@pytest.mark.parametrize("is_restarted", [False, True])
def test_an_original_after_its_own_reversal_is_declined(mti: str, is_restarted: bool) -> None:
    """H11: the reversal came by a second link, before its original; a restart remembers it too."""
    desk = Desk()
    desk.arrive(desk.terminal(), reversal())
    if is_restarted:
        desk = desk.restarted()
    before = len(desk.wire().sent)
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(mti))
    desk.arrive(terminal, purchase(mti, transmission_time="1124101504"))
    assert terminal.codes == ["94", "94"]
    assert all(sent.mti[1] == "4" for sent in desk.wire().sent)
    assert len(desk.wire().sent) == before


def test_a_number_given_twice_hides_no_purchase_from_its_original() -> None:
    """Its repeat, stamped anew, was approved; the slow original comes behind another's number."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase("0101", transmission_time="1124101504"), "00")
    desk.buy(terminal, purchase(amount="000000020000", rrn="632810000002"), "51")
    desk.arrive(terminal, purchase())
    assert terminal.codes == ["00", "51", "00"]
    assert len(desk.wire().sent) == 2


def test_what_was_declined_and_reversed_stays_so_after_a_restart() -> None:
    """The decline needed no record; its reversal does, before anybody hears 00."""
    desk = Desk()
    desk.line_falls(0)
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.stalls = True
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["91"]
    desk.disk.stalls = False
    desk.settle()
    assert terminal.codes == ["91", "00"]
    desk = desk.restarted()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    assert terminal.codes == ["91"]
    assert desk.wire().sent == []


def test_an_original_behind_its_reversal_waits_for_the_record() -> None:
    """H2: 94 rests on the reversal, which is still being written."""
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.stalls = True
    desk.arrive(terminal, reversal())
    desk.arrive(terminal, purchase())
    assert terminal.codes == []
    desk.disk.stalls = False
    desk.settle()
    assert sorted(terminal.codes) == ["00", "94"]


def test_a_repeat_found_in_flight_at_start_hears_91_once_that_is_durable() -> None:
    """H2: what rests on a record waits for the record."""
    desk = Desk()
    desk.arrive(desk.terminal(), purchase())
    desk.disk.stalls = True
    desk = Desk(records=desk.disk.records, clock=desk.clock)
    desk.disk.stalls = True
    terminal = desk.terminal()
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == []
    desk.disk.stalls = False
    desk.settle()
    assert terminal.codes == ["91"]
    assert desk.wire().mtis == ["0420"]


def test_a_repeat_of_a_decline_hears_it_again_after_a_restart() -> None:
    """A decline that the router made after *forwarded* gets its record, unwaited for (H16)."""
    desk = Desk()
    desk.wire().takes = False
    desk.arrive(desk.terminal(), purchase())
    desk = desk.restarted()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["91"]
    assert desk.wire().sent == []


def test_what_is_older_than_the_window_is_new_again() -> None:
    desk = Desk(limits=Limits(repeat_window_s=60.0))
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.pass_time(61.0)
    desk.arrive(terminal, purchase())
    assert desk.wire().mtis == ["0100", "0100"]


def test_the_window_never_forgets_what_is_open() -> None:
    desk = Desk(limits=Limits(repeat_window_s=3.0))
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.pass_time(5.0)
    desk.arrive(terminal, purchase("0101"))
    desk.answer(desk.wire().sent[0], "00")
    assert terminal.codes == ["00", "00"]
    assert desk.wire().mtis == ["0100"]
