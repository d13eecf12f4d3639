"""The journal's writer: groups, refusals, and what happens to what waits."""
import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from router.net.carrying import Carrying
from router.net.journal import LINGER_S, Journal
from router.net.journal_file import JournalFile
from router.net.waiting import until
from router.switching.commits import Commit
from tests.net.journal_records import forwarded, opened, read, replayed


class Written:
    """A journal, and what landed of it."""

    def __init__(self, folder: Path, waiting_max: int) -> None:
        self.file: JournalFile = opened(folder)
        replayed(self.file)
        self.groups: list[tuple[list[Commit], bool]] = []
        self.alarms: list[str] = []
        self.journal = Journal(self.file, waiting_max, self.alarms.append)
        self.journal.landed = lambda commits, durable: self.groups.append((commits, durable))

    def append(self, number: int) -> Commit:
        commit = Commit([forwarded(f"{number:06d}")], None, None, False)
        before = len(self.groups)
        self.journal.append(commit)
        assert len(self.groups) == before, "never from within the call"
        return commit

    def fate(self, commit: Commit) -> list[bool]:
        """Durable or not, once for each time it landed."""
        return [durable for commits, durable in self.groups if commit in commits]

    async def all_landed(self) -> None:
        assert await until(lambda: self.journal.is_idle, 5.0)


@asynccontextmanager
async def written(folder: Path, waiting_max: int = 1000) -> AsyncIterator[Written]:
    one = Written(folder, waiting_max)
    try:
        yield one
    finally:
        assert await one.journal.stop(5.0)


def full(file: JournalFile) -> None:
    """Not a page more."""
    pages = file._database.execute("PRAGMA page_count").fetchone()[0]
    file._database.execute(f"PRAGMA max_page_count = {pages}")


def roomy(file: JournalFile) -> None:
    file._database.execute("PRAGMA max_page_count = 1000000")


async def test_what_comes_together_becomes_durable_together(tmp_path: Path) -> None:
    """One row for many, and each is heard of once."""
    async with written(tmp_path) as one:
        commits = [one.append(number) for number in range(1, 101)]
        await one.all_landed()
        assert [one.fate(commit) for commit in commits] == [[True]] * 100
        assert len(one.groups) == 1
    assert len(read(tmp_path)) == 1


@pytest.mark.parametrize(
    ("in_flight", "commits", "last_group", "share"),
    [(1, 1, 1, 0.0), (2, 1, 1, 0.75), (50, 5, 20, 1.0), (50, 1, 32, 0.0), (50, 32, 1, 0.0)])
async def test_small_groups_begin_apart_where_somebody_may_come(
        tmp_path: Path, in_flight: int, commits: int, last_group: int, share: float) -> None:
    """Further apart where many come, and not where groups are large or nobody is under way."""
    async with written(tmp_path) as one:
        one.journal.in_flight = lambda: in_flight
        one.journal._last_group = last_group
        assert one.journal._wait_s(commits, 0.0) == pytest.approx(share * LINGER_S)
        assert one.journal._wait_s(commits, 1.0) <= 0.0


async def test_a_small_group_takes_along_who_came_while_it_waited(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with written(tmp_path) as one:
        waited: list[float] = []

        def rest(seconds: float) -> None:
            if not waited:
                one.journal._turns.put([
                    Commit([forwarded(f"1{number:05d}")], None, None, False)
                    for number in range(7)])
            waited.append(seconds)

        monkeypatch.setattr(time, "sleep", rest)
        one.journal.in_flight = lambda: 50
        one.journal._began = time.monotonic() + 60.0  # as if it had begun just now
        one.journal._outstanding += 7
        commit = one.append(1)
        await one.all_landed()
        assert one.fate(commit) == [True]
        assert [len(group) for group, _ in one.groups] == [8]
        assert len(waited) == 1


async def test_a_full_disk_costs_the_groups_it_refuses(tmp_path: Path) -> None:
    """They are told, there is one alarm, and the next group is tried as if nothing had been."""
    async with written(tmp_path) as one:
        full(one.file)
        refused = [one.append(number) for number in range(1, 1001)]
        await one.all_landed()
        again = [one.append(number) for number in range(1, 1001)]
        await one.all_landed()
        assert [one.fate(commit) for commit in refused + again] == [[False]] * 2000
        assert one.journal.fault == "database or disk is full"
        assert one.alarms == ["database or disk is full"]
        roomy(one.file)
        taken = one.append(7)
        await one.all_landed()
        assert one.fate(taken) == [True]
        assert not one.journal.fault
    assert read(tmp_path) == [[forwarded("000007")]]


async def test_a_read_only_disk_is_no_reason_to_die(tmp_path: Path) -> None:
    async with written(tmp_path) as one:
        one.file._database.execute("PRAGMA query_only = 1")
        refused = one.append(1)
        await one.all_landed()
        assert one.fate(refused) == [False]
        assert "readonly" in one.journal.fault


async def test_a_disk_that_hangs_refuses_at_once_what_it_was_not_given(tmp_path: Path) -> None:
    """What was handed over has no fate until it answers; then all is as before."""
    async with written(tmp_path) as one:
        hold = sqlite3.connect(one.file.path, isolation_level=None)
        one.file._database.execute("PRAGMA busy_timeout = 20000")
        hold.execute("BEGIN IMMEDIATE")  # another writer: ours waits
        handed_over = one.append(1)
        await asyncio.sleep(0)
        assert await until(one.journal._turns.empty, 3.0)
        waiting = [one.append(number) for number in range(2, 12)]
        assert [one.fate(commit) for commit in waiting] == [[]] * 10
        one.journal.tick(asyncio.get_running_loop().time() + 10.0)
        assert [one.fate(commit) for commit in waiting] == [[False]] * 10
        assert "not answered" in one.journal.fault
        later = one.append(12)
        await asyncio.sleep(0)
        assert one.fate(later) == [False]
        assert one.fate(handed_over) == []
        hold.execute("ROLLBACK")
        hold.close()
        await one.all_landed()
        assert one.fate(handed_over) == [True]
        assert not one.journal.fault
        taken = one.append(13)
        await one.all_landed()
        assert one.fate(taken) == [True]
        assert len(one.alarms) == 1


async def test_more_than_fits_is_refused_at_once(tmp_path: Path) -> None:
    """Memory has an end, too."""
    async with written(tmp_path, waiting_max=10) as one:
        fits = [one.append(number) for number in range(1, 11)]
        too_many = one.append(11)
        await asyncio.sleep(0)
        assert one.fate(too_many) == [False]
        await one.all_landed()
        assert [one.fate(commit) for commit in fits] == [[True]] * 10


class FailingDatabase:
    """SQLite on a disk with errors: every statement that writes fails, as long as it is told to."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.fails_at = ""
        self._database = database

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if self.fails_at and statement.startswith(self.fails_at):
            raise sqlite3.OperationalError("disk I/O error")
        return self._database.execute(statement, *values)

    @property
    def in_transaction(self) -> bool:
        return self._database.in_transaction

    def close(self) -> None:
        self._database.close()


@pytest.mark.parametrize("fails_at", ["BEGIN", "INSERT", "COMMIT"])
async def test_a_disk_with_errors_costs_what_it_refuses_and_no_restart(
        tmp_path: Path, fails_at: str) -> None:
    """In the first row, which says much about the journal itself, and in a later one."""
    async with written(tmp_path) as one:
        disk = FailingDatabase(one.file._database)
        one.file._database = cast(sqlite3.Connection, disk)
        fates = []
        for number, faulty in enumerate((fails_at, fails_at, "", "INSERT", "INSERT", "")):
            disk.fails_at = faulty
            commit = one.append(number)
            await one.all_landed()
            fates += one.fate(commit)
            assert one.journal.fault == ("disk I/O error" if faulty else "")
        assert fates == [False, False, True, False, False, True]
        assert one.alarms == ["disk I/O error"] * 2
    assert read(tmp_path) == [[forwarded("000002")], [forwarded("000005")]]


async def test_a_mistake_in_our_code_costs_one_group(tmp_path: Path) -> None:
    """The thread goes on; what it was given is refused, not forgotten."""
    async with written(tmp_path) as one:
        one.file._carrying = cast(Carrying, None)
        first, carrying = one.append(1), Carrying(time.time)
        await one.all_landed()
        assert one.fate(first) == [False]
        assert one.alarms == ["a mistake in our code: AttributeError"]
        one.file._carrying = carrying
        second = one.append(2)
        await one.all_landed()
        assert one.fate(second) == [True]
        assert not one.journal.fault


async def test_what_waits_at_the_end_is_written(tmp_path: Path) -> None:
    async with written(tmp_path) as one:
        for number in range(1, 6):
            one.append(number)
    assert len([record for group in read(tmp_path) for record in group]) == 5
    assert not [thread for thread in threading.enumerate()
                if thread.name in ("journal", "journal-house")]


async def test_a_file_deleted_under_the_router_takes_nothing_more(tmp_path: Path) -> None:
    """SQLite would go on writing to a file that nobody will find."""
    async with written(tmp_path) as one:
        one.file.path.unlink()
        assert await until(lambda: bool(one.alarms), 5.0)
        assert "deleted" in one.alarms[0]
        refused = one.append(1)
        await one.all_landed()
        assert one.fate(refused) == [False]
        assert len(one.alarms) == 1
