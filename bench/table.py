"""The report as a person reads it."""

from typing import Final

from rich.console import Console
from rich.table import Table

from bench.measure import Report, Row

HARNESS: Final = ("load", "issuer", "hsm")  # they share a core where there are only two
NEARLY_ALL: Final = 0.9


def print_report(report: Report, console: Console) -> None:
    """One row per run, then what to think of them."""
    table = Table(title="Latency in milliseconds, CPU in microseconds per transaction")
    table.add_column("through")
    table.add_column("load", justify="right", no_wrap=True)
    table.add_column("tps", justify="right", style="bold")
    for heading in ("p50", "p99", "p99.9"):
        table.add_column(heading, justify="right")
    table.add_column("its CPU", justify="right", style="bold cyan")
    for heading in ("HSM", "issuer", "load"):
        table.add_column(heading, justify="right", style="dim")
    table.add_column("load's share", justify="right", style="dim")
    last = ""
    for row in report.rows:
        if last and row.through != last:
            table.add_section()
        table.add_row(*cells(row, is_first=row.through != last))
        last = row.through
    console.print(table)
    machine = report.machine
    console.print(
        f"issuer dialect {report.issuer_dialect}; {machine.processor}, {machine.cores} cores,"
        f" Python {machine.python}, router {machine.form}, commit {machine.commit};"
        f" one fsync on this {machine.disk}: {machine.fsync_ms:.2f} ms",
        markup=False,
        highlight=False,
    )
    for note in (*report.notes, *(remark for row in report.rows for remark in remarks(row))):
        console.print(f"- {note}", markup=False, highlight=False)


def cells(row: Row, is_first: bool) -> list[str]:
    """As they are printed."""
    cpu = row.cpu_us
    own = cpu.get("router", cpu.get("relay"))
    return [
        row.through if is_first else "",
        row.load,
        f"{row.tps:,.0f}",
        *(f"{us / 1000:.2f}" for us in (row.p50_us, row.p99_us, row.p999_us)),
        "" if own is None else f"{own:.1f}",
        *(f"{cpu[name]:.1f}" if name in cpu else "" for name in ("hsm", "issuer", "load")),
        f"{row.core_share['load']:.0%}",
    ]


def remarks(row: Row) -> list[str]:
    """What is wrong with a run, or limits what it shows."""
    said = []
    where = f"{row.through}, {row.load}"
    if row.overloaded:
        said.append(f"{where}: given up, the answers fell too far behind")
    if row.lost:
        said.append(f"{where}: {row.lost} requests were never answered")
    said += [f"{where}: {count} times wrong: {what}" for what, count in row.wrong.items()]
    harness = sum(row.core_share.get(name, 0.0) for name in HARNESS)
    if row.through != "nothing" and harness > NEARLY_ALL:
        said.append(f"{where}: load, issuer and HSM used {harness:.0%} of a core: a limit of ours")
    return said
