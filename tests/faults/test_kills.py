"""kill -9 under load, on real processes, books compared: the short form of `make chaos`."""
import json
import subprocess
import sys

from bench.chaos.stage import ISSUERS

KILLS = 6


def test_killed_workers_leave_the_books_the_same() -> None:
    """Two workers with an acquirer each: one is killed, or all, or their supervisor."""
    command = [sys.executable, "-m", "bench.chaos.run", "--kills", str(KILLS), "--rate", "150",
               "--every", "0.7", "--seed", "1", "--workers", "2"]
    ran = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    result = json.loads(ran.stdout)
    assert result["kills"]["worker"] >= 2
    assert result["kills"]["router"] >= 1
    assert result["answers"]["00"] > 100
    assert result["approved_and_not_reversed"] == result["held"]


def test_kills_leave_the_books_of_all_sides_the_same() -> None:
    """Router, HSM or issuer, in the middle of everything; what was never heard is reversed."""
    command = [sys.executable, "-m", "bench.chaos.run", "--kills", str(KILLS), "--rate", "150",
               "--every", "0.7", "--seed", "20261124"]
    ran = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    result = json.loads(ran.stdout)
    assert sum(result["kills"].values()) == KILLS
    assert set(result["kills"]) == {"router", "hsm", *ISSUERS}
    assert result["answers"]["00"] > 100
    assert result["approved_and_not_reversed"] == result["held"]
