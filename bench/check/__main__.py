"""`python -m bench.check`: fails where CPU per transaction grew over 15 % against the baseline."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from bench.check.ratios import BASELINE, GROWTH_MAX, Compared, Ratios, Wrong, compared, measured
from bench.stage.programs import CannotStart
from bench.studies.running import LoadFailed


def command(
    baseline: Annotated[Path, typer.Option(help="What to compare with.")] = BASELINE,
    result: Annotated[
        Path | None, typer.Option(help="Compare these stored ratios, and measure nothing.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Make what is measured the baseline.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=0.2, help="Of each run.")] = 3.0,
) -> None:
    """Compare ratios over peers of the same run with the baseline that is kept in the tree.

    Exit: 0 nothing grew over 15 %, 1 something did or a program failed, 2 there is no baseline.

    Examples:

      make bench-check

      python -m bench.check --update
    """
    says = Console(stderr=True)
    try:
        before = None if update else read(baseline)
        now = read(result) if result else _measured(seconds, says)
    except (OSError, msgspec.DecodeError) as error:
        remedy = "make bench-baseline measures one"
        says.print(f"bench.check: {error}; {remedy}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except (CannotStart, LoadFailed, Wrong) as error:
        says.print(f"bench.check: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if before is None:
        baseline.write_bytes(msgspec.json.format(msgspec.json.encode(now)) + b"\n")
        print(f"the baseline is now that of {now.commit}, {now.form}")
        return
    if before.form != now.form:
        said = f"the baseline is {before.form}, this is {now.form}: make bench-check compares alike"
        says.print(f"bench.check: {said}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2)
    _judge(compared(before, now), before, now)


def read(file: Path) -> Ratios:
    return msgspec.json.decode(file.read_bytes(), type=Ratios)


def _measured(seconds: float, says: Console) -> Ratios:
    with says.status("starting") as status:
        return measured(seconds, status.update)


def _judge(found: list[Compared], before: Ratios, now: Ratios) -> None:
    table = Table(title=f"{before.commit} and {now.commit}, {now.form}: ours over theirs")
    for heading in ("what", "then", "now", "growth"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for one in found:
        style = "bold red" if one.is_dearer else ""
        row = (one.what, f"{one.before:.3f}", f"{one.now:.3f}", f"{one.growth:+.0%}")
        table.add_row(*row, style=style)
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    dearer = [one.what for one in found if one.is_dearer]
    if dearer:
        print(f"grew over {GROWTH_MAX:.0%}: {'; '.join(dearer)}")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(command)
