"""One run of the load, as it is stored; and what to say about it."""

from dataclasses import dataclass
from statistics import median
from typing import Final

import msgspec

from bench.load.plan import Result

OWN: Final = {"noyau": "router", "relay": "relay", "afternoon": "afternoon"}
HARNESS: Final = ("load", "issuer", "hsm")  # they share a core where there are only two
NEARLY_ALL: Final = 0.9


@dataclass(frozen=True, slots=True)
class Load:
    """A rate (open loop), or so many in flight (closed loop); over so many connections."""

    rate: float = 0.0
    in_flight: int = 0
    connections: int = 8

    @property
    def words(self) -> str:
        return f"{self.rate:,.0f}/s" if self.rate else f"{self.in_flight:,} in flight"


class Row(msgspec.Struct):
    """CPU in microseconds per answered request, and in shares of one core, by program."""

    study: str
    through: str  # "noyau", "relay", "afternoon" or "nothing"
    load: str  # "2,000/s" or "64 in flight"
    x: float  # what the study varies
    label: str  # the same in words
    rate: float
    in_flight: int
    connections: int
    message_bytes: int
    tps: float
    latency_us: dict[str, float]  # by percentile
    sent_late_us: float  # p99; what of the latencies is the load process's own lateness
    wrong: dict[str, int]
    lost: int
    overloaded: bool
    cpu_us: dict[str, float]
    cpu_us_each: dict[str, list[float]]  # the same, window by window
    core_share: dict[str, float]
    memory_kb: dict[str, int]
    others_share: float  # of all cores, by programs that are not ours
    histogram: str

    @property
    def own_cpu_us(self) -> float:
        """Of the program under test: the median of the windows, which a disturbance moves less."""
        each = self.cpu_us_each.get(OWN.get(self.through, ""), [])
        return median(each) if each else 0.0

    @property
    def own_share(self) -> float:
        return self.core_share.get(OWN.get(self.through, ""), 0.0)

    @property
    def harness_share(self) -> float:
        """Of the core that load, issuer and HSM share."""
        return sum(self.core_share.get(name, 0.0) for name in HARNESS)

    @property
    def is_right(self) -> bool:
        return not (self.wrong or self.lost or self.overloaded)

    @property
    def keeps_up(self) -> bool:
        """Open loop: what was offered was answered."""
        return self.is_right and self.tps > NEARLY_ALL * self.rate


def row_of(study: str, through: str, load: Load, x: float, label: str, result: Result) -> Row:
    answered = max(1, result.answered)
    return Row(
        study=study,
        through=through,
        load=load.words,
        x=x,
        label=label,
        rate=load.rate,
        in_flight=load.in_flight,
        connections=load.connections,
        message_bytes=result.message_bytes,
        tps=result.answered / result.window_s,
        latency_us=result.latencies,
        sent_late_us=result.sent_late_us,
        wrong=result.wrong,
        lost=result.lost,
        overloaded=result.overloaded,
        cpu_us={name: us / answered for name, us in result.cpu_us.items()},
        cpu_us_each=result.cpu_us_each,
        core_share={name: us / result.window_s / 1e6 for name, us in result.cpu_us.items()},
        memory_kb=result.memory_kb,
        others_share=result.others_share,
        histogram=result.histogram,
    )


def remarks(row: Row) -> list[str]:
    """What is wrong with a run, or limits what it shows."""
    said = []
    where = f"{row.through}, {row.load}"
    if row.label not in ("", row.load):
        where += f", {row.label}"
    if row.overloaded:
        said.append(f"{where}: given up, the answers fell too far behind")
    if row.lost:
        said.append(f"{where}: {row.lost} requests were never answered")
    said += [f"{where}: {count} times wrong: {what}" for what, count in row.wrong.items()]
    if row.through != "nothing" and row.harness_share > NEARLY_ALL:
        said.append(
            f"{where}: load, issuer and HSM used {row.harness_share:.0%} of a core: a limit of ours"
        )
    return said
