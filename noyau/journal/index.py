"""The index for searching: made from the journal by the follower, and made again when it is lost.

It holds keyed hashes of card numbers and of keys, and in clear what identifies no card: RRN, STAN,
terminal, time, acquirer, issuer. A row of `mentions` for each row of the journal that speaks of a
transaction or of its stored entries.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from noyau.journal.facts import NAMES_ISSUER, SPOKEN, Place, Wanted, entry_of, facts_of
from specs.journal_format import SEPARATOR, EntryId, Key
from specs.journal_reading import Row
from specs.journal_seal import Seal
from specs.journal_segments import worker_of

NAME: Final = "index.sqlite"
VERSION: Final = 1
RECENT_MAX: Final = 100_000
SCHEMA: Final = (
    "CREATE TABLE transactions (key BLOB PRIMARY KEY, row INTEGER, place INTEGER, at INTEGER,"
    " pan BLOB, rrn TEXT, stan TEXT, terminal TEXT, acquirer TEXT, issuer TEXT) WITHOUT ROWID",
    *(f"CREATE INDEX by_{one} ON transactions ({one})" for one in ("pan", "rrn", "stan", "at")),
    "CREATE TABLE mentions (what BLOB, row INTEGER, PRIMARY KEY (what, row)) WITHOUT ROWID",
    "CREATE TABLE followed (row INTEGER, tag BLOB)",
    "INSERT INTO followed VALUES (0, x'')",
    f"PRAGMA user_version = {VERSION}",
)
ADD: Final = (
    "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET issuer = excluded.issuer WHERE issuer = ''"
)
MENTION: Final = "INSERT OR IGNORE INTO mentions VALUES (?, ?)"


Line = tuple[bytes, int, int, int, bytes, str, str, str, str, str]
Mention = tuple[bytes, int]


class Index:
    """Of one worker. Written by one process, read by any."""

    def __init__(self, folder: Path, seal: Seal, writes: bool = False) -> None:
        """Raises sqlite3.Error; FileNotFoundError where it is only to be read and is not there."""
        self.path = folder / NAME
        self._worker = worker_of(folder)
        self._seal = seal
        self._recent: dict[Key, bytes] = {}  # keys that are in it for certain, and their hashes
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
        except BaseException:
            self._database.close()
            raise

    @property
    def followed(self) -> tuple[int, bytes]:
        """The last row that is in it, and its tag."""
        row, tag = self._database.execute("SELECT row, tag FROM followed").fetchone()
        return int(row), bytes(tag)

    def close(self) -> None:
        self._database.close()

    def add(self, rows: list[Row]) -> None:
        """All of them or none. Raises sqlite3.Error."""
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            added, mentioned = self._lines_for(rows)
            database.executemany(ADD, added)
            database.executemany(MENTION, mentioned)
            last = rows[-1]
            database.execute("UPDATE followed SET row = ?, tag = ?", (last.number, last.tag))
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise

    def forget_before(self, row: int) -> None:
        """What was archived or deleted is found no more."""
        self._database.execute("DELETE FROM mentions WHERE row < ?", (row,))
        self._database.execute("DELETE FROM transactions WHERE row < ?", (row,))

    def find(self, wanted: Wanted) -> Iterator[tuple[Place, int]]:
        """Places and times, the latest first."""
        conditions = [("pan = ?", self._seal.hashed(wanted.pan))] if wanted.pan else []
        texts = {"rrn": wanted.rrn, "stan": wanted.stan, "terminal": wanted.terminal,
                 "acquirer": wanted.acquirer, "issuer": wanted.issuer}  # fmt: skip
        asked: list[tuple[str, bytes | str | int]] = [
            *conditions,
            *((f"{name} = ?", text) for name, text in texts.items() if text),
            *([("at >= ?", wanted.since)] if wanted.since else []),
            *([("at < ?", wanted.until)] if wanted.until else []),
        ]
        where = " AND ".join(condition for condition, _ in asked) or "1"
        query = f"SELECT row, place, at FROM transactions WHERE {where} ORDER BY at DESC"  # noqa: S608 - conditions are ours
        for row, place, at in self._database.execute(query, [value for _, value in asked]):
            yield Place(self._worker, row, place), at

    def rows_of(self, what: Key | EntryId) -> list[int]:
        """Rows that speak of a key, or of an entry."""
        found = self._database.execute(
            "SELECT row FROM mentions WHERE what = ? ORDER BY row", (self._named(what),)
        )
        return [row for (row,) in found]

    def _lines_for(self, rows: list[Row]) -> tuple[list[Line], list[Mention]]:
        """Of both tables. What was added lately, and says nothing new, is only mentioned."""
        seal, recent = self._seal, self._recent
        added: list[Line] = []
        mentioned: list[Mention] = []
        for row in rows:
            for place, entry in enumerate(row.entries):
                if isinstance(entry, SPOKEN):
                    key = entry.about.key
                    known = recent.get(key)
                    named = recent[key] = known or self._named(key)
                    mentioned.append((named, row.number))
                    if known is None or isinstance(entry, NAMES_ISSUER):
                        facts = facts_of(entry)
                        added.append((
                            named, row.number, place, row.at, seal.hashed(facts.pan), facts.rrn,
                            facts.stan, facts.terminal, facts.acquirer, facts.issuer))  # fmt: skip
                if (entry_id := entry_of(entry)) is not None:
                    mentioned.append((self._named(entry_id), row.number))
        if len(recent) > RECENT_MAX:
            recent.clear()
        return added, mentioned

    def _named(self, what: Key | EntryId) -> bytes:
        return self._seal.hashed(what if isinstance(what, str) else SEPARATOR.join(what))

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
