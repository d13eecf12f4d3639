"""The end of the log as a power cut may leave it: whole rows to some place, never a wrong one."""
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from router.net.journal_opening import JournalUnusable
from specs.journal_format import Record
from tests.net.journal_records import forwarded, opened, read, replayed

GROUPS: list[list[Record]] = [[forwarded(f"{row:06d}")] * (row % 7 + 1) for row in range(1, 31)]
PROMISED = 20  # rows that the head names


@dataclass
class Written:
    """A journal as it lies there while its router runs, and how long its log was after each row."""

    folder: Path
    log_bytes: list[int]

    def log(self, folder: Path) -> Path:
        (found,) = (folder / "worker-0").glob("*-wal")
        return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("journal")
    running, copied = folder / "running", folder / "copied"
    file = opened(running)
    replayed(file)
    one = Written(copied, [])
    for row, group in enumerate(GROUPS, start=1):
        file.append(group)
        one.log_bytes.append(one.log(running).stat().st_size)
        if row == PROMISED:
            file.write_head()
    shutil.copytree(running, copied)
    file.close()
    return one


def after(written: Written, folder: Path, log: bytes) -> list[list[Record]]:
    """What the next start reads, with this left of the log."""
    shutil.copytree(written.folder, folder)
    for index in (folder / "worker-0").glob("*-shm"):
        index.unlink()  # of the memory; a power cut leaves none
    written.log(folder).write_bytes(log)
    return read(folder)


def cuts(written: Written) -> list[int]:
    """Places in the log behind the rows that were promised."""
    return Random(1).sample(range(written.log_bytes[PROMISED - 1], written.log_bytes[-1]), 25)


@pytest.mark.parametrize("what", ["cut off", "zeros", "noise", "one block missing"])
def test_a_torn_end_leaves_whole_rows(written: Written, tmp_path: Path, what: str) -> None:
    """All that were durable, and of the others a first part."""
    log = written.log(written.folder).read_bytes()
    for place, at in enumerate(cuts(written)):
        rest = len(log) - at
        torn = {
            "cut off": log[:at],
            "zeros": log[:at] + bytes(rest),
            "noise": log[:at] + Random(at).randbytes(rest),
            "one block missing": log[:at] + bytes(min(512, rest)) + log[at + 512:],
        }[what]
        found = after(written, tmp_path / str(place), torn)
        assert PROMISED <= len(found) <= len(GROUPS)
        assert found == GROUPS[:len(found)]


def test_a_disk_that_lost_what_it_had_confirmed_is_noticed(
        written: Written, tmp_path: Path) -> None:
    """It said that the row was durable, and it is not there: nobody goes on as if nothing were."""
    log = written.log(written.folder).read_bytes()
    with pytest.raises(JournalUnusable, match=r"row 11 .*missing, and all to row 20"):
        after(written, tmp_path / "lost", log[:written.log_bytes[9]])
