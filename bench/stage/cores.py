"""CPU time and memory of a process with its threads, and which cores each program runs on."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

HARNESS: Final = ("load", "issuer", "hsm")
TICK_US: Final = 1e6 / os.sysconf("SC_CLK_TCK")
PAGE_KB: Final = os.sysconf("SC_PAGE_SIZE") // 1024


def cpu_us(pid: int) -> float:
    """Microseconds on a processor so far, of all threads that are alive (from the scheduler)."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            nanoseconds += int((task / "schedstat").read_text().split()[0])
        except OSError:  # it ended while we looked
            continue
    return nanoseconds / 1000


def busy_us() -> float:
    """Microseconds that all cores together were not idle, since the machine started."""
    user, nice, system, _, _, irq, softirq, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) * TICK_US


def resident_kb(pid: int) -> int:
    """Memory that is in RAM, shared pages too."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KB


def descendants_of(pid: int) -> list[int]:
    """Children, and theirs."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:  # it ended while we looked
        return found
    return [*found, *(below for child in found for below in descendants_of(child))]


def command_of(pid: int) -> list[str]:
    """How it was called; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def cores_of(program: str, available: list[int], cores: int = 1) -> set[int]:
    """The program under test has a core of its own where there are two; the others share the rest.

    Never more than `cores` for the router, relay or whatever stands in its place: figures are per
    core, and compare only so.
    """
    if len(available) == 1:
        return set(available)
    if program not in HARNESS:
        return set(available[-cores:])
    others = available[:-cores] or available[:1]
    return {others[HARNESS.index(program) % len(others)]}


def move_to_cores_of(program: str, pid: int) -> None:
    """A process that another one started, with the threads it has."""
    cores = cores_of(program, sorted(os.sched_getaffinity(0)))
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it ended while we looked
            os.sched_setaffinity(int(task.name), cores)


@contextmanager
def on_cores_of(program: str, cores: int = 1) -> Iterator[None]:
    """What is started in here runs there, with every thread it makes."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores_of(program, sorted(mine), cores))
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
