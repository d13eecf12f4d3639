"""The runs as a table on the terminal."""

from typing import Final

from rich.console import Console
from rich.table import Table

from bench.studies.report import Report
from bench.studies.row import OWN, Row, remarks

LATENCIES: Final = ("p50", "p99", "p99.9")
AROUND: Final = ("follower", "hsm", "issuer", "load")


def print_report(report: Report, console: Console) -> None:
    """One row per run, then what to think of them."""
    table = Table(title="Latency in milliseconds, CPU in microseconds per transaction")
    table.add_column("through")
    table.add_column("load", justify="right", no_wrap=True)
    table.add_column("tps", justify="right", style="bold")
    for heading in LATENCIES:
        table.add_column(heading, justify="right")
    table.add_column("its CPU", justify="right", style="bold cyan")
    for heading in ("follower", "HSM", "issuer", "load"):
        table.add_column(heading, justify="right", style="dim")
    table.add_column("others", justify="right", style="dim")
    last = ("", "")
    for row in report.rows:
        where = (row.study, row.through)
        if last not in (("", ""), where):
            table.add_section()
        table.add_row(*cells(row, is_first=where != last))
        last = where
    if report.rows:
        console.print(table)
    for line in (*memory_lines(report), machine_line(report), *remarks_of(report)):
        console.print(line, markup=False, highlight=False)


def memory_lines(report: Report) -> list[str]:
    found = report.memory_kb
    if not found:
        return []
    return [
        f"memory: {found['at rest'] / 1000:.0f} MB at rest, {found['per connection']:.1f} kB per"
        f" connection, {found['per in flight']:.2f} kB per transaction in flight,"
        f" {found['per remembered']:.2f} kB per remembered request"
    ]


def machine_line(report: Report) -> str:
    machine = report.machine
    return (
        f"{machine.processor}, {machine.cores} cores, Python {machine.python}, router"
        f" {machine.form}, commit {machine.commit}; one fsync on this {machine.disk}:"
        f" {machine.fsync_ms:.2f} ms"
    )


def remarks_of(report: Report) -> list[str]:
    of_rows = [remark for row in report.rows for remark in remarks(row)]
    said = [*report.failures, *report.notes, *of_rows]
    return [f"- {one}" for one in said]


def cells(row: Row, is_first: bool) -> list[str]:
    """As they are printed."""
    cpu = row.cpu_us
    own = f"{row.own_cpu_us:.1f}" if row.through in OWN else ""
    load = row.load if row.label in ("", row.load) else f"{row.label}, {row.load}"
    return [
        row.through if is_first else "",
        load,
        f"{row.tps:,.0f}",
        *(f"{row.latency_us[name] / 1000:.2f}" for name in LATENCIES),
        own,
        *(f"{cpu[name]:.1f}" if name in cpu else "" for name in AROUND),
        f"{row.others_share:.0%}",
    ]
