"""Runs the studies, one after another, each point on the stage it asks for."""

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from bench.stage.machine import IN_MEMORY, durable_folder, this_machine
from bench.stage.programs import (
    Opening,
    afternoon_stage,
    bare_stage,
    haproxy,
    relay_stage,
    switch_stage,
)
from bench.studies.report import Report
from bench.studies.row import Row, row_of
from bench.studies.running import result_of
from bench.studies.study import Point, Study

NO_RELAY: Final = "no relay to compare with: haproxy is not installed (apt install haproxy)"
STAGES: Final[dict[str, Opening]] = {
    "noyau": switch_stage,
    "relay": relay_stage,
    "afternoon": afternoon_stage,
    "nothing": bare_stage,
}

Progress = Callable[[str], None]


def measured(studies: list[Study], seconds: float, progress: Progress) -> Report:
    """All of them; what cannot be compared with here is left out, and said."""
    began = time.monotonic()
    notes = [] if haproxy() else [NO_RELAY]
    with tempfile.TemporaryDirectory(prefix="noyau-bench-", dir=durable_folder()) as name:
        folder = Path(name)
        machine = this_machine(folder)
        if machine.disk in IN_MEMORY:
            notes.append(f"the journal lies in memory ({machine.disk}): its fsyncs cost nothing")
        rows = [row for study in studies for row in rows_of(study, folder, seconds, progress)]
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return Report(at, machine, seconds, time.monotonic() - began, rows, [], {}, notes)


def rows_of(study: Study, folder: Path, seconds: float, progress: Progress) -> Iterator[Row]:
    """Point by point; a stage is kept while points ask for the same."""
    points = [point for point in study.points if point.through != "relay" or haproxy()]
    groups = groupby(points, key=lambda point: (point.through, point.setting))
    for number, ((through, setting), some) in enumerate(groups):
        progress(f"{study.name}: {through} starts")
        place = folder / f"{study.name}-{number}".replace(" ", "-")
        with STAGES[through](place, setting) as stage:
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
