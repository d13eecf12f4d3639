"""What a processing code (DE 3, first two digits) does to an account. The one table of it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Effect:
    """May it hold or move money, and must it name an amount?"""

    name: str
    may_hold: bool
    needs_amount: bool


EFFECTS: Final[dict[str, Effect]] = {
    "00": Effect("purchase", may_hold=True, needs_amount=True),
    "01": Effect("cash withdrawal", may_hold=True, needs_amount=True),
    "09": Effect("purchase with cash back", may_hold=True, needs_amount=True),
    "20": Effect("refund", may_hold=True, needs_amount=True),
    "30": Effect("available funds inquiry", may_hold=False, needs_amount=False),
    "31": Effect("balance inquiry", may_hold=False, needs_amount=False),
}


def effect_of(processing_code: str) -> Effect | None:
    """None: out of scope, response code 12."""
    return EFFECTS.get(processing_code[:2])
