"""The follower: reads the journal as it grows, keeps the index, tells the log what was answered.
A process of its own.

It only ever reads the journal; its index can be thrown away. One that does not fit the journal
beside it, or that the disk damaged, is made again.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from typing import Final

from noyau.journal.index import Index, lost
from noyau.journal.opening import Worker
from noyau.journal.telling import Teller
from specs.journal_reading import JournalReader, Row, first_row
from specs.journal_segments import segments_in

RECORDS_AT_ONCE: Final = 256  # more do not fit a processor's nearest cache
HELD_MAX: Final = 32_768  # records that wait to be written to the index
LOOK_EVERY_S: Final = 0.25
WRITE_EVERY: Final = 16  # of those; where nothing came the index is written at once
PRUNE_EVERY: Final = 1000

Says = Callable[[int, int], None]  # the last row that is in the index, the last row there is


def follow(
    worker: Worker,
    stopped: threading.Event,
    only_once: bool,
    says: Says,
    descriptor: int | None = None,
) -> None:
    """Until stopped, or until it has caught up; events go to `descriptor`, where there is one.

    Raises Damage, OSError, sqlite3.Error.
    """
    index, reader = _opened(worker)
    teller = Teller(worker.folder, worker.name, descriptor) if descriptor is not None else None
    looks = 0
    try:
        following = Following(worker, index, reader, teller)
        while not stopped.is_set():
            if looks % PRUNE_EVERY == 0:
                _prune(worker, index)
            looks += 1
            has_grown = following.catch_up(stopped, says)
            if only_once or not has_grown or looks % WRITE_EVERY == 0:
                index.write()
            if only_once:
                return
            stopped.wait(LOOK_EVERY_S)
        index.write()
    finally:
        index.close()
        if teller is not None:
            teller.close()


class Following:
    """Index and events may stand at different rows: an index that is made again is behind."""

    def __init__(
        self, worker: Worker, index: Index, reader: JournalReader, teller: Teller | None
    ) -> None:
        self._index = index
        self._reader = reader
        self._teller = teller
        self._indexed = index.followed[0]
        self._told = self._indexed
        told = teller.told if teller is not None else None
        row = reader.row(told.row) if told is not None else None
        if told is not None and row is not None and row.tag == told.tag:
            self._told = told.row
            if told.row < self._indexed:
                self._reader = JournalReader(worker.folder, worker.seal)
                self._reader.begin_behind(row)

    def catch_up(self, stopped: threading.Event, says: Says) -> bool:
        """To the row that is the last one now; those that come meanwhile are read together later.

        (Row by row, as they come, each cost several times as much.) False: there was none.
        """
        newest = self._reader.newest()
        if newest == self._reader.last:
            return False
        part: list[Row] = []
        records = 0
        with contextlib.closing(self._reader.rows()) as rows:
            for row in rows:
                part.append(row)
                records += len(row.entries)
                if records >= RECORDS_AT_ONCE or row.number >= newest:
                    self._take(part)
                    part, records = [], 0
                    says(row.number, max(newest, row.number))
                    if stopped.is_set() or row.number >= newest:
                        return True
        if part:
            self._take(part)
            says(self._reader.last, self._reader.last)
        return True

    def _take(self, rows: list[Row]) -> None:
        """Told before it is indexed: what a kill leaves between the two is told already."""
        untold = [one for one in rows if one.number > self._told]
        if self._teller is not None and untold:
            self._teller.tell(untold)
        new = [one for one in rows if one.number > self._indexed]
        if new:
            self._index.note(new)
            self._indexed = new[-1].number
        if self._index.held >= HELD_MAX:
            self._index.write()


def _opened(worker: Worker) -> tuple[Index, JournalReader]:
    """At the row the index knows; a new one where that is not a row of this journal."""
    for is_new in (False, True):
        if is_new:
            lost(worker.folder)
        try:
            index = Index(worker.folder, worker.seal, writes=True)
        except sqlite3.DatabaseError:
            if is_new:
                raise
            continue
        number, tag = index.followed
        reader = JournalReader(worker.folder, worker.seal)
        row = reader.row(number) if number else None
        if not number or (row is not None and row.tag == tag):
            reader.begin_behind(row)
            return index, reader
        index.close()
    raise AssertionError("a new index knows no row")


def _prune(worker: Worker, index: Index) -> None:
    oldest = next((first for one in segments_in(worker.folder) if (first := first_row(one))), 0)
    if oldest > 1:
        index.forget_before(oldest)
