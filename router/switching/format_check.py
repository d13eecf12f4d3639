"""May this request be taken at all? The response code if not, in order of precedence."""

import binascii
from typing import Final

from mypy_extensions import i64

from router.switching.elements import Elements
from router.switching.request import Request
from router.switching.response_codes import ResponseCode
from router.wire.digits import Digits
from router.wire.element import TEXT
from router.wire.message import Message
from router.wire.octets import are_all_zero, are_digits, luhn_sum
from specs.elements import DE

PAN_DIGITS_MIN: Final = 12
PAN_DIGITS_MAX: Final = 19
AMOUNT_DIGITS: Final = 12
# Annotated as tuple[int, ...]: compiled, a Final tuple is else made anew at each use.
CARD_ELEMENTS: Final[tuple[int, ...]] = (DE.PAN, DE.TRACK_2, DE.TRACK_1)
# What matching and DE 90 are made of, and what a decision may rest on.
NUMBERS: Final[tuple[int, ...]] = (
    DE.TRANSMISSION_TIME,
    DE.STAN,
    DE.LOCAL_TIME,
    DE.LOCAL_DATE,
    DE.EXPIRY,
    DE.ENTRY_MODE,
    DE.CURRENCY,
)
DIGITS: Final = Digits(NUMBERS)
BINARY: Final[tuple[int, ...]] = (DE.PIN_BLOCK, DE.CHIP_DATA)


def format_error(request: Request) -> str | None:
    """The code, or None when it may pass."""
    message = request.message
    if not message.codec.has_mandatory(message):
        return ResponseCode.FORMAT_ERROR
    if not are_numbers(request) or not are_hexadecimal(message):
        return ResponseCode.FORMAT_ERROR
    if request.kind.is_reversal:
        return reversal_error(request)
    if not request.names_card:
        return ResponseCode.FORMAT_ERROR
    effect = request.effect
    if effect is None:
        return ResponseCode.INVALID_TRANSACTION
    text = request.recognised_by  # where card and amount stand already, whatever the dialect
    if not is_amount(text, request.amount_at, zero_passes=not effect.needs_amount):
        return ResponseCode.INVALID_AMOUNT
    if not has_check_digit(text, request.card_at, request.card_end):
        return ResponseCode.INVALID_CARD
    return None


def reversal_error(request: Request) -> str | None:
    """It must name its original; a card that it names too must be one card, in digits."""
    if not request.named_originals:
        return ResponseCode.FORMAT_ERROR
    if not request.names_card:
        names_several = any(request.has(number) for number in CARD_ELEMENTS)
        return ResponseCode.FORMAT_ERROR if names_several else None
    is_number = are_digits(request.recognised_by, request.card_at, request.card_end)
    return None if is_number else ResponseCode.FORMAT_ERROR


def are_numbers(elements: Elements) -> bool:
    """Where a dialect in ASCII or EBCDIC would let letters pass."""
    if elements.as_it_came is not None:
        return DIGITS.are_all(elements.as_it_came)
    for number in NUMBERS:
        if elements.has(number):
            digits = elements.text(number)
            if not digits.isascii() or not digits.isdigit():
                return False
    return True


def are_hexadecimal(message: Message) -> bool:
    """Where a dialect writes binary elements as hexadecimal digits, anything might stand there."""
    for number in BINARY:
        place = message.shape.places[number]
        if place is None or not place.element.is_hexadecimal_text:
            continue
        is_ascii = place.element.reading == TEXT
        try:
            binascii.a2b_hex(message.raw(number) if is_ascii else message.text(number))
        except ValueError:
            return False
    return True


def is_amount(text: bytes, start: i64, zero_passes: bool) -> bool:
    """From there on: twelve digits in minor units; nothing at all where no amount is needed."""
    size: i64 = len(text) - start
    if not size:
        return zero_passes
    if size != AMOUNT_DIGITS or not are_digits(text, start, start + size):
        return False
    return zero_passes or not are_all_zero(text, start, start + size)


def is_card_number(digits: str) -> bool:
    """Length and Luhn digit (ISO/IEC 7812-1, annex B)."""
    return digits.isascii() and has_check_digit(digits.encode("ascii"), 0, len(digits))


def has_check_digit(text: bytes, start: i64, stop: i64) -> bool:
    """The same of digits that stand in a text."""
    size = stop - start
    if not PAN_DIGITS_MIN <= size <= PAN_DIGITS_MAX or not are_digits(text, start, stop):
        return False
    return luhn_sum(text, start, stop) % 10 == 0
