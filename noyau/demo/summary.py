"""The closing summary, as one JSON object or as plain lines."""
import json
from collections.abc import Mapping
from typing import Any

from noyau.demo.comparison import Outcome


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
        lines.extend(told_of(figures["scenario"]))
    violations = figures["violations"]
    if not violations:
        lines.append("the acquirer's book and the issuers' ledgers agree: no promise was broken")
    else:
        lines.append(f"PROMISES BROKEN: {len(violations)}")
        lines.extend(f"  {violation}" for violation in violations)
    return lines


def told_of(scenario: Mapping[str, Any]) -> list[str]:
    """The day, phase by phase."""
    lines = [scenario["title"]]
    for phase in scenario["phases"]:
        heard = ", ".join(f"{count} x {code}" for code, count in phase["answers"].items())
        stood_in = f" ({phase['stood_in']} approved by the stand-in)" if phase["stood_in"] else ""
        lines.append(f"  {phase['from_s']:5.1f} to {phase['to_s']:5.1f} s  {phase['name']}: "
                     f"{heard or 'nothing'}{stood_in}")
    drained = scenario["drained_after_s"]
    end = f"delivered {drained:g} s after their return" if drained is not None else "NOT delivered"
    lines.append(f"  stored for them, at most {scenario['stored_max']} at a time: {end}")
    return lines
