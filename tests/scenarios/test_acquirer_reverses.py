"""Reversals that acquirers send: before, during and after their originals."""

import pytest

from specs.elements import DE
from specs.journal_format import Reversed
from tests.builders import FOREIGN_CARD, card, purchase, reversal
from tests.switching.desk import Desk


def test_an_approved_purchase_is_reversed_at_its_issuer() -> None:
    """Answered 00 once durable; DE 90 names what the issuer knows, not what the acquirer sent."""
    desk = Desk()
    terminal = desk.terminal()
    sent = desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, reversal())

    assert terminal.codes == ["00", "00"]
    assert terminal.heard[1].mti == "0430"
    undo = desk.wire().sent[1]
    assert undo.mti == "0420"
    named = undo.text(DE.ORIGINAL_DATA)
    assert named[:20] == "0100" + sent.text(DE.STAN) + sent.text(DE.TRANSMISSION_TIME)
    assert named[20:] == "00000001001" + "00000950400"


def test_a_reversal_is_answered_when_its_record_is_durable() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.disk.stalls = True
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["00"]
    desk.disk.stalls = False
    desk.settle()
    assert terminal.codes == ["00", "00"]


def test_a_second_reversal_hears_00_only_from_the_record() -> None:
    """H2: the first one's record is still under way; a kill now would leave the hold."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.disk.stalls = True
    desk.arrive(terminal, reversal())
    desk.arrive(terminal, reversal("0421"))
    desk.arrive(terminal, purchase("0101"))
    assert terminal.codes == ["00"]

    desk.disk.stalls = False
    desk.settle()
    assert sorted(terminal.codes[1:]) == ["00", "00", "91"]
    assert desk.wire().mtis == ["0100", "0420"]


def test_a_reversal_that_is_not_durable_in_time_hears_96_and_a_repeat_nothing() -> None:
    """At the deadline; the hold is reversed all the same once the disk goes on."""
    desk = Desk()
    terminal, other = desk.terminal(), desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.disk.stalls = True
    desk.arrive(terminal, reversal())
    desk.arrive(other, purchase("0101"))
    desk.pass_time(10.5)
    assert terminal.codes == ["00", "96"]
    assert other.codes == []
    desk.disk.stalls = False
    desk.settle()
    assert other.codes == []
    assert desk.wire().mtis == ["0100", "0420"]


def test_a_repeated_reversal_has_one_effect() -> None:
    """0421, and a second 0420 under other numbers: 00, and nothing more is sent."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, reversal())
    desk.answer(desk.wire().sent[1], "00")
    desk.arrive(terminal, reversal("0421"))
    desk.arrive(terminal, reversal("0420", stan="000902"))
    assert terminal.codes == ["00"] * 4
    desk = desk.restarted()
    late = desk.terminal()
    desk.arrive(late, reversal("0421"))
    assert late.codes == ["00"]
    assert desk.wire().sent == []


@pytest.mark.parametrize("code", ["51", "05"])
def test_a_reversal_of_what_was_declined_sends_nothing(code: str) -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), code)
    desk.arrive(terminal, reversal())
    assert terminal.codes == [code, "00"]
    assert desk.wire().mtis == ["0100"]


def test_a_reversal_of_what_never_left_sends_nothing() -> None:
    desk = Desk()
    desk.wire().takes = False
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.wire().takes = True
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["91", "00"]
    assert desk.wire().sent == []


@pytest.mark.parametrize("answer", ["00", "51", None])
def test_a_reversal_while_its_original_is_in_flight(answer: str | None) -> None:
    """00 at once; the original is declined whatever the issuer says, and reversed there once."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.arrive(terminal, reversal())
    assert [heard.mti for heard in terminal.heard] == ["0430"]
    assert terminal.codes == ["00"]
    if answer is None:
        desk.pass_time(6.1)
    else:
        desk.answer(desk.wire().sent[0], answer)
    assert terminal.codes in (["00", "91"], ["00", answer])
    assert terminal.codes[1] != "00"
    assert desk.wire().mtis.count("0420") == 1
    assert len([r for r in desk.disk.records if isinstance(r, Reversed)]) == 1


def test_a_reversal_while_the_approval_is_being_written() -> None:
    """Both records are under way: the original hears 91, after its reversal is durable."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase())
    desk.disk.stalls = True
    desk.answer(desk.wire().sent[0], "00")
    desk.arrive(terminal, reversal())
    desk.disk.stalls = False
    desk.settle()
    assert sorted(terminal.codes) == ["00", "91"]
    assert desk.wire().mtis == ["0100", "0420"]
    repeat = desk.terminal()
    desk.arrive(repeat, purchase("0101"))
    assert repeat.codes == ["91"]


def test_what_was_reversed_before_it_left_never_leaves() -> None:
    """H4: its *forwarded* record was on the way to a slow disk when the reversal came."""
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.stalls = True
    desk.arrive(terminal, purchase())
    desk.arrive(terminal, reversal())
    desk.disk.stalls = False
    desk.settle()
    assert sorted(terminal.codes) == ["00", "91"]
    assert desk.wire().sent == []
    assert desk.restarted().disk.entries == []


def test_what_was_reversed_at_the_hsm_never_leaves() -> None:
    """H11: the reversal is on record before its original is; the journal can still be read."""
    desk = Desk()
    terminal = desk.terminal()
    desk.hsm.is_slow = True
    desk.arrive(terminal, purchase(pin_block="0123456789ABCDEF"))
    desk.arrive(terminal, reversal())
    desk.hsm.is_slow = False
    desk.settle()
    assert sorted(terminal.codes) == ["00", "91"]
    assert desk.wire().sent == []

    desk = desk.restarted()
    late = desk.terminal()
    desk.arrive(late, purchase("0101", pin_block="0123456789ABCDEF"))
    assert late.codes == ["91"]
    assert desk.wire().sent == []


def test_an_unknown_original_is_forwarded_as_received_and_reported() -> None:
    """A stored 0420 with the acquirer's own DE 90."""
    desk = Desk()
    terminal = desk.terminal()
    undo = reversal()
    desk.arrive(terminal, undo)
    assert terminal.codes == ["00"]
    (sent,) = desk.wire().sent
    assert sent.mti == "0420"
    assert sent.text(DE.ORIGINAL_DATA) == undo.text(DE.ORIGINAL_DATA)
    assert desk.watcher.alarms == ["reversal_of_unknown_original"]
    desk.answer(sent, "00")
    desk.arrive(terminal, reversal("0421"))
    assert terminal.codes == ["00", "00"]
    assert desk.wire().mtis == ["0420"]


def test_an_unknown_reversal_is_answered_from_its_record_only() -> None:
    """H2: neither the first nor its repeat hears 00 before it is durable."""
    desk = Desk()
    terminal = desk.terminal()
    desk.disk.stalls = True
    desk.arrive(terminal, reversal(acquirer_id=None))
    desk.arrive(terminal, reversal("0421", acquirer_id=None))
    assert terminal.codes == []
    desk.disk.stalls = False
    desk.settle()
    assert terminal.codes == ["00", "00"]
    (sent,) = desk.wire().sent
    assert sent.text(DE.ACQUIRER_ID) == "1001"


def test_an_unknown_0400_is_stored_too() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, reversal("0400"))
    assert terminal.codes == ["00"]
    assert terminal.heard[0].mti == "0410"
    assert desk.wire().mtis == ["0420"]


def test_a_reversal_of_a_card_that_nobody_issued_hears_92() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, reversal(of=purchase(pan=FOREIGN_CARD)))
    assert terminal.codes == ["92"]


def test_a_reversal_that_cannot_be_stored_hears_96_and_counts_as_not_taken() -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.disk.refuses = True
    desk.arrive(terminal, reversal())
    desk.pass_time(10.1)
    assert terminal.codes == ["00", "96"]


def test_a_repeat_stamped_anew_is_reversed_by_the_name_it_had() -> None:
    """DE 90 names the repeat's DE 7; the purchase is the same."""
    desk = Desk()
    terminal = desk.terminal()
    repeat = purchase("0101", transmission_time="1124101504")
    sent = desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, repeat)
    desk.arrive(terminal, reversal(of=repeat))
    assert terminal.codes == ["00", "00", "00"]
    assert desk.wire().sent[1].text(DE.ORIGINAL_DATA)[4:10] == sent.text(DE.STAN)


def test_a_number_given_twice_hides_no_purchase_from_its_reversal() -> None:
    """The acquirer used STAN and DE 7 again while the first was lost; its repeat has a new DE 7."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(pan=card("9504012"), rrn="632810000002"), "00")
    sent = desk.buy(terminal, purchase("0101", transmission_time="1124101504"), "00")
    desk.arrive(terminal, reversal(of=purchase()))
    assert terminal.codes == ["00", "00", "00"]
    assert desk.wire().sent[-1].text(DE.ORIGINAL_DATA)[4:10] == sent.text(DE.STAN)


def test_a_reversal_without_a_card_is_known_by_its_original() -> None:
    """DE 90 alone is enough where the original is known, and 30 where it is not."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, reversal(pan=None))
    assert terminal.codes == ["00", "00"]
    assert desk.wire().sent[1].text(DE.PAN) == purchase().text(DE.PAN)
    desk.arrive(terminal, reversal(of=purchase(stan="000005"), pan=None))
    assert terminal.codes == ["00", "00", "30"]


@pytest.mark.parametrize("named", ["00000000000", "00000001001", "00000007777"])
def test_an_acquirer_without_de_32_may_name_itself_in_de_90(named: str) -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(acquirer_id=None), "00")
    original_data = "0100" + "000001" + "1124101500" + named + "0" * 11
    desk.arrive(terminal, reversal(acquirer_id=None, original_data=original_data, rrn=None))
    assert terminal.codes == ["00", "00"]
    assert desk.watcher.alarms == []


@pytest.mark.parametrize("mti", ["0100", "0200", "0220"])
@pytest.mark.parametrize("original_data", [None, "0" * 42])
def test_a_reversal_without_de_90_is_of_the_request_with_its_own_numbers(
    mti: str, original_data: str | None
) -> None:
    """Some senders keep DE 7 and DE 11 in their reversals instead."""
    desk = Desk()
    terminal = desk.terminal()
    sent = desk.buy(terminal, purchase(mti), "00")
    undoing = reversal(original_data=original_data, stan="000001", transmission_time="1124101500")
    desk.arrive(terminal, undoing)
    assert terminal.codes == ["00", "00"]
    undo = desk.wire().sent[1]
    assert undo.text(DE.ORIGINAL_DATA)[:10] == mti + sent.text(DE.STAN)
    assert desk.watcher.alarms == []


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "000000000001"},
        {"processing_code": "010000"},
        {"currency": "978"},
        {"pan": card("950401777")},
    ],
)
def test_other_content_under_the_same_name_hears_94(other: dict[str, str]) -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, reversal("0420", None, **other))
    assert terminal.codes == ["00", "94"]
    assert desk.wire().mtis == ["0100"]


def test_a_reversal_of_a_card_that_is_no_number_is_badly_formed() -> None:
    """A dialect in ASCII lets letters pass; no BIN range decides about them."""
    desk = Desk()
    terminal = desk.terminal()
    sound = reversal()
    pan = sound.text(DE.PAN)
    data = sound.data.replace(pan.encode(), (pan[:-2] + "X" + pan[-1]).encode())
    desk.arrive(terminal, sound.codec.scan(data))
    assert terminal.codes == ["30"]
