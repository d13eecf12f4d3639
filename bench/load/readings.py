"""CPU time and memory of the programs under load, read at the edges of the windows."""

import os
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bench.stage.cores import busy_us, cpu_us, resident_kb

WORKER: Final = "worker "  # each of the router's, told again by itself


@dataclass(frozen=True, slots=True)
class Reading:
    """At one instant."""

    at: float
    answered: int
    cpu_us: dict[str, float]
    busy_us: float  # of all cores, whoever kept them busy


def reading(pids: dict[str, list[int]], answered: int) -> Reading:
    cpu = {name: sum(cpu_us(pid) for pid in some) for name, some in pids.items()}
    return Reading(time.monotonic(), answered, cpu, busy_us())


def memory_kb(pids: dict[str, list[int]]) -> dict[str, int]:
    """Resident memory by program."""
    return {name: sum(resident_kb(pid) for pid in some) for name, some in pids.items()}


def used(first: Reading, last: Reading) -> dict[str, float]:
    """Microseconds by program."""
    return {name: last.cpu_us[name] - first.cpu_us[name] for name in first.cpu_us}


def each(readings: list[Reading]) -> dict[str, list[float]]:
    """Microseconds per answered request, window by window; a window without answers is left out."""
    found: dict[str, list[float]] = {name: [] for name in readings[0].cpu_us}
    for first, last in pairwise(readings):
        answered = last.answered - first.answered
        for name, us in used(first, last).items():
            if answered:
                found[name].append(round(us / answered, 3))
    return found


def others_share(first: Reading, last: Reading) -> float:
    """What was used by programs that are not ours, as a share of all cores."""
    ours = sum(us for name, us in used(first, last).items() if not name.startswith(WORKER))
    whole = (last.at - first.at) * 1e6 * (os.cpu_count() or 1)
    return max(0.0, (last.busy_us - first.busy_us - ours) / whole)
