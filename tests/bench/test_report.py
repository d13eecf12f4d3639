"""The page of a stored result: the targets with their verdicts, curves, no network."""

import subprocess
import sys
from array import array
from pathlib import Path

import msgspec
import pytest

from bench.load.latencies import histogram_of
from bench.profile.recording import Profile
from bench.report.page import page
from bench.report.verdict import Verdict, at_least, at_most, verdicts
from bench.stage.machine import Machine
from bench.studies.report import Report, read, stored
from bench.studies.row import Row

MACHINE = Machine("a processor", 2, "6.1", "3.11.7", "1a2b3c4", "compiled", "ext4", 0.3)
LATENCIES = histogram_of(array("L", [100, 200, 900])).encode().decode()


def row(study: str, through: str, own_us: float, **changed: float | str) -> Row:
    """One run in which everything went well."""
    own = {"noyau": "router"}.get(through, through)
    told = {
        "study": study, "through": through, "load": "256 in flight", "x": 256, "label": "256",
        "rate": 0.0, "in_flight": 256, "connections": 8, "message_bytes": 351, "tps": 50_000.0,
        "latency_us": {"p50": 1000.0, "p90": 1500.0, "p99": 3000.0, "p99.9": 5000.0},
        "sent_late_us": 90.0, "wrong": {}, "lost": 0, "overloaded": False,
        "cpu_us": {own: own_us, "follower": 1.0, "hsm": 8.0}, "cpu_us_each": {own: [own_us] * 5},
        "core_share": {own: 0.5, "load": 0.5}, "memory_kb": {own: 60_000}, "others_share": 0.01,
        "histogram": LATENCIES,
    } | changed  # fmt: skip
    return msgspec.convert(told, Row)


def report(*rows: Row) -> Report:
    memory = {
        "at rest": 60_000.0, "per connection": 25.0, "in flight": 10_000.0, "per in flight": 1.5,
        "remembered": 50_000.0, "per remembered": 0.5,
    }  # fmt: skip
    profile = Profile("256 in flight", 12.0, {"AcquirerLink.data_received;Codec.scan": 10})
    at = "2026-11-29T02:00:00Z"
    return Report(at, MACHINE, 3.0, 60.0, list(rows), [], memory, [], [profile], ["a <note>"], [])


def judged(found: Report) -> dict[str, Verdict]:
    return {one.what: one for one in verdicts(found)}


def test_a_target_is_reached_met_or_missed_by_so_much() -> None:
    """What is to be small, and what is to be large; what was not measured is said to be so."""
    assert at_most("cpu", 7.0, 11, 7, "us").standing == "aim"
    assert at_most("cpu", 9.0, 11, 7, "us").standing == "met"
    assert at_most("cpu", 13.2, 11, 7, "us").words == "missed by 20%"
    assert at_most("cpu", 33.0, 11, 7, "us").words == "missed 3.0x"
    assert at_least("codec", 24.0, 30, 50).words == "missed by 25%"
    assert at_least("codec", 55.0, 30, 50).standing == "aim"
    assert at_most("growth", 0.1, 0.15, 0.15, "%").words == "met"
    assert at_most("cpu", None, 11, 7, "us").words == "not measured"


def test_each_target_is_found_in_its_study() -> None:
    """Growth between two runs, ratios between two programs, memory by itself."""
    found = judged(report(
        row("in flight", "noyau", 12.0, in_flight=256), row("in flight", "afternoon", 150.0),
        row("connections", "noyau", 20.0, x=10), row("connections", "noyau", 26.0, x=2000),
        row("rates", "noyau", 60.0, rate=10_000, tps=10_000.0),
        row("rates", "relay", 40.0, rate=10_000, tps=10_000.0),
    ))  # fmt: skip
    cpu = found["router CPU, 256 in flight"]
    assert cpu.measured == "12 us (11.5 where plain pyiso8583 costs 144)"
    assert cpu.standing == "met"
    assert found["growth of CPU, 10 to 2,000 connections"].words == "missed 2.0x"
    assert found["router CPU at 10,000/s, against the relay"].standing == "aim"
    assert found["memory per connection"].words == "missed by 25%"
    assert found["latency added at 5,000/s above the relay, p50"].standing == "open"
    on_one_core = found["transactions a second on one core, against plain pyiso8583"]
    assert "83,333, derived" in on_one_core.measured


def test_the_page_is_made_of_a_stored_result_and_needs_no_network(tmp_path: Path) -> None:
    """What was measured with words around it; text of others is escaped."""
    rows = [row("in flight", one, 12.0 if one == "noyau" else 150.0) for one in ("noyau", "relay")]
    file = tmp_path / "result.json"
    stored(report(*rows, row("rates", "noyau", 20.0, rate=5_000, tps=5_000.0)), file)
    made = subprocess.run(  # noqa: S603 - the command under test
        [sys.executable, "-m", "bench.report", str(file)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    text = file.with_suffix(".html").read_text()
    assert text == page(read(file))
    assert "missed by 25%" in text
    assert "a &lt;note&gt;" in text
    assert text.count("<svg") >= 4
    assert "Where the time goes, 256 in flight" in text
    assert not any(word in text for word in ("<script", "<link", 'src="http', "@import"))


def test_an_empty_result_makes_a_page_too() -> None:
    """Nothing was measured, and the page says so."""
    empty = Report("", MACHINE, 1.0, 0.0, [], [], {}, [], [], [], [])
    assert "not measured" in page(empty)


@pytest.mark.parametrize("content", ["", "{}", "no json"])
def test_what_is_no_result_is_refused(tmp_path: Path, content: str) -> None:
    """The file is named."""
    file = tmp_path / "other.json"
    file.write_text(content)
    made = subprocess.run(  # noqa: S603 - the command under test
        [sys.executable, "-m", "bench.report", str(file)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert made.returncode == 2
    assert "other.json" in made.stderr
