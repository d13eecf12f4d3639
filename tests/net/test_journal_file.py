"""The journal's file: what was written is found again, and what was touched is seen."""
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from router.net.journal_file import JournalFile
from router.net.journal_opening import JournalUnusable
from specs.journal_format import About, Answered, Ended, Forwarded, Kept, Record, Reversed, Stored

KEY = bytes(range(32))
PAN = "9504010000000001"
WINDOW_S = 600.0


def about(stan: str) -> About:
    return About(("medina", stan), ("medina", stan, PAN), (PAN, "000000", "1", "504"), "0100")


def forwarded(stan: str) -> Record:
    return Forwarded(about(stan), "atlas", "atlas-1", Kept("0100", {2: PAN, 11: stan}))


def answered(stan: str) -> Record:
    return Answered(about(stan), "00", True, {38: "ABC123"})


def stored(stan: str) -> Record:
    entry_id = ("atlas", "0420", stan, "1124101500")
    kept = Kept("0420", {2: PAN, 11: stan})
    return Stored(entry_id, about(stan), "atlas", "", kept, None, False)


def ended(stan: str, parked: bool = False) -> Record:
    return Ended(("atlas", "0420", stan, "1124101500"), parked)


def opened(folder: Path, wall: Callable[[], float] = time.time) -> JournalFile:
    """Unlocked, begun where it is new."""
    file = JournalFile(folder, wall)
    if file.wrapped_key is None:
        file.begin_with(KEY, "C0FFEE")
    file.unlock(KEY)
    return file


def replayed(file: JournalFile) -> list[list[Record]]:
    return list(file.replay(WINDOW_S))


def write(folder: Path, *groups: list[Record]) -> None:
    """One run: opened, replayed, written, closed."""
    file = opened(folder)
    replayed(file)
    for group in groups:
        file.append(group)
    file.close()


def read(folder: Path, wall: Callable[[], float] = time.time) -> list[list[Record]]:
    """The next run's replay."""
    file = opened(folder, wall)
    try:
        return replayed(file)
    finally:
        file.close()


def rewritten(folder: Path, statement: str) -> None:
    """Somebody touches the file."""
    database = sqlite3.connect(folder / "journal.sqlite")
    database.execute(statement)
    database.commit()
    database.close()


def test_groups_come_back_in_order(tmp_path: Path) -> None:
    """Over several runs, too."""
    write(tmp_path, [forwarded("000001"), forwarded("000002")], [answered("000001")])
    write(tmp_path, [answered("000002")])
    assert read(tmp_path) == [
        [forwarded("000001"), forwarded("000002")], [answered("000001")], [answered("000002")]]


def test_no_card_number_lies_in_the_folder(tmp_path: Path) -> None:
    file = opened(tmp_path)
    replayed(file)
    file.append([forwarded("000001"), stored("000002")])
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    file.close()
    assert set(found) >= {"journal.sqlite", "journal.sqlite-wal", "lock"}
    for content in found.values():
        assert PAN.encode() not in content
        assert bytes.fromhex(PAN) not in content


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "router"
    write(folder, [forwarded("000001")])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "journal.sqlite").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("statement", [
    "UPDATE groups SET sealed = zeroblob(80) WHERE id = 2",
    "UPDATE groups SET sealed = (SELECT sealed FROM groups WHERE id = 1) WHERE id = 2",
    "UPDATE groups SET at = at - 1 WHERE id = 2",
    "DELETE FROM groups WHERE id = 2",
])
def test_a_row_that_was_touched_stops_the_start(tmp_path: Path, statement: str) -> None:
    """Changed, replaced, moved in time or taken out: it says which row, and what to do."""
    write(tmp_path, [forwarded("000001")], [answered("000001")], [forwarded("000003")])
    rewritten(tmp_path, statement)
    with pytest.raises(JournalUnusable, match=r"journal\.sqlite: row 2 .* Restore") as refused:
        read(tmp_path)
    assert PAN not in str(refused.value)


def test_another_key_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [forwarded("000001")])
    file = JournalFile(tmp_path)
    with pytest.raises(JournalUnusable, match="data_key_under_lmk"):
        file.unlock(bytes(32))
    file.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"this is a letter to somebody" * 100)
    with pytest.raises(JournalUnusable, match=r"journal\.sqlite: .*not a database"):
        JournalFile(tmp_path)


def test_a_database_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    rewritten(tmp_path, "CREATE TABLE customers (name TEXT)")
    before = (tmp_path / "journal.sqlite").read_bytes()
    with pytest.raises(JournalUnusable, match="another program"):
        JournalFile(tmp_path)
    assert (tmp_path / "journal.sqlite").read_bytes() == before


def test_a_file_of_a_later_noyau_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [])
    rewritten(tmp_path, "PRAGMA user_version = 2")
    with pytest.raises(JournalUnusable, match="format 2"):
        JournalFile(tmp_path)


def test_two_routers_never_share_a_folder(tmp_path: Path) -> None:
    """The second says which process holds it."""
    file = opened(tmp_path)
    script = (
        "from pathlib import Path\nfrom router.net.journal_file import JournalFile\n"
        f"JournalFile(Path({str(tmp_path)!r}))")
    second = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", script], capture_output=True, text=True, check=False)
    file.close()
    assert second.returncode == 1
    assert f"process {os.getpid()} uses it" in second.stderr


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalUnusable, match="--state"):
        JournalFile(tmp_path / "file" / "router")


def test_a_group_that_is_refused_leaves_no_trace(tmp_path: Path) -> None:
    """The disk is full for a while: what came before and after is whole, and in one chain."""
    file = opened(tmp_path)
    replayed(file)
    file.append([forwarded("000001")])
    pages = file._database.execute("PRAGMA page_count").fetchone()[0]
    file._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        file.append([forwarded(f"{stan:06d}") for stan in range(2, 200)])
    file._database.execute("PRAGMA max_page_count = 1000000")
    file.append([answered("000001")])
    file.close()
    assert read(tmp_path) == [[forwarded("000001")], [answered("000001")]]


class Wall:
    """A clock on the wall, that a test turns."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


def minute_after_minute(folder: Path, wall: Wall, *groups: list[Record]) -> None:
    """One run; a group each minute, and at its end the process dies."""
    file = opened(folder, wall)
    replayed(file)
    for group in groups:
        wall.time += 61.0
        file.append(group)
    file.close()


def test_what_is_over_and_old_is_not_read_again(tmp_path: Path) -> None:
    """However long the run was: the mark moves while it lasts."""
    wall = Wall()
    over: list[list[Record]] = [
        [forwarded("000001")], [answered("000001")], [forwarded("000002")],
        [Reversed(about("000002"), False), stored("900002")], [ended("900002")]]
    minute_after_minute(tmp_path, wall, *over)
    assert read(tmp_path, wall) == over  # all of it is younger than ten minutes
    fillers: list[list[Record]] = [[ended(f"90010{number}")] for number in range(10)]
    minute_after_minute(tmp_path, wall, *fillers)
    assert read(tmp_path, wall) == over[-1:] + fillers  # by the minute
    wall.time += 10_000.0
    read(tmp_path, wall)
    assert read(tmp_path, wall) == fillers[-1:]


@pytest.mark.parametrize("opens", [
    [forwarded("000001")], [stored("900001")], [stored("900001"), ended("900001", parked=True)],
], ids=["in flight", "not acknowledged", "parked"])
def test_what_is_open_is_read_however_old(tmp_path: Path, opens: list[Record]) -> None:
    """And everything behind it. A parked entry is open until a person settles it."""
    wall = Wall()
    later: list[list[Record]] = [[ended(f"90010{number}")] for number in range(10)]
    minute_after_minute(tmp_path, wall, [answered("000009")], opens, *later)
    wall.time += 10_000.0
    for _ in range(3):
        assert read(tmp_path, wall) == [opens, *later]


def test_a_wall_clock_that_is_set_back_loses_nothing(tmp_path: Path) -> None:
    """More is read than is needed."""
    wall = Wall()
    minute_after_minute(tmp_path, wall, [forwarded("000001")], [answered("000001")])
    wall.time -= 5_000.0
    minute_after_minute(tmp_path, wall, [forwarded("000002")], [answered("000002")])
    assert read(tmp_path, wall) == [
        [forwarded("000001")], [answered("000001")], [forwarded("000002")], [answered("000002")]]


def test_a_file_that_is_deleted_under_us_is_noticed(tmp_path: Path) -> None:
    file = opened(tmp_path)
    assert file.is_there()
    (tmp_path / "journal.sqlite").unlink()
    assert not file.is_there()
    file.close()
