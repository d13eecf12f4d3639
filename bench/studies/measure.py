"""Runs the studies, one after another, each point on the stage it asks for."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Final

from bench.codec.forms import both
from bench.peers.codecs import peer_codecs
from bench.profile.recording import CannotProfile, Profile, recorded
from bench.stage.machine import IN_MEMORY, durable_folder, this_machine
from bench.stage.programs import (
    CannotStart,
    Opening,
    afternoon_stage,
    bare_stage,
    haproxy,
    relay_stage,
    switch_stage,
)
from bench.stage.setting import USUAL
from bench.studies.memory import memory
from bench.studies.report import Report
from bench.studies.row import Load, Row, row_of
from bench.studies.running import LoadFailed, result_of
from bench.studies.study import Point, Study

NO_RELAY: Final = "no relay to compare with: haproxy is not installed (apt install haproxy)"
NO_PEERS: Final = "no other codecs to compare with: make bench-peers installs them"
CODEC: Final = "codec"
MEMORY: Final = "memory"
PROFILE: Final = "profile"
SINGLE: Final = (CODEC, MEMORY, PROFILE)  # measured in their own ways
PROFILED: Final = (Load(in_flight=1024), Load(rate=5_000))
STAGES: Final[dict[str, Opening]] = {
    "noyau": switch_stage,
    "relay": relay_stage,
    "afternoon": afternoon_stage,
    "nothing": bare_stage,
}

Progress = Callable[[str], None]


def measured(
    studies: list[Study], seconds: float, progress: Progress, single: tuple[str, ...] = ()
) -> Report:
    """All of them; what cannot be compared with here is left out, and said."""
    began = time.monotonic()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with tempfile.TemporaryDirectory(prefix="noyau-bench-", dir=durable_folder()) as name:
        folder = Path(name)
        report = Report(at, this_machine(folder), seconds, 0.0, [], [], {}, [], [], [], [])
        if not haproxy():
            report.notes.append(NO_RELAY)
        if report.machine.disk in IN_MEMORY:
            disk = report.machine.disk
            report.notes.append(f"the journal lies in memory ({disk}): its fsyncs cost nothing")
        if CODEC in single:
            progress("codec")
            _add_codecs(report, seconds)
        for study in studies:
            report.rows += rows_of(study, folder, seconds, progress, report.failures)
        if MEMORY in single:
            progress("memory")
            with failing_alone(MEMORY, report.failures):
                report.memory_kb = memory(folder, seconds)
        if PROFILE in single:
            with failing_alone(PROFILE, report.failures):
                _add_profiles(report, folder, seconds, progress)
    report.took_s = time.monotonic() - began
    return report


def _add_codecs(report: Report, seconds: float) -> None:
    report.codec = both(seconds / 10)
    report.peers = peer_codecs()
    if not report.peers:
        report.notes.append(NO_PEERS)


def _add_profiles(report: Report, folder: Path, seconds: float, progress: Progress) -> None:
    with switch_stage(folder / "profile") as stage:
        for load in PROFILED:
            progress(f"profile: {load.words}")
            row = row_of(PROFILE, "noyau", load, 0, "", result_of(stage, USUAL, load, seconds))
            try:
                found = recorded(stage, load, 2 * seconds)
            except CannotProfile as reason:
                report.notes.append(str(reason))
                return
            report.profiles.append(Profile(load.words, row.own_cpu_us, found.stacks))


@contextmanager
def failing_alone(what: str, failures: list[str]) -> Iterator[None]:
    """A program that does not come up costs its own figures, not an hour of others."""
    try:
        yield
    except (CannotStart, LoadFailed) as error:
        failures.append(f"{what}: {error}")


def rows_of(
    study: Study, folder: Path, seconds: float, progress: Progress, failures: list[str]
) -> Iterator[Row]:
    """Point by point; a stage is kept while points ask for the same."""
    points = [point for point in study.points if point.through != "relay" or haproxy()]
    groups = groupby(points, key=lambda point: (point.through, point.setting))
    for number, ((through, setting), some) in enumerate(groups):
        progress(f"{study.name}: {through} starts")
        place = folder / f"{study.name}-{number}".replace(" ", "-")
        with (
            failing_alone(f"{study.name}, {through}", failures),
            STAGES[through](place, setting) as stage,
        ):
            for point in some:
                progress(f"{study.name}: {through}, {told(point)}")
                result = result_of(stage, setting, point.load, seconds)
                x = point.x or result.message_bytes
                label = point.label or f"{result.message_bytes:,} bytes"
                row = row_of(study.name, through, point.load, x, label, result)
                yield row
                if study.stops_when_full and not row.keeps_up:
                    break


def told(point: Point) -> str:
    """A point in words."""
    words = point.load.words
    return words if point.label in ("", words) else f"{words}, {point.label}"
