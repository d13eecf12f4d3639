"""`python -m bench.profile`: where a transaction's CPU time goes, by stage and by function."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.profile.flame import flame
from bench.profile.recording import CannotProfile, Profile, recorded
from bench.profile.stages import heaviest, shares
from bench.stage.machine import durable_folder
from bench.stage.programs import CannotStart, switch_stage
from bench.stage.setting import USUAL
from bench.studies.row import Load, row_of
from bench.studies.running import LoadFailed, result_of

FUNCTIONS = 40


def command(
    in_flight: Annotated[int, typer.Option(min=1, help="Closed loop.")] = 256,
    rate: Annotated[float, typer.Option(min=0.0, help="Open loop instead, requests a second.")] = 0,
    seconds: Annotated[float, typer.Option(min=1.0, help="How long is looked.")] = 10.0,
    svg: Annotated[Path, typer.Option(help="Where the flame graph goes.")] = Path("flame.svg"),
) -> None:
    """CPU time of the router by stage and by function, and a flame graph; compiled code included.

    What a transaction costs is measured first, without the profiler.

    Examples:

      make bench-profile

      python -m bench.profile --rate 10000 --svg /tmp/flame.svg
    """
    says = Console(stderr=True)
    load = Load(rate=rate) if rate else Load(in_flight=in_flight)
    try:
        with (
            says.status("profiling"),
            tempfile.TemporaryDirectory(prefix="noyau-profile-", dir=durable_folder()) as name,
            switch_stage(Path(name) / "stage") as stage,
        ):
            before = row_of("", "noyau", load, 0, "", result_of(stage, USUAL, load, 3.0))
            profile = recorded(stage, load, seconds)
    except (CannotProfile, CannotStart, LoadFailed) as error:
        says.print(f"bench.profile: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    profile.cpu_us = before.own_cpu_us
    Console().print(_by_stage(profile), _by_function(profile))
    svg.write_text(flame(profile.stacks, profile.cpu_us), encoding="utf-8")
    print(f"{sum(profile.stacks.values())} samples; the flame graph is {svg}")


def _by_stage(profile: Profile) -> Table:
    table = Table(title=f"{profile.load}: {profile.cpu_us:.1f} us of CPU a transaction")
    for heading in ("stage", "share", "us"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage, share in shares(profile.stacks).items():
        table.add_row(stage, f"{share:.1%}", f"{share * profile.cpu_us:.2f}")
    return table


def _by_function(profile: Profile) -> Table:
    table = Table(title="Functions, with what they call")
    for heading in ("function", "share", "us"):
        table.add_column(heading, justify="left" if heading == "function" else "right")
    for frame, share in heaviest(profile.stacks, FUNCTIONS):
        table.add_row(frame, f"{share:.1%}", f"{share * profile.cpu_us:.2f}")
    return table


if __name__ == "__main__":
    typer.run(command)
