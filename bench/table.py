"""The report as a person reads it."""

from rich.console import Console
from rich.table import Table

from bench.measure import Report, Row


def print_report(report: Report, console: Console) -> None:
    """One row per run; CPU columns are microseconds per answered request."""
    has_faults = any(row.wrong or row.lost for row in report.rows)
    table = Table(title="latency in ms; CPU in µs per transaction", padding=(0, 1, 0, 0))
    table.add_column("through", no_wrap=True)
    table.add_column("load", no_wrap=True)
    for heading in ("tps", "p50", "p99", "p99.9"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("router", "HSM", "issuer", "load", "its core"):
        table.add_column(heading, justify="right", style="cyan", no_wrap=True)
    if has_faults:
        table.add_column("wrong, lost", justify="right", style="red", no_wrap=True)
    for row in report.rows:
        table.add_row(*cells(row)[: len(table.columns)])
    console.print(table)
    console.print(
        f"{report.machine}, {report.cores} cores, Python {report.python}, {report.form},"
        f" commit {report.commit}, one fsync {report.fsync_ms:.2f} ms"
    )
    for note in report.notes:
        console.print(note)
    for row in report.rows:
        if row.load_share > 0.7:
            console.print(f"{row.through}, {row.load}: the harness itself is near its limit")


def cells(row: Row) -> list[str]:
    """As they are printed."""
    middle = row.cpu_us.get("router", row.cpu_us.get("relay", 0.0))
    return [
        row.through,
        row.load,
        f"{row.tps:,.0f}",
        f"{row.p50_us / 1000:.2f}",
        f"{row.p99_us / 1000:.2f}",
        f"{row.p999_us / 1000:.2f}",
        f"{middle:.1f}",
        f"{row.cpu_us['hsm']:.1f}" if "hsm" in row.cpu_us else "",
        f"{row.cpu_us['issuer']:.1f}",
        f"{row.cpu_us['load']:.1f}",
        f"{row.load_share:.0%}",
        f"{row.wrong}, {row.lost}",
    ]
