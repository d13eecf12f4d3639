"""The index for searching: made from the journal by the follower, and made again when it is lost.

It says in which rows to look for a card, an RRN, a STAN, a terminal, an acquirer, an issuer, and
which rows speak of a transaction or of its stored entries; the rows themselves say the rest. It
holds tokens only (`noyau.journal.pairs`), those of cards made with the journal's key. Pairs of
some 65,000 transactions are a part; who searches reads one bucket of each part.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from noyau.journal.facts import Wanted
from noyau.journal.noting import Recent, note
from noyau.journal.pairs import (
    ACQUIRER,
    BUCKETS,
    ISSUER,
    RRN,
    STAN,
    TERMINAL,
    Buckets,
    bucket_of,
    entry_token,
    key_token,
    rows_in,
    token_of,
)
from specs.journal_format import EntryId, Key
from specs.journal_reading import Row
from specs.journal_seal import Seal

NAME: Final = "index.sqlite"
VERSION: Final = 2
PART_RECORDS: Final = 2**16
PART_MS: Final = 3_600_000  # a search by time alone opens no row of other parts
PART_BITS: Final = 40
SCHEMA: Final = (
    # `id` is bucket and part; `pairs` those of them.
    "CREATE TABLE buckets (id INTEGER PRIMARY KEY, pairs BLOB NOT NULL)",
    "CREATE TABLE parts (part INTEGER PRIMARY KEY, first INTEGER, last INTEGER, since INTEGER,"
    " until INTEGER, records INTEGER)",
    "CREATE TABLE followed (row INTEGER, tag BLOB)",
    "INSERT INTO followed VALUES (0, x'')",
    f"PRAGMA user_version = {VERSION}",
)
APPEND: Final = (
    "INSERT INTO buckets VALUES (?, ?)"
    " ON CONFLICT (id) DO UPDATE SET pairs = CAST(pairs || excluded.pairs AS BLOB)"
)
BUCKET: Final = "SELECT pairs FROM buckets WHERE id = ?"
PART: Final = "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(slots=True)
class Part:
    """Its rows, their times in milliseconds since 1970, and how many records it was noted of."""

    number: int
    first: int
    last: int
    since: int
    until: int
    records: int

    def goes_on_at(self, at: int) -> bool:
        """Else another begins."""
        return self.records < PART_RECORDS and at - self.since < PART_MS

    def may_hold(self, wanted: Wanted) -> bool:
        """By its times."""
        return wanted.since <= self.until and (not wanted.until or self.since < wanted.until)


class Index:
    """Of one worker. Written by one process, read by any, as it was when that one opened it."""

    def __init__(self, folder: Path, seal: Seal, writes: bool = False) -> None:
        """Raises sqlite3.Error; FileNotFoundError where it is only to be read and is not there."""
        self.path = folder / NAME
        self.held = 0  # records that are noted and not yet written
        self._seal = seal
        self._recent = Recent()
        self._buckets = Buckets()
        self._noted: Part | None = None
        self._last_tag = b""
        if writes:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        elif not self.path.exists():
            raise FileNotFoundError(self.path)
        mode = "rwc" if writes else "ro"
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        self._database = sqlite3.connect(address, uri=True, isolation_level=None)
        try:
            if writes:
                self._prepare()
            elif self._version() != VERSION:
                raise sqlite3.DatabaseError("an index of another version")
            else:
                self._database.execute("BEGIN")  # it stays as it is now
        except BaseException:
            self._database.close()
            raise

    @property
    def followed(self) -> tuple[int, bytes]:
        """The last row that is in it, and its tag."""
        row, tag = self._database.execute("SELECT row, tag FROM followed").fetchone()
        return int(row), bytes(tag)

    def close(self) -> None:
        """What is not written is forgotten."""
        self._database.close()

    # The follower's.

    def note(self, rows: list[Row]) -> None:
        """They are in it from the next `write` on."""
        self.held += note(rows, self._buckets, self._seal, self._recent)
        self._extend(rows)

    def write(self) -> None:
        """All that is noted, or nothing of it. Raises sqlite3.Error."""
        noted = self._noted
        if noted is None:
            return
        database = self._database
        part = self._last_part()
        if part is None or not part.goes_on_at(noted.since):
            part = Part(part.number + 1 if part is not None else 0,
                        noted.first, noted.last, noted.since, noted.until, 0)  # fmt: skip
        part.last = noted.last
        part.since, part.until = min(part.since, noted.since), max(part.until, noted.until)
        part.records += self.held
        database.execute("BEGIN IMMEDIATE")
        try:
            database.executemany(APPEND, (
                (bucket << PART_BITS | part.number, pairs)
                for bucket, pairs in self._buckets.taken()))
            database.execute(PART, astuple(part))
            database.execute(
                "UPDATE followed SET row = ?, tag = ?", (noted.last, self._last_tag))
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
        self.held = 0
        self._noted = None

    def forget_before(self, row: int) -> None:
        """What was archived or deleted is found no more; a part goes when all of it is."""
        gone = [part.number for part in self._parts("last < ?", row)]
        self._database.execute("BEGIN IMMEDIATE")
        for part in gone:
            ids = ((bucket << PART_BITS | part,) for bucket in range(BUCKETS))
            self._database.executemany("DELETE FROM buckets WHERE id = ?", ids)
            self._database.execute("DELETE FROM parts WHERE part = ?", (part,))
        self._database.execute("COMMIT")

    # Who searches.

    def rows_for(self, wanted: Wanted) -> Iterator[int]:
        """Rows that may hold the first record of what is asked for, the latest first."""
        texts = ((RRN, wanted.rrn), (STAN, wanted.stan), (TERMINAL, wanted.terminal),
                 (ACQUIRER, wanted.acquirer), (ISSUER, wanted.issuer))  # fmt: skip
        tokens = self._seal.card_tokens([wanted.pan]) if wanted.pan else []
        tokens += [token_of(kind, text) for kind, text in texts if text]
        for part in reversed(self._parts()):
            if not part.may_hold(wanted):
                continue
            if not tokens:
                yield from range(part.last, part.first - 1, -1)
                continue
            rows = self._rows_in(part, tokens[0])
            for token in tokens[1:]:
                rows &= self._rows_in(part, token) if rows else rows
            yield from sorted(rows, reverse=True)

    def rows_of(self, what: Key | EntryId) -> list[int]:
        """Rows that may speak of a key, or of an entry."""
        token = key_token(what) if isinstance(what, bytes) else entry_token(what)
        return [row for part in self._parts() for row in sorted(self._rows_in(part, token))]

    def _rows_in(self, part: Part, token: int) -> set[int]:
        place = bucket_of(token) << PART_BITS | part.number
        found = self._database.execute(BUCKET, (place,)).fetchone()
        return rows_in(found[0], token, part.first, part.last) if found is not None else set()

    def _parts(self, which: str = "1", *values: int) -> list[Part]:
        """In their order."""
        query = f"SELECT * FROM parts WHERE {which} ORDER BY part"  # noqa: S608 - conditions are ours
        return [Part(*found) for found in self._database.execute(query, values)]

    def _last_part(self) -> Part | None:
        found = self._database.execute("SELECT * FROM parts ORDER BY part DESC LIMIT 1").fetchone()
        return Part(*found) if found is not None else None

    def _extend(self, rows: list[Row]) -> None:
        """What is noted has these, too."""
        times = [row.at for row in rows]
        noted = self._noted or Part(0, rows[0].number, 0, times[0], times[0], 0)
        noted.last = rows[-1].number
        noted.since, noted.until = min(noted.since, *times), max(noted.until, *times)
        self._noted, self._last_tag = noted, rows[-1].tag

    def _version(self) -> int:
        return int(self._database.execute("PRAGMA user_version").fetchone()[0])

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        if self._version() == VERSION:
            return
        if self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("an index of another version")
        self._database.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            self._database.execute(statement)
        self._database.execute("COMMIT")


def lost(folder: Path) -> None:
    """It is made again from the journal."""
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            (folder / f"{NAME}{end}").unlink()
