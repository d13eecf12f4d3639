"""Runs the load against the switch, and the same load against a relay, and says what each cost."""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bench.cpu import cpu_us, pin
from bench.load import Plan, Result
from bench.stage import (
    ACQUIRER_DIALECT,
    SHARED_CORE,
    Stage,
    haproxy,
    relay_stage,
    switch_stage,
)

CONNECTIONS: Final = 8
WARM_UP_S: Final = 1.0
FSYNCS: Final = 200


class Row(msgspec.Struct):
    """One run. CPU in microseconds per answered request, by process."""

    through: str  # "noyau" or "relay"
    load: str  # "2,000/s" or "64 in flight"
    tps: float
    p50_us: float
    p99_us: float
    p999_us: float
    answered: int
    wrong: int
    lost: int
    cpu_us: dict[str, float]
    load_share: float  # of one core, the load process


class Report(msgspec.Struct):
    """Everything that is stored."""

    at: str
    commit: str
    machine: str
    cores: int
    python: str
    form: str
    fsync_ms: float
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


def measured(loads: list[Load], seconds: float, progress: Callable[[str], None]) -> Report:
    """All loads against the switch, then against the relay where there is one."""
    notes = []
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="noyau-bench-") as folder:
        fsync_ms = fsync_time_ms(Path(folder))
        rows += run_all("noyau", switch_stage, Path(folder) / "switch", loads, seconds, progress)
        if haproxy():
            rows += run_all("relay", relay_stage, Path(folder) / "relay", loads, seconds, progress)
        else:
            notes.append("no relay beside it: haproxy is not installed (apt install haproxy)")
    return Report(
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        commit=commit(),
        machine=platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        form=form(),
        fsync_ms=fsync_ms,
        rows=rows,
        notes=notes,
    )


def run_all(
    through: str,
    stage_in: Callable[[Path], AbstractContextManager[Stage]],
    folder: Path,
    loads: list[Load],
    seconds: float,
    progress: Callable[[str], None],
) -> Iterator[Row]:
    """One stage, each load on it in turn."""
    folder.mkdir()
    with stage_in(folder) as stage:
        for load in loads:
            progress(f"{through}, {load.words}")
            yield run_one(through, stage, load, seconds)


def run_one(through: str, stage: Stage, load: Load, seconds: float) -> Row:
    """Everybody's CPU is read over the whole run, the warm-up included, and shared among all."""
    plan = Plan(
        port=stage.port,
        dialect=ACQUIRER_DIALECT,
        connections=CONNECTIONS,
        seconds=seconds,
        warm_up_s=WARM_UP_S,
        rate=load.rate,
        in_flight=load.in_flight,
    )
    command = [sys.executable, "-m", "bench.load", msgspec.json.encode(plan).decode()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    pin(process.pid, SHARED_CORE)
    with process:
        watch = Watch({**stage.pids, "load": process.pid}, process, seconds)
        out = watch.until_ended()
    if process.returncode or not out:
        raise RuntimeError(f"the load process ended with {process.returncode}")
    result = msgspec.json.decode(out.encode(), type=Result)
    spent = watch.spent_us()
    per_request = max(1.0, watch.window_s * result.answered / result.seconds)
    return Row(
        through=through,
        load=load.words,
        tps=result.answered / result.seconds,
        p50_us=result.percentiles["p50"],
        p99_us=result.percentiles["p99"],
        p999_us=result.percentiles["p99.9"],
        answered=result.answered,
        wrong=result.wrong,
        lost=result.lost,
        cpu_us={name: us / per_request for name, us in spent.items()},
        load_share=spent["load"] / (watch.window_s * 1_000_000),
    )


class Watch:
    """Reads everybody's CPU time at two instants well inside the measured part of a run."""

    def __init__(self, pids: dict[str, int], load: "subprocess.Popen[str]", seconds: float) -> None:
        self._pids = pids
        self._load = load
        self._seconds = seconds
        self._before: dict[str, float] = {}
        self._after: dict[str, float] = {}
        self.window_s = 0.0

    def until_ended(self) -> str:
        """What the load process printed."""
        time.sleep(WARM_UP_S + 0.5)  # imports, connections and the warm-up are over
        began = time.monotonic()
        self._before = self._read()
        time.sleep(max(0.1, self._seconds - 1.0))
        self._after = self._read()
        self.window_s = time.monotonic() - began
        out, _ = self._load.communicate(timeout=self._seconds + 60)
        return out

    def spent_us(self) -> dict[str, float]:
        return {name: self._after[name] - self._before[name] for name in self._pids}

    def _read(self) -> dict[str, float]:
        return {name: cpu_us(pid) for name, pid in self._pids.items()}


def fsync_time_ms(folder: Path) -> float:
    """The median of what one small write and fsync takes on the disk that the journal is on."""
    took: list[float] = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(FSYNCS):
            began = time.perf_counter()
            file.write(b"x" * 400)
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return sorted(took)[FSYNCS // 2] * 1000


def commit() -> str:
    """Of the sources, where they are a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def form() -> str:
    """In which form the router runs, as a child of ours says."""
    command = [sys.executable, "-c", "from router.form import form; print(form())"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
