"""The targets, what was measured of each, and by how much a target was missed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Final, Literal

from bench.load.readings import WORKER
from bench.studies.report import Report
from bench.studies.row import Row

Standing = Literal["aim", "met", "missed", "open"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target. `over` is how much worse than the target, 0.2 being a fifth; negative: better."""

    what: str
    target: str
    aim: str
    measured: str
    standing: Standing
    over: float = 0.0

    @property
    def words(self) -> str:
        if self.standing == "open":
            return "not measured"
        if self.standing == "missed":
            return f"missed by {self.over:.0%}" if self.over < 1 else f"missed {self.over + 1:.1f}x"
        return "aim reached" if self.standing == "aim" else "met"


CPU_US: Final = ((1024, 11.0, 7.0), (256, 13.0, 8.0), (64, 20.0, 14.0))
AFTERNOON_US: Final = 144.0  # what plain pyiso8583 costs on the machine of those targets


def verdicts(report: Report) -> list[Verdict]:
    """In the order of the table of targets."""
    return [
        *_codec(report),
        *_cpu(report),
        _beside_the_relay(report),
        _beside_the_afternoon(report),
        *_latency(report),
        _connections(report),
        _ranges(report),
        *_memory(report),
        *_workers(report),
    ]


def at_most(what: str, value: float | None, limit: float, aim: float, unit: str) -> Verdict:
    """A figure that is to be small."""
    shown = _shower(unit)
    aimed = shown(aim) if aim < limit else ""
    if value is None:
        return Verdict(what, f"at most {shown(limit)}", aimed, "", "open")
    standing: Standing = "missed" if value > limit else "met"
    if value <= aim < limit:
        standing = "aim"
    over = value / limit - 1
    return Verdict(what, f"at most {shown(limit)}", aimed, shown(value), standing, over)


def at_least(what: str, value: float | None, limit: float, aim: float) -> Verdict:
    """A ratio that is to be large."""
    target, aimed = f"at least {limit:g}x", f"{aim:g}x" if aim > limit else ""
    if value is None:
        return Verdict(what, target, aimed, "", "open")
    standing: Standing = "missed" if value < limit else "met"
    if value >= aim > limit:
        standing = "aim"
    return Verdict(what, target, aimed, f"{value:.1f}x", standing, limit / value - 1)


def _shower(unit: str) -> Callable[[float], str]:
    if unit == "%":
        return lambda value: f"{value:.0%}" if value in (0.03, 0.15) else f"{value:+.1%}"
    if unit == "x":
        return lambda value: f"{value:.3g}x"
    return lambda value: f"{value:.3g} {unit}"


def _codec(report: Report) -> list[Verdict]:
    found: dict[str, list[float]] = {}
    for timing in report.codec:
        if timing.form == "compiled":
            for row in timing.rows:
                found.setdefault(row.job, []).append(row.ratio)
    worst = {job: min(ratios) for job, ratios in found.items()}
    return [
        at_least("scan for routing, against pyiso8583", worst.get("route"), 30, 50),
        at_least("full decode, against pyiso8583", worst.get("decode"), 6, 10),
        at_least("full encode, against pyiso8583", worst.get("encode"), 6, 10),
    ]


def _cpu(report: Report) -> list[Verdict]:
    """Judged as measured; a machine that is slower or faster than the targets' shows beside it."""
    ours = {row.in_flight: row.own_cpu_us for row in report.of("in flight", "noyau")}
    theirs = {row.in_flight: row.own_cpu_us for row in report.of("in flight", "afternoon")}
    found = []
    for in_flight, limit, aim in CPU_US:
        what = f"router CPU, {in_flight:,} in flight"
        one = at_most(what, ours.get(in_flight), limit, aim, "us")
        if in_flight in ours and in_flight in theirs:
            there = ours[in_flight] * AFTERNOON_US / theirs[in_flight]
            words = f"{one.measured} ({there:.3g} where plain pyiso8583 costs {AFTERNOON_US:g})"
            one = replace(one, measured=words)
        found.append(one)
    return found


def _at_rate(report: Report, through: str, rate: float) -> Row | None:
    rows = [row for row in report.of("rates", through) if row.rate == rate and row.keeps_up]
    return rows[0] if rows else None


def _beside_the_relay(report: Report) -> Verdict:
    ours, relay = _at_rate(report, "noyau", 10_000), _at_rate(report, "relay", 10_000)
    ratio = ours.own_cpu_us / relay.own_cpu_us if ours and relay else None
    return at_most("router CPU at 10,000/s, against the relay", ratio, 2.0, 1.5, "x")


def per_core(rows: list[Row]) -> tuple[float, bool]:
    """Transactions a second on one core; whether derived, because the harness was full first."""
    if not rows:
        return 0.0, False
    best = max(rows, key=lambda row: row.tps)
    cheapest = min(row.own_cpu_us for row in rows)
    derived = 1e6 / cheapest
    return (derived, True) if best.own_share < 0.9 else (best.tps, False)


def _beside_the_afternoon(report: Report) -> Verdict:
    ours, is_derived = per_core(report.of("in flight", "noyau"))
    theirs, _ = per_core(report.of("in flight", "afternoon"))
    what = "transactions a second on one core, against plain pyiso8583"
    found = at_least(what, ours / theirs if ours and theirs else None, 12, 12)
    if found.standing == "open":
        return found
    words = f"{found.measured} ({ours:,.0f}{', derived' if is_derived else ''} to {theirs:,.0f})"
    return Verdict(what, found.target, found.aim, words, found.standing, found.over)


def _latency(report: Report) -> list[Verdict]:
    ours, relay = _at_rate(report, "noyau", 5_000), _at_rate(report, "relay", 5_000)
    found = []
    for percentile, limit in (("p50", 2.0), ("p99", 6.0)):
        added = None
        if ours and relay:
            added = (ours.latency_us[percentile] - relay.latency_us[percentile]) / 1000
        what = f"latency added at 5,000/s above the relay, {percentile}"
        found.append(at_most(what, added, limit, limit, "ms"))
    return found


def grown(rows: list[Row], small: float, large: float) -> float | None:
    """By how much CPU per transaction grew between two values of what is varied."""
    measured = [row for row in rows if row.own_cpu_us and (row.keeps_up or not row.rate)]
    at = [[row.own_cpu_us for row in measured if row.x == x] for x in (small, large)]
    return median(at[1]) / median(at[0]) - 1 if all(at) else None


def _connections(report: Report) -> Verdict:
    growth = grown(report.of("connections", "noyau"), 10, 2_000)
    return at_most("growth of CPU, 10 to 2,000 connections", growth, 0.15, 0.15, "%")


def _ranges(report: Report) -> Verdict:
    growth = grown(report.of("ranges", "noyau"), 100, 1_000_000)
    return at_most("growth of CPU, 100 to 1,000,000 BIN ranges", growth, 0.03, 0.03, "%")


def _memory(report: Report) -> list[Verdict]:
    found = report.memory_kb
    rest = found.get("at rest")
    return [
        at_most("memory at rest", rest / 1000 if rest else None, 100, 100, "MB"),
        at_most("memory per connection", found.get("per connection"), 20, 20, "kB"),
        at_most("memory per transaction in flight", found.get("per in flight"), 2, 2, "kB"),
    ]


def _workers(report: Report) -> list[Verdict]:
    rows = report.of("workers", "noyau")
    growth = grown(rows, 1, 2)
    ratio = None if growth is None else growth + 1
    found = at_most("CPU with two workers, against one", ratio, 1.15, 1.15, "x")
    apart = [
        [share for name, share in row.core_share.items() if name.startswith(WORKER)] for row in rows
    ]
    spread = median([max(each) / min(each) - 1 for each in apart if len(each) > 1] or [-1.0])
    return [
        found,
        at_most("busier worker above the other", spread if spread >= 0 else None, 0.2, 0.2, "%"),
    ]
