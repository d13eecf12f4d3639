"""stand_in.toml: what issuers let the switch answer for them. docs/stand-in.md has it in words.

A file of its own, and none where nothing is stood in for: its limits are agreed by other people
than those who agree on lines and timers, change more often, and a difference in it is seen alone.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from router.net.value_types import Kcv, KeyUnderLmk, Limit, Name, Seconds
from router.switching.stand_in_rules import CardValues

Currency = Annotated[str, Meta(pattern=r"^[0-9]{3}$", description='as in DE 49: "504", in quotes')]
Country = Annotated[str, Meta(pattern=r"^[0-9]{3}$", description='as in DE 19: "504", in quotes')]
Product = Annotated[str, Meta(min_length=1, max_length=64, description="a product of bins.csv")]
AmountMinor = Annotated[int, Meta(ge=0, le=999_999_999_999, description="minor units")]
DecimalisationTable = Annotated[
    str, Meta(pattern=r"^[0-9]{16}$", description="16 digits, as the issuer and the HSM have it")
]

REASON_ELEMENTS: Final = (44, 46, 47, 48, 60, 61, 62, 63)


@dataclass(frozen=True, slots=True)
class PinCheckSettings:
    """[stand_in.pin_check]; without it a request with a PIN is not stood in for."""

    method: Literal["pvv", "offset"]
    pvk_under_lmk: KeyUnderLmk = field(repr=False)
    kcv: Kcv
    cards_file: Path  # CSV: pan, then pvki and pvv, or offset
    decimalisation_table: DecimalisationTable = "0123456789012345"
    tries_max: Annotated[int, Meta(ge=1, le=99)] = 3  # wrong PINs in a row, in one period


@dataclass(frozen=True, slots=True)
class CvvCheckSettings:
    """[stand_in.cvv_check]; without it track 2 is taken as it is."""

    cvk_under_lmk: KeyUnderLmk = field(repr=False)
    kcv: Kcv
    position: Annotated[int, Meta(ge=0, le=20)]  # in the discretionary data, the first is 0
    chip_service_code: Annotated[
        str, Meta(pattern=r"^([0-9]{3})?$", description='three digits, such as "999"')
    ] = ""  # of the iCVV that a chip says


@dataclass(frozen=True, slots=True)
class StandInSettings:
    """[[stand_in]] in stand_in.toml."""

    issuer: Name
    currency: Currency  # of its limits; a request in another one is not stood in for
    period: Literal["business-day", "rolling"] = "business-day"
    period_h: Annotated[int, Meta(ge=1, le=744)] = 24  # of a rolling one
    negative_file: Path | None = None  # CSV: pan, action
    pin_check: PinCheckSettings | None = None
    cvv_check: CvvCheckSettings | None = None
    advise_declines: bool = False  # a 0120 for those too
    reason_element: Annotated[
        int, Meta(ge=44, le=63, description="one of 44, 46, 47, 48, 60, 61, 62, 63")
    ] = 60  # of the 0120
    cards_max: Limit = 100_000  # with something to count; a card beyond it is not stood in for
    window_s: Seconds = 30.0  # over which silences are counted
    requests_min: Limit = 20  # in it, before their share says anything
    silences_percent: Annotated[int, Meta(ge=1, le=100)] = 50  # from here on nothing is sent
    recover_after: Annotated[int, Meta(ge=1, le=10_000)] = 10  # good answers in a row
    trial_every_s: Seconds = 5.0  # a request is sent all the same

    @property
    def name(self) -> str:
        return self.issuer


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """[[limit]] in stand_in.toml. An empty list names all; the first that fits decides."""

    issuer: Name
    amount_max_minor: AmountMinor  # of one transaction
    count_max: Annotated[int, Meta(ge=0, le=100_000)]  # approvals of one card in a period
    total_max_minor: AmountMinor  # and what they may come to
    products: tuple[Product, ...] = ()
    channels: tuple[Literal["pos", "atm", "e-commerce"], ...] = ()
    countries: tuple[Country, ...] = ()  # of the acquirer; a request without DE 19 is of none
    pin: Literal["required", "if_present", "none"] = "if_present"


@dataclass(frozen=True, slots=True)
class Lent:
    """All that one issuer lends, its files read."""

    stand_in: StandInSettings
    limits: tuple[LimitSettings, ...]
    negative: CardValues
    pin_values: CardValues

    @property
    def name(self) -> str:
        return self.stand_in.issuer
