"""`noyau explain`: how a card would be routed, step by step."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def command(
    card: Annotated[
        str,
        typer.Argument(help="PAN, or the 6 to 11 digits it begins with; - reads it."),
    ],
    config: Annotated[Path | None, typer.Option(help="Configuration folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on one line.")] = False,
) -> None:
    """Show how a card would be routed and why. The PAN is shown masked.

    A PAN on a command line stays in the shell's history: give - and it is read from standard input.

    Exit code 0: it would be sent to an issuer. 1: the router would refuse it. 2: no such
    configuration, or a wrong one.

    Examples:

      noyau explain 950400

      echo 4111111111111111 | noyau explain - --json
    """
    import msgspec  # noqa: PLC0415

    from noyau.config_folder import NoConfiguration, config_folder  # noqa: PLC0415
    from noyau.routing_steps import explained, lines_of  # noqa: PLC0415
    from router.net.configuration import load_settings  # noqa: PLC0415
    from router.net.mistakes import SettingsRejected  # noqa: PLC0415

    digits = (sys.stdin.readline() if card == "-" else card).strip().replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and 6 <= len(digits) <= 19):
        typer.echo("noyau explain: give a PAN, or its first 6 to 11 digits", err=True)
        raise typer.Exit(2)
    try:
        settings = load_settings(config_folder(config))
    except (NoConfiguration, SettingsRejected) as error:
        typer.echo(f"noyau explain: {error}", err=True)
        raise typer.Exit(2) from None
    explanation = explained(digits, settings)
    if as_json:
        print(msgspec.json.encode(explanation).decode())
    else:
        print("\n".join(lines_of(explanation)))
    raise typer.Exit(1 if explanation.response_code else 0)
