"""The issuer says nothing, and lets us answer: the acquirer hears 00, the issuer an 0120."""

from dataclasses import replace

from router.switching.response_codes import ResponseCode
from router.wire.codec import Codec
from specs.elements import DE
from specs.journal_format import Answered, Reversed, StoodIn, Stored
from tests.builders import HOME_CARD, codec, purchase, reversal
from tests.switching.desk import Desk, bank
from tests.switching.standing import PIN_BLOCK, advices, counted, desk, lending, pin_check

SILENCE_S = 6.1


def test_a_silent_issuer_is_stood_in_for_and_hears_of_it() -> None:
    """Its request is reversed; only when it acknowledges that does it get the 0120."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.pass_time(SILENCE_S)
    assert terminal.codes == ["00"]
    heard = terminal.heard[0]
    assert one.wire().mtis == ["0100", "0420"]
    one.answer(one.wire().sent[1], "00")

    request, undone, advice = one.wire().sent
    assert advice.mti == "0120"
    assert advice.text(DE.RESPONSE_CODE) == "00"
    assert advice.text(DE.RESERVED_60) == "1002"
    assert advice.text(DE.AUTHORIZATION_CODE) == heard.text(DE.AUTHORIZATION_CODE)
    assert len({message.text(DE.STAN) for message in (request, undone, advice)}) == 3
    for same in (DE.PAN, DE.PROCESSING_CODE, DE.AMOUNT, DE.RRN, DE.TERMINAL_ID, DE.CURRENCY):
        assert advice.text(same) == request.text(same)
    (event,) = one.watcher.events
    assert (event.decided_by, event.ended_in) == ("stand_in", "stand_in")


def test_the_0120_waits_for_its_0420_however_often_that_must_be_said() -> None:
    """Else the issuer could release what the advice told it to hold."""
    one = desk()
    one.arrive(one.terminal(), purchase())
    one.pass_time(20.0)
    said = len(one.wire().sent)
    while len(one.wire().sent) == said:
        one.pass_time(0.1)
    assert set(one.wire().mtis) == {"0100", "0420", "0421"}
    one.answer(one.wire().sent[-1], "00")
    assert one.wire().mtis[-1] == "0120"


def test_all_of_it_is_one_commit() -> None:
    """A crash leaves the request alone, or the whole of what was decided."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.disk.stalls = True
    one.pass_time(SILENCE_S)
    (commit,) = one.disk.waiting
    assert [type(record) for record in commit.records] == [Stored, Stored, StoodIn, Answered]
    undone, advice = commit.records[:2]
    assert isinstance(undone, Stored)
    assert isinstance(advice, Stored)
    assert (undone.message.mti, advice.message.mti) == ("0420", "0120")
    assert advice.after == undone.id
    assert terminal.codes == []
    one.disk.stalls = False
    one.settle()
    assert terminal.codes == ["00"]


def test_without_a_line_nothing_is_reversed_and_the_advice_goes_first() -> None:
    one = desk()
    terminal = one.terminal()
    one.line_falls()
    one.arrive(terminal, purchase())
    assert terminal.codes == ["00"]
    assert one.wire().sent == []
    one.line_returns()
    (advice,) = one.wire().sent
    assert (advice.mti, advice.text(DE.RESERVED_60)) == ("0120", "1003")
    assert advice.text(DE.RRN) == "632810000001"


def test_an_issuer_of_1993_gets_it_in_its_words() -> None:
    """1120, action code 000, and message reason 1003 beside ours in DE 60; 1420 before it."""
    one = Desk(lending(bank("atlas", dialect="iso93-ascii")))
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.pass_time(SILENCE_S)
    assert terminal.codes == ["00"]
    undone = one.wire().sent[1]
    values = {number: undone.text(number) for number in (DE.TRANSMISSION_TIME, DE.STAN)}
    answer = {**values, DE.RESPONSE_CODE: "400"}
    one.conductor.respond(one.issuers[0].lines[0], undone.codec.written("1430", answer))
    one.settle()
    advice = one.wire().sent[2]
    assert (undone.mti, advice.mti) == ("1420", "1120")
    assert advice.text(DE.ACTION_CODE) == "000"
    assert (advice.text(DE.MESSAGE_REASON), advice.text(DE.RESERVED_60)) == ("1003", "1002")


def test_an_issuer_that_demands_an_rrn_gets_one() -> None:
    """Nothing was sent that could have one, and its acquirer gave none."""
    demanding = codec("national").dialect
    mandatory = {**demanding.mandatory, "0120": (*demanding.mandatory["0120"], "37")}
    atlas = lending()
    terms = replace(atlas.terms, codec=Codec(replace(demanding, mandatory=mandatory)))
    atlas.terms = terms
    one = Desk(atlas)
    one.line_falls()
    one.arrive(one.terminal(), purchase(rrn=None))
    one.line_returns()
    (advice,) = one.wire().sent
    assert len(advice.text(DE.RRN)) == 12


def test_a_repeat_hears_the_same_answer() -> None:
    """DE 38 too; and after a restart."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.pass_time(SILENCE_S)
    one.arrive(terminal, purchase("0101"))
    first, second = terminal.heard
    assert second.text(DE.RESPONSE_CODE) == "00"
    assert second.text(DE.AUTHORIZATION_CODE) == first.text(DE.AUTHORIZATION_CODE)
    assert len(advices(one.disk.records)) == 1

    again = one.restarted(lending())
    terminal = again.terminal()
    again.arrive(terminal, purchase("0101"))
    assert terminal.heard[0].text(DE.AUTHORIZATION_CODE) == first.text(DE.AUTHORIZATION_CODE)
    assert len(advices(again.disk.records)) == 1
    assert again.watcher.events[0].decided_by == "stand_in"


def test_any_answer_of_the_issuer_counts_a_decline_too() -> None:
    one = desk()
    terminal = one.terminal()
    one.buy(terminal, purchase(), code="51")
    assert terminal.codes == ["51"]
    assert advices(one.disk.records) == []


def test_a_late_answer_of_the_issuer_changes_nothing() -> None:
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.pass_time(SILENCE_S)
    one.answer(one.wire().sent[0], "51")
    assert terminal.codes == ["00"]
    one.answer(one.wire().sent[1], "00")
    assert one.wire().mtis == ["0100", "0420", "0120"]


def test_a_reversal_meanwhile_ends_it() -> None:
    """The acquirer does not want it any more: declined, whatever we could decide."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.arrive(terminal, reversal())
    one.pass_time(SILENCE_S)
    assert sorted(terminal.codes) == ["00", "91"]
    assert advices(one.disk.records) == []
    assert counted(one.disk.records) == []
    assert one.wire().mtis == ["0100", "0420"]


def test_nothing_is_stood_in_for_behind_its_deadline() -> None:
    """The issuer's share here is as long as the acquirer waits."""
    one = Desk(lending(bank("atlas", timeout_s=10.0)))
    terminal = one.terminal(answer_within_s=10.0)
    one.arrive(terminal, purchase())
    one.pass_time(12.0)
    assert "00" not in terminal.codes
    assert advices(one.disk.records) == []


def test_a_reversal_while_the_hsm_looks_at_the_pin_ends_it() -> None:
    one = desk(pin_check=pin_check())
    terminal = one.terminal()
    one.line_falls()
    one.hsm.is_slow = True
    one.arrive(terminal, purchase(pin_block=PIN_BLOCK))
    one.arrive(terminal, reversal())
    one.hsm.is_slow = False
    one.settle()
    assert sorted(terminal.codes) == ["00", "91"]
    assert one.disk.entries == []


def test_the_hsm_is_asked_nothing_about_what_was_reversed() -> None:
    one = desk(pin_check=pin_check())
    terminal = one.terminal()
    one.arrive(terminal, purchase(pin_block=PIN_BLOCK))
    one.arrive(terminal, reversal())
    one.pass_time(SILENCE_S)
    assert one.hsm.asked == []


def test_an_hsm_that_takes_to_the_last_moment_approves_nothing() -> None:
    """The acquirer heard 96 a moment ago."""
    one = desk(pin_check=pin_check())
    terminal = one.terminal(answer_within_s=10.0)
    one.line_falls()
    one.hsm.is_slow = True
    one.arrive(terminal, purchase(pin_block=PIN_BLOCK))
    one.pass_time(9.9)
    assert terminal.codes == ["96"]
    one.hsm.is_slow = False
    one.settle()
    assert one.disk.entries == []


def test_a_deadline_that_no_tick_has_seen_is_one() -> None:
    """The process was held up, and the HSM's answer is read first."""
    one = desk(pin_check=pin_check())
    terminal = one.terminal(answer_within_s=10.0)
    one.line_falls()
    one.hsm.is_slow = True
    one.arrive(terminal, purchase(pin_block=PIN_BLOCK))
    one.clock.seconds += 11.0
    one.hsm.is_slow = False
    one.settle()
    assert terminal.codes == []
    assert one.disk.entries == []


def test_without_a_number_for_its_advice_nothing_is_approved() -> None:
    """Nor reversed: 96 until there is one."""
    one = desk()
    terminal = one.terminal()
    one.line_falls()
    one.arrive(terminal, purchase())
    one.issuers[0].stans.space = 1
    one.arrive(terminal, reversal())
    one.arrive(terminal, purchase(stan="000002"))
    assert terminal.codes == ["00", "96", "91"]
    one.issuers[0].stans.space = 100
    one.arrive(terminal, reversal())
    assert terminal.codes[-1] == "00"


def test_a_reversal_of_it_is_a_reversal_of_the_0120() -> None:
    """DE 90 names the 0120, and it goes after the 0120 was acknowledged."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.pass_time(SILENCE_S)
    one.arrive(terminal, reversal())
    assert terminal.codes == ["00", "00"]
    one.answer(one.wire().sent[-1], "00")
    advice = one.wire().sent[-1]
    assert advice.mti == "0120"
    one.answer(advice, "00")
    undone = one.wire().sent[-1]
    assert undone.mti == "0420"
    assert undone.text(DE.ORIGINAL_DATA)[:20] == (
        "0120" + advice.text(DE.STAN) + advice.text(DE.TRANSMISSION_TIME)
    )
    one.arrive(terminal, purchase("0101"))
    assert terminal.codes[-1] == "91"


def test_a_0400_of_it_never_goes_past_the_0120() -> None:
    one = desk()
    terminal = one.terminal()
    one.line_falls()
    one.arrive(terminal, purchase())
    one.line_returns()
    one.arrive(terminal, reversal("0400"))
    assert terminal.codes == ["00", "00"]
    assert one.wire().mtis == ["0120"]
    one.answer(one.wire().sent[0], "00")
    assert one.wire().mtis == ["0120", "0420"]


def test_an_approval_nobody_took_is_undone() -> None:
    """Our own reversal names the 0120 as well."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    terminal.is_open = False
    one.pass_time(SILENCE_S)
    undone, advice, undone_again = one.disk.entries
    assert (undone_again.message.mti, undone_again.after) == ("0420", advice.id)
    assert undone_again.message.values[DE.ORIGINAL_DATA].startswith("0120")
    assert advice.after == undone.id


def test_a_restart_delivers_what_it_finds_in_its_order() -> None:
    one = desk()
    one.arrive(one.terminal(), purchase())
    one.pass_time(SILENCE_S)
    again = one.restarted(lending())
    again.conductor.tick()
    assert again.wire().mtis == ["0421"]
    again.answer(again.wire().sent[0], "00")
    assert again.wire().mtis == ["0421", "0121"]
    terminal = again.terminal()
    again.arrive(terminal, reversal())
    again.answer(again.wire().sent[1], "00")
    assert again.wire().mtis[2] == "0420"
    assert again.wire().sent[2].text(DE.ORIGINAL_DATA).startswith("0120")


def test_a_disk_that_refuses_the_approval_voids_it() -> None:
    """Nobody hears 00; one reversal of the request, none of an 0120 that was never sent."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.disk.refuses = True
    one.pass_time(SILENCE_S)
    assert terminal.codes == []
    one.disk.refuses = False
    one.pass_time(1.0)
    assert terminal.codes == ["91"]
    assert one.wire().mtis == ["0100", "0420"]
    assert advices(one.disk.records) == []
    assert [type(one) for one in one.disk.records if isinstance(one, Reversed)] == [Reversed]
    one.answer(one.wire().sent[1], "00")
    one.pass_time(5.0)
    assert one.wire().mtis == ["0100", "0420"]
    assert one.issuers[0].stand_in.activity.approved(HOME_CARD, one.clock.wall()) == (0, 0)


def test_what_a_refusing_disk_kept_all_the_same_is_void_after_a_restart() -> None:
    """The group had landed: its 0120 must not be delivered behind the decline that was heard."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.disk.stalls = True
    one.pass_time(SILENCE_S)
    landed = [record for commit in one.disk.waiting for record in commit.records]
    one.disk.stalls = False
    one.disk.refuses = True
    one.settle()
    one.disk.records.extend(landed)
    one.disk.refuses = False
    one.pass_time(1.0)
    assert terminal.codes == ["91"]

    again = one.restarted(lending())
    again.conductor.tick()
    assert again.wire().mtis == ["0421"]
    again.answer(again.wire().sent[0], "00")
    again.pass_time(5.0)
    assert again.wire().mtis == ["0421"]
    terminal = again.terminal()
    again.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["91"]


def test_a_reversal_while_the_disk_refuses_leaves_no_hold() -> None:
    """The acquirer reverses what we were about to approve, and the disk takes neither."""
    one = desk()
    terminal = one.terminal()
    one.arrive(terminal, purchase())
    one.disk.stalls = True
    one.pass_time(SILENCE_S)
    one.arrive(terminal, reversal())
    one.disk.stalls = False
    one.disk.refuses = True
    one.settle()
    one.disk.refuses = False
    one.pass_time(1.5)
    assert "0420" in one.wire().mtis
    named = [m.text(DE.ORIGINAL_DATA)[:4] for m in one.wire().sent if m.mti == "0420"]
    assert named[0] == "0100"
    assert "0120" not in one.wire().mtis
    assert terminal.codes.count("00") == 1  # of the reversal


def test_an_inquiry_and_a_refund_are_not_stood_in_for() -> None:
    one = desk()
    terminal = one.terminal()
    one.line_falls()
    one.arrive(terminal, purchase(processing_code="310000"))
    one.arrive(terminal, purchase("0200", stan="000002", processing_code="200000"))
    assert terminal.codes == [ResponseCode.ISSUER_INOPERATIVE] * 2
