"""The journal of one worker: rows written to the segment of the business day, found again in order.

Theory. One thread appends; another prepares the next segment before its day begins, moves what was
written from the log into the segment, and takes old segments away: none of it is on the way of a
commit. What the journal says about itself goes with the next group: it costs no fsync of its own,
but for the last row of a segment, once a day. Longer than others because all of this is one state.
"""
import contextlib
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from router.net.business_day import BusinessDays
from router.net.carrying import Carrying
from router.net.journal_opening import (
    JournalUnusable,
    finished,
    locked,
    made,
    opened,
    refuse_former,
)
from router.switching.commits import Written, group_of
from router.switching.stans import STAN_MAX
from specs.journal_format import (
    Bookkeeping,
    Carried,
    Entry,
    Record,
    Retired,
    RunBegan,
    SegmentBegan,
    SegmentEnded,
    Stored,
    records_among,
)
from specs.journal_head import Head, HeadFile, head_in
from specs.journal_reading import Damage, JournalReader, Row, carried_of, first_row
from specs.journal_seal import Seal, SegmentSeal, first_tag, sealed_bytes, tag_of
from specs.journal_segments import Segment, mark_in, read_only, segment, segments_in, worker_of

PREPARED_BEFORE_MS: Final = 60_000  # the next segment is made so long before its day
LOG_PAGES: Final = 1024  # of 4 KiB: a log of so many is begun anew, in the place it has already
LOG_TRIES: Final = 8  # at beginning it anew, after each checkpoint: somebody may be reading
BUSY_MS: Final = 5_000
ROOM_BYTES_MAX: Final = 1_048_576
ONE_DAY_MS: Final = 86_400_000
KEY_MARKS: Final = ("wrapped_key", "key_proof")
INSERT: Final = "INSERT INTO groups VALUES (?, ?, ?, ?)"
REMEDY: Final = (
    "restore the folder from a copy; or move it away to begin a new journal: then nothing that was"
    " in flight is reversed by itself, and repeats are not recognised")


class JournalFile:
    """Opened by one process at a time. `append` belongs to one thread, what says so to another."""

    def __init__(
        self, journal: Path, wall: Callable[[], float] = time.time,
        days: BusinessDays | None = None, worker: str = "0", stans: int = STAN_MAX,
    ) -> None:
        """Raises JournalUnusable. `wall` says seconds since 1970, `stans` how many numbers of an
        issuer are the worker's to give."""
        self.folder = journal / f"worker-{worker}"
        self.retired = 0  # the last segment that retention took away, on record
        self.remarks: list[str] = []  # what an operator should hear of after `replay`
        self._wall = wall
        self._days = days or BusinessDays()
        self._seal: Seal | None = None
        self._segment_seal: SegmentSeal | None = None
        self._key_marks: dict[str, str | bytes | int] = {}
        self._head: HeadFile | None = None
        self._head_row = 0  # that it names
        self._log_tries = 0  # left
        self._last = (0, first_tag(worker))  # number and tag of the last row
        self._carrying = Carrying(wall, stans)
        self._room = bytearray()  # of the next row, sealed
        self._preface: list[Bookkeeping] = []  # goes with the next group
        self._asides: deque[Bookkeeping] = deque()  # the same, from the other thread
        self._reader_at = self._last_at_start = 0
        self._next: tuple[Segment, sqlite3.Connection] | None = None
        self._finished: deque[tuple[sqlite3.Connection, int]] = deque()
        refuse_former(journal)
        self._lock = locked(self.folder)
        try:
            self._begin()
        except JournalUnusable:
            os.close(self._lock)
            raise
        except (OSError, sqlite3.Error) as error:
            os.close(self._lock)
            raise JournalUnusable(
                f"{self.folder}: {error}; is there room on the disk? else restore it from a copy,"
                " or move it away") from None

    @property
    def path(self) -> Path:
        """The segment that is written."""
        return self._segment.path

    @property
    def last_row(self) -> int:
        return self._last[0]

    @property
    def progress(self) -> tuple[int, int]:
        """Of a replay: rows read, and rows in all."""
        first = max(1, self._carrying.replay_from)
        return max(0, self._reader_at - first + 1), max(0, self._last_at_start - first + 1)

    @property
    def stored(self) -> list[Stored]:
        """Entries of store and forward without their end."""
        return self._carrying.stored

    @property
    def needed_from(self) -> int:
        """No start reads a row before this one."""
        return self._carrying.replay_from

    def close(self) -> None:
        """The lock goes last."""
        self.write_head()
        if self._head is not None:
            self._head.close()
        if self._next is not None:
            self._next[1].close()
        for database, descriptor in [*self._finished, (self._database, self._descriptor)]:
            database.close()
            os.close(descriptor)
        os.close(self._lock)

    # The key at rest.

    @property
    def wrapped_key(self) -> str | None:
        """The key as the HSM wrapped it; None in a new journal."""
        value = self._marked("wrapped_key")
        return str(value) if value is not None else None

    def begin_with(self, key: bytes, wrapped: str) -> None:
        """In a new journal. Raises JournalUnusable."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._mark("wrapped_key", wrapped)
            self._mark("key_proof", Seal(key).proof())
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise JournalUnusable(f"{self.path}: {error}; is there room on the disk?") from None

    def unlock(self, key: bytes) -> None:
        """Raises JournalUnusable where this is not the key."""
        proof = self._marked("key_proof")
        seal = Seal(key)
        if not isinstance(proof, bytes) or not seal.proves(proof):
            raise JournalUnusable(
                f"{self.path}: the HSM unwraps its key to another one: [hsm] data_key_under_lmk is"
                " not the key it was made under, or the HSM has another LMK; configure the key of"
                " then")
        self._seal = seal
        self._segment_seal = seal.of_segment(self._segment.number)
        self._key_marks = {name: self._marked(name) for name in KEY_MARKS}

    # Records, in the thread that appends.

    def append(self, records: Sequence[Record | Written]) -> None:
        """Durable when this returns. Raises sqlite3.Error: then nothing of it counts."""
        at = int(self._wall() * 1000)
        if not self._day_from <= at < self._day_to and self._next is not None:
            self._roll(at)
        if self._carrying.is_due(at):
            self._carry(at)
        while self._asides:
            self._preface.append(self._asides.popleft())
        self._write(at, records)
        self._carrying.note(records)

    def begin_with_past(self, records: Sequence[Record]) -> None:
        """In a journal without rows, replayed: the first says what former ones knew.

        Durable when this returns. Raises sqlite3.Error.
        """
        begun = [one for one in self._preface if not isinstance(one, Carried)]
        self._preface = [*begun, Carried(self._last[0] + 1, 0, list(records))]
        self._write(int(self._wall() * 1000), [])

    def begin_log_anew(self) -> None:
        """Between two groups, after a checkpoint moved most of the log: what comes overwrites it.

        In place a commit costs a third less than at the end of a file that grows with it, and where
        commits leave no gap the log would never end. Waits for nobody who reads.

        Raises sqlite3.Error.
        """
        if not self._log_tries:
            return
        self._log_tries -= 1
        self._database.execute("PRAGMA busy_timeout = 0")
        try:
            is_busy, _, _ = self._database.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        finally:
            self._database.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        if not is_busy:
            self._log_tries = 0

    def replay(self, window_s: float, repeats_max: int = 1_000_000) -> Iterator[list[Record]]:
        """What a start must know, oldest first. Read it to its end before the first `append`.

        Raises JournalUnusable at a row that is not as it was written, or is missing.
        """
        assert self._seal is not None, "unlocked before"
        self._carrying.remember(window_s, repeats_max)
        reader = JournalReader(self.folder, self._seal)
        try:
            first = self._carrying.replay_from = reader.replay_from()
            self._last_at_start = reader.newest()
            for row in reader.rows(first) if first else ():
                yield self._replayed(row, is_first=row.number == first)
            if reader.last:
                self._last = (reader.last, reader.last_tag)
            self._look_at_head(reader)
        except (Damage, OSError) as error:
            raise JournalUnusable(f"{error}. {REMEDY}") from None
        with contextlib.suppress(OSError, sqlite3.Error):  # the day goes on in its segment
            self.prepare()

    def _replayed(self, row: Row, is_first: bool) -> list[Record]:
        self._reader_at = row.number
        carried = carried_of(row)
        records = records_among(row.entries)
        if carried is not None:
            self._carrying.has_row(row.number, row.at)
            self.retired = max(self.retired, carried.retired)
            if is_first:
                records = [*carried.records, *records]
        for entry in row.entries:
            if isinstance(entry, Retired):
                self.retired = max(self.retired, entry.segment)
        self._carrying.note(records)
        return records

    def _write(self, at: int, entries: Sequence[Entry | Written], *marks: str) -> None:
        """With what the journal has to say about itself."""
        assert self._segment_seal is not None, "unlocked before"
        if self._preface:
            entries = [*self._preface, *entries]
            if any(isinstance(one, Carried) for one in self._preface):
                marks = ("carried_in", *marks)
        number, before = self._last[0] + 1, self._last[1]
        group = group_of(entries)
        room = self._room_for(sealed_bytes(len(group)))
        sealed = self._segment_seal.closed_in(room, number, at, before, group)
        database = self._database
        try:
            if marks:
                database.execute("BEGIN IMMEDIATE")
                for name in marks:
                    self._mark(name, number)
                database.execute(INSERT, (number, at, before, sealed))
                database.execute("COMMIT")
            else:
                database.execute(INSERT, (number, at, before, sealed))
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                if database.in_transaction:
                    database.execute("ROLLBACK")
            raise
        self._last = (number, tag_of(sealed))
        if self._preface:
            self._said()

    def _room_for(self, size: int) -> bytearray:
        """For a sealed group: used again and again, but for one that is large."""
        if size > ROOM_BYTES_MAX:
            return bytearray(size)
        if size > len(self._room):
            self._room = bytearray(2 * size)
        return self._room

    def _said(self) -> None:
        """It is on record."""
        for one in self._preface:
            if isinstance(one, Carried):
                self._carrying.replay_from = one.replay_from
            elif isinstance(one, Retired):
                self.retired = max(self.retired, one.segment)
        self._preface = []

    def _carry(self, at: int) -> None:
        """With the next group: everything that is open."""
        begun = [one for one in self._preface if not isinstance(one, Carried)]
        carried = self._carrying.carried(self._last[0] + 1, at, self.retired)
        self._preface = [*begun, carried]

    def _roll(self, at: int) -> None:
        """The next group begins the next segment. Raises sqlite3.Error: not yet."""
        assert self._next is not None
        one, database = self._next
        self._write(at, [SegmentEnded(one.number)], "over")
        self._finished.append((self._database, self._descriptor))
        self._next = None
        self._use(one, database)
        self._preface = [self._began]
        self._carry(at)

    # In the other thread.

    def prepare(self) -> None:
        """The segment of the next business day, shortly before it begins.

        Raises OSError, sqlite3.Error.
        """
        at = int(self._wall() * 1000)
        soon = at + PREPARED_BEFORE_MS
        if self._next is not None or self._day_from <= soon < self._day_to:
            return
        one = segment(self.folder, self._segment.number + 1, self._days.date_at(soon))
        one.path.unlink(missing_ok=True)  # of an earlier try
        made(one, self._key_marks)
        self._next = (one, opened(one))

    def checkpoint(self) -> None:
        """What was written moves from the log of the database into the database. Own connection.

        Raises OSError, sqlite3.Error.
        """
        path, descriptor = self.path, self._descriptor
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            for _ in range(2):  # the second, shorter one leaves little to the thread that commits
                _, pages, _ = database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                os.fdatasync(descriptor)  # SQLite does not, while commits go on
                if pages < LOG_PAGES:
                    return
        self._log_tries = LOG_TRIES

    def finish(self) -> None:
        """Segments of past days become one file each. Raises sqlite3.Error."""
        while self._finished:
            database, descriptor = self._finished.popleft()
            try:
                finished(database)
            finally:
                os.close(descriptor)

    def write_head(self) -> None:
        """How far it is durable by now; an error costs what it would have told."""
        number, tag = self._last
        if self._seal is None or number == self._head_row:
            return
        with contextlib.suppress(OSError):
            if self._head is None:
                self._head = HeadFile(self.folder, self._seal)
            self._head.write(Head(number, int(self._wall() * 1000), tag))
            self._head_row = number

    def retire(self, one: Segment, archived: bool) -> None:
        """The next group says that a segment is about to go; `retired` says when it was said."""
        self._asides.append(Retired(one.number, archived))

    def is_there(self) -> bool:
        """Nobody deleted or replaced the file while it is open."""
        path, inode = self._file
        try:
            return os.stat(path).st_ino == inode
        except OSError:
            return path != self._file[0]  # it rolled meanwhile

    # At the start.

    def _begin(self) -> None:
        """Goes on in the last segment, or begins the first."""
        found = segments_in(self.folder)
        if len(found) > 1 and not _first_row(found[-1]) and not _is_over(found[-2]):
            # Made before its day and never used: made again when its day comes.
            found.pop().path.unlink()
        if not found:
            today = self._days.date_at(int(self._wall() * 1000))
            found = [segment(self.folder, 1, today)]
            made(found[0], {})
        self._use(found[-1], opened(found[-1]))
        if not _first_row(found[-1]):
            self._preface = [self._began]

    def _look_at_head(self, reader: JournalReader) -> None:
        """Raises Damage."""
        assert self._seal is not None
        head = head_in(self.folder, self._seal)
        if head is None and reader.last:
            self.remarks.append("its head is missing: rows may be missing at its end")
        if head is not None and head.row > reader.last:
            what = f"it is missing, and all to row {head.row}, though they were durable"
            raise Damage(self.path, reader.last + 1, what)
        if head is not None and reader.last:
            row = reader.row(head.row)
            if row is not None and row.tag != head.tag:
                raise Damage(row.segment.path, row.number, "the head knows another row")
        self._preface.append(RunBegan(head.row if head is not None else -1))
        self._carry(int(self._wall() * 1000))

    def _use(self, one: Segment, database: sqlite3.Connection) -> None:
        self._segment = one
        self._database = database
        if self._seal is not None:
            self._segment_seal = self._seal.of_segment(one.number)
        # Closed after its connection, never before: that would drop the connection's locks.
        self._descriptor = os.open(one.path, os.O_RDONLY | os.O_CLOEXEC)
        self._file = (one.path, os.fstat(self._descriptor).st_ino)
        day: date = one.business_date
        # A clock that is set back a little, over a cutover, is no reason to roll.
        self._day_from = self._days.begins_at(day) - ONE_DAY_MS
        self._day_to = self._days.begins_at(day + timedelta(days=1))

    @property
    def _began(self) -> SegmentBegan:
        one = self._segment
        return SegmentBegan(worker_of(self.folder), one.number, one.business_date.isoformat())

    def _mark(self, name: str, value: str | bytes | int) -> None:
        self._database.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))

    def _marked(self, name: str) -> Any:
        try:
            return mark_in(self._database, name)
        except sqlite3.Error as error:
            raise JournalUnusable(f"{self.path}: {error}; restore it from a copy") from None


def _first_row(one: Segment) -> int:
    """0: it has none. Raises JournalUnusable."""
    try:
        return first_row(one)
    except Damage as error:
        raise JournalUnusable(f"{error}. {REMEDY}") from None


def _is_over(one: Segment) -> bool:
    """It says so itself: `over` is marked with its last row. Raises sqlite3.Error."""
    with read_only(one.path) as database:
        return mark_in(database, "over") is not None
