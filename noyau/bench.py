"""`noyau bench`: the load harness."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from bench.studies.report import Report
    from bench.studies.study import Study

SECONDS = 4.0
QUICK_S = 1.0


def command(
    study: Annotated[
        list[str] | None,
        typer.Argument(help="Only these studies: rates, connections, memory ...", show_default=""),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.1, help="Measured time of each run.", show_default="4, quickly 1"),
    ] = None,
    rate: Annotated[
        list[float] | None,
        typer.Option(min=1.0, help="Only this open loop, requests a second; may be repeated."),
    ] = None,
    in_flight: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Only this closed loop, requests in flight; may be repeated."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="All of it shortly, for a look.")] = False,
    json: Annotated[
        Path | None, typer.Option(help="File to store the result in, else one in bench/results/.")
    ] = None,
) -> None:
    """Load on the real processes: router, HSM, an issuer that approves; PIN and journal included.

    Measures latency and CPU per transaction beside HAProxy as a relay and a router of plain
    pyiso8583, in the same run, and what connections, sizes, BIN ranges, dialects and PINs cost.
    Stores the result as JSON, and as a page for the browser beside it.

    Exit: 0 every answer was right, 1 not, or a program did not come up.

    Examples:

      noyau bench --quick

      noyau bench rates connections

      noyau bench --rate 500 --rate 2000 --in-flight 256 --seconds 10
    """
    from rich.console import Console  # noqa: PLC0415  --help need not load it

    from bench.report.table import print_report  # noqa: PLC0415
    from bench.studies.measure import measured  # noqa: PLC0415

    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _leave)
    # What a script runs in the background is started with this one ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    says = Console(stderr=True)
    chosen, single = _studies(study, rate, in_flight, quick, says)
    each = seconds or (QUICK_S if quick else SECONDS)
    try:
        with says.status("starting") as status:
            report = measured(chosen, each, status.update, single)
    except KeyboardInterrupt:
        says.print("noyau bench: stopped; nothing was stored")
        raise typer.Exit(1) from None
    print_report(report, Console(width=None if sys.stdout.isatty() else 120))
    _store(report, json)
    is_right = all(row.is_right for row in report.rows if row.study != "rates")
    if report.failures or not is_right:
        raise typer.Exit(1)


def _studies(
    names: list[str] | None,
    rates: list[float] | None,
    in_flight: list[int] | None,
    quick: bool,
    says: "Console",
) -> "tuple[list[Study], tuple[str, ...]]":
    """Those that are run, and what is measured in a way of its own."""
    from bench.studies.measure import SINGLE  # noqa: PLC0415  --help need not load it
    from bench.studies.study import all_studies, chosen_loads  # noqa: PLC0415

    if rates or in_flight:
        return [chosen_loads(rates or (), in_flight or ())], ()
    studies = all_studies(quick)
    known = [*(one.name for one in studies), *SINGLE]
    for name in names or ():
        if name not in known:
            said = f"noyau bench: there is no study {name}; there are {', '.join(known)}"
            says.print(said, markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(2)
    kept = [one for one in studies if not names or one.name in names]
    return kept, tuple(one for one in SINGLE if not names or one in names)


def _store(report: "Report", file: Path | None) -> None:
    from bench.studies.report import results_folder, stored  # noqa: PLC0415

    if file is None:
        day = report.at.replace(":", "").replace("-", "")
        file = results_folder() / f"{day}-{report.machine.commit}.json"
    stored(report, file)
    print(f"stored in {file}")
    try:
        from bench.report.page import page  # noqa: PLC0415  needs what only developers have
    except ModuleNotFoundError as error:
        print(f"no page of it: {error.name} is not installed (make setup, or pip install it)")
        return
    html = file.with_suffix(".html")
    html.write_text(page(report), encoding="utf-8")
    print(f"to read in a browser: {html}")


def _leave(number: int, _frame: object) -> NoReturn:
    """As Ctrl-C: whatever was started is ended on the way out."""
    raise SystemExit(128 + number)
