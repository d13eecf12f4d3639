"""`python -m bench.report RESULT.json`: the page of a stored result, made again."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bench.report.page import page
from bench.studies.report import read


def command(
    result: Annotated[Path, typer.Argument(help="A file of bench/results/.")],
    html: Annotated[Path | None, typer.Option(help="Where to, else beside the result.")] = None,
) -> None:
    """Make the page of a stored result again.

    Example:

      python -m bench.report bench/results/20261129T020000Z-1a2b3c4.json
    """
    try:
        report = read(result)
    except (OSError, msgspec.DecodeError) as error:
        sys.stderr.write(f"bench.report: {result}: {error}\n")
        raise typer.Exit(2) from None
    target = html or result.with_suffix(".html")
    target.write_text(page(report), encoding="utf-8")
    print(target)


if __name__ == "__main__":
    typer.run(command)
