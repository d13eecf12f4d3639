"""CPU time of a process with its threads, from the kernel's scheduler, and where processes run."""

import os
from pathlib import Path


def cpu_us(pid: int) -> float:
    """Microseconds on a processor so far; threads that ended are in the process's own count."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            nanoseconds += int((task / "schedstat").read_text().split()[0])
        except OSError:  # it ended while we looked
            continue
    return nanoseconds / 1000


def pin(pid: int, core: int) -> bool:
    """On one core, with all its threads to come. False where the machine has no such core."""
    if core not in os.sched_getaffinity(0):
        return False
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})
    return True
