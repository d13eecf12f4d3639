"""What the page shows below its table: each curve with a sentence that says what one sees."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.load.latencies import percentile_curve
from bench.profile.flame import flame
from bench.profile.recording import Profile
from bench.profile.stages import shares
from bench.report import charts
from bench.report.charts import COLOURS, Line
from bench.report.verdict import grown
from bench.studies.report import Report
from bench.studies.row import Row

BESIDE: Final = ("noyau", "relay", "afternoon")
SHARES: Final = [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what one sees, the picture."""

    title: str
    sentence: str
    svg: str = ""
    table: tuple[tuple[str, ...], ...] = ()  # the first row is its head


def sections(report: Report) -> list[Section]:
    """Those that there are figures for."""
    makers: tuple[Callable[[Report], Section | None], ...] = (
        latency, percentiles, cpu_by_rate, cpu_by_in_flight, connections, ranges, sizes, dialects,
        workers, memory, codec, other_codecs,
    )  # fmt: skip
    found = [section for maker in makers if (section := maker(report)) is not None]
    return [*found[:4], *(profile(one) for one in report.profiles), *found[4:]]


def line(rows: list[Row], through: str, value: Callable[[Row], float], **more: str | bool) -> Line:
    points = [(row.x, value(row)) for row in rows]
    return Line(through, points, bool(more.get("dashed")), str(more.get("name", "")))


def latency(report: Report) -> Section | None:
    if not (ours := kept_up(report, "noyau")):
        return None
    lines = []
    for through in BESIDE:
        rows = kept_up(report, through)
        name = charts.NAMES[through]
        lines += [
            line(rows, through, lambda row: row.latency_us["p50"] / 1000, name=f"{name}, p50"),
            line(rows, through, lambda row: row.latency_us["p99"] / 1000, name="p99", dashed=True),
        ]
    last = ours[-1]
    sentence = (
        f"Open loop, latency from when each request was due. The last rate that the router keeps up"
        f" with here is {last.load}: half of its answers come within"
        f" {last.latency_us['p50'] / 1000:.1f} ms, 99 of 100 within"
        f" {last.latency_us['p99'] / 1000:.1f} ms. {limit_words(last)}"
    )
    svg = charts.curves("latency", lines, "offered load, requests a second", "ms", log_y=True)
    return Section("Latency against offered load, up to saturation", sentence, svg)


def kept_up(report: Report, through: str) -> list[Row]:
    return [row for row in report.of("rates", through) if row.keeps_up]


def limit_words(row: Row) -> str:
    """Who was full."""
    if row.own_share > row.harness_share:
        return f"The router's core is {row.own_share:.0%} full there."
    return (
        f"There load, issuer and HSM fill {row.harness_share:.0%} of their core, the router"
        f" {row.own_share:.0%} of its own."
    )


def percentiles(report: Report) -> Section | None:
    lines = []
    rates = [row.rate for row in kept_up(report, "noyau")]
    if not rates:
        return None
    rate = 5_000 if 5_000 in rates else rates[-1]
    for through in BESIDE:
        for row in kept_up(report, through):
            if row.rate == rate:
                us = percentile_curve(row.histogram, [share * 100 for share in SHARES])
                points = [(share, one / 1000) for share, one in zip(SHARES, us, strict=True)]
                lines.append(Line(through, points, name=charts.NAMES[through]))
    sentence = (
        f"At {rate:,.0f} requests a second: how long the slowest of ten, of a hundred, of a"
        " thousand waits. The router's distance to the relay is two durable journal groups, the"
        " HSM's answer, and its own work."
    )
    return Section("Percentiles", sentence, charts.percentiles("percentiles", lines, 10_000))


def cpu_by_rate(report: Report) -> Section | None:
    ours = kept_up(report, "noyau")
    if not ours:
        return None
    lines = [
        line(kept_up(report, through), through, lambda row: row.own_cpu_us) for through in BESIDE
    ]
    lines.append(line(ours, "follower", lambda row: row.cpu_us.get("follower", 0.0), dashed=True))
    sentence = (
        f"The busier, the cheaper: reads, writes and fsyncs are shared by more transactions. From"
        f" {ours[0].own_cpu_us:.0f} us at {ours[0].load} to {ours[-1].own_cpu_us:.0f} us at"
        f" {ours[-1].load}. The follower writes the journal's index beside the router."
    )
    svg = charts.curves(
        "cpu by rate", lines, "offered load, requests a second", "CPU per transaction, us",
        log_y=True,
    )  # fmt: skip
    return Section("CPU per transaction against offered load", sentence, svg)


def cpu_by_in_flight(report: Report) -> Section | None:
    ours = report.of("in flight", "noyau")
    if not ours:
        return None
    lines = [
        line(report.of("in flight", through), through, lambda row: row.own_cpu_us)
        for through in BESIDE
    ]
    at = {row.in_flight: row.own_cpu_us for row in ours}
    theirs = {row.in_flight: row.own_cpu_us for row in report.of("in flight", "afternoon")}
    shared = [count for count in at if count in theirs]
    busiest = max(shared) if shared else 0
    beside = ""
    if busiest:
        beside = f" ({theirs[busiest] / at[busiest]:.1f} times less than plain pyiso8583)"
    sentence = (
        "Closed loop: as one is answered the next leaves. With a single request in flight each step"
        f" waits for its own fsync and wake-up; with {busiest or max(at):,} a transaction"
        f" costs {at[busiest or max(at)]:.1f} us{beside}."
    )
    svg = charts.curves(
        "cpu in flight", lines, "requests in flight", "CPU per transaction, us", log_y=True
    )
    return Section("CPU per transaction against requests in flight", sentence, svg)


def connections(report: Report) -> Section | None:
    ours = report.of("connections", "noyau")
    if not ours:
        return None
    lines = [
        line(report.of("connections", through), through, lambda row: row.own_cpu_us)
        for through in ("noyau", "relay")
    ]
    growth = grown(ours, 10, 2_000)
    sentence = f"The same {ours[0].load}, spread over more and more connections of an acquirer."
    if growth is not None:
        sentence += f" From 10 to 2,000 of them a transaction costs {growth:+.0%}."
    svg = charts.curves("connections", lines, "connections", "CPU per transaction, us")
    return Section("Connections", sentence, svg)


def ranges(report: Report) -> Section | None:
    ours = report.of("ranges", "noyau")
    if not ours:
        return None
    counts = sorted({row.x for row in ours})
    merged = [(x, min(row.own_cpu_us for row in ours if row.x == x)) for x in counts]
    growth = grown(ours, 100, 1_000_000)
    sentence = f"{ours[0].load.capitalize()}, ever larger BIN tables."
    if growth is not None:
        sentence += f" From 100 to 1,000,000 ranges: {growth:+.1%}."
    svg = charts.curves("ranges", [Line("noyau", merged)], "BIN ranges", "CPU per transaction, us")
    return Section("BIN ranges", sentence, svg)


def sizes(report: Report) -> Section | None:
    ours = report.of("sizes", "noyau")
    if not ours:
        return None
    first, last = ours[0], ours[-1]
    slope = (last.own_cpu_us - first.own_cpu_us) / (last.x - first.x) * 1000
    sentence = (
        f"{first.load.capitalize()}, requests of {first.x:,.0f} to {last.x:,.0f} bytes: a further"
        f" thousand bytes cost some {slope:.1f} us."
    )
    svg = charts.curves(
        "sizes", [line(ours, "noyau", lambda row: row.own_cpu_us)], "bytes of a request",
        "CPU per transaction, us", log_x=False,
    )  # fmt: skip
    return Section("Message size", sentence, svg)


def dialects(report: Report) -> Section | None:
    rows = [*report.of("dialects", "noyau"), *report.of("pin", "noyau")]
    if not rows:
        return None
    labels = [row.label for row in rows]
    values = [row.own_cpu_us for row in rows]
    same = [" to " in label and len(set(label.split(" to "))) == 1 for label in labels]
    colours = [COLOURS["noyau"] if one else "#93b4f5" for one in same]
    sentence = (
        f"{rows[0].load.capitalize()}. Dark: both sides speak one dialect, so that the bytes are"
        " edited. Light: every element is written anew; the last two are one dialect, with a PIN"
        " through the HSM and without."
    )
    svg = charts.bars("dialects", labels, values, "CPU per transaction, us", colours)
    return Section("Dialects and PINs", sentence, svg)


def codec(report: Report) -> Section | None:
    if not report.codec:
        return None
    labels, values, colours = [], [], []
    for timing in report.codec:
        for row in timing.rows:
            if row.job != "scan":
                labels.append(f"{row.job}, {row.message}, {timing.form}")
                values.append(row.ratio)
                colours.append(COLOURS["noyau"] if timing.form == "compiled" else "#93b4f5")
    sentence = (
        "How many times faster than pyiso8583 at the same work on the same message. Dark: compiled,"
        " light: interpreted, the same source."
    )
    svg = charts.bars("codec", labels, values, "times faster than pyiso8583", colours)
    return Section("The codec alone", sentence, svg)


def other_codecs(report: Report) -> Section | None:
    """Each is compared with pyiso8583 in the same environment, on the same kind of message."""
    reference = next((one for one in report.peers if one.name == "pyiso8583"), None)
    if reference is None:
        return None
    head = ("codec", "licence", "decode, us", "encode, us", "against pyiso8583", "")
    rows = [
        (
            f"{one.name} {one.version}", one.licence, us(one.decode_us), us(one.encode_us),
            f"{times(reference.decode_us, one.decode_us)}, "
            f"{times(reference.encode_us, one.encode_us)}",
            one.note,
        )
        for one in report.peers
    ]  # fmt: skip
    sentence = (
        "The same purchase through codecs from the package index, in ASCII with everything binary"
        " in hexadecimal, which all of them can read. Programs of their own; nothing of ours"
        " imports them."
    )
    return Section("Other people's codecs", sentence, table=(head, *rows))


def us(value: float) -> str:
    return f"{value:.1f}" if value else "failed"


def times(reference: float, value: float) -> str:
    return f"{reference / value:.2f}x" if value else "-"


def memory(report: Report) -> Section | None:
    found = report.memory_kb
    if not found:
        return None
    head = ("what", "resident memory")
    rows = (
        ("at rest, 20,000 BIN ranges", f"{found['at rest'] / 1000:.1f} MB"),
        ("for each connection of an acquirer", f"{found['per connection']:.2f} kB"),
        (f"for each of {found['in flight']:,.0f} in flight", f"{found['per in flight']:.2f} kB"),
        (
            f"for each of {found['remembered']:,.0f} requests remembered for their repeats",
            f"{found['per remembered']:.2f} kB",
        ),
    )
    sentence = (
        "How much the router's memory grew, divided by what there was more of: what the allocator"
        " keeps for later counts. Requests are remembered up to a limit of the configuration."
    )
    return Section("Memory", sentence, table=(head, *rows))


def workers(report: Report) -> Section | None:
    rows = report.of("workers", "noyau")
    if not rows:
        return None
    labels = [row.label for row in rows]
    values = [row.own_cpu_us for row in rows]
    sentence = (
        f"{rows[0].load}, four acquirers, in turns. Two workers have half each and share nothing"
        " but the journal's folder; what they cost more are groups half as large."
    )
    colours = [COLOURS["noyau"] if row.x == 1 else "#93b4f5" for row in rows]
    svg = charts.bars("workers", labels, values, "CPU per transaction, us", colours)
    return Section("Workers", sentence, svg)


def profile(found: Profile) -> Section:
    told = ", ".join(
        f"{stage} {share * found.cpu_us:.1f}" for stage, share in by_weight(shares(found.stacks))
    )
    sentence = (
        f"{found.load}, {found.cpu_us:.1f} us a transaction, by what was on the processor when"
        f" py-spy looked ({sum(found.stacks.values()):,} looks; waiting left out). In us: {told}."
        " Point at a box for its share."
    )
    title = f"Where the time goes, {found.load}"
    return Section(title, sentence, flame(found.stacks, found.cpu_us))


def by_weight(found: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(found.items(), key=lambda item: -item[1])
