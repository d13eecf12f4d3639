"""What a processing code (DE 3, first two digits) does to an account. The one table of it."""

from dataclasses import dataclass
from typing import Final

from mypy_extensions import i64


@dataclass(frozen=True, slots=True)
class Effect:
    """May it hold or move money, must it name an amount, may another answer for its issuer?

    Stood in for is only what the card's owner waits for at the till: a refund can wait, and a
    balance only the issuer knows.
    """

    name: str
    may_hold: bool
    needs_amount: bool
    may_be_stood_in_for: bool = False


EFFECTS: Final[dict[str, Effect]] = {
    "00": Effect("purchase", may_hold=True, needs_amount=True, may_be_stood_in_for=True),
    "01": Effect("cash withdrawal", may_hold=True, needs_amount=True, may_be_stood_in_for=True),
    "09": Effect(
        "purchase with cash back", may_hold=True, needs_amount=True, may_be_stood_in_for=True
    ),
    "20": Effect("refund", may_hold=True, needs_amount=True),
    "30": Effect("available funds inquiry", may_hold=False, needs_amount=False),
    "31": Effect("balance inquiry", may_hold=False, needs_amount=False),
}


BY_NUMBER: Final[list[Effect | None]] = [EFFECTS.get(f"{number:02}") for number in range(100)]
ZERO: Final = ord("0")


def effect_of(processing_code: str) -> Effect | None:
    """None: out of scope, response code 12."""
    if not processing_code.isascii():
        return None
    return effect_at(processing_code.encode("ascii"), 0)


def effect_at(text: bytes, start: i64) -> Effect | None:
    """Of a processing code that begins there."""
    if len(text) < start + 2:
        return None
    tens: i64 = text[start] - ZERO
    ones: i64 = text[start + 1] - ZERO
    return BY_NUMBER[10 * tens + ones] if 0 <= tens <= 9 and 0 <= ones <= 9 else None
