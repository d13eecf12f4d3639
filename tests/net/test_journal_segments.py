"""A segment for each business day: rolled, carried forward, retired, missed when it is gone."""
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from router.net.journal_file import JournalFile
from router.net.journal_opening import JournalUnusable
from router.net.journal_retention import Retention
from specs.journal_format import Record
from specs.journal_reading import Damage, JournalReader
from specs.journal_segments import segments_in
from tests.net.journal_records import (
    DAY_S,
    SEAL,
    Wall,
    answered,
    ended,
    forwarded,
    opened,
    read,
    replayed,
    segments,
    stored,
    touched,
)


def day_after_day(folder: Path, wall: Wall, *groups: list[Record]) -> None:
    """One run; a group each noon, and at its end the process dies."""
    file = opened(folder, wall)
    replayed(file)
    for number, group in enumerate(groups):
        if number:
            wall.time += DAY_S
        file.prepare()
        file.append(group)
        file.finish()
    file.close()


def names(folder: Path) -> list[str]:
    return [one.path.name for one in segments(folder)]


def rows_of(folder: Path) -> list[tuple[int, int]]:
    """Segment and number of each row."""
    reader = JournalReader(folder / "worker-0", SEAL)
    return [(row.segment.number, row.number) for row in reader.rows()]


def test_each_business_day_has_its_segment(tmp_path: Path) -> None:
    """The rows run on, and a finished segment is one file."""
    wall = Wall()
    day_after_day(tmp_path, wall, [forwarded("000001")], [answered("000001")], [ended("900001")])
    assert names(tmp_path) == [
        "000001_2027-01-15.sqlite", "000002_2027-01-16.sqlite", "000003_2027-01-17.sqlite"]
    left = {path.name for path in (tmp_path / "worker-0").iterdir()}
    assert left == {*names(tmp_path), "lock", "head"}
    assert rows_of(tmp_path) == [(1, 1), (1, 2), (2, 3), (2, 4), (3, 5)]


def test_the_next_segment_is_there_before_its_day_and_taken_in_the_first_commit_of_it(
        tmp_path: Path) -> None:
    """Nothing is made on the way of a commit; until the cutover the old one goes on."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file)
    wall.time += DAY_S / 2 - 30.0
    file.append([forwarded("000001")])
    file.prepare()
    assert names(tmp_path) == ["000001_2027-01-15.sqlite", "000002_2027-01-16.sqlite"]
    file.append([answered("000001")])
    assert file.path.name == "000001_2027-01-15.sqlite"
    wall.time += 30.0
    file.append([forwarded("000002")])
    assert file.path.name == "000002_2027-01-16.sqlite"
    file.close()
    assert read(tmp_path, wall) == [
        [forwarded("000001")], [answered("000001")], [forwarded("000002")]]


def test_a_day_whose_segment_cannot_be_made_goes_on_in_the_old_one(tmp_path: Path) -> None:
    """The disk is full at midnight; a commit never waits for a roll."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file)
    wall.time += DAY_S
    for stan in ("000001", "000002"):
        file.append([forwarded(stan)])
    assert file.path.name == "000001_2027-01-15.sqlite"
    file.prepare()
    file.append([forwarded("000003")])
    assert file.path.name == "000002_2027-01-16.sqlite"
    file.close()
    assert len(read(tmp_path, wall)) == 3


def test_a_start_on_another_day_begins_its_segment(tmp_path: Path) -> None:
    """Days without a router have none."""
    wall = Wall()
    day_after_day(tmp_path, wall, [forwarded("000001")])
    wall.time += 3 * DAY_S
    day_after_day(tmp_path, wall, [answered("000001")])
    assert names(tmp_path) == ["000001_2027-01-15.sqlite", "000002_2027-01-18.sqlite"]


def test_a_segment_that_was_made_and_never_used_is_made_again(tmp_path: Path) -> None:
    """The process died between midnight's preparation and its first commit, for two days."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file)
    file.append([forwarded("000001")])
    wall.time += DAY_S / 2 - 30.0
    file.prepare()
    file.close()
    wall.time += 2 * DAY_S - 3_600.0
    day_after_day(tmp_path, wall, [answered("000001")])
    assert names(tmp_path) == ["000001_2027-01-15.sqlite", "000002_2027-01-17.sqlite"]
    assert read(tmp_path, wall) == [[forwarded("000001")], [answered("000001")]]


def test_a_process_that_dies_between_the_last_row_and_the_first_goes_on(tmp_path: Path) -> None:
    """The old segment is over, the new one has no row yet."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file)
    file.append([forwarded("000001")])
    wall.time += DAY_S
    file.prepare()
    next_one = file._next
    assert next_one is not None
    next_one[1].execute("PRAGMA query_only = 1")
    with pytest.raises(sqlite3.OperationalError):
        file.append([forwarded("000002")])
    file.close()
    day_after_day(tmp_path, wall, [answered("000001")])
    assert rows_of(tmp_path) == [(1, 1), (1, 2), (2, 3)]
    assert read(tmp_path, wall) == [[forwarded("000001")], [answered("000001")]]


def test_a_clock_set_back_over_midnight_does_not_roll_back(tmp_path: Path) -> None:
    wall = Wall()
    day_after_day(tmp_path, wall, [forwarded("000001")], [answered("000001")])
    wall.time -= DAY_S / 2 + 60.0
    day_after_day(tmp_path, wall, [forwarded("000002")])
    assert len(names(tmp_path)) == 2


def test_a_clock_that_was_far_ahead_does_not_stop_the_days(tmp_path: Path) -> None:
    """Segments are in the order of their numbers, whatever their dates."""
    wall = Wall()
    wall.time += 300 * DAY_S
    day_after_day(tmp_path, wall, [forwarded("000001")])
    wall.time -= 300 * DAY_S
    day_after_day(tmp_path, wall, [answered("000001")])
    assert names(tmp_path) == ["000001_2027-11-11.sqlite", "000002_2027-01-15.sqlite"]
    assert read(tmp_path, wall) == [[forwarded("000001")], [answered("000001")]]


@pytest.mark.parametrize("opens", [
    [forwarded("000001")], [stored("900001")], [stored("900001"), ended("900001", parked=True)],
], ids=["in flight", "not acknowledged", "parked"])
def test_what_is_open_is_known_however_old(tmp_path: Path, opens: list[Record]) -> None:
    """Without the days between: a parked entry is open until a person settles it."""
    wall = Wall()
    later: list[list[Record]] = [[ended(f"90010{number}")] for number in range(9)]
    day_after_day(tmp_path, wall, opens, *later)
    for _ in range(2):
        first, *rest = read(tmp_path, wall)
        assert [one for one in first if one in opens] == opens
        assert len(rest) <= 2
        day_after_day(tmp_path, wall, [ended("900999")])
        wall.time += DAY_S


def three_days(folder: Path) -> None:
    day_after_day(folder, Wall(), [forwarded("000001")], [answered("000001")], [ended("900001")])


@pytest.mark.parametrize(("missing", "row"), [(1, 3), (2, 5)])
def test_a_whole_segment_that_is_missing_is_named(
        tmp_path: Path, missing: int, row: int) -> None:
    """In the middle by the ones around it, at the end by the one before it, head or no head."""
    three_days(tmp_path)
    segments(tmp_path)[missing].path.unlink()
    (tmp_path / "worker-0" / "head").unlink()
    file = opened(tmp_path)
    reader = JournalReader(file.folder, SEAL)
    with pytest.raises(Damage, match=f"row {row} .*segment 00000{missing + 1} is missing"):
        list(reader.rows())
    file.close()


def test_the_last_segment_missing_stops_the_start(tmp_path: Path) -> None:
    three_days(tmp_path)
    segments(tmp_path)[2].path.unlink()
    with pytest.raises(JournalUnusable, match="segment 000003 is missing"):
        read(tmp_path)


def test_all_segments_missing_are_noticed_by_the_head(tmp_path: Path) -> None:
    """A new journal would begin, and reverse nothing."""
    three_days(tmp_path)
    for one in segments(tmp_path):
        one.path.unlink()
    file = JournalFile(tmp_path)
    file.begin_with(bytes(range(32)), "C0FFEE")
    file.unlock(bytes(range(32)))
    with pytest.raises(JournalUnusable, match=r"row 1 .*all to row 5"):
        replayed(file)
    file.close()


def test_segments_that_were_swapped_are_noticed(tmp_path: Path) -> None:
    three_days(tmp_path)
    first, second, _ = (one.path for one in segments(tmp_path))
    held = first.with_suffix(".held")
    first.rename(held)
    second.rename(first)
    held.rename(second)
    with pytest.raises(Damage, match=f"{first.name}: row 3 .*was changed"):
        rows_of(tmp_path)


def test_the_last_row_of_a_past_day_cannot_be_taken_out(tmp_path: Path) -> None:
    """It is named in its own file."""
    three_days(tmp_path)
    first, *_ = segments(tmp_path)
    touched(first, "DELETE FROM groups WHERE id = 2")
    with pytest.raises(Damage, match=rf"{first.path.name}: row 2 .*missing"):
        rows_of(tmp_path)


def test_rows_of_another_worker_are_no_substitute(tmp_path: Path) -> None:
    """The same key, the same numbers, the same day."""
    wall = Wall()
    file = opened(tmp_path, wall)
    replayed(file)
    file.append([forwarded("000001")])
    file.close()
    other = tmp_path / "worker-1"
    (tmp_path / "worker-0").rename(other)
    with pytest.raises(Damage, match=r"row 1 .*does not follow"):
        list(JournalReader(other, SEAL).rows())


class Kept:
    """A router's journal and its retention, by hand."""

    def __init__(self, folder: Path, wall: Wall, keep_days: int, archive: Path | None) -> None:
        self.wall = wall
        self.file = opened(folder, wall)
        replayed(self.file)
        self.retention = Retention(
            self.file, keep_days, archive,
            lambda: date.fromordinal(date(2027, 1, 15).toordinal() + int(
                (wall.time - Wall().time) // DAY_S)))

    def day(self, *records: Record) -> None:
        """A quarter of an hour of its noon, so that nothing old is in the repeat window."""
        self.wall.time += DAY_S - 2_000.0
        for number in range(4):
            self.wall.time += 500.0
            self.file.prepare()
            self.file.append(list(records) if not number else [ended("999999")])
            self.file.finish()
        for _ in range(3):
            self.retention.step()
            self.file.append([ended("999998")])
        self.retention.step()


def test_old_segments_are_archived_on_record(tmp_path: Path) -> None:
    """What is open is carried on; the archive can be read, the journal goes on without it."""
    archive = tmp_path / "archive"
    kept = Kept(tmp_path, Wall(), 2, archive)
    kept.file.append([stored("900001"), forwarded("000001")])
    kept.day(answered("000001"))
    for _ in range(4):
        kept.day()
    assert names(tmp_path)[0] == "000004_2027-01-18.sqlite"
    assert [one.number for one in segments_in(archive)] == [1, 2, 3]
    assert kept.file.retired == 3
    kept.file.close()
    assert stored("900001") in read(tmp_path, kept.wall)[0]
    assert len(list(JournalReader(archive, SEAL).rows())) > 3
    assert rows_of(tmp_path)


def test_old_segments_are_deleted_where_it_says_so(tmp_path: Path) -> None:
    kept = Kept(tmp_path, Wall(), 1, None)
    for _ in range(3):
        kept.day(forwarded("000001"))
    kept.file.close()
    assert [one.number for one in segments(tmp_path)] == [3, 4]


def test_what_a_start_still_reads_is_never_taken_away(tmp_path: Path) -> None:
    """The repeat window reaches back over midnight."""
    kept = Kept(tmp_path, Wall(), 1, None)
    kept.file.append([forwarded("000001")])
    for _ in range(3):
        kept.wall.time += DAY_S
        kept.file.prepare()
        kept.file.append([ended("900001")])
    needed = kept.file.needed_from
    kept.retention.step()
    kept.file.append([ended("900001")])
    kept.retention.step()
    kept.file.close()
    assert min(row for _, row in rows_of(tmp_path)) <= needed
    assert read(tmp_path, kept.wall)


def test_a_segment_that_should_be_gone_goes_after_a_restart(tmp_path: Path) -> None:
    """It was on record, and the process died before it went."""
    kept = Kept(tmp_path, Wall(), 1, None)
    kept.day(forwarded("000001"))
    kept.day()
    kept.wall.time += DAY_S
    kept.file.retire(segments(tmp_path)[0], archived=False)
    kept.file.append([ended("900001")])
    kept.file.close()
    again = Kept(tmp_path, kept.wall, 1, None)
    assert again.file.retired >= 1
    again.retention.step()
    assert segments(tmp_path)[0].number > 1
    again.file.close()
