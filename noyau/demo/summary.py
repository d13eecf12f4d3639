"""The closing summary, as one JSON object or as plain lines."""
import json
from collections.abc import Mapping
from typing import Any

from noyau.demo.comparison import Outcome
from noyau.demo.scenario_report import scenario_lines


def summary(outcome: Outcome, latency_ms: Mapping[str, float],
            regions: Mapping[str, str]) -> dict[str, Any]:
    """What a program reads."""
    return {
        "transactions": outcome.transactions,
        "approved": outcome.approved,
        "declined": outcome.declined,
        "timed_out": outcome.timed_out,
        "reversed": outcome.reversed,
        "violations": outcome.violations,
        "latency_ms": dict(latency_ms),
        "issuers": {
            name: {
                "region": regions[name],
                "approved": figures.approved,
                "declined": figures.declined,
                "pin_verified": figures.pin_verified,
            }
            for name, figures in outcome.issuers.items()
        },
    }


def as_json(figures: Mapping[str, Any]) -> str:
    """On one line."""
    return json.dumps(figures)


def as_lines(figures: Mapping[str, Any]) -> list[str]:
    """What a person reads."""
    latency = ", ".join(f"{share} {value:g} ms" for share, value in figures["latency_ms"].items())
    lines = [
        f"{figures['transactions']} transactions: {figures['approved']} approved, "
        f"{figures['declined']} declined, {figures['timed_out']} timed out; "
        f"{figures['reversed']} reversed",
        f"latency of answered ones: {latency}",
    ]
    lines.extend(
        f"{name} ({told['region']}): {told['approved']} approved, {told['declined']} declined, "
        f"{told['pin_verified']} PINs verified"
        for name, told in figures["issuers"].items()
    )
    if "scenario" in figures:
        lines.extend(scenario_lines(figures["scenario"]))
    violations = figures["violations"]
    if not violations:
        lines.append("the acquirer's book and the issuers' ledgers agree: no promise was broken")
    else:
        lines.append(f"PROMISES BROKEN: {len(violations)}")
        lines.extend(f"  {violation}" for violation in violations)
    return lines

