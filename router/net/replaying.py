"""The journal read at a start: in parts, so that the loop goes on, and with its progress."""
import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from typing import Final

from router.net.journal_file import JournalFile
from router.switching.conductor import Conductor
from specs.journal_format import Record

PART_RECORDS: Final = 4096
SAID_EVERY_S: Final = 2.0

Says = Callable[[int, int], None]  # rows read, rows in all


async def replayed(
    file: JournalFile, conductor: Conductor, window_s: float, repeats_max: int, says: Says
) -> int:
    """How many records there were. No tick of the conductor meanwhile. Raises JournalUnusable."""
    recovery = conductor.recovery()
    rows = file.replay(window_s, repeats_max)
    said_at = time.monotonic()
    gc.disable()  # what is read stays, without cycles: to walk it again and again took most time
    try:
        while part := await asyncio.to_thread(next_part, rows):
            recovery.read(part)
            if time.monotonic() - said_at >= SAID_EVERY_S:
                said_at = time.monotonic()
                says(*file.progress)
    finally:
        gc.enable()
    conductor.recovered(recovery)
    return recovery.records


def next_part(rows: Iterator[list[Record]]) -> list[Record]:
    """Empty at the end."""
    part: list[Record] = []
    for records in rows:
        part += records
        if len(part) >= PART_RECORDS:
            break
    return part
