"""What an issuer lets us decide for it, as configured: limits, checks, cards that are listed.

Data only, replaced whole at a reload; `stand_in` decides by it. Amounts are minor units of the one
currency that the issuer's limits are in.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

CHANNELS: Final = ("pos", "atm", "e-commerce")
DIGEST_BYTES: Final = 16


class BusinessDays(Protocol):
    """When a business day ends, which the zone and the cutover of the house decide."""

    def end_of(self, wall: float) -> int:
        """Of the business day that holds this instant: both in seconds since 1970."""


class CardValues:
    """A value for each card of a list. The numbers are not kept: a keyed hash of each stands here.

    The key is the process's own and random, so that nothing that is dumped or printed names a card.
    """

    __slots__ = ("_key", "_values")

    def __init__(self, key: bytes, values: dict[str, str]) -> None:
        """`values` is by PAN."""
        self._key = key
        self._values = {self._digest(pan): value for pan, value in values.items()}

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CardValues) and self._values == other._values

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"<{len(self._values)} cards>"

    def of(self, pan: str) -> str:
        """Empty where the card is not listed."""
        return self._values.get(self._digest(pan), "")

    def _digest(self, pan: str) -> bytes:
        return hashlib.blake2b(pan.encode(), digest_size=DIGEST_BYTES, key=self._key).digest()


@dataclass(frozen=True, slots=True)
class Limit:
    """What is approved for some products, channels and countries; an empty list names all."""

    products: tuple[str, ...]  # as the BIN table says
    channels: tuple[str, ...]
    countries: tuple[str, ...]  # of the acquirer, DE 19
    pin: str  # "required", "if_present" or "none": one with a PIN is not stood in for
    amount_max_minor: int  # of one transaction
    count_max: int  # approvals of one card in a period
    total_max_minor: int  # and what they come to


@dataclass(frozen=True, slots=True)
class PinCheck:
    """How a PIN is verified: against a PVV (EC, DC) or an IBM 3624 offset (EA, DA)."""

    method: str  # "pvv" or "offset"
    pvk_under_lmk: str
    decimalisation_table: str
    tries_max: int
    cards: CardValues  # PVKI and PVV, or the offset, of each card


@dataclass(frozen=True, slots=True)
class CvvCheck:
    """How the CVV of track 2 is verified (CY)."""

    cvk_under_lmk: str
    position: int  # in the discretionary data, the first digit is 0
    chip_service_code: str  # of the iCVV that a chip says; empty: the track's own


@dataclass(frozen=True, slots=True)
class Automatic:
    """When the stand-in takes over by itself, and when it gives back."""

    window_s: float
    requests_min: int
    silences_percent: int
    recover_after: int  # good answers
    trial_every_s: float


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one issuer."""

    currency: str
    period_s: int  # 0: a business day
    days: BusinessDays
    limits: tuple[Limit, ...]  # the first that fits decides
    negative: CardValues  # card -> response code
    pin_check: PinCheck | None
    cvv_check: CvvCheck | None
    advise_declines: bool
    reason_element: int
    cards_max: int
    automatic: Automatic

    def counts_until(self, wall: float) -> int:
        """When what is approved now stops counting: whole minutes, so that few sums are kept."""
        if self.period_s:
            return (int(wall) + self.period_s + 59) // 60 * 60
        return self.days.end_of(wall)
