"""`make bench-hsm`, for a moment."""

import json
import subprocess
import sys


def test_costs_are_measured_of_the_commands_asked_for() -> None:
    """CA first, each with CPU time and rate; what is printed is JSON where asked."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.costs.hsm", "--seconds", "0.1", "--json", "cc", "ca"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    costs = json.loads(done.stdout)
    assert costs[0]["command"] == "CA"
    assert {cost["command"] for cost in costs} == {"CA", "CC"}
    assert all(cost["cpu_us"] > 0 and cost["per_second"] > 0 for cost in costs)
