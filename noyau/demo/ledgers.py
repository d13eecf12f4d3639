"""What the issuers' ledgers say of the demo acquirer's transactions, by RRN."""
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from issuers.holds import NoLedger, holds
from issuers.state import ledger_path

REQUESTS = ("0100", "0101", "0200", "0201")


@dataclass(frozen=True, slots=True)
class Posting:
    """A request as an issuer decided it, and what still stands of it."""

    issuer: str
    response_code: str
    pin_verified: bool
    moved_minor: int
    standing_minor: int
    stan: str  # the router's number; two postings with one RRN are two requests


Postings = Mapping[str, list[Posting]]


def postings_of(state: Path, issuers: Iterable[str], tag: str) -> Postings:
    """Only this run's: strangers use the same cards."""
    found: dict[str, list[Posting]] = defaultdict(list)
    for issuer in issuers:
        for decision in decisions(state, issuer):
            if decision["rrn"].startswith(tag) and decision["mti"] in REQUESTS:
                found[decision["rrn"]].append(posting(issuer, decision))
    return found


def decisions(state: Path, issuer: str) -> list[dict[str, Any]]:
    """A ledger that was never opened has decided nothing."""
    try:
        listing = holds(ledger_path(state, issuer), everything=True)
    except NoLedger:
        return []
    decided: list[dict[str, Any]] = listing["decisions"]
    return decided


def posting(issuer: str, decision: dict[str, Any]) -> Posting:
    """One line of `noyau issuer holds NAME --json --all`."""
    return Posting(
        issuer=issuer,
        response_code=decision["response_code"],
        pin_verified=decision["pin_verified"],
        moved_minor=decision["moved_minor"],
        standing_minor=decision["remaining_minor"],
        stan=decision["stan"],
    )
