"""`python -m bench.codec`: both forms of the codec beside pyiso8583, as a table or as JSON."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from bench.codec import forms
from bench.codec.jobs import Disagreement
from bench.codec.timing import Timings

NOT_BUILT = "the compiled form is not built: make compile"


def command(
    seconds: Annotated[float, typer.Option(min=0.01, help="For each job and message.")] = 0.5,
    compiled: Annotated[
        Path, typer.Option(help="Folder of the compiled form; left out where it is missing.")
    ] = forms.COMPILED,
    here: Annotated[bool, typer.Option(help="Only the form that this Python finds.")] = False,
    json: Annotated[bool, typer.Option(help="Print JSON.")] = False,
) -> None:
    """Route scan, full decode and full encode against pyiso8583, on 351 bytes of ASCII and on BCD.

    Times are the least of many short rounds; the ratio is pyiso8583's time over ours.

    Examples:

      python -m bench.codec

      python -m bench.codec --seconds 2 --json
    """
    says = Console(stderr=True)
    if not here and not (compiled / "router").is_dir():
        says.print(NOT_BUILT, markup=False)
    try:
        found = [forms.here(seconds)] if here else forms.both(seconds, compiled)
    except Disagreement as job:
        said = f"bench.codec: {job}: our codec and pyiso8583 disagree"
        says.print(said, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except forms.CodecsDisagree as error:
        says.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    Console(width=None if sys.stdout.isatty() else 110).print(_table(found))


def _table(found: list[Timings]) -> Table:
    table = Table(title="Microseconds a message, and how many times faster than pyiso8583")
    table.add_column("message")
    table.add_column("job")
    table.add_column("pyiso8583", justify="right")
    for timing in found:
        table.add_column(timing.form, justify="right")
        table.add_column("times", justify="right", style="bold cyan")
    last = ""
    for place, row in enumerate(found[0].rows):
        if last and row.message != last:
            table.add_section()
        is_first, last = row.message != last, row.message
        cells = [f"{row.message}, {row.message_bytes} bytes" if is_first else "", row.job]
        cells.append(f"{min(one.rows[place].reference_us for one in found):.1f}")
        for timing in found:
            ours = timing.rows[place]
            cells += [f"{ours.ours_us:.2f}", f"{ours.ratio:.1f}"]
        table.add_row(*cells)
    return table


if __name__ == "__main__":
    typer.run(command)
