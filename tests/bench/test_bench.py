"""`noyau bench` from end to end, with tiny numbers: real processes, right answers, nothing left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bench.stage.programs import haproxy
from bench.stage.setting import USUAL
from bench.studies import measure
from bench.studies.row import Load
from bench.studies.study import Point, Study, pin

ENOUGH_S = 60.0

Handler = Callable[[int, FrameType | None], Any] | signal.Handlers


def started(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the command under test
        [sys.executable, "-m", "noyau", "bench", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_run_prints_a_table_and_stores_what_it_measured(tmp_path: Path) -> None:
    """Both kinds of load through all that there is: every answer right, CPU time read, a page."""
    file = tmp_path / "result.json"
    with started("--rate=50", "--in-flight=4", "--seconds=0.3", f"--json={file}") as process:
        out, err = process.communicate(timeout=ENOUGH_S)
    assert process.returncode == 0, out + err
    report = json.loads(file.read_text())
    rows = {(row["through"], row["load"]): row for row in report["rows"]}
    through = ["noyau", "relay", "afternoon"] if haproxy() else ["noyau", "afternoon"]
    expected = [(one, load) for one in through for load in ("50/s", "4 in flight")]
    assert list(rows) == [*expected, ("nothing", "4 in flight")]
    for row in rows.values():
        assert (row["wrong"], row["lost"], row["overloaded"]) == ({}, 0, False)
        assert row["tps"] > 0
        at = row["latency_us"]
        assert at["p50"] <= at["p99"] <= at["p99.9"]
        assert row["message_bytes"] == 351
    programs = {"hsm", "issuer", "router", "follower", "load"}
    assert set(rows["noyau", "50/s"]["cpu_us"]) == programs
    busy = rows["noyau", "4 in flight"]
    assert all(busy["cpu_us"][one] > 0 for one in programs - {"follower"})
    assert all(len(each) == 5 for each in busy["cpu_us_each"].values())
    assert report["machine"]["form"] in ("interpreted", "compiled")
    assert report["machine"]["fsync_ms"] > 0
    assert "4 in flight" in out
    assert "What a transaction costs" in file.with_suffix(".html").read_text()
    assert ("relay" in out) == bool(haproxy()) or "apt install haproxy" in out


def test_without_haproxy_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is left out, and how to have it is said."""
    monkeypatch.setattr(measure, "haproxy", lambda: "")
    study = Study("pin", [point for point in pin().points if point.label == "without PIN"])
    relay = replace(study.points[0], through="relay")
    study.points.append(relay)
    report = measure.measured([study], 0.1, lambda _: None)
    assert [row.through for row in report.rows] == ["noyau"]
    assert any("apt install haproxy" in note for note in report.notes)


def test_a_program_that_does_not_come_up_costs_its_own_figures_only() -> None:
    """The responder knows no such dialect: that is said, and the next point is measured."""
    unknown = replace(USUAL, issuer_dialect="morse")
    points = [Point("nothing", one, Load(in_flight=2), 0, "") for one in (unknown, USUAL)]
    points[0] = replace(points[0], through="noyau")
    report = measure.measured([Study("dialects", points)], 0.1, lambda _: None)
    assert [row.through for row in report.rows] == ["nothing"]
    (failure,) = report.failures
    assert "dialects, noyau: issuer ended" in failure


@pytest.mark.parametrize("pair", [("iso87-binary", "iso87-binary"), ("national", "visa-like")])
def test_both_sides_may_speak_any_dialect(pair: tuple[str, str]) -> None:
    """BCD patched in place; EBCDIC with a header: every answer is right."""
    setting = replace(USUAL, acquirer_dialect=pair[0], issuer_dialect=pair[1])
    point = Point("noyau", setting, Load(in_flight=2), 0, "")
    (row,) = measure.measured([Study("dialects", [point])], 0.1, lambda _: None).rows
    assert row.is_right, row.wrong
    assert row.tps > 0
    assert row.message_bytes == (285 if pair[0] == "iso87-binary" else 351)


def test_an_unknown_study_is_refused_with_those_there_are() -> None:
    """Before anything starts."""
    with started("morse") as process:
        _, err = process.communicate(timeout=ENOUGH_S)
    assert process.returncode == 2
    assert "there is no study morse; there are rates, in flight, connections" in err


@pytest.mark.parametrize("before", [signal.default_int_handler, signal.SIG_IGN])
def test_ctrl_c_leaves_no_process_behind(before: Handler) -> None:
    """Interrupted in the middle of a run: router, HSM, issuer and load are all ended. So where it
    was started with the signal ignored, as what a script runs in the background is.
    """
    ours = signal.signal(signal.SIGINT, before)
    try:
        process = started("--rate=50", "--seconds=120")
    finally:
        signal.signal(signal.SIGINT, ours)
    with process:
        until = time.monotonic() + ENOUGH_S
        children: set[int] = set()
        while len(children) < 4 and time.monotonic() < until:
            children = children_of(process.pid)
            time.sleep(0.02)
        assert len(children) == 4
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=ENOUGH_S)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def children_of(pid: int) -> set[int]:
    """Processes that it started and that run."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        text = " ".join((task / "children").read_text() for task in tasks)
    except OSError:
        return set()
    return {int(child) for child in text.split() if os.path.exists(f"/proc/{child}/exe")}
