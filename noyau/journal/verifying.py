"""Reads every row of a worker's journal and says whether all of it is there, as it was written."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from noyau.journal.facts import time_in_words
from noyau.journal.opening import Worker
from specs.journal_format import Carried, Retired, RunBegan
from specs.journal_head import head_in
from specs.journal_reading import Damage, JournalReader, Row
from specs.journal_segments import WORKER, segments_in

Says = Callable[[int, int], None]  # the row that was read, the last row there is


@dataclass
class Verdict:
    """Of one worker. `file` and `row` name the first that is wrong."""

    worker: str
    folder: str
    is_whole: bool = True
    rows: int = 0
    records: int = 0
    segments: int = 0
    first: str = ""  # the time of the first row, and of the last
    last: str = ""
    head: str = ""  # ROW:TAG of the last row: kept elsewhere, it proves the journal later
    runs: int = 0
    runs_without_head: int = 0
    retired: int = 0
    file: str = ""
    row: int = 0
    what: str = ""

    def damaged(self, error: Damage) -> None:
        self.is_whole = False
        self.file, self.row, self.what = str(error.path), error.row, error.what

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def verified(worker: Worker, expected: tuple[int, bytes] | None, says: Says) -> Verdict:
    """`expected` is a head that was kept elsewhere. Raises OSError."""
    verdict = Verdict(worker.name, str(worker.folder))
    reader = JournalReader(worker.folder, worker.seal)
    try:
        head = head_in(worker.folder, worker.seal)  # before the rows: they only become more
        newest = reader.newest()
        _read(reader, verdict, expected, lambda row: says(row, newest))
        if head is not None and head.row > reader.last:
            what = f"it is missing, and all to row {head.row}, though they were durable"
            raise Damage(segments_in(worker.folder)[-1].path, reader.last + 1, what)
        if expected is not None and expected[0] > reader.last:
            what = "it is missing: the head that was given names it"
            raise Damage(segments_in(worker.folder)[-1].path, expected[0], what)
        if worker.folder.name.startswith(WORKER):
            _nothing_else_gone(worker, verdict)
    except Damage as error:
        verdict.damaged(error)
    return verdict


def _read(
    reader: JournalReader, verdict: Verdict, expected: tuple[int, bytes] | None,
    says: Callable[[int], None],
) -> None:  # fmt: skip
    before: Row | None = None
    for row in reader.rows():
        if before is None or row.segment != before.segment:
            verdict.segments += 1
        if expected is not None and row.number == expected[0] and row.tag != expected[1]:
            what = "it is not the row whose head was given"
            raise Damage(row.segment.path, row.number, what)
        verdict.first = verdict.first or time_in_words(row.at)
        verdict.rows += 1
        verdict.records += len(row.entries)
        for entry in row.entries:
            if isinstance(entry, RunBegan):
                verdict.runs += 1
                verdict.runs_without_head += entry.head_row < 0 < row.number - 1
            elif isinstance(entry, Carried):
                verdict.retired = max(verdict.retired, entry.retired)
            elif isinstance(entry, Retired):
                verdict.retired = max(verdict.retired, entry.segment)
        before = row
        if row.number % 256 == 0:
            says(row.number)
    if before is not None:
        verdict.last = time_in_words(before.at)
        verdict.head = f"{before.number}:{before.tag.hex()}"
        says(before.number)


def _nothing_else_gone(worker: Worker, verdict: Verdict) -> None:
    """Segments before the oldest one went on record, or somebody took them. Raises Damage."""
    found = segments_in(worker.folder)
    if found and found[0].number > verdict.retired + 1:
        what = f"segments {verdict.retired + 1} to {found[0].number - 1} are missing"
        raise Damage(found[0].path, 1, f"{what}: no record says that they were retired")
