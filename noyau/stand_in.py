"""`noyau stand-in on|off|auto|status`: who answers for an issuer, said to a running router."""

import json
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

import typer

from noyau.operate import At, Config, Json, asked, stand_in_lines

app = typer.Typer(
    help="Answering for issuers that do not: by hand, by itself, or not at all.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames print local variables
    rich_markup_mode="rich",
)

Issuer = Annotated[str, typer.Argument(help="An issuer that stand_in.toml names.")]
Who = Annotated[str, typer.Option(help="Your name, for the journal.")]


@app.command("on")
def on(
    issuer: Issuer, who: Who = "", config: Config = None, at: At = None, as_json: Json = False
) -> None:
    """Send nothing to an issuer: answer what it lets us answer, 91 to the rest.

    Survives a restart. Exit code 0: in force. 1: in force, not yet on the disk. 2: no router
    there, or no such issuer.

    Examples:

      noyau stand-in on sirocco --who "A. Alaoui"
    """
    say(issuer, {"mode": "on", "who": who}, config, at, as_json)


@app.command("off")
def off(
    issuer: Issuer, who: Who = "", config: Config = None, at: At = None, as_json: Json = False
) -> None:
    """Never answer for an issuer: what it does not answer hears 91.

    Survives a restart. Exit codes as of `on`.

    Examples:

      noyau stand-in off sirocco
    """
    say(issuer, {"mode": "off", "who": who}, config, at, as_json)


@app.command("auto")
def auto(
    issuer: Issuer, who: Who = "", config: Config = None, at: At = None, as_json: Json = False
) -> None:
    """Answer what an issuer leaves unanswered; while its lines or it are silent, at once.

    The mode without any word of an operator. Survives a restart. Exit codes as of `on`.

    Examples:

      noyau stand-in auto sirocco
    """
    say(issuer, {"mode": "auto", "who": who}, config, at, as_json)


@app.command("status")
def status(
    issuer: Annotated[str, typer.Argument(help="An issuer; else all that lend anything.")] = "",
    config: Config = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Show whether an issuer's requests are sent, and what was answered for it.

    Exit code 0: shown. 2: no router there, or no such issuer.

    Examples:

      noyau stand-in status

      noyau stand-in status sirocco --json
    """
    if issuer:
        say(issuer, {}, config, at, as_json)
    _, answer = asked("GET", "/status", "stand-in", config, at)
    found = answer["stand_in"]
    lines = stand_in_lines(found)[1:] or ["stand_in.toml names nobody"]
    print(json.dumps(found) if as_json else "\n".join(lines))


def say(issuer: str, words: dict[str, str], config: Config, at: At, as_json: bool) -> None:
    """Ends the command."""
    query = urlencode({"issuer": issuer, **words})
    code, answer = asked("POST", f"/stand-in?{query}", "stand-in", config, at)
    if as_json:
        print(json.dumps(answer))
    else:
        print("\n".join(stand_in_lines([answer["stand_in"]])[1:]))
        if not answer["durable"]:
            typer.echo("The disk has not taken it yet: a restart may not know it.", err=True)
    raise typer.Exit(0 if code == HTTPStatus.OK else 1)
