"""What may be taken at all, and which code comes first when several would fit."""

import pytest

from router.switching.format_check import is_amount, is_card_number
from router.wire.message import Message
from tests.builders import card, message, purchase, reversal
from tests.switching.desk import Desk

BAD_LUHN = "9504010000000000"


def code_of(request: Message) -> str:
    """What a fresh router says; empty when it asks the issuer."""
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, request)
    return "".join(terminal.codes)


@pytest.mark.parametrize("missing", ["pan", "processing_code", "amount", "terminal", "currency"])
def test_a_missing_mandatory_element_hears_30(missing: str) -> None:
    without: dict[str, str | None] = {missing: None}
    assert code_of(purchase(**without)) == "30"


@pytest.mark.parametrize("optional", ["local_time", "local_date", "acquirer_id", "rrn", "merchant"])
def test_what_is_optional_may_be_absent(optional: str) -> None:
    without: dict[str, str | None] = {optional: None}
    assert code_of(purchase(**without)) == ""


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("stan", "ABCDEF"),
        ("transmission_time", "112410150O"),
        ("local_time", "noon  "),
        ("local_date", "XX24"),
        ("expiry", "JAN9"),
        ("entry_mode", "ABC"),
        ("currency", "MAD"),
        ("pin_block", "GGGGGGGGGGGGGGGG"),
        ("chip_data", "9F2608XYZ"),
    ],
)
def test_letters_where_numbers_belong_hear_30(element: str, text: str) -> None:
    """DE 90 could not name such an original, and the HSM would be blamed for the PIN block."""
    assert code_of(purchase(**{element: text})) == "30"


@pytest.mark.parametrize("processing_code", ["020000", "920000"])
def test_a_processing_code_out_of_scope_hears_12(processing_code: str) -> None:
    assert code_of(purchase(processing_code=processing_code)) == "12"


def test_no_amount_hears_13_where_one_is_needed() -> None:
    assert code_of(purchase(amount="0" * 12)) == "13"
    assert code_of(purchase(amount="0" * 12, processing_code="310000")) == ""


def test_a_wrong_luhn_digit_hears_14() -> None:
    assert code_of(purchase(pan=BAD_LUHN)) == "14"


def test_the_order_of_precedence_is_30_12_13_14() -> None:
    """Each fault alone is above; together the first in the order answers."""
    faults: dict[str, str | None] = {
        "pan": BAD_LUHN,
        "amount": "0" * 12,
        "processing_code": "020000",
    }
    assert code_of(purchase(**{**faults, "currency": None})) == "30"
    assert code_of(purchase(**faults)) == "12"
    assert code_of(purchase(**{**faults, "processing_code": "000000"})) == "13"


def test_a_bad_format_comes_before_a_known_key() -> None:
    """Step 4 before step 5: 30, not 94."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, purchase(currency=None))
    assert terminal.codes == ["00", "30"]


def test_a_known_key_comes_before_the_route() -> None:
    """Step 5 before step 6: 94, not 92."""
    desk = Desk()
    terminal = desk.terminal()
    desk.buy(terminal, purchase(), "00")
    desk.arrive(terminal, purchase(pan="4111111111111111"))
    assert terminal.codes == ["00", "94"]


def test_sources_of_the_card_that_disagree_hear_30() -> None:
    track = "9504010000000019=28122010000000000"
    assert code_of(purchase(track_2=track)) == "30"
    assert code_of(reversal(track_2=track)) == "30"
    assert code_of(purchase(track_2="9504010000000001=28122010000000000")) == ""


def test_a_track_of_a_longer_number_hears_30() -> None:
    assert code_of(purchase(track_2="95040100000000012=2812201000000000")) == "30"


def test_the_card_may_come_from_track_2_or_from_the_chip() -> None:
    assert code_of(purchase(pan=None, track_2="9504010000000001=28122010000000000")) == ""
    assert code_of(purchase(pan=None, chip_data="5A089504010000000001")) == ""
    assert code_of(purchase(pan=None, chip_data="570B9504010000000001D2812F")) == ""
    assert code_of(purchase(chip_data="5A089504010000000019")) == "30"


def test_a_reversal_that_names_no_original_hears_30() -> None:
    assert code_of(reversal(original_data="010000000111241015X" + "0" * 23)) == "30"


@pytest.mark.parametrize("mti", ["0300", "0302", "0600", "0140"])
def test_an_mti_that_nobody_agreed_on_hears_12(mti: str) -> None:
    assert code_of(message(mti, stan="000001", transmission_time="1124101500")) == "12"


@pytest.mark.parametrize("mti", ["0110", "0130", "0430"])
def test_a_response_from_an_acquirer_is_counted_and_not_answered(mti: str) -> None:
    desk = Desk()
    terminal = desk.terminal()
    desk.arrive(terminal, purchase(mti))
    assert terminal.heard == []
    assert desk.watcher.counts == [("unexpected_message", "souk")]


def test_a_link_that_must_sign_on_first_hears_58() -> None:
    desk = Desk()
    terminal = desk.terminal()
    terminal.is_signed_on = False
    desk.arrive(terminal, purchase())
    desk.arrive(terminal, reversal())
    assert terminal.codes == ["58", "58"]


@pytest.mark.parametrize("digits", ["4111111111111111", "378282246310005", card("950401")])
def test_published_card_numbers_pass(digits: str) -> None:
    assert is_card_number(digits)


@pytest.mark.parametrize(
    "digits", ["", "0", "4111111111111112", "41111111111", "4" * 20, "411111111111111X", "٠" * 16]
)
def test_what_is_no_card_number(digits: str) -> None:
    assert not is_card_number(digits)


@pytest.mark.parametrize("digits", ["00000000010", "00000000000A", "0000000000010"])
def test_what_is_no_amount(digits: str) -> None:
    assert not is_amount(digits.encode(), 0, zero_passes=True)
