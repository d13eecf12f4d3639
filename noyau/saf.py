"""`noyau saf list|retry|settle`: what is stored for issuers, and what a person does about it."""

import http.client
import json
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from noyau.operate import At, Config, Json, asked

app = typer.Typer(
    help="Stored reversals and advices: look at them, retry or settle parked ones.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames print local variables
    rich_markup_mode="rich",
)

HEAD: Final = f"{'id':42} {'state':8} {'age':>8} {'card':20} {'amount':>14} {'rrn':12}"
Ids = Annotated[list[str] | None, typer.Argument(help="ISSUER/MTI/STAN/DE7, as `list` has them.")]
OfIssuer = Annotated[str, typer.Option("--issuer", help="All of this issuer.")]
All = Annotated[bool, typer.Option("--all", help="All of every issuer.")]
Who = Annotated[str, typer.Option(help="Your name, for the journal and the log.")]


@app.command("list")
def listed(
    ids: Ids = None,
    issuer: OfIssuer = "",
    parked: Annotated[bool, typer.Option("--parked", help="Only what waits for a person.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="Show at most so many.")] = 200,
    config: Config = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Show what is stored for issuers and not delivered yet, parked entries first.

    Exit code 0: shown. 2: no router there.

    Examples:

      noyau saf list --parked

      noyau saf list --issuer atlas --json | jq '.entries[].why'
    """
    query = query_of(ids, issuer, False) | {"limit": str(limit), "parked": "1" if parked else ""}
    _, answer = asked("POST", f"/saf/list?{urlencode(query)}", "saf list", config, at)
    print(json.dumps(answer) if as_json else "\n".join(list_lines(answer)))


@app.command("retry")
def retry(
    who: Who,
    ids: Ids = None,
    issuer: OfIssuer = "",
    everything: All = False,
    config: Config = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Give parked entries back to delivery, under their old numbers and flagged repeat.

    With each goes what it must come after, and what must come after it. Exit code 0: done. 1: some
    of the ids are not parked. 2: no router there, or nothing named.

    Examples:

      noyau saf retry --who amina --issuer atlas

      noyau saf retry --who amina atlas/0420/000123/1124103000
    """
    query = named("saf retry", ids, issuer, everything) | {"who": who}
    finish(*asked("POST", f"/saf/retry?{urlencode(query)}", "saf retry", config, at), as_json)


@app.command("settle")
def settle(
    who: Who,
    why: Annotated[str, typer.Option(help="What became of it, for the journal and the log.")],
    ids: Ids = None,
    issuer: OfIssuer = "",
    everything: All = False,
    config: Config = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Declare parked entries over: somebody took care of them with the issuer, outside.

    Who and why stand in the journal. Exit codes as of `retry`.

    Example:

      noyau saf settle --who amina --why "booked by hand, ticket 881" atlas/0420/000123/1124103000
    """
    query = named("saf settle", ids, issuer, everything) | {"who": who, "why": why}
    finish(*asked("POST", f"/saf/settle?{urlencode(query)}", "saf settle", config, at), as_json)


def query_of(ids: list[str] | None, issuer: str, everything: bool) -> dict[str, str]:
    """What is meant, as the router's window takes it."""
    query: dict[str, str] = {}
    if ids:
        query["ids"] = ",".join(ids)
    if issuer:
        query["issuer"] = issuer
    if everything:
        query["all"] = "1"
    return query


def named(name: str, ids: list[str] | None, issuer: str, everything: bool) -> dict[str, str]:
    """Exactly one of the three."""
    query = query_of(ids, issuer, everything)
    if len(query) != 1:
        typer.echo(f"noyau {name}: name entries by ids, --issuer or --all: one of them", err=True)
        raise typer.Exit(2)
    return query


def finish(code: int, answer: dict[str, Any], as_json: bool) -> None:
    """Say what was done; exit 1 where something asked for was not."""
    print(json.dumps(answer) if as_json else "\n".join(done_lines(answer)))
    is_done = code == http.client.OK and not answer["not_parked"]
    raise typer.Exit(0 if is_done else 1)


def list_lines(answer: dict[str, Any]) -> list[str]:
    """For eyes."""
    lines = [HEAD] if answer["entries"] else []
    for one in answer["entries"]:
        amount = f"{one['amount_minor']} {one['currency']}"
        lines.append(
            f"{one['id']:42} {one['state']:8} {age(one['age_s']):>8} {one['pan_masked']:20}"
            f" {amount:>14} {one['rrn']:12}"
        )
        if one["why"]:
            lines.append(f"    {one['why']}")
    shown = len(answer["entries"])
    total = answer["open"] + answer["parked"]
    more = f"; {shown} shown" if shown < total else ""
    return [*lines, f"open {answer['open']}, parked {answer['parked']}{more}"]


def done_lines(answer: dict[str, Any]) -> list[str]:
    """For eyes."""
    lines = [*answer["done"], *(f"{one}: is not parked" for one in answer["not_parked"])]
    if not answer["durable"]:
        lines.append("The disk has not taken it yet: it counts as soon as it does.")
    return [*lines, f"{len(answer['done'])} done"]


def age(seconds: int) -> str:
    """As people say it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
