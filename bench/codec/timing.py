"""How long a call takes, when nothing disturbs it: the least of many short rounds."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from bench.codec.jobs import jobs_on
from bench.codec.messages import samples

ROUND_S: Final = 0.004  # shorter than a turn of the scheduler


class Timed(msgspec.Struct):
    """One job on one message, in microseconds a message."""

    message: str  # "ASCII" or "BCD"
    message_bytes: int
    job: str
    ours_us: float
    reference_us: float

    @property
    def ratio(self) -> float:
        return self.reference_us / self.ours_us


class Timings(msgspec.Struct):
    """Of one form of our codec."""

    form: str
    rows: list[Timed]


def timings(form: str, seconds: float) -> Timings:
    """Both sides of a job take turns, so that a slow moment of the machine meets both."""
    rows = []
    for sample in samples():
        for job in jobs_on(sample):
            ours, reference = fastest([job.ours, job.reference], seconds)
            rows.append(Timed(sample.name, len(sample.data), job.name, ours, reference))
    return Timings(form, rows)


def fastest(calls: list[Callable[[], object]], seconds: float) -> list[float]:
    """Of each call the least microseconds per call, over short rounds in turn."""
    counts = [_calls_in_a_round(call) for call in calls]
    best = [float("inf")] * len(calls)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or float("inf") in best:
        for which, call in enumerate(calls):
            best[which] = min(best[which], _round(call, counts[which]) / counts[which] * 1e6)
    return best


def _calls_in_a_round(call: Callable[[], object]) -> int:
    count = 1
    while (took := _round(call, count)) < ROUND_S / 10:
        count *= 4
    return max(1, int(count * ROUND_S / took))


def _round(call: Callable[[], object], count: int) -> float:
    turns = range(count)
    began = time.process_time()
    for _ in turns:
        call()
    return time.process_time() - began
