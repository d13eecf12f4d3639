"""`noyau reload`, `drain` and `status`: talk to a running router over its HTTP window."""

import http.client
import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

TIMEOUT_S: Final = 35.0
ANSWER_BYTES_MAX: Final = 4_000_000

Config = Annotated[
    Path | None, typer.Option(help="Configuration folder; it says where the router listens.")
]
At = Annotated[str | None, typer.Option(help="HOST:PORT of the router's HTTP window.")]
Json = Annotated[bool, typer.Option("--json", help="The router's answer as it is.")]


def reload(config: Config = None, at: At = None, as_json: Json = False) -> None:
    """Have a running router read its configuration again: all of it or, with mistakes, nothing.

    What is in flight is not touched. Exit code 0: in force. 1: refused, the old one stays.
    2: no router there.

    Examples:

      noyau reload

      noyau reload --at 127.0.0.1:9583 --json
    """
    code, answer = asked("POST", "/reload", "reload", config, at)
    if as_json:
        print(json.dumps(answer))
    else:
        print("\n".join(reload_lines(answer)))
    raise typer.Exit(0 if code == http.client.OK else 1)


def drain(config: Config = None, at: At = None, as_json: Json = False) -> None:
    """Have a running router stop: nothing new is taken, what is in flight ends, then it exits.

    Exit code 0: it is draining. 2: no router there.

    Examples:

      noyau drain
    """
    code, answer = asked("POST", "/drain", "drain", config, at)
    print(
        json.dumps(answer) if as_json else "Draining: it stops when what is in flight is answered."
    )
    raise typer.Exit(0 if code == http.client.ACCEPTED else 1)


def status(config: Config = None, at: At = None, as_json: Json = False) -> None:
    """Show a running router's lines, listeners and whether it is ready.

    Exit code 0: ready. 1: not ready. 2: no router there.

    Examples:

      noyau status

      noyau status --json | jq '.lines[] | select(.state != "signed_on")'
    """
    _, answer = asked("GET", "/status", "status", config, at)
    print(json.dumps(answer) if as_json else "\n".join(status_lines(answer)))
    raise typer.Exit(0 if answer.get("ready") else 1)


def asked(
    method: str, path: str, name: str, config: Path | None, at: str | None
) -> tuple[int, dict[str, Any]]:
    """The router's answer; ends the command where there is none."""
    host, port = window(name, config, at)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        answer = json.loads(response.read(ANSWER_BYTES_MAX))
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = f"no router answers at {host}:{port} ({type(error).__name__})"
        typer.echo(f"noyau {name}: {reason}; is it running? --at says where", err=True)
        raise typer.Exit(2) from None
    finally:
        connection.close()
    if not isinstance(answer, dict) or "error" in answer:
        said = answer.get("error") if isinstance(answer, dict) else "no JSON object"
        typer.echo(f"noyau {name}: {host}:{port} answers {response.status}: {said}", err=True)
        raise typer.Exit(2)
    return response.status, answer


def window(name: str, config: Path | None, at: str | None) -> tuple[str, int]:
    """Where the router listens: given, or as router.toml says, the rest of it good or not."""
    from noyau.config_folder import NoConfiguration, config_folder  # noqa: PLC0415
    from router.net.addresses import Address  # noqa: PLC0415
    from router.net.configuration import http_address  # noqa: PLC0415
    from router.net.mistakes import Wrong  # noqa: PLC0415

    try:
        address = Address.parsed(at) if at is not None else http_address(config_folder(config))
    except (Wrong, NoConfiguration) as error:
        typer.echo(f"noyau {name}: {error}", err=True)
        raise typer.Exit(2) from None
    return address.host, address.port


def reload_lines(answer: dict[str, Any]) -> list[str]:
    """What a reload did."""
    if answer["outcome"] == "refused":
        return [*answer["mistakes"], "", "Refused: nothing changed."]
    if answer["outcome"] == "unchanged":
        return ["Read again: nothing is different."]
    later = [f"{change} (from the next start on)" for change in answer["after_restart"]]
    return [*answer["changes"], *later, "", "Reloaded."]


def stand_in_lines(issuers: list[dict[str, Any]]) -> list[str]:
    """Who lets the router answer for them, and for whom it does; nothing where nobody does."""
    if not issuers:
        return []
    rows = [
        f"{one['issuer']:24} {one['mode']:12} {one['reason'] or '-':12}"
        f" {one['approvals']:9} {one['declines']:9} {one['cards']:7}"
        for one in issuers
    ]
    head = f"{'stand-in for':24} {'mode':12} {'not sent':12}"
    return ["", f"{head}  approved  declined   cards", *rows]


def status_lines(answer: dict[str, Any]) -> list[str]:
    """The state, for eyes."""
    lines = [
        f"noyau {answer['version']} ({answer['form']}), up {answer['up_s']:.0f} s,"
        f" configuration {answer['configuration']}",
        "ready" if answer["ready"] else "NOT READY",
        *(f"  {reason}" for reason in answer["reasons"]),
        f"in flight {answer['in_flight']}, stored {answer['saf_open']},"
        f" parked {answer['saf_parked']}, HSM connections {answer['hsm_connections']}",
        *follower_lines(answer.get("follower_rows_behind")),
        *overload_lines(answer),
        *worker_lines(answer.get("workers", [])),
        "",
        f"{'line':24} {'address':24} {'state':12} waiting",
    ]
    lines += [
        f"{one['line']:24} {one['address']:24} {one['state']:12} {one['waiting']:7}"
        + (f"  breaker {one['breaker']}" if one["breaker"] != "closed" else "")
        for one in answer["lines"]
    ]
    lines += stand_in_lines(answer.get("stand_in", []))
    lines += ["", f"{'acquirer':24} {'address':24} {'state':12} links  in flight"]
    lines += [
        f"{one['acquirer']:24} {one['address']:24} {'open' if one['is_open'] else 'closed':12}"
        f" {one['links']:5}  {one['in_flight']}"
        for one in answer["listeners"]
    ]
    lines += saf_lines(answer.get("saf", []))
    return lines


def follower_lines(rows_behind: int | None) -> list[str]:
    """Nothing where there is none."""
    if rows_behind is None:
        return []
    return [f"the journal's follower is {rows_behind:,} rows behind"]


def worker_lines(workers: list[dict[str, Any]]) -> list[str]:
    """Nothing where there is one."""
    if not workers:
        return []
    rows = [
        f"{one['worker']:<24} {one['process'] or '-':<24} {one['state']:12}"
        f" {one['acquirers']:9}  {one['in_flight']:9} {one['starts']:7}"
        for one in workers
    ]
    head = f"{'worker':24} {'process':24} {'state':12} acquirers  in flight  starts"
    return ["", head, *rows]


def overload_lines(answer: dict[str, Any]) -> list[str]:
    """Nothing, unless there is more to do than can be done."""
    share = answer.get("share_let_in", 1.0)
    return [f"OVERLOADED: {share:.0%} of new requests are let in"] if share < 1.0 else []


def saf_lines(stored: list[dict[str, Any]]) -> list[str]:
    """Of issuers that something is stored for."""
    rows = [
        f"{one['issuer']:24} {one['open']:8} {one['per_s']:8.1f} {one['oldest_s']:8} s"
        f" {one['parked']:8}"
        for one in stored
        if one["open"] or one["parked"]
    ]
    if not rows:
        return []
    head = f"{'stored for':24} {'left':>8} {'a second':>8} {'oldest':>10} {'parked':>8}"
    return ["", head, *rows]
