"""`noyau bench` from end to end, with tiny numbers: real processes, right answers, nothing left."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import measure
from bench.stage import haproxy

ENOUGH_S = 60.0


def started(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - the command under test
        [sys.executable, "-m", "noyau", "bench", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_run_prints_a_table_and_stores_what_it_measured(tmp_path: Path) -> None:
    """Both kinds of load through the real switch: every answer right, CPU time read."""
    file = tmp_path / "result.json"
    with started("--rate=50", "--in-flight=4", "--seconds=0.3", f"--json={file}") as process:
        out, err = process.communicate(timeout=ENOUGH_S)
    assert process.returncode == 0, out + err
    report = json.loads(file.read_text())
    rows = {(row["through"], row["load"]): row for row in report["rows"]}
    expected = [("noyau", "50/s"), ("noyau", "4 in flight"), ("nothing", "4 in flight")]
    if haproxy():
        expected[2:2] = [("relay", "50/s"), ("relay", "4 in flight")]
    assert list(rows) == expected
    for row in rows.values():
        assert (row["wrong"], row["lost"], row["overloaded"]) == ({}, 0, False)
        assert row["tps"] > 0
        assert row["p50_us"] <= row["p99_us"] <= row["p999_us"]
    assert set(rows["noyau", "50/s"]["cpu_us"]) == {"hsm", "issuer", "router", "load"}
    assert all(us > 0 for us in rows["noyau", "4 in flight"]["cpu_us"].values())
    assert report["machine"]["form"] in ("interpreted", "compiled")
    assert report["machine"]["fsync_ms"] > 0
    assert "4 in flight" in out
    assert ("relay" in out) == bool(haproxy()) or "apt install haproxy" in out


def test_without_haproxy_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is left out, and how to have it is said."""
    monkeypatch.setattr(measure, "haproxy", lambda: "")
    report = measure.measured([measure.Load(in_flight=2)], 0.1, lambda _: None)
    assert [row.through for row in report.rows] == ["noyau", "nothing"]
    assert any("apt install haproxy" in note for note in report.notes)


def test_the_issuer_may_speak_another_dialect() -> None:
    """The same as the acquirer's, EBCDIC with a header; an unknown one is a wrong call."""
    with started("--issuer-dialect=morse") as process:
        _, err = process.communicate(timeout=ENOUGH_S)
    assert process.returncode == 2
    assert "no such dialect" in err
    for dialect in ("iso87-ascii", "visa-like"):
        loads = [measure.Load(in_flight=2)]
        report = measure.measured(loads, 0.1, lambda _: None, dialect)
        assert all(row.is_right for row in report.rows), report.rows[0].wrong
        assert report.rows[0].tps > 0


def test_ctrl_c_leaves_no_process_behind() -> None:
    """Interrupted in the middle of a run: router, HSM, issuer and load are all ended."""
    with started("--rate=50", "--seconds=120") as process:
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
