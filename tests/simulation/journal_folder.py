"""The router's own journal in real files: segments of SQLite whose log is torn by a power cut.

On a file system in memory where there is one: what is lost here is cut off by hand.
"""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final

from router.net.journal_file import JournalFile
from router.net.journal_opening import JournalUnusable
from router.switching.commits import Written
from specs.journal_format import BOOKKEEPING, Record
from specs.journal_reading import Damage, JournalReader
from specs.journal_seal import Seal
from tests.simulation.platter import KEY, spoilt

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
WINDOW_S: Final = 3600.0


class Folder:
    """A Platter. Each start reads a copy: the files as they were when the process died."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._root = Path(tempfile.mkdtemp(dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
        self._wall = wall
        self._starts = 0
        self._file: JournalFile | None = None
        self._log: tuple[Path, int] | None = None  # that is cut off, and where

    def begin(self) -> list[Record]:
        before = self._state
        self._starts += 1
        if self._file is not None:
            shutil.copytree(before, self._state, ignore=shutil.ignore_patterns("*-shm", "lock"))
            if self._log is not None:
                path, length = self._log
                with (self._state / path.relative_to(before)).open("r+b") as log:
                    log.truncate(length)
            self._file.close()
            shutil.rmtree(before)
        self._log = None
        file = self._file = JournalFile(self._state, self._wall)
        if file.wrapped_key is None:
            file.begin_with(KEY, "wrapped")
        file.unlock(KEY)
        try:
            return [record for group in file.replay(WINDOW_S) for record in group]
        except JournalUnusable as error:
            raise LookupError(str(error)) from None

    def write(self, records: Sequence[Record | Written]) -> None:
        assert self._file is not None, "it has begun"
        self._file.append(records)
        self._file.prepare()

    def tear(self, records: Sequence[Record | Written], draw: Random) -> None:
        assert self._file is not None, "it has begun"
        before = self._log_bytes
        path = self._file.path
        self._file.append(records)
        first = before if self._file.path == path else 0
        last = self._log_bytes
        length = draw.choice((first, draw.randrange(first, last + 1), last, last))
        self._log = (self._file.path.with_name(self._file.path.name + "-wal"), length)

    def everything(self) -> list[Record]:
        """As an auditor reads it, from the first row to the last."""
        return records_in(self._state)

    def is_blind_to(self, how: str, draw: Random) -> bool:
        assert self._file is not None, "it has begun"
        copy = self._root / how
        shutil.copytree(self._state, copy, ignore=shutil.ignore_patterns("*-shm", "lock"))
        path = copy / self._file.path.relative_to(self._state)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            rows = database.execute("SELECT id, sealed FROM groups ORDER BY id").fetchall()
            if len(rows) < 3:
                return False
            number, sealed = rows[draw.randrange(1, len(rows) - 1)]
            if how == "missing":
                database.execute("DELETE FROM groups WHERE id = ?", (number,))
            else:
                other = spoilt(bytes(sealed), draw)
                database.execute("UPDATE groups SET sealed = ? WHERE id = ?", (other, number))
        try:
            records_in(copy)
        except LookupError:
            return False
        return True

    def end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        shutil.rmtree(self._root)

    @property
    def _state(self) -> Path:
        return self._root / str(self._starts)

    @property
    def _log_bytes(self) -> int:
        assert self._file is not None, "it has begun"
        return self._file.path.with_name(self._file.path.name + "-wal").stat().st_size


def records_in(state: Path) -> list[Record]:
    """Raises LookupError where it is not what was written."""
    found: list[Record] = []
    reader = JournalReader(state / "worker-0", Seal(KEY))
    try:
        for row in reader.rows():
            found += [entry for entry in row.entries if not isinstance(entry, BOOKKEEPING)]
    except Damage as error:
        raise LookupError(str(error)) from None
    return found
