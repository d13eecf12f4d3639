"""Old segments are kept, archived or deleted, as the configuration says.

A segment may go when its day is long past and no start reads it any more: what was still open in it
stands again in a later row. That it goes is on record before it goes: a segment that is missing
without that was taken away by somebody else.
"""
import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from router.net.journal_file import JournalFile
from router.net.journal_opening import JournalUnusable, finished, opened, sync_folder
from router.net.journal_settings import JournalSettings
from specs.journal_reading import first_row
from specs.journal_segments import Segment, segments_in


def retention_of(file: JournalFile, settings: JournalSettings) -> "Retention | None":
    """None: everything is kept."""
    if settings.old_segments == "keep":
        return None
    days, archive = settings.business_days, settings.archive_of(file.folder)
    return Retention(
        file, settings.keep_days, archive, lambda: days.date_at(int(time.time() * 1000)))


class Retention:
    """One step at a time, in the thread that keeps house. `today` is the business date."""

    def __init__(
        self, file: JournalFile, keep_days: int, archive: Path | None, today: Callable[[], date]
    ) -> None:
        """Without an archive, old segments are deleted."""
        self._file = file
        self._keep_days = keep_days
        self._archive = archive
        self._today = today
        self._asked = 0  # the segment whose end is on its way to the disk

    def step(self) -> None:
        """Raises OSError, sqlite3.Error, Damage: the segment stays until the next step."""
        found = segments_in(self._file.folder)
        for one, after in pairwise(found):
            if one.number <= self._file.retired:
                self._take_away(one)
            elif one.number > self._asked and self._may_go(one, after):
                self._asked = one.number
                self._file.retire(one, archived=self._archive is not None)
                return
            else:
                return

    def _may_go(self, one: Segment, after: Segment) -> bool:
        is_old = one.business_date < self._today() - timedelta(days=self._keep_days)
        return is_old and 0 < first_row(after) <= self._file.needed_from

    def _take_away(self, one: Segment) -> None:
        with contextlib.suppress(sqlite3.Error, JournalUnusable):  # as it is, with its log
            finished(opened(one))
        parts = [one.path, *(one.path.with_name(one.path.name + end) for end in ("-wal", "-shm"))]
        if self._archive is not None:
            self._archive.mkdir(mode=0o700, parents=True, exist_ok=True)
            for part in parts[:2]:
                if part.exists():
                    self._copied(part, self._archive / part.name)
            sync_folder(self._archive)
        for part in reversed(parts):  # the segment itself last: until then it is found again
            part.unlink(missing_ok=True)
        sync_folder(one.path.parent)

    @staticmethod
    def _copied(part: Path, to: Path) -> None:
        """Whole and durable before it has its name."""
        unfinished = to.with_name(to.name + ".part")
        shutil.copyfile(part, unfinished)
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, 0o600)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.rename(to)
