"""`noyau bench`: the load harness."""

import sys
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_RATES = (500.0, 1000.0)
DEFAULT_IN_FLIGHT = (64, 256, 1024)
RESULTS = Path("bench/results")


def command(
    seconds: Annotated[float, typer.Option(min=1.5, help="Measured time of each run.")] = 6.0,
    rate: Annotated[
        list[float] | None,
        typer.Option(min=1.0, help="Open loop, requests a second; may be given several times."),
    ] = None,
    in_flight: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Closed loop, requests in flight; may be given several times."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One short run of each kind.")] = False,
    json: Annotated[
        Path | None, typer.Option(help="Where to store the result; else bench/results/.")
    ] = None,
) -> None:
    """Load on the real processes: router, HSM, an issuer that approves; PIN and journal included.

    Prints transactions a second, latency from when each request was due, and CPU per transaction of
    every process, beside the same load through HAProxy as a relay where that is installed.

    Examples:

      noyau bench --quick

      noyau bench --rate 500 --rate 2000 --in-flight 256 --seconds 10
    """
    import msgspec  # noqa: PLC0415  --help need not load it
    from rich.console import Console  # noqa: PLC0415

    from bench.measure import Load, measured  # noqa: PLC0415
    from bench.stage import CannotStart  # noqa: PLC0415
    from bench.table import print_report  # noqa: PLC0415

    if quick:
        loads, seconds = [Load(rate=200.0), Load(in_flight=64)], 2.0
    else:
        chosen = rate or (() if in_flight else DEFAULT_RATES)
        loads = [Load(rate=one) for one in chosen]
        loads += [Load(in_flight=one) for one in in_flight or (() if rate else DEFAULT_IN_FLIGHT)]
    console = Console(width=None if sys.stdout.isatty() else 100)
    says = Console(stderr=True)
    try:
        with says.status("starting") as status:
            report = measured(loads, seconds, status.update)
    except CannotStart as error:
        says.print(f"noyau bench: {error}", markup=False)
        raise typer.Exit(1) from None
    print_report(report, console)
    day = report.at.replace(":", "").replace("-", "")
    file = json or RESULTS / f"{day}-{report.commit}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    console.print(f"stored in {file}", markup=False)
    if any(row.wrong or row.lost for row in report.rows):
        raise typer.Exit(1)
