"""`noyau router`: the switch itself."""
import sys
from pathlib import Path
from typing import Annotated

import typer


def command(
    config: Annotated[
        Path | None, typer.Option(help="Configuration folder; else ./config, else the demo's."),
    ] = None,
    state: Annotated[Path, typer.Option(help="Where the journal is kept.")] = Path("state"),
) -> None:
    """Run the router until SIGTERM or Ctrl-C, which let what is in flight end first.

    One line of JSON on standard output says where it listens, once acquirers are let in; the log
    goes to standard error. SIGHUP reads the configuration again.

    Examples:

      noyau router

      noyau router --config ./config --state ./state
    """
    from noyau.config_folder import NoConfiguration, config_folder  # noqa: PLC0415
    from router.form import form  # noqa: PLC0415
    from router.net.program import CannotStart, run  # noqa: PLC0415

    try:
        folder = config_folder(config)
        run(folder, state, form(), announce)
    except (NoConfiguration, CannotStart) as error:
        typer.echo(f"noyau router: {error}", err=True)
        raise typer.Exit(2) from None


def announce(line: str) -> None:
    """For whoever started it; nobody may be reading.

    In one write: the log may go to the same file, and `print` writes the line's end apart where
    standard output is not buffered.
    """
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError:
        sys.stderr.write("noyau router: nobody reads standard output\n")
