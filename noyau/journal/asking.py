"""What the commands of `noyau journal` share: the journal opened, refusals, progress, questions."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer

from noyau.journal.facts import time_from
from noyau.journal.opening import CannotRead, Worker, workers


def opened(config: Path | None, state: Path, folder: Path | None) -> list[Worker]:
    """Raises CannotRead."""
    from noyau.config_folder import NoConfiguration, config_folder  # noqa: PLC0415
    from router.net.configuration import hsm_settings  # noqa: PLC0415
    from router.net.mistakes import SettingsRejected  # noqa: PLC0415

    try:
        return workers(hsm_settings(config_folder(config)), state, folder)
    except (NoConfiguration, SettingsRejected) as error:
        raise CannotRead(str(error)) from None


@contextmanager
def reading(name: str) -> Iterator[None]:
    """What prevents it ends the command with 2, a damaged row with 1."""
    from specs.journal_reading import Damage  # noqa: PLC0415

    try:
        yield
    except Damage as error:
        typer.echo(f"noyau journal {name}: {error}", err=True)
        raise typer.Exit(1) from None
    except (CannotRead, OSError) as error:
        refuse(name, str(error))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing in a pipe."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def asked_pan() -> str:
    """Typed without echo, or read from standard input; digits only."""
    from noyau.secret_input import NothingCame, asked  # noqa: PLC0415

    try:
        pan = asked("card number").replace(" ", "")
    except NothingCame as error:
        refuse("find", f"--pan: {error}")
    if not (pan.isascii() and pan.isdigit() and 8 <= len(pan) <= 19):
        refuse("find", "--pan: a card number has 8 to 19 digits")
    return pan


def time_asked(name: str, option: str, text: str) -> int:
    """Milliseconds since 1970; 0 where nothing is asked."""
    if not text:
        return 0
    try:
        return time_from(text)
    except ValueError:
        refuse(name, f"{option} {text}: give a time such as 2026-11-24T08:00 or with +01:00")


def head_asked(text: str) -> tuple[int, bytes] | None:
    """ROW:TAG."""
    if not text:
        return None
    row, _, tag = text.partition(":")
    try:
        return int(row), bytes.fromhex(tag)
    except ValueError:
        refuse("verify", f"--head {text}: give ROW:TAG as verify prints it")


def found_line(fields: dict[str, Any]) -> str:
    """One transaction for eyes."""
    return (
        f"{fields['at']}  {fields['id']:<12} {fields['mti']} {fields['pan']:<19}"
        f" {fields['amount']:>12} {fields['currency']:<3} stan {fields.get('stan', '')}"
        f" rrn {fields['rrn']} {fields['acquirer']} -> {fields['issuer'] or '?'}"
    )


def refuse(name: str, why: str) -> NoReturn:
    """Exit code 2."""
    typer.echo(f"noyau journal {name}: {why}", err=True)
    raise typer.Exit(2)
