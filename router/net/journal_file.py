"""The journal's file: SQLite, one sealed row per group of records, found again in order.

A row is nonce and AES-GCM of the group's bytes; what is authenticated with it (its number, its time
and the end of the row before) makes a row that was changed, moved, replaced or taken out visible
when the file is read: a chain. Rows are never deleted here; what a start need not read any more
(older than the repeat window, nothing open) is left behind a mark, which moves once a minute.
"""
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from router.net.journal_opening import JournalUnusable, locked, opened
from specs.journal_format import (
    Answered,
    Ended,
    Forwarded,
    Record,
    Reversed,
    Stored,
    group_bytes,
    group_records,
)

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
MINUTE_MS: Final = 60_000
NO_TAG: Final = bytes(TAG_BYTES)
KEY_PROOF: Final = b"noyau journal: key at rest"


class JournalFile:
    """Opened by one process at a time; used by one thread at a time."""

    def __init__(self, folder: Path, wall: Callable[[], float] = time.time) -> None:
        """Raises JournalUnusable. `wall` says seconds since 1970."""
        self.path = folder / "journal.sqlite"
        self._wall = wall
        self._window_s = 0.0
        self._cipher: AESGCM | None = None
        self._last_id = 0
        self._last_tag = NO_TAG
        self._replay_from = 1
        self._opened_in: dict[tuple[str, ...], int] = {}  # what is open, and since which row
        self._minutes: deque[tuple[int, int]] = deque()  # the first row of each, and its time
        self._lock = locked(folder)
        try:
            self._database = opened(self.path)
        except BaseException:
            os.close(self._lock)
            raise
        self._inode = os.stat(self.path).st_ino

    def close(self) -> None:
        """The lock goes last."""
        self._database.close()
        os.close(self._lock)

    # The key at rest.

    @property
    def wrapped_key(self) -> str | None:
        """The key as the HSM wrapped it; None in a new file."""
        row = self._one("SELECT value FROM marks WHERE name = 'wrapped_key'")
        return str(row[0]) if row is not None else None

    def begin_with(self, key: bytes, wrapped: str) -> None:
        """In a new file. Raises JournalUnusable."""
        nonce = os.urandom(NONCE_BYTES)
        proof = nonce + AESGCM(key).encrypt(nonce, b"", KEY_PROOF)
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._mark("wrapped_key", wrapped)
            self._mark("key_proof", proof)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise JournalUnusable(f"{self.path}: {error}; is there room on the disk?") from None

    def unlock(self, key: bytes) -> None:
        """Raises JournalUnusable where this is not the key."""
        proof = self._one("SELECT value FROM marks WHERE name = 'key_proof'")
        cipher = AESGCM(key)
        try:
            stored = bytes(proof[0]) if proof is not None else b""
            cipher.decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], KEY_PROOF)
        except (InvalidTag, ValueError):
            raise JournalUnusable(
                f"{self.path}: the HSM unwraps its key to another one: [hsm] data_key_under_lmk is"
                " not the key it was made under, or the HSM has another LMK; configure the key of"
                " then"
            ) from None
        self._cipher = cipher

    # Records.

    def append(self, records: list[Record]) -> None:
        """Durable when this returns. Raises sqlite3.Error: then nothing of it counts."""
        assert self._cipher is not None, "unlocked before"
        number, at = self._last_id + 1, int(self._wall() * 1000)
        nonce = os.urandom(NONCE_BYTES)
        bound = bound_with(number, at, self._last_tag)
        sealed = nonce + self._cipher.encrypt(nonce, group_bytes(records), bound)
        try:
            self._database.execute("INSERT INTO groups VALUES (?, ?, ?)", (number, at, sealed))
        except sqlite3.Error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._last_id = number
        self._last_tag = sealed[-TAG_BYTES:]
        if self._noted(records, number, at):
            self._leave_behind()

    def replay(self, window_s: float) -> Iterator[list[Record]]:
        """What a start must know, oldest first. Read it to its end before the first `append`.

        Raises JournalUnusable at a row that cannot be opened.
        """
        mark = self._one("SELECT value FROM marks WHERE name = 'replay_from'")
        first = self._replay_from = int(mark[0]) if mark is not None else 1
        self._last_id, self._last_tag = self._row_before(first)
        self._window_s = window_s
        try:
            rows = self._database.execute(
                "SELECT id, at, sealed FROM groups WHERE id >= ? ORDER BY id", (first,))
            for number, at, sealed in rows:
                records = self._opened(number, at, bytes(sealed))
                self._noted(records, number, at)
                yield records
        except sqlite3.DatabaseError as error:
            raise self._damaged(self._last_id + 1, str(error)) from None
        self._leave_behind()

    def checkpoint(self) -> None:
        """What was written moves from the log of the database into the database. Own connection."""
        database = sqlite3.connect(self.path, isolation_level=None)
        try:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            database.close()

    def is_there(self) -> bool:
        """Nobody deleted or replaced the file while it is open."""
        try:
            return os.stat(self.path).st_ino == self._inode
        except OSError:
            return False

    def _opened(self, number: int, at: int, sealed: bytes) -> list[Record]:
        assert self._cipher is not None, "unlocked before"
        if number != self._last_id + 1:
            raise self._damaged(self._last_id + 1, "it is missing")
        bound = bound_with(number, at, self._last_tag)
        try:
            data = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
            records = group_records(data)
        except (InvalidTag, ValueError):
            raise self._damaged(number, "it, or the one before, was changed") from None
        except msgspec.MsgspecError:
            raise self._damaged(number, "another version of noyau wrote it") from None
        self._last_id = number
        self._last_tag = sealed[-TAG_BYTES:]
        return records

    def _row_before(self, first: int) -> tuple[int, bytes]:
        if first == 1:
            return 0, NO_TAG
        row = self._one("SELECT sealed FROM groups WHERE id = ?", first - 1)
        if row is None:
            raise self._damaged(first - 1, "it is missing")
        return first - 1, bytes(row[0])[-TAG_BYTES:]

    def _noted(self, records: list[Record], number: int, at: int) -> bool:
        """What is open after this row. True: another minute has begun."""
        for record in records:
            note_open(self._opened_in, record, number)
        if self._minutes and 0 <= at - self._minutes[-1][1] < MINUTE_MS:
            return False
        self._minutes.append((number, at))
        return True

    def _leave_behind(self) -> None:
        """An error here costs the next start some time, nothing else."""
        young = int((self._wall() - self._window_s) * 1000)
        minutes = self._minutes
        while len(minutes) > 1 and minutes[1][1] < young:
            minutes.popleft()  # every row of that minute is older than the next one's first
        needed = min([minutes[0][0] if minutes else 1, *self._opened_in.values()])
        if needed <= self._replay_from:
            return
        try:
            self._mark("replay_from", needed)
            self._replay_from = needed
        except sqlite3.Error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def _damaged(self, number: int, what: str) -> JournalUnusable:
        return JournalUnusable(
            f"{self.path}: row {number} of table groups cannot be read: {what}. Restore the file"
            " and its -wal from a copy; or move them away to begin a new journal: then nothing"
            " that was in flight is reversed by itself, and repeats are not recognised"
        )

    def _mark(self, name: str, value: str | bytes | int) -> None:
        self._database.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))

    def _one(self, query: str, *values: int) -> tuple[Any, ...] | None:
        try:
            row: tuple[Any, ...] | None = self._database.execute(query, values).fetchone()
        except sqlite3.DatabaseError as error:
            raise JournalUnusable(f"{self.path}: {error}; restore it from a copy") from None
        return row


def bound_with(number: int, at: int, tag_before: bytes) -> bytes:
    """What a row's seal covers besides its records."""
    return number.to_bytes(8, "big") + at.to_bytes(8, "big") + tag_before


def note_open(opened_in: dict[tuple[str, ...], int], record: Record, number: int) -> None:
    """What is in flight or undelivered after this record, and since which row."""
    if isinstance(record, Forwarded):
        opened_in.setdefault(("request", *record.about.key), number)
    elif isinstance(record, Answered | Reversed):
        opened_in.pop(("request", *record.about.key), None)
    elif isinstance(record, Stored):
        opened_in.setdefault(("entry", *record.id), number)
    elif isinstance(record, Ended) and not record.parked:
        opened_in.pop(("entry", *record.id), None)
