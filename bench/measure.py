"""Runs the load against the switch, and the same load against a relay, and says what each cost."""

import functools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bench.cores import on_cores_of
from bench.load import Plan, Result
from bench.machine import IN_MEMORY, Machine, durable_folder, this_machine
from bench.platform_files import ACQUIRER_DIALECT, ISSUER_DIALECT
from bench.stage import Opening, Stage, bare_stage, haproxy, relay_stage, switch_stage

CONNECTIONS: Final = 8
WARM_UP_MAX_S: Final = 1.0
NO_RELAY: Final = "no relay to compare with: haproxy is not installed (apt install haproxy)"


class LoadFailed(Exception):
    """The load process ended without a result; says why."""


class Row(msgspec.Struct):
    """One run. CPU in microseconds per answered request, and in shares of one core, by process."""

    through: str  # "noyau", "relay" or "nothing"
    load: str  # "2,000/s" or "64 in flight"
    tps: float
    p50_us: float
    p99_us: float
    p999_us: float
    sent_late_us: float  # p99; what of the latencies is the load process's own lateness
    wrong: dict[str, int]
    lost: int
    overloaded: bool
    cpu_us: dict[str, float]
    core_share: dict[str, float]
    histogram: str

    @property
    def is_right(self) -> bool:
        return not (self.wrong or self.lost or self.overloaded)


class Report(msgspec.Struct):
    """Everything that is stored."""

    at: str
    machine: Machine
    seconds: float
    issuer_dialect: str
    rows: list[Row]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Load:
    """A rate (open loop), or so many in flight (closed loop)."""

    rate: float = 0.0
    in_flight: int = 0

    @property
    def words(self) -> str:
        return f"{self.rate:,.0f}/s" if self.rate else f"{self.in_flight:,} in flight"


def measured(
    loads: list[Load],
    seconds: float,
    progress: Callable[[str], None],
    issuer_dialect: str = ISSUER_DIALECT,
) -> Report:
    """All loads against the switch, then against the relay where there is one, then bare."""
    notes = []
    switch = functools.partial(switch_stage, issuer_dialect=issuer_dialect)
    with tempfile.TemporaryDirectory(prefix="noyau-bench-", dir=durable_folder()) as name:
        folder = Path(name)
        machine = this_machine(folder)
        if machine.disk in IN_MEMORY:
            notes.append(f"the journal lies in memory ({machine.disk}): its fsyncs cost nothing")
        stages: list[tuple[str, Opening, list[Load]]] = [("noyau", switch, loads)]
        if haproxy():
            stages.append(("relay", relay_stage, loads))
        else:
            notes.append(NO_RELAY)
        stages.append(("nothing", bare_stage, [max(loads, key=lambda load: load.in_flight)]))
        rows = [
            row
            for through, opening, some in stages
            for row in rows_of(through, opening, folder / through, some, seconds, progress)
        ]
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Report(at, machine, seconds, issuer_dialect, rows, notes)


def rows_of(
    through: str,
    opening: Opening,
    folder: Path,
    loads: list[Load],
    seconds: float,
    progress: Callable[[str], None],
) -> Iterator[Row]:
    """One stage, each load on it in turn."""
    progress(f"{through}: starting")
    with opening(folder) as stage:
        for load in loads:
            progress(f"{through}: {load.words} for {seconds:g} s")
            yield row_of(through, load, result_of(stage, load, seconds))


def result_of(stage: Stage, load: Load, seconds: float) -> Result:
    """What the load process says."""
    plan = Plan(
        port=stage.port,
        dialect=ACQUIRER_DIALECT,
        connections=CONNECTIONS,
        seconds=seconds,
        warm_up_s=min(WARM_UP_MAX_S, seconds),
        rate=load.rate,
        in_flight=load.in_flight,
        pids=stage.pids,
    )
    command = [sys.executable, "-m", "bench.load", msgspec.json.encode(plan).decode()]
    with on_cores_of("load"):
        process = subprocess.Popen(  # noqa: S603 - ours
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    try:
        out, said = process.communicate(timeout=2 * seconds + 60)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        reason = said.decode(errors="replace").strip().splitlines()[-1:]
        raise LoadFailed(f"{load.words}: {reason[0] if reason else 'the load process was ended'}")
    return msgspec.json.decode(out, type=Result)


def row_of(through: str, load: Load, result: Result) -> Row:
    answered = max(1, result.answered)
    return Row(
        through=through,
        load=load.words,
        tps=result.answered / result.window_s,
        p50_us=result.percentiles["p50"],
        p99_us=result.percentiles["p99"],
        p999_us=result.percentiles["p99.9"],
        sent_late_us=result.sent_late_us,
        wrong=result.wrong,
        lost=result.lost,
        overloaded=result.overloaded,
        cpu_us={name: us / answered for name, us in result.cpu_us.items()},
        core_share={name: us / result.window_s / 1e6 for name, us in result.cpu_us.items()},
        histogram=result.histogram,
    )
