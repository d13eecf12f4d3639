"""The follower: reads the journal as it grows, keeps the index, tells the log what was answered.
A process of its own.

It only ever reads the journal; its index can be thrown away. One that does not fit the journal
beside it, or that the disk damaged, is made again.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from typing import Final

from noyau.journal.index import Index, lost
from noyau.journal.opening import Worker
from noyau.journal.telling import Teller
from specs.journal_reading import JournalReader, Row, first_row
from specs.journal_segments import segments_in
from specs.journal_told import Told, ToldFile

BYTES_AT_ONCE: Final = 65_536  # of groups: more do not fit a processor's nearest caches
HELD_MAX: Final = 32_768  # records that wait to be written to the index
LOOK_EVERY_S: Final = 0.25
LAST_LOOK_S: Final = 2.0
WRITE_EVERY: Final = 16  # of those; where nothing came the index is written at once
PRUNE_EVERY: Final = 1000

Says = Callable[[int, int], None]  # the last row that is in the index, the last row there is


def follow(
    worker: Worker,
    stopped: threading.Event,
    only_once: bool,
    says: Says,
    descriptor: int | None = None,
    with_router: bool = False,
) -> None:
    """Until stopped, or until it has caught up; events go to `descriptor`, where there is one.

    The router's own waits for the one before it, and notes what was told where nothing is to be.
    Raises Damage, OSError, sqlite3.Error; BlockingIOError where another follows.
    """
    with contextlib.closing(_the_only_one(worker, stopped, waits=with_router)) as file:
        teller = Teller(worker.name, descriptor) if descriptor is not None else None
        index, reader = _opened(worker)
        with contextlib.closing(index):
            notes = file if with_router or teller is not None else None
            following = Following(worker, index, reader, file.told, teller, notes)
            looks = 0
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
            with _enough_after(LAST_LOOK_S) as enough:  # what came since, before it ends
                following.catch_up(enough, says)
            index.write()


class Following:
    """Index and events may stand at different rows: an index that is made again is behind."""

    def __init__(
        self, worker: Worker, index: Index, reader: JournalReader, told: Told | None,
        teller: Teller | None, notes: ToldFile | None,
    ) -> None:
        """`notes` hears what was told, or would have been."""
        self._index = index
        self._reader = reader
        self._teller = teller
        self._notes = notes
        self._indexed = index.followed[0]
        self._told = self._indexed
        row = reader.row(told.row) if told is not None else None
        if notes is not None and told is not None and row is not None and row.tag == told.tag:
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
        group_bytes = 0
        with contextlib.closing(self._reader.rows()) as rows:
            for row in rows:
                part.append(row)
                group_bytes += len(row.group)
                if group_bytes >= BYTES_AT_ONCE or row.number >= newest:
                    self._take(part)
                    part, group_bytes = [], 0
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
        if untold and self._teller is not None:
            self._teller.tell(untold)
        if untold and self._notes is not None:
            self._notes.write(Told(untold[-1].number, untold[-1].tag))
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


def _the_only_one(worker: Worker, stopped: threading.Event, waits: bool) -> ToldFile:
    """Raises OSError; BlockingIOError where there is another, that is not waited for."""
    while True:
        try:
            return ToldFile(worker.folder)
        except BlockingIOError:
            if not waits or stopped.wait(LOOK_EVERY_S):
                raise


@contextlib.contextmanager
def _enough_after(seconds: float) -> Iterator[threading.Event]:
    enough = threading.Event()
    timer = threading.Timer(seconds, enough.set)
    timer.start()
    try:
        yield enough
    finally:
        timer.cancel()


def _prune(worker: Worker, index: Index) -> None:
    oldest = next((first for one in segments_in(worker.folder) if (first := first_row(one))), 0)
    if oldest > 1:
        index.forget_before(oldest)
