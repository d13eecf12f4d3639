"""`noyau bench`: the load harness."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from bench.measure import Load, Report

RATES = (500.0, 2000.0)
IN_FLIGHT = (64, 256, 1024)
QUICK_S = 1.0


def command(
    seconds: Annotated[float, typer.Option(min=0.1, help="Measured time of each run.")] = 5.0,
    rate: Annotated[
        list[float] | None,
        typer.Option(min=1.0, help="Open loop, requests a second; may be given several times."),
    ] = None,
    in_flight: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Closed loop, requests in flight; may be given several times."),
    ] = None,
    issuer_dialect: Annotated[
        str, typer.Option(help="iso87-ascii is the acquirer's: nothing to translate then.")
    ] = "national",
    quick: Annotated[bool, typer.Option("--quick", help="One short run of each kind.")] = False,
    json: Annotated[
        Path | None, typer.Option(help="File to store the result in, else one in bench/results/.")
    ] = None,
) -> None:
    """Load on the real processes: router, HSM, an issuer that approves; PIN and journal included.

    Prints transactions a second, latency from when each request was due, and CPU per transaction of
    every process, beside the same load through HAProxy as a relay where that is installed, and
    through nothing. Exit: 0 every answer was right, 1 not, or a program did not come up.

    Examples:

      noyau bench --quick

      noyau bench --rate 500 --rate 2000 --in-flight 256 --seconds 10
    """
    from rich.console import Console  # noqa: PLC0415  --help need not load it

    from bench.measure import LoadFailed, measured  # noqa: PLC0415
    from bench.stage import CannotStart  # noqa: PLC0415
    from bench.table import print_report  # noqa: PLC0415
    from specs.dialect import DialectError, load_dialect  # noqa: PLC0415
    from specs.pyiso import CannotSay, pyiso8583_spec  # noqa: PLC0415

    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _leave)
    says = Console(stderr=True)
    try:
        pyiso8583_spec(load_dialect(issuer_dialect))
    except (DialectError, CannotSay) as error:
        says.print(f"noyau bench: --issuer-dialect: {error}", markup=False, highlight=False)
        raise typer.Exit(2) from None
    chosen = _loads(rate, in_flight, quick)
    try:
        with says.status("starting") as status:
            each = min(seconds, QUICK_S) if quick else seconds
            report = measured(chosen, each, status.update, issuer_dialect)
    except (CannotStart, LoadFailed) as error:
        says.print(f"noyau bench: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        says.print("noyau bench: stopped; nothing was stored")
        raise typer.Exit(1) from None
    print_report(report, Console(width=None if sys.stdout.isatty() else 110))
    print(f"stored in {_stored(report, json)}")
    if not all(row.is_right for row in report.rows):
        raise typer.Exit(1)


def _loads(rates: list[float] | None, in_flight: list[int] | None, quick: bool) -> "list[Load]":
    from bench.measure import Load  # noqa: PLC0415  --help need not load it

    if not rates and not in_flight:
        rates, in_flight = (list(RATES), list(IN_FLIGHT)) if not quick else ([500.0], [64])
    return [
        *(Load(rate=one) for one in rates or ()),
        *(Load(in_flight=one) for one in in_flight or ()),
    ]


def _stored(report: "Report", file: Path | None) -> Path:
    import msgspec  # noqa: PLC0415  --help need not load it

    import bench  # noqa: PLC0415

    if file is None:
        day = report.at.replace(":", "").replace("-", "")
        results = Path(bench.__file__).parent / "results"
        in_checkout = (results.parents[1] / ".git").exists()
        folder = results if in_checkout else Path("bench-results")
        file = folder / f"{day}-{report.machine.commit}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    return file


def _leave(number: int, _frame: object) -> NoReturn:
    """As Ctrl-C: whatever was started is ended on the way out."""
    raise SystemExit(128 + number)
