"""`noyau keys exchange`: have a running router exchange a session key with a peer now."""

import http.client
import json
from typing import Annotated
from urllib.parse import quote

import typer

from noyau.operate import At, Config, Json, asked


def exchange(
    peer: Annotated[str, typer.Argument(help="An acquirer or issuer with a [..key_exchange].")],
    config: Config = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Have a running router exchange a session key with a peer: deliver one, or ask for one.

    Exit code 0: it is under way, the router's log says how it ended. 1: it cannot begin.
    2: no router there.

    Examples:

      noyau keys exchange atlas

      noyau status --json | jq .session_keys
    """
    path = f"/keys/exchange?peer={quote(peer)}"
    code, answer = asked("POST", path, "keys exchange", config, at)
    if as_json:
        print(json.dumps(answer))
    else:
        print("Under way; the log says session_key_changed, or why not." if answer["begun"]
              else f"Not begun: {answer['why_not']}")
    raise typer.Exit(0 if code == http.client.ACCEPTED else 1)
