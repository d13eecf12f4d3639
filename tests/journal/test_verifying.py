"""What `noyau journal verify` says of a journal that is whole, old, cut short, or robbed."""
from pathlib import Path

import pytest

from noyau.journal.opening import Worker
from noyau.journal.verifying import Verdict, verified
from specs.journal_segments import segments_in
from tests.net.journal_records import SEAL, Wall, answered, forwarded, touched
from tests.net.test_journal_segments import Kept, day_after_day, three_days


def verdict_on(folder: Path, head: str = "") -> Verdict:
    row, _, tag = head.partition(":")
    expected = (int(row), bytes.fromhex(tag)) if head else None
    return verified(Worker("0", folder, SEAL), expected, lambda _row, _rows: None)


def worker_in(folder: Path) -> Path:
    return folder / "worker-0"


def test_a_whole_journal_is_told_in_figures(tmp_path: Path) -> None:
    three_days(tmp_path)
    verdict = verdict_on(worker_in(tmp_path))
    assert verdict.is_whole
    assert (verdict.rows, verdict.segments, verdict.runs) == (5, 3, 1)
    assert verdict.head.startswith("5:")
    assert (verdict.first[:10], verdict.last[:10]) == ("2027-01-15", "2027-01-17")


def test_what_retention_took_is_not_missing(tmp_path: Path) -> None:
    """And its archive is whole by itself."""
    archive = tmp_path / "archive"
    kept = Kept(tmp_path, Wall(), 1, archive)
    for _ in range(3):
        kept.day(forwarded("000001"), answered("000001"))
    kept.file.close()
    verdict = verdict_on(worker_in(tmp_path))
    assert (verdict.is_whole, verdict.retired, verdict.segments) == (True, 2, 2)
    assert verdict_on(archive).is_whole


def test_a_first_segment_that_nobody_retired_is_missing(tmp_path: Path) -> None:
    three_days(tmp_path)
    segments_in(worker_in(tmp_path))[0].path.unlink()
    verdict = verdict_on(worker_in(tmp_path))
    assert not verdict.is_whole
    assert "segments 1 to 1 are missing" in verdict.what


@pytest.mark.parametrize("row", [1, 2, 3, 4, 5])
def test_the_first_row_that_was_changed_is_named(tmp_path: Path, row: int) -> None:
    three_days(tmp_path)
    segment = next(one for one in segments_in(worker_in(tmp_path)) if row <= 2 * one.number)
    touched(segment, f"UPDATE groups SET sealed = zeroblob(99) WHERE id >= {row}")  # noqa: S608 - a number of ours
    verdict = verdict_on(worker_in(tmp_path))
    assert (verdict.row, verdict.file) == (row, str(segment.path))


def test_a_head_kept_elsewhere_proves_what_the_folder_cannot(tmp_path: Path) -> None:
    """The journal was put back to an earlier copy of itself, head and all."""
    wall = Wall()
    day_after_day(tmp_path, wall, [forwarded("000001")])
    early = verdict_on(worker_in(tmp_path)).head
    day_after_day(tmp_path, wall, [answered("000001")])
    late = verdict_on(worker_in(tmp_path)).head
    assert verdict_on(worker_in(tmp_path), early).is_whole
    earlier = tmp_path / "earlier"
    day_after_day(earlier, Wall(), [forwarded("000001")])
    assert verdict_on(worker_in(earlier)).is_whole
    verdict = verdict_on(worker_in(earlier), late)
    assert (verdict.is_whole, verdict.row) == (False, 2)


def test_a_run_without_a_head_is_counted(tmp_path: Path) -> None:
    wall = Wall()
    day_after_day(tmp_path, wall, [forwarded("000001")])
    (worker_in(tmp_path) / "head").unlink()
    day_after_day(tmp_path, wall, [answered("000001")])
    verdict = verdict_on(worker_in(tmp_path))
    assert (verdict.is_whole, verdict.runs, verdict.runs_without_head) == (True, 2, 1)
