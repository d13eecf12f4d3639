"""What the issuers' ledgers say of the demo acquirer's transactions, by RRN.

Read beside the running hosts, straight from their files: the whole of a ledger through
`issuers.holds` would be read again and again. Rows once settled are passed over.
"""
import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from issuers.entry import PinVerdict
from issuers.state import ledger_path

FIND = """
    SELECT id, rrn, response_code, pin, moved_minor, remaining_minor, stan, mti FROM entries
    WHERE id > ? AND substr(rrn, 1, length(?)) = ?
        AND mti IN ('0100', '0101', '0200', '0201', '0120', '0121')
    ORDER BY id
"""
LAST = "SELECT ifnull(max(id), 0) FROM entries"


@dataclass(frozen=True, slots=True)
class Posting:
    """A request as an issuer decided it, or an advice of what was decided for it: what stands."""

    issuer: str
    response_code: str
    pin_verified: bool
    moved_minor: int
    standing_minor: int
    stan: str  # the router's number; two postings with one RRN are two requests
    row: int = 0
    is_advice: bool = False


Postings = Mapping[str, list[Posting]]


class Ledger:
    """One issuer's, as far as it concerns this run: strangers use the same cards."""

    def __init__(self, state: Path, issuer: str, tag: str) -> None:
        self._path = ledger_path(state, issuer)
        self._issuer = issuer
        self._tag = tag
        self._floor = 0  # rows up to here are settled
        self._settled: set[int] = set()  # and these above it

    def postings(self) -> Iterator[tuple[str, Posting]]:
        """RRN and posting of every row that is not settled."""
        for row, rrn, code, pin, moved, standing, stan, mti in self._rows():
            if row not in self._settled:
                yield rrn, Posting(
                    self._issuer, code, pin == PinVerdict.VERIFIED, moved, standing, stan, row,
                    mti[2] == "2")

    def settle(self, rrns: Container[str]) -> None:
        """The rows of these are done with."""
        last = self._last_row()  # first: a row that comes meanwhile must not be passed over
        waiting = [last + 1]
        for rrn, posting in self.postings():
            if rrn in rrns:
                self._settled.add(posting.row)
            else:
                waiting.append(posting.row)
        self._floor = min(waiting) - 1
        self._settled = {row for row in self._settled if row > self._floor}

    def _rows(self) -> list[Any]:
        """A ledger that was never opened has decided nothing."""
        return self._asked(FIND, self._floor, self._tag, self._tag)

    def _last_row(self) -> int:
        found = self._asked(LAST)
        return int(found[0][0]) if found else 0

    def _asked(self, query: str, *values: str | int) -> list[Any]:
        try:
            connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.OperationalError:
            return []
        try:
            return connection.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            connection.close()


class Ledgers:
    """Those of all issuers."""

    def __init__(self, state: Path, issuers: Iterable[str], tag: str) -> None:
        self._ledgers = [Ledger(state, issuer, tag) for issuer in issuers]

    def postings(self) -> Postings:
        """By RRN."""
        found: dict[str, list[Posting]] = defaultdict(list)
        for ledger in self._ledgers:
            for rrn, posting in ledger.postings():
                found[rrn].append(posting)
        return found

    def settle(self, rrns: Container[str]) -> None:
        """The rows of these are done with."""
        for ledger in self._ledgers:
            ledger.settle(rrns)
