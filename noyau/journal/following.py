"""The follower: reads the journal as it grows and keeps the index. A process of its own.

It only ever reads the journal; what it writes can be thrown away. An index that does not fit the
journal beside it, or that the disk damaged, is made again.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from typing import Final

from noyau.journal.index import Index, lost
from noyau.journal.opening import Worker
from specs.journal_reading import JournalReader, Row, first_row
from specs.journal_segments import segments_in

ROWS_AT_ONCE: Final = 128
LOOK_EVERY_S: Final = 0.25
PRUNE_EVERY: Final = 1000  # of those

Says = Callable[[int, int], None]  # the last row that is in the index, the last row there is


def follow(worker: Worker, stopped: threading.Event, only_once: bool, says: Says) -> None:
    """Until stopped, or until it has caught up. Raises Damage, OSError, sqlite3.Error."""
    index, reader = _opened(worker)
    looks = 0
    try:
        while not stopped.is_set():
            if looks % PRUNE_EVERY == 0:
                _prune(worker, index)
            looks += 1
            _catch_up(index, reader, stopped, says)
            if only_once:
                return
            stopped.wait(LOOK_EVERY_S)
    finally:
        index.close()


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


def _catch_up(index: Index, reader: JournalReader, stopped: threading.Event, says: Says) -> None:
    newest = reader.newest()
    if newest == reader.last:
        return
    part: list[Row] = []
    with contextlib.closing(reader.rows()) as rows:
        for row in rows:
            part.append(row)
            if len(part) >= ROWS_AT_ONCE or row.number == newest:
                index.add(part)
                part = []
                newest = max(newest, row.number)
                says(row.number, newest)
                if stopped.is_set():
                    return
    if part:
        index.add(part)
        says(reader.last, reader.last)


def _prune(worker: Worker, index: Index) -> None:
    oldest = next((first for one in segments_in(worker.folder) if (first := first_row(one))), 0)
    if oldest > 1:
        index.forget_before(oldest)
