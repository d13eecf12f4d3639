"""`noyau hsm`: the HSM emulator on a TCP port, and the commands for whoever minds it."""
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from noyau import hsm_console, hsm_explain

if TYPE_CHECKING:
    from hsm_emulator.custody import Lmks
    from hsm_emulator.settings import Profile, Settings

app = typer.Typer(
    help="The HSM emulator: payShield-like host commands over TCP.",
    pretty_exceptions_enable=False,  # its frames print local variables: keys
    rich_markup_mode="rich",
    invoke_without_command=True,
)
app.add_typer(hsm_console.app, name="console")
app.command("explain")(hsm_explain.command)

DEFAULT_STATE = Path("state")


@app.callback()
def run(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(help="TCP port [1500]; 0 takes a free one and logs it.", min=0, max=65535),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    profile: Annotated[
        Literal["strict", "legacy"] | None,
        typer.Option(help="legacy admits what old estates hold: single keys, Diebold blocks."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Folder of hsm.toml.")] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="Where audit log and console socket are kept [./state; port 0: nowhere]"),
    ] = None,
    lmk_folder: Annotated[
        Path | None, typer.Option(help="Own LMKs, made by noyau keys ceremony.")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="Its first line opens the LMK folder; else it is asked for.")
    ] = None,
) -> None:
    """Run the HSM emulator: payShield-like host commands over TCP.

    With the public test LMKs unless it is given others. Not a certified HSM: it protects nothing
    and is for tests and demonstrations only.

    Examples:

      noyau hsm

      noyau hsm --profile legacy    (says at start what it admits)

      noyau hsm --port 0    (the line "hsm_listening" names the port)

      noyau hsm console status
    """
    if context.invoked_subcommand is not None:
        return
    from hsm_emulator.log import level_of, log_to_stderr  # noqa: PLC0415

    settings = _settings(config, profile)
    device = settings.device
    device = replace(
        device,
        port=device.port if port is None else port,
        host=device.host if host is None else host,
    )
    settings = replace(settings, device=device)
    log_to_stderr(level_of(device.log_level))
    folder = lmk_folder or (settings.folder / device.lmk_folder if device.lmk_folder else None)
    secret = passphrase_file or (
        settings.folder / device.passphrase_file if device.passphrase_file else None
    )
    _serve(settings, _lmks(settings, folder, secret), state)


@app.command("check")
def check(
    config: Annotated[Path | None, typer.Option(help="Folder of hsm.toml.")] = None,
) -> None:
    """Check hsm.toml as a whole: every mistake at once, with file, table and key.

    Exit code 0: good. 2: it has mistakes.

    Example:

      noyau hsm check --config ./config
    """
    from hsm_emulator.rules import admitted  # noqa: PLC0415

    settings = _settings(config)
    print(f"hsm.toml is good: profile {settings.rules.profile}, admits"
          f" {', '.join(admitted(settings.rules)) or 'nothing beyond the standards'}")


@app.command("operator")
def operator(
    name: Annotated[str, typer.Argument(help="a-z, 0-9, dot, - and _; at most 32.")],
) -> None:
    """Make the [[operator]] table of hsm.toml for one operator; asks for the password.

    Example:

      noyau hsm operator amina >> config/hsm.toml
    """
    from hsm_emulator.operators import PASSWORD_CHARACTERS_MIN, password_hash  # noqa: PLC0415
    from noyau.secret_input import asked  # noqa: PLC0415

    password = asked(f"password of {name}", confirm=True)
    if len(password) < PASSWORD_CHARACTERS_MIN:
        refuse(f"a password has {PASSWORD_CHARACTERS_MIN} characters or more")
    print(f'[[operator]]\nname = "{name}"\npassword_hash = "{password_hash(password)}"')


def _settings(config: Path | None, profile: "Profile | None" = None) -> "Settings":
    from hsm_emulator.settings import BadSettings, load_settings  # noqa: PLC0415
    from noyau.config_folder import NoConfiguration, config_folder  # noqa: PLC0415

    try:
        return load_settings(config_folder(config), profile)
    except (BadSettings, NoConfiguration) as error:
        refuse(str(error))


def _lmks(settings: "Settings", folder: Path | None, passphrase_file: Path | None) -> "Lmks":
    from hsm_emulator import custody, sealed_lmks  # noqa: PLC0415
    from noyau.secret_input import asked  # noqa: PLC0415

    if folder is None:
        return custody.public_test_lmks(settings.rules)
    try:
        if passphrase_file is not None:
            passphrase = passphrase_file.read_text(encoding="utf-8").partition("\n")[0]
        else:
            passphrase = asked(f"passphrase of {folder}")
        return custody.own_lmks(sealed_lmks.unsealed(folder, passphrase), settings.rules)
    except custody.NoLmks as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{passphrase_file}: {error.strerror}")


def _serve(settings: "Settings", lmks: "Lmks", state: Path | None) -> None:
    """Run with the state folder given; else with ./state, unless the port is taken at random."""
    from hsm_emulator import daemon  # noqa: PLC0415
    from hsm_emulator.audit import AuditBroken  # noqa: PLC0415
    from hsm_emulator.state import AlreadyRuns, can_keep  # noqa: PLC0415

    host, port = settings.device.host, settings.device.port
    if state is None and port and can_keep(DEFAULT_STATE):
        state = DEFAULT_STATE
    if state is not None and not can_keep(state):
        refuse(f"{state}: cannot be written; give another --state")
    try:
        daemon.run(settings, lmks, state)
    except AlreadyRuns as error:
        refuse(f"another device has {error}; stop it, or give another --state")
    except AuditBroken as error:
        refuse(f"audit log: {error}; keep it as evidence and move its files away")
    except daemon.AuditFailed:
        typer.echo("noyau hsm: the audit log cannot be written; stopped", err=True)
        raise typer.Exit(1) from None
    except daemon.CannotListen as error:
        refuse(f"cannot listen on {host}:{port}: {error}; choose another --port")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}; see --state")


def refuse(reason: str) -> NoReturn:
    """End with the reason and exit code 2."""
    print(f"noyau hsm: {reason}", file=sys.stderr)
    raise typer.Exit(2)
