"""`noyau hsm`: the HSM emulator on a TCP port."""
from typing import Annotated, Literal

import typer


def command(
    port: Annotated[
        int, typer.Option(help="TCP port; 0 takes a free one and logs it.", min=0, max=65535),
    ] = 1500,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    profile: Annotated[
        Literal["strict", "legacy"],
        typer.Option(help="legacy admits what old estates hold: single keys, Diebold blocks."),
    ] = "strict",
) -> None:
    """Run the HSM emulator: payShield-like host commands over TCP, with the public test LMKs.

    Not a certified HSM: it protects nothing and is for tests and demonstrations only.

    Examples:

      noyau hsm

      noyau hsm --profile legacy    (says at start what it admits)

      noyau hsm --port 0    (the line "hsm_listening" names the port)
    """
    from hsm_emulator import daemon  # noqa: PLC0415
    from hsm_emulator.log import log_to_stderr  # noqa: PLC0415
    from hsm_emulator.rules import PROFILES  # noqa: PLC0415

    log_to_stderr()
    try:
        daemon.run(host, port, PROFILES[profile])
    except OSError as error:
        reason = f"cannot listen on {host}:{port}: {error.strerror}; choose another --port"
        typer.echo(f"noyau hsm: {reason}", err=True)
        raise typer.Exit(2) from None
