"""What is found of a card, its PIN and its CVV before it is stood in for.

The PIN stays in its block: the HSM says right or wrong, under the key of the acquirer whose block
it is, against what the issuer gave us. What the HSM does not say is not decided.
"""

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Final

from router.switching.needs import Event, Need, Verified, Verify
from router.switching.peers import Issuer
from router.switching.pin_key import PinKey
from router.switching.request import Request
from router.switching.response_codes import ResponseCode
from router.switching.session_keys import ANOTHER_KEY
from router.switching.stand_in_activity import Activity
from router.switching.stand_in_rules import CvvCheck, PinCheck, Rules
from router.wire import hsm_frames
from specs.elements import DE

PIN_LENGTH: Final = "24"  # the HSM's: not as long as the offset
CHIP: Final = ("05", "07", "95")  # DE 22: contact chip, contactless chip
TRACK_SEPARATORS: Final = "=D"

RIGHT, WRONG, NO_PIN = "right", "wrong", ""


class Verdict:
    """What was found: a code or none as yet, and what the PIN is."""

    __slots__ = ("code", "pin")

    def __init__(self, code: str, pin: str) -> None:
        self.code = code  # empty: nothing against it
        self.pin = pin


Asking = Generator[Need, Event, Verdict | None]


def verdict_on(request: Request, issuer: Issuer, rules: Rules, wall: float) -> Asking:
    """The card, then its PIN, then its CVV; None where the HSM did not say."""
    assert request.pan is not None
    pan = request.pan.reveal()
    listed = rules.negative.of(pan)
    if listed:
        return Verdict(listed, NO_PIN)
    expiry = expiry_of(request)
    if "" != expiry < datetime.fromtimestamp(wall, UTC).strftime("%y%m"):
        return Verdict(ResponseCode.EXPIRED_CARD, NO_PIN)
    pin = NO_PIN
    if request.has_pin:
        assert rules.pin_check is not None, "else it is not covered"
        if issuer.stand_in.activity.wrong_pins(pan, wall) >= rules.pin_check.tries_max:
            return Verdict(ResponseCode.PIN_TRIES_EXCEEDED, NO_PIN)
        found = yield from verified_pin(request, rules.pin_check)
        if found is None or found.pin == WRONG:
            return found
        pin = found.pin
    if rules.cvv_check is not None:
        command = cvv_command(request, rules.cvv_check)
        if command:
            verified = yield Verify(command)
            if not isinstance(verified, Verified) or not verified.is_clear:
                return None
            if not verified.is_right:
                return Verdict(ResponseCode.CARD_CHECK_FAILED, pin)
    return Verdict("", pin)


def verified_pin(request: Request, check: PinCheck) -> Asking:
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
        return Verdict("", RIGHT)
    is_wrong = verified.is_clear or (
        # Longer than the card's: wrong whatever its first digits are.
        verified.hsm_error == PIN_LENGTH and check.method == "offset"
    )
    return Verdict(ResponseCode.INCORRECT_PIN, WRONG) if is_wrong else None


def counted_pins(
    verdict: Verdict, rules: Rules, activity: Activity, pan: str, wall: float
) -> tuple[str, int]:
    """A code, and the wrong PINs in a row from now on (-1: as before).

    Counted when the HSM has spoken: of many tries at once no more count as tries than may.
    """
    if verdict.pin == NO_PIN or rules.pin_check is None:
        return "", -1
    wrong = activity.wrong_pins(pan, wall)
    if wrong >= rules.pin_check.tries_max:
        return ResponseCode.PIN_TRIES_EXCEEDED, -1
    if verdict.pin == WRONG:
        return ResponseCode.INCORRECT_PIN, wrong + 1
    return "", 0 if wrong else -1


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
