"""How the house of one seed is configured: its issuers, acquirers, cards and limits."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from router.switching.routing import BinRange
from tests.builders import card
from tests.simulation.faults import Faults

ISSUERS: Final = {"bank": "950401", "atlas": "950402", "visa": "411111"}
STAND_IN_COUNT: Final = 4  # approvals of one card in a day
STAND_IN_TOTAL: Final = 500  # and what they come to
ACQUIRERS: Final = {"A": 2, "B": 1, "C": 2}  # and their links
CARDS_EACH: Final = 4
NO_ROUTE: Final = card("559999")
UNASSIGNED: Final = "950409"


@dataclass(frozen=True)
class IssuerSetting:
    """One issuer: what is agreed, and what its host is like."""

    name: str
    dialect: str
    lines: int
    stan_space: int
    echoes_time: bool
    remembers: bool  # reversals of originals that it does not know (yet)
    pending_max: int
    lends: bool  # its stand-in
    wants_declines: bool  # of the stand-in, too
    saf_entries_max: int
    saf_per_s: float
    requests_per_s: float
    in_flight_max: int
    breaker_after: int
    timeout_s: float = 6.0
    saf_window: int = 4
    saf_retry_s: float = 0.5


@dataclass(frozen=True)
class AcquirerSetting:
    """One acquirer: what is agreed, and what its host is like."""

    name: str
    dialect: str
    links: int
    signs_on: bool
    repeats_after_s: float
    in_flight_max: int
    requests_per_s: float
    answer_within_s: float = 10.0


@dataclass(frozen=True)
class Setting:
    """All of it. A reload makes another one."""

    issuers: tuple[IssuerSetting, ...]
    acquirers: tuple[AcquirerSetting, ...]
    in_flight_max: int = 1000
    repeats_max: int = 10_000
    disk_waiting_max: int = 1000
    moved: dict[str, str] = field(default_factory=dict)  # issuer -> whose cards are now another's

    @property
    def cards(self) -> list[str]:
        return [card(ISSUERS[one.name] + str(n)) for one in self.issuers for n in range(CARDS_EACH)]

    @property
    def ranges(self) -> list[BinRange]:
        """Each issuer's cards, and those that nobody issued."""
        there = {one.name for one in self.issuers}
        found = [bin_range(UNASSIGNED, "")]
        for issuer, first in ISSUERS.items():
            owner = self.moved.get(issuer, issuer)
            if owner in there:
                found.append(bin_range(first, owner))
        return found

    def without(self, issuer: str) -> "Setting":
        return replace(self, issuers=tuple(one for one in self.issuers if one.name != issuer))


def bin_range(first: str, issuer: str) -> BinRange:
    return BinRange(first, first, issuer, 0, "domestic", "", "504", "debit", True)


def drawn(draw: Random, faults: Faults) -> Setting:
    """One house. Fewer peers meet each other more often."""
    issuers = tuple(
        IssuerSetting(
            name=name,
            dialect=draw.choice(("national", "national", "iso93-ascii", "visa-like")),
            lines=draw.choice((1, 2, 3)),
            stan_space=faults.stan_space or draw.choice((100, 400)),
            echoes_time=draw.random() < faults.echoes_time,
            remembers=draw.random() < faults.remembers,
            pending_max=4 if faults.is_tight else 100,
            lends=draw.random() < faults.lending,
            wants_declines=draw.random() < 0.5,
            saf_entries_max=6 if faults.is_tight else faults.stan_space // 3 or 1000,
            saf_per_s=3.0 if faults.is_tight else 400.0,
            requests_per_s=4.0 if faults.is_tight else 1000.0,
            in_flight_max=4 if faults.is_tight else 1000,
            breaker_after=draw.choice((2, 20)),
        )
        for name in list(ISSUERS)[: faults.issuers or draw.choice((1, 1, 2, 3))]
    )
    acquirers = tuple(
        AcquirerSetting(
            name=name,
            dialect=draw.choice(("iso87-ascii", "iso87-ascii", "iso87-binary", "iso93-ascii")),
            links=ACQUIRERS[name],
            signs_on=draw.random() < 0.5,
            repeats_after_s=draw.choice((2.0, 4.0)),
            in_flight_max=3 if faults.is_tight else 100,
            requests_per_s=6.0 if faults.is_tight else 1000.0,
        )
        for name in list(ACQUIRERS)[: draw.choice((1, 2, 2, 3))]
    )
    setting = Setting(issuers, acquirers)
    if faults.is_tight:
        return replace(setting, in_flight_max=5, repeats_max=300, disk_waiting_max=6)
    return setting
