"""CPU time of a process with its threads, and which cores each program of the harness runs on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

HARNESS: Final = ("load", "issuer", "hsm")


def cpu_us(pid: int) -> float:
    """Microseconds on a processor so far, of all threads that are alive (from the scheduler)."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            nanoseconds += int((task / "schedstat").read_text().split()[0])
        except OSError:  # it ended while we looked
            continue
    return nanoseconds / 1000


def cores_of(program: str, available: list[int]) -> set[int]:
    """The program under test has a core of its own where there are two; the others share the rest.

    Never more than one core for the router, relay or whatever stands in its place: figures are
    per core, and compare only so.
    """
    if len(available) == 1:
        return set(available)
    others = available[:-1]
    if program not in HARNESS:
        return {available[-1]}
    return {others[HARNESS.index(program) % len(others)]}


@contextmanager
def on_cores_of(program: str) -> Iterator[None]:
    """What is started in here runs there, with every thread it makes."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores_of(program, sorted(mine)))
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
