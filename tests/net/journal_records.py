"""Records by their STAN, a clock that a test turns, and a journal's file through several runs."""
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from router.net.business_day import BusinessDays
from router.net.journal_file import JournalFile
from specs.journal_format import (
    About,
    Answered,
    Ended,
    Forwarded,
    Parts,
    Record,
    Reversed,
    Stored,
    kept_message,
)
from specs.journal_seal import Seal
from specs.journal_segments import Segment, segments_in

KEY = bytes(range(32))
SEAL = Seal(KEY)
PAN = "9504010000000001"
WINDOW_S = 600.0
REPEATS_MAX = 100_000
NOON = 1_800_014_400.0  # 2027-01-15 12:00 UTC
DAY_S = 86_400.0


class Wall:
    """A clock on the wall, that a test turns."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> float:
        return self.time


def about(stan: str) -> About:
    parts = Parts(acquirer="medina", kind="10", stan=stan, processing_code="000000", amount="1",
                  currency="504", pan=PAN)
    return parts.about("0100")


def forwarded(stan: str) -> Forwarded:
    values = {2: PAN, 7: "0115120000", 11: stan}
    return Forwarded(about(stan), "atlas", "atlas-1", kept_message("0100", values))


def answered(stan: str) -> Answered:
    return Answered(about(stan), "00", True, {38: "ABC123"})


def reversed_(stan: str) -> Reversed:
    return Reversed(about(stan), False)


def stored(stan: str, request: str = "") -> Stored:
    """An entry; of the request of that STAN, else of its own."""
    kept = kept_message("0420", {2: PAN, 7: "0115120000", 11: stan})
    return Stored(("atlas", "0420", stan, "0115120000"), about(request or stan), "atlas", "", kept,
                  None, False)


def ended(stan: str, parked: bool = False) -> Ended:
    return Ended(("atlas", "0420", stan, "0115120000"), parked)


def opened(folder: Path, wall: Callable[[], float] = time.time,
           days: BusinessDays | None = None) -> JournalFile:
    """Unlocked, begun where it is new."""
    file = JournalFile(folder, wall, days)
    if file.wrapped_key is None:
        file.begin_with(KEY, "C0FFEE")
    file.unlock(KEY)
    return file


def replayed(file: JournalFile, repeats_max: int = REPEATS_MAX) -> list[list[Record]]:
    """Group by group."""
    return [group for group in file.replay(WINDOW_S, repeats_max) if group]


def write(folder: Path, *groups: list[Record], wall: Callable[[], float] = time.time) -> None:
    """One run: opened, replayed, written, closed."""
    file = opened(folder, wall)
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


def segments(folder: Path) -> list[Segment]:
    return segments_in(folder / "worker-0")


def touched(one: Segment, statement: str) -> None:
    """Somebody touches the file."""
    database = sqlite3.connect(one.path)
    database.execute(statement)
    database.commit()
    database.close()
