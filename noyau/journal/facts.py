"""What a record says about its transaction, and what a search asks for."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from specs.journal_format import (
    About,
    Answered,
    Entry,
    EntryId,
    Forwarded,
    Key,
    Reversed,
    Stored,
)

Spoken = Forwarded | Answered | Reversed | Stored
SPOKEN = (Forwarded, Answered, Reversed, Stored)
NAMES_ISSUER = (Forwarded, Stored)


class Place(NamedTuple):
    """Where a transaction's first record is: a transaction is named by it."""

    worker: str
    row: int
    place: int  # in its group, from 0 on

    def __str__(self) -> str:
        return f"{self.worker}:{self.row}.{self.place}"


def place_from(text: str) -> Place:
    """Raises ValueError."""
    worker, colon, rest = text.rpartition(":")
    row, dot, place = rest.partition(".")
    if not dot or not row.isdigit() or not place.isdigit():
        raise ValueError(text)
    return Place(worker if colon else "0", int(row), int(place))


class Facts(NamedTuple):
    """Of a transaction. The PAN is clear: it leaves this process masked or hashed only."""

    key: Key
    pan: str
    rrn: str
    stan: str
    terminal: str
    acquirer: str
    issuer: str  # empty where this record does not know it
    mti: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search; empty and 0 ask for nothing. Times in milliseconds since 1970."""

    pan: str = ""
    rrn: str = ""
    stan: str = ""
    terminal: str = ""
    acquirer: str = ""
    issuer: str = ""
    since: int = 0
    until: int = 0

    def asks_at(self, at: int) -> bool:
        """Of the time of a transaction's first record."""
        return self.since <= at and (not self.until or at < self.until)

    def asks_for(self, facts: Facts) -> bool:
        """All of it but the time."""
        asked = (
            (self.pan, facts.pan), (self.rrn, facts.rrn), (self.stan, facts.stan),
            (self.terminal, facts.terminal), (self.acquirer, facts.acquirer),
            (self.issuer, facts.issuer))  # fmt: skip
        return all(not wanted or wanted == found for wanted, found in asked)


def facts_of(record: Spoken) -> Facts:
    """Some records know no issuer."""
    about: About = record.about
    parts = about.parts
    issuer = record.issuer if isinstance(record, NAMES_ISSUER) else ""
    return Facts(
        about.key, parts.pan, parts.rrn, parts.stan, parts.terminal, parts.acquirer, issuer,
        about.mti,
    )  # fmt: skip


def entry_of(entry: Entry) -> EntryId | None:
    """The store-and-forward entry that a record speaks of."""
    found: object = getattr(entry, "id", None)
    return found if isinstance(found, tuple) else None


def time_in_words(at: int) -> str:
    """UTC, milliseconds."""
    return f"{_second_in_words(at // 1000)}.{at % 1000:03d}Z"


@lru_cache(maxsize=64)
def _second_in_words(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"


def time_from(text: str) -> int:
    """Milliseconds since 1970; UTC where it has no offset. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
