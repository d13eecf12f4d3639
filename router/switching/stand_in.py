"""Step 12: an answer instead of the issuer's, when the issuer allows it and has given none.

What is decided here is bound by what the issuer configured: which requests at all, the cards it
lists, PIN and CVV where it lent us the means to check them, and its limits per card and period.
What is not covered is not stood in for: its acquirer hears 91, as without a stand-in.
"""

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Final

from router.switching.needs import Durable, Event, Need, Record, Verified, Verify
from router.switching.peers import Issuer
from router.switching.pin_key import PinKey
from router.switching.processing_codes import effect_of
from router.switching.request import Request
from router.switching.response_codes import ResponseCode
from router.switching.session_keys import ANOTHER_KEY
from router.switching.stand_in_records import stood_in_records
from router.switching.stand_in_rules import CvvCheck, Limit, PinCheck, Rules
from router.switching.stand_in_state import ON
from router.switching.switch import Switch
from router.switching.told import NOT_STORED, Told
from router.switching.transaction import Transaction
from router.wire import hsm_frames
from specs.elements import DE

POS, ATM, E_COMMERCE = "pos", "atm", "e-commerce"
CASH_MACHINE: Final = "6011"  # merchant category: automated cash disbursement
WITHDRAWAL: Final = "01"
NOT_PRESENT: Final = ("08", "59")  # DE 25: mail or telephone order, electronic commerce
PIN_LENGTH: Final = "24"  # the HSM's: not as long as the offset
CHIP: Final = ("05", "07", "95")  # DE 22: contact chip, contactless chip
TRACK_SEPARATORS: Final = "=D"

# Message reason codes as commonly published for ISO 8583:1993.
ISSUERS_OPTION: Final = "1000"
TIMED_OUT: Final = "1002"
UNAVAILABLE: Final = "1003"


class Verdict:
    """What was found: a code, or none as yet."""

    __slots__ = ("code", "wrong_pins")

    def __init__(self, code: str, wrong_pins: int) -> None:
        self.code = code  # empty: nothing against it
        self.wrong_pins = wrong_pins  # in a row, now; -1: no PIN was looked at


Asking = Generator[Need, Event, Verdict | None]


def is_decided_here(transaction: Transaction, issuer: Issuer, switch: Switch) -> bool:
    """Not sent at all: by hand nothing is; by itself what is covered, but for trials."""
    stand_in = issuer.stand_in
    if not stand_in.is_first:
        return False
    if stand_in.mode == ON:
        return True
    request = transaction.request
    assert request is not None
    return limit_of(request, stand_in.rules, switch) is not None and not stand_in.is_trial(
        switch.now()
    )


def stood_in(transaction: Transaction, switch: Switch) -> Generator[Need, Event, Told | None]:
    """What the acquirer hears, on record; None: not stood in for."""
    request, issuer = transaction.request, transaction.issuer
    assert request is not None
    assert issuer is not None
    rules = issuer.stand_in.rules
    limit = limit_of(request, rules, switch) if issuer.stand_in.is_allowed else None
    if rules is None or limit is None or not is_open(transaction, switch):
        return None
    verdict = yield from verdict_on(request, issuer, rules, switch)
    # The HSM took its time: looked at again. From here to the records nothing else happens.
    if verdict is None or not is_open(transaction, switch):
        return None
    pan, wall = transaction.about.content[0], switch.wall()
    has_room = issuer.stand_in.activity.has_room_for(pan, rules.cards_max, wall)
    if not has_room or not switch.may_store(issuer):
        return None
    code = verdict.code or exceeded(request, issuer, limit, wall) or ResponseCode.APPROVED
    why = reason_of(transaction, issuer)
    told, records = stood_in_records(transaction, rules, code, verdict.wrong_pins, why, switch)
    if not told.approves:
        if records:
            yield Record(records)
        return told
    transaction.approval_on_record = True
    durable = yield Record(records)
    return told if isinstance(durable, Durable) else NOT_STORED


def is_open(transaction: Transaction, switch: Switch) -> bool:
    """Nobody else decided: it is in time, and was not reversed meanwhile."""
    request = transaction.request
    assert request is not None
    return not transaction.is_void and not switch.is_over(request.deadline)


def limit_of(request: Request, rules: Rules | None, switch: Switch) -> Limit | None:
    """The first limit that covers such a request; None: it is not stood in for."""
    values = request.values
    effect = effect_of(values.get(DE.PROCESSING_CODE, ""))
    if rules is None or effect is None or not effect.may_be_stood_in_for or request.pan is None:
        return None
    if values.get(DE.CURRENCY, "") != rules.currency or values.get(DE.AMOUNT, "") == "":
        return None
    bin_range = switch.range_of(request.pan)
    product = bin_range.product if bin_range is not None else ""
    channel, country = channel_of(request), values.get(DE.ACQUIRER_COUNTRY, "")
    for limit in rules.limits:
        if (
            (not limit.products or product in limit.products)
            and (not limit.channels or channel in limit.channels)
            and (not limit.countries or country in limit.countries)
        ):
            return limit if may_have_its_pin(request, limit, rules) else None
    return None


def may_have_its_pin(request: Request, limit: Limit, rules: Rules) -> bool:
    """With a PIN only where it can be checked; without one only where none is required."""
    if request.has_pin:
        return limit.pin != "none" and rules.pin_check is not None
    return limit.pin != "required"


def channel_of(request: Request) -> str:
    """By DE 22, 25, 18 and 3."""
    values = request.values
    if request.is_e_commerce or values.get(DE.CONDITION_CODE, "") in NOT_PRESENT:
        return E_COMMERCE
    merchant_type = values.get(DE.MERCHANT_TYPE, "")
    is_withdrawal = values.get(DE.PROCESSING_CODE, "").startswith(WITHDRAWAL)
    if merchant_type == CASH_MACHINE or (not merchant_type and is_withdrawal):
        return ATM
    return POS


def verdict_on(request: Request, issuer: Issuer, rules: Rules, switch: Switch) -> Asking:
    """The card, then its PIN, then its CVV; None where the HSM did not say."""
    assert request.pan is not None
    pan, wall = request.pan.reveal(), switch.wall()
    listed = rules.negative.of(pan)
    if listed:
        return Verdict(listed, -1)
    expiry = expiry_of(request)
    if "" != expiry < datetime.fromtimestamp(wall, UTC).strftime("%y%m"):
        return Verdict(ResponseCode.EXPIRED_CARD, -1)
    wrong_pins = -1
    if request.has_pin:
        assert rules.pin_check is not None, "else it is not covered"
        before = issuer.stand_in.activity.wrong_pins(pan, wall)
        if before >= rules.pin_check.tries_max:
            return Verdict(ResponseCode.PIN_TRIES_EXCEEDED, -1)
        of_pin = yield from verdict_on_pin(request, rules.pin_check, before)
        if of_pin is None or of_pin.code:
            return of_pin
        wrong_pins = of_pin.wrong_pins
    if rules.cvv_check is not None:
        command = cvv_command(request, rules.cvv_check)
        if command:
            verified = yield Verify(command)
            if not isinstance(verified, Verified) or not verified.is_clear:
                return None
            if not verified.is_right:
                return Verdict(ResponseCode.CARD_CHECK_FAILED, wrong_pins)
    return Verdict("", wrong_pins)


def verdict_on_pin(request: Request, check: PinCheck, wrong_before: int) -> Asking:
    """Under the key of its acquirer, whose block it is; while that changes, under either."""
    verified = Verified("")  # where no key was agreed
    keys = request.acquirer.pin_keys(request.link)
    for key in keys:
        command = pin_command(request, check, key)
        if not command:
            return None  # nobody told us what its PIN is checked against
        happened = yield Verify(command)
        assert isinstance(happened, Verified)
        is_another = happened.hsm_error in ANOTHER_KEY
        if not is_another or key is keys[0]:
            verified = happened
        if not is_another:
            break
    if verified.is_clear:
        request.acquirer.key_used(request.link, key, request.arrived)
    if verified.is_right:
        return Verdict("", 0 if wrong_before else -1)
    is_wrong = verified.is_clear or (
        # Longer than the card's: wrong whatever its first digits are.
        verified.hsm_error == PIN_LENGTH and check.method == "offset"
    )
    return Verdict(ResponseCode.INCORRECT_PIN, wrong_before + 1) if is_wrong else None


def pin_command(request: Request, check: PinCheck, key: PinKey) -> bytes:
    """Nothing where the card is not in the file."""
    assert request.pan is not None
    block, pan = request.values[DE.PIN_BLOCK], request.pan
    expected = check.cards.of(pan.reveal())
    if not expected:
        return b""
    if check.method == "pvv":
        return hsm_frames.verify_pvv(
            key.kind,
            key.under_lmk,
            check.pvk_under_lmk,
            block,
            key.block_format,
            pan.account_12,
            expected,
        )
    return hsm_frames.verify_offset(
        key.kind,
        key.under_lmk,
        check.pvk_under_lmk,
        block,
        key.block_format,
        pan.account_12,
        check.decimalisation_table,
        pan.reveal()[:11],
        expected,
    )


def cvv_command(request: Request, check: CvvCheck) -> bytes:
    """Nothing where there is no track 2, or none that holds a CVV."""
    pan, expiry, service_code, discretionary = track_2_parts(request)
    cvv = discretionary[check.position : check.position + 3]
    if len(cvv) < 3:
        return b""
    if check.chip_service_code and request.values.get(DE.ENTRY_MODE, "")[:2] in CHIP:
        service_code = check.chip_service_code
    return hsm_frames.verify_cvv(check.cvk_under_lmk, cvv, pan, expiry, service_code)


def expiry_of(request: Request) -> str:
    """YYMM, of DE 14 or track 2."""
    return request.values.get(DE.EXPIRY, "") or track_2_parts(request)[1]


def track_2_parts(request: Request) -> tuple[str, str, str, str]:
    """PAN, expiry, service code, discretionary data; empty where there is no track that fits."""
    track = request.values.get(DE.TRACK_2, "").lstrip(";").rstrip("?F")
    for separator in TRACK_SEPARATORS:
        pan, found, rest = track.partition(separator)
        if found and len(rest) >= 7 and rest.isascii() and rest.isdigit():
            return pan, rest[:4], rest[4:7], rest[7:]
    return "", "", "", ""


def exceeded(request: Request, issuer: Issuer, limit: Limit, wall: float) -> str:
    """61, 65, or nothing."""
    assert request.pan is not None
    amount_minor = int(request.values[DE.AMOUNT])
    count, total_minor = issuer.stand_in.activity.approved(request.pan.reveal(), wall)
    if amount_minor > limit.amount_max_minor or (
        total_minor + amount_minor > limit.total_max_minor
    ):
        return ResponseCode.EXCEEDS_AMOUNT_LIMIT
    if count + 1 > limit.count_max:
        return ResponseCode.EXCEEDS_COUNT_LIMIT
    return ""


def reason_of(transaction: Transaction, issuer: Issuer) -> str:
    """Why the issuer was not asked, or what became of the question."""
    if transaction.has_left:
        return TIMED_OUT
    return ISSUERS_OPTION if issuer.stand_in.mode == ON else UNAVAILABLE
