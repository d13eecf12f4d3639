"""The journal's rows: what was written is found again, and what was touched is seen."""
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from router.net import journal_file
from router.net.journal_file import BUSY_MS, JournalFile
from router.net.journal_opening import JournalUnusable
from specs.journal_format import Record
from specs.journal_head import head_in
from specs.journal_reading import JournalReader, carried_of
from specs.journal_segments import read_only
from tests.net.journal_records import (
    DAY_S,
    PAN,
    SEAL,
    Wall,
    answered,
    ended,
    forwarded,
    opened,
    read,
    replayed,
    reversed_,
    segments,
    stored,
    touched,
    write,
)


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
    file.write_head()
    found = {path.name: path.read_bytes() for path in file.folder.iterdir()}
    assert set(found) >= {file.path.name, file.path.name + "-wal", "lock", "head"}
    file.close()
    for content in found.values():
        assert PAN.encode() not in content
        assert bytes.fromhex(PAN) not in content


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "router"
    write(folder, [forwarded("000001")])
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in (folder / "worker-0").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


@pytest.mark.parametrize(("statement", "what"), [
    ("UPDATE groups SET sealed = zeroblob(80) WHERE id = 2", "was changed"),
    ("UPDATE groups SET sealed = (SELECT sealed FROM groups WHERE id = 1) WHERE id = 2", "changed"),
    ("UPDATE groups SET at = at - 1 WHERE id = 2", "was changed"),
    ("UPDATE groups SET before = zeroblob(16) WHERE id = 2", "does not follow"),
    ("UPDATE groups SET sealed = 'text' WHERE id = 2", "was changed"),
    ("DELETE FROM groups WHERE id = 2", "is missing"),
])
def test_a_row_that_was_touched_stops_the_start(
        tmp_path: Path, statement: str, what: str) -> None:
    """Changed, replaced, moved in time or taken out: it says which row, and what to do."""
    write(tmp_path, [forwarded("000001")], [answered("000001")], [forwarded("000003")])
    (one,) = segments(tmp_path)
    touched(one, statement)
    with pytest.raises(JournalUnusable, match=f"{one.path.name}: row 2 .*{what}.* restore") as no:
        read(tmp_path)
    assert PAN not in str(no.value)


def test_a_row_sealed_by_an_earlier_state_of_the_journal_does_not_follow(tmp_path: Path) -> None:
    """A copy of the folder went its own way: its rows are of the same key, not of this chain."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        write(folder, [forwarded("000001")], [answered("000001")])
    (kept,), (copied,) = segments(one), segments(other)
    database = sqlite3.connect(kept.path, isolation_level=None)
    database.execute("ATTACH ? AS other", (str(copied.path),))
    database.execute("DELETE FROM main.groups WHERE id = 2")
    database.execute("INSERT INTO main.groups SELECT * FROM other.groups WHERE id = 2")
    database.close()
    with pytest.raises(JournalUnusable, match=r"row 2 .*does not follow the row before"):
        read(one)


def test_rows_missing_at_the_end_are_noticed(tmp_path: Path) -> None:
    """The head knew them to be on the disk."""
    write(tmp_path, [forwarded("000001")], [answered("000001")], [forwarded("000003")])
    (one,) = segments(tmp_path)
    touched(one, "DELETE FROM groups WHERE id >= 2")
    with pytest.raises(JournalUnusable, match=r"row 2 .*missing, and all to row 3"):
        read(tmp_path)


def test_without_a_head_the_journal_is_taken_and_that_is_remarked(tmp_path: Path) -> None:
    """The way out for who must go on without what was lost."""
    write(tmp_path, [forwarded("000001")], [answered("000001")])
    (one,) = segments(tmp_path)
    touched(one, "DELETE FROM groups WHERE id >= 2")
    (tmp_path / "worker-0" / "head").unlink()
    file = opened(tmp_path)
    assert replayed(file) == [[forwarded("000001")]]
    assert "head is missing" in file.remarks[0]
    file.append([answered("000001")])
    file.close()
    assert read(tmp_path) == [[forwarded("000001")], [answered("000001")]]


def test_a_head_that_was_torn_leaves_the_one_before(tmp_path: Path) -> None:
    """Two slots, written in turn."""
    file = opened(tmp_path)
    replayed(file)
    for stan in ("000001", "000002", "000003"):
        file.append([forwarded(stan)])
        file.write_head()
    file.close()
    path = tmp_path / "worker-0" / "head"
    written = bytearray(path.read_bytes())
    written[10:20] = bytes(10)  # the third was written over the first
    path.write_bytes(written)
    head = head_in(path.parent, SEAL)
    assert head is not None
    assert head.row == 2
    assert len(read(tmp_path)) == 3


def test_another_key_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [forwarded("000001")])
    file = JournalFile(tmp_path)
    with pytest.raises(JournalUnusable, match="data_key_under_lmk"):
        file.unlock(bytes(32))
    file.close()


def segment_path(folder: Path) -> Path:
    """Of the only segment there is."""
    worker = folder / "worker-0"
    worker.mkdir()
    return worker / "000001_2027-01-15.sqlite"


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    segment_path(tmp_path).write_bytes(b"this is a letter to somebody" * 100)
    with pytest.raises(JournalUnusable, match=r"worker-0: .*not a database"):
        JournalFile(tmp_path)


def test_a_database_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = segment_path(tmp_path)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE customers (name TEXT)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(JournalUnusable, match="another program"):
        JournalFile(tmp_path)
    assert path.read_bytes() == before


def test_a_file_of_a_later_noyau_is_refused(tmp_path: Path) -> None:
    write(tmp_path, [])
    touched(segments(tmp_path)[0], "PRAGMA user_version = 4")
    with pytest.raises(JournalUnusable, match="format 4"):
        JournalFile(tmp_path)


def test_a_journal_of_the_first_format_is_not_forgotten(tmp_path: Path) -> None:
    """Something may be stored in it."""
    (tmp_path / "journal.sqlite").write_bytes(b"")
    with pytest.raises(JournalUnusable, match=r"format 1.*deliver what is stored"):
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


def minute_after_minute(folder: Path, wall: Wall, *groups: list[Record]) -> None:
    """One run; a group each minute, and at its end the process dies."""
    file = opened(folder, wall)
    replayed(file)
    for group in groups:
        wall.time += 61.0
        file.append(group)
    file.close()


def fillers(number: int) -> list[list[Record]]:
    return [[ended(f"9{one:05d}")] for one in range(number)]


def test_what_is_over_and_old_is_not_read_again(tmp_path: Path) -> None:
    """However long the run was: what a start reads is bounded while it lasts."""
    wall = Wall()
    over: list[list[Record]] = [
        [forwarded("000001")], [answered("000001")], [forwarded("000002")],
        [reversed_("000002"), stored("900002", "000002")], [ended("900002")]]
    minute_after_minute(tmp_path, wall, *over)
    assert read(tmp_path, wall) == over  # all of it is younger than ten minutes
    minute_after_minute(tmp_path, wall, *fillers(30))
    again = read(tmp_path, wall)
    assert not [group for group in again if group in over]
    assert 10 <= len(again) <= 16  # the window, and what lies between two rows that carry


@pytest.mark.parametrize(("opens", "carried"), [(0, 11), (40, 2)])
def test_much_that_is_open_is_not_written_again_and_again(
        tmp_path: Path, opens: int, carried: int) -> None:
    """After an outage of an issuer: only once more records came than four times as many."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file)
    file.append([stored(f"80{one:04d}") for one in range(opens)] or [ended("900000")])
    for group in fillers(32):
        wall.time += 61.0
        file.append([*group, ended("999998"), ended("999999")])
    file.close()
    rows = JournalReader(file.folder, SEAL).rows()
    assert sum(carried_of(row) is not None for row in rows) == carried


def test_a_router_that_was_away_for_long_still_knows_its_last_minutes(tmp_path: Path) -> None:
    """Its acquirers reverse now what they did not hear then."""
    wall = Wall()
    minute_after_minute(tmp_path, wall, [forwarded("000001")], [answered("000001")])
    wall.time += DAY_S / 4
    assert read(tmp_path, wall) == [[forwarded("000001")], [answered("000001")]]


def test_no_more_is_read_than_the_repeat_window_holds(tmp_path: Path) -> None:
    """By number, too: a busy minute is not read whole only to be forgotten."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file, repeats_max=100)
    for stan in range(1000):
        file.append([forwarded(f"{stan:06d}"), answered(f"{stan:06d}")])
    file.close()
    file = opened(tmp_path, wall)
    read_again = replayed(file, repeats_max=100)
    file.close()
    assert 100 <= len(read_again) <= 160
    assert read_again[-1] == [forwarded("000999"), answered("000999")]


def test_a_clock_that_was_ahead_for_a_moment_changes_little(tmp_path: Path) -> None:
    """What is open is stated again, as often as before."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file)
    for step in (0.0, 3 * DAY_S, 61.0 - 3 * DAY_S, *[61.0] * 6):
        wall.time += step
        file.append([ended("900000")])
    file.close()
    rows = JournalReader(file.folder, SEAL).rows()
    assert [row.number for row in rows if carried_of(row) is not None] == [1, 2, 3, 6, 9]


def test_a_wall_clock_that_is_set_back_loses_nothing(tmp_path: Path) -> None:
    """More is read than is needed."""
    wall = Wall()
    minute_after_minute(tmp_path, wall, [forwarded("000001")], [answered("000001")])
    wall.time -= 5_000.0
    minute_after_minute(tmp_path, wall, [forwarded("000002")], [answered("000002")])
    assert read(tmp_path, wall) == [
        [forwarded("000001")], [answered("000001")], [forwarded("000002")], [answered("000002")]]


def test_the_log_does_not_grow_while_commits_leave_no_gap(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite begins it anew only where nobody writes at the end of a checkpoint."""
    monkeypatch.setattr(journal_file, "LOG_PAGES", 100)
    file = opened(tmp_path)
    replayed(file)
    log, over = Path(f"{file.path}-wal"), threading.Event()

    def keep_house() -> None:
        while not over.wait(0.001):
            file.checkpoint()

    house = threading.Thread(target=keep_house)
    house.start()
    written = sizes = 0
    for stan in range(3000):
        file.append([forwarded(f"{stan:06d}")] * 8)
        file.begin_log_anew()
        sizes = max(sizes, log.stat().st_size)
        written += 4096
    over.set()
    house.join()
    file.close()
    assert sizes < written / 2


def test_a_log_that_is_long_waits_for_nobody_who_reads(tmp_path: Path) -> None:
    """It begins anew another time; the next commit is not kept waiting."""
    file = opened(tmp_path)
    replayed(file)
    file.append([forwarded("000001")])
    with read_only(file.path) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM groups").fetchone()
        file.append([answered("000001")])
        file._log_tries = 2
        file.begin_log_anew()
        assert file._log_tries == 1, "it is tried again"
        file.append([forwarded("000002")])
        assert file._database.execute("PRAGMA busy_timeout").fetchone()[0] == BUSY_MS
    file.begin_log_anew()
    size = Path(f"{file.path}-wal").stat().st_size
    file.append([forwarded("000003")])
    assert Path(f"{file.path}-wal").stat().st_size == size, "it lies where the first one lay"
    file.close()
    assert len(read(tmp_path)) == 4


def test_a_log_that_was_begun_anew_is_left_alone(tmp_path: Path) -> None:
    """Until a checkpoint finds it long again."""
    file = opened(tmp_path)
    replayed(file)
    file.append([forwarded("000001")])
    file._log_tries = 8
    file.begin_log_anew()
    assert file._log_tries == 0
    file.close()


def test_a_file_that_is_deleted_under_us_is_noticed(tmp_path: Path) -> None:
    file = opened(tmp_path)
    assert file.is_there()
    file.path.unlink()
    assert not file.is_there()
    file.close()
