"""What `noyau explain` says of the stand-in: the limits of a card's product, in their order."""

from typing import Final

from router.net.settings import Settings
from router.net.stand_in_settings import Lent, LimitSettings
from router.switching.routing import BinRange

PINS: Final = {
    "required": "with the PIN only",
    "if_present": "a PIN is verified",
    "none": "without a PIN only",
}


def stand_in_words(decides: BinRange, pan: str, settings: Settings) -> tuple[str, tuple[str, ...]]:
    """The result, and a line for each limit. `pan` is empty where only a BIN is known."""
    lent = next((one for one in settings.stand_in if one.name == decides.issuer), None)
    if lent is None:
        return "none: without an answer of the issuer, 91", ()
    if pan and (listed := lent.negative.of(pan)):
        return f"{listed}: the issuer's list says so", ()
    limits = [one for one in lent.limits if not one.products or decides.product in one.products]
    if not limits:
        return f'none of "{decides.product}" cards: 91', ()
    return "where the issuer gives no answer", tuple(in_words(one, lent) for one in limits)


def in_words(limit: LimitSettings, lent: Lent) -> str:
    """One limit; amounts in minor units."""
    where = ", ".join(limit.channels) or "any channel"
    countries = f", acquirers in {', '.join(limit.countries)}" if limit.countries else ""
    pin = limit.pin if lent.stand_in.pin_check is not None else "none"
    return (
        f"{where}{countries}, {PINS[pin]}: at most {limit.amount_max_minor:,} in"
        f" {lent.stand_in.currency}, {limit.count_max:,} for a card in a period,"
        f" {limit.total_max_minor:,} in all"
    )
