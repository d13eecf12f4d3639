"""Reads a worker's journal row by row, in bounded memory, and sees whether it is whole.

While a router writes it, too: a page of rows is one short read. What is not as it was written ends
the reading with the file and the row.
"""

import contextlib
import sqlite3
from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Final, Literal

import msgspec

from specs.journal_format import Carried, Entry, SegmentEnded, group_entries
from specs.journal_seal import NotSealedSo, Seal, SegmentSeal, first_tag, tag_of
from specs.journal_segments import (
    WORKER,
    Segment,
    identity_fault,
    mark_in,
    read_only,
    segments_in,
    worker_of,
)

PAGE_ROWS: Final = 32
COLUMNS: Final = "SELECT id, at, before, sealed FROM groups"
SEGMENT_ENDED: Final = b"\xa2SE"  # its tag, as MessagePack has it
ENDED_BYTES_MAX: Final = 13  # of all of that record
PAGE: Final = COLUMNS + " WHERE id > ? ORDER BY id LIMIT ?"


class Damage(Exception):
    """Where the journal is not what was written: the file, the row, and what is wrong there."""

    def __init__(self, path: Path, row: int, what: str) -> None:
        super().__init__(f"{path}: row {row} of table groups: {what}")
        self.path = path
        self.row = row
        self.what = what


class Row:
    """One group, opened. `at` in milliseconds since 1970."""

    __slots__ = ("_entries", "at", "group", "number", "segment", "tag")

    def __init__(self, number: int, at: int, tag: bytes, segment: Segment, group: bytes) -> None:
        self.number = number
        self.at = at
        self.tag = tag
        self.segment = segment
        self.group = group
        self._entries: list[Entry] | None = None

    @property
    def entries(self) -> list[Entry]:
        """What is in it, decoded when it is asked for. Raises Damage."""
        if self._entries is None:
            try:
                self._entries = group_entries(self.group)
            except msgspec.MsgspecError:
                raise of_another_version(self) from None
        return self._entries


def of_another_version(row: Row) -> Damage:
    """It is sealed, so it is as it was written, but nobody here can read it."""
    return Damage(row.segment.path, row.number, "another version of noyau wrote it")


class JournalReader:
    """One worker's segments; reads on from where it stopped."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        self.folder = folder
        self.last = 0  # the row that was read last; 0: none
        self.last_tag = b""
        self._seal = seal
        self._sealed_for = (0, seal.of_segment(0))
        self._is_archive = not folder.name.startswith(WORKER)  # it goes on in the journal
        self._segment: Segment | None = None
        self._next_segment = 0  # that the last row announced; 0: none

    def rows(self, first: int = 1) -> Generator[Row, None, None]:
        """From a row on, or from the oldest that is there; after that from where it stopped.

        Raises Damage, or OSError.
        """
        segments = segments_in(self.folder)
        place = 0
        if self._segment is not None:
            place = next((n for n, one in enumerate(segments) if one >= self._segment), 0)
        elif first > 1:
            self.last = first - 1
            behind = range(len(segments) - 1, -1, -1)
            place = next((n for n in behind if 0 < first_row(segments[n]) <= first), 0)
        for one in segments[place:]:
            yield from self._rows_of(one)
        self._look_behind()

    def begin_behind(self, row: Row | None) -> None:
        """As if this row had been read last."""
        if row is not None:
            self.last, self.last_tag, self._segment = row.number, row.tag, row.segment
            self._next_segment = announced(row)

    def row(self, number: int) -> Row | None:
        """One alone: its seal is looked at, its neighbours are not. Raises Damage, or OSError."""
        return next(self.these([number]), None)

    def these(self, numbers: Iterable[int]) -> Generator[Row, None, None]:
        """Each alone, those that are there. Raises Damage, or OSError."""
        begun = [(first, one) for one in segments_in(self.folder) if (first := first_row(one))]
        read: Segment | None = None
        with contextlib.ExitStack() as reading:
            for number in numbers:
                place = bisect_right(begun, number, key=itemgetter(0)) - 1
                if place < 0:
                    continue
                one = begun[place][1]
                try:
                    if one is not read:
                        reading.close()
                        database = reading.enter_context(read_only(one.path))
                        read = one
                    found = database.execute(COLUMNS + " WHERE id = ?", (number,)).fetchall()
                except sqlite3.Error as error:
                    raise Damage(one.path, number, f"it cannot be read: {error}") from None
                if found:
                    yield self._opened(one, *found[0])

    def replay_from(self) -> int:
        """The row from which a start must read: 0 in a journal without rows. Raises Damage."""
        for one in reversed(segments_in(self.folder)):
            first = first_row(one)
            if not first:
                continue
            with read_only(one.path) as database:
                marked = mark_in(database, "carried_in")
            row = self.row(marked if isinstance(marked, int) else first)
            carried = carried_of(row) if row is not None else None
            if carried is None:
                raise Damage(one.path, first, "the mark carried_in names no row like this one")
            return carried.replay_from
        return 0

    def newest(self) -> int:
        """The last row that is there; 0: none. Raises Damage, or OSError."""
        for one in reversed(segments_in(self.folder)):
            if last := _extreme(one, "max"):
                return last
        return 0

    def _rows_of(self, one: Segment) -> Iterator[Row]:
        before = self._segment
        try:
            with read_only(one.path) as database:
                fault = identity_fault(database)
                if fault:
                    raise Damage(one.path, self.last + 1, fault)
                while True:
                    read = 0
                    # Whole: who reads slowly must not keep the log of the database from ending.
                    for found in database.execute(PAGE, (self.last, PAGE_ROWS)).fetchall():
                        self._follows(one, before, found[0], bytes(found[2]))
                        row = self._opened(one, *found)
                        before = self._segment = one
                        self.last, self.last_tag = row.number, row.tag
                        self._next_segment = announced(row)
                        read += 1
                        yield row
                    if read < PAGE_ROWS:
                        return
        except sqlite3.Error as error:
            raise Damage(one.path, self.last + 1, f"it cannot be read: {error}") from None

    def _follows(self, one: Segment, before: Segment | None, number: int, tag: bytes) -> None:
        """Raises Damage where this is not the row after the last one."""
        if before is not None and one.number > before.number + 1:
            raise self._segment_missing(before, before.number + 1)
        if before is None and self.last == 0:
            self.last = number - 1  # the oldest that is there; what was before, retention knows
            is_first = number == 1 and not self._is_archive
            self.last_tag = first_tag(worker_of(self.folder)) if is_first else tag
        elif not self.last_tag:
            self.last_tag = tag
        if number != self.last + 1:
            path = before.path if before is not None else one.path
            raise Damage(path, self.last + 1, "it is missing")
        if tag != self.last_tag:
            raise Damage(one.path, number, "it does not follow the row before: one was replaced")

    def _opened(self, one: Segment, number: int, at: int, before: bytes, sealed: bytes) -> Row:
        try:
            seal = self._seal_of(one)
            group = seal.opened(number, at, bytes(before), bytes(sealed))
        except (NotSealedSo, TypeError, OverflowError):
            raise Damage(one.path, number, "it was changed") from None
        return Row(number, at, tag_of(bytes(sealed)), one, group)

    def _seal_of(self, one: Segment) -> SegmentSeal:
        if one.number != self._sealed_for[0]:
            self._sealed_for = (one.number, self._seal.of_segment(one.number))
        return self._sealed_for[1]

    def _look_behind(self) -> None:
        """The last row may have announced a segment that is not there."""
        if self._next_segment and self._segment is not None and not self._is_archive:
            numbers = {one.number for one in segments_in(self.folder)}
            if self._next_segment not in numbers:
                raise self._segment_missing(self._segment, self._next_segment)

    def _segment_missing(self, before: Segment, number: int) -> Damage:
        what = f"segment {number:06d} is missing, which begins with it"
        return Damage(before.path, self.last + 1, what)


def first_row(one: Segment) -> int:
    """0: it has none yet. Raises Damage."""
    return _extreme(one, "min")


def _extreme(one: Segment, which: Literal["min", "max"]) -> int:
    try:
        with read_only(one.path) as database:
            found = database.execute(f"SELECT {which}(id) FROM groups").fetchone()[0]  # noqa: S608 - one of two words
    except sqlite3.Error as error:
        raise Damage(one.path, 1, f"it cannot be read: {error}") from None
    return int(found or 0)


def announced(row: Row) -> int:
    """The segment that must follow, where this row is the last of its own; else 0."""
    if SEGMENT_ENDED not in row.group[-ENDED_BYTES_MAX:]:
        return 0  # as nearly all: nothing is decoded for it
    last = row.entries[-1] if row.entries else None
    return last.next_segment if isinstance(last, SegmentEnded) else 0


def carried_of(row: Row) -> Carried | None:
    """What a start may begin with."""
    return next((entry for entry in row.entries[:3] if isinstance(entry, Carried)), None)
