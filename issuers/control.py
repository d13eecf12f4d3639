"""Commands to a running issuer host: a local socket, one JSON line in, one out.

`{"misbehave": [rules]}` puts rules in force at once, an empty list ends them; `{"key": "deliver"}`
has a new session key made and delivered to the switch, `{"key": "ask"}` asks the switch for one.
"""
import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec
import structlog

from issuers.misbehaviour import Misbehaviour
from issuers.settings import MisbehaviourRule
from issuers.state import reachable

log = structlog.get_logger("control")

LINE_BYTES_MAX: Final = 65_536
ANSWER_WITHIN_S: Final = 5.0

ExchangeKey = Callable[[Literal["deliver", "ask"]], Awaitable[str]]  # returns why not


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    misbehave: list[MisbehaviourRule] | None = None
    key: Literal["deliver", "ask"] | None = None


class Outcome(msgspec.Struct, frozen=True):
    done: bool
    reason: str = ""


class HostAway(Exception):
    """No host listens there."""


@contextmanager
def bound(path: Path) -> Iterator[socket.socket]:
    """A socket at this path, for the user who runs the host only."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        with reachable(path) as name:
            listening.bind(name)
        path.chmod(0o600)
        try:
            yield listening
        finally:
            path.unlink(missing_ok=True)


async def listen(
    listening: socket.socket, misbehaviour: Misbehaviour, exchange_key: ExchangeKey
) -> asyncio.Server:
    """Take commands on this socket."""

    async def obeyed(line: bytes) -> Outcome:
        try:
            command = msgspec.json.decode(line, type=Command)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return Outcome(False, str(error))
        if command.misbehave is not None:
            misbehaviour.command(command.misbehave)
            log.info("misbehaviour_commanded", rules=[rule.does for rule in command.misbehave])
        refusal = await exchange_key(command.key) if command.key is not None else ""
        return Outcome(not refusal, refusal)

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                writer.write(msgspec.json.encode(await obeyed(await reader.readline())))
                await writer.drain()
        except (TimeoutError, ValueError, ConnectionError):
            log.warning("command_unread")
        finally:
            writer.close()

    return await asyncio.start_unix_server(taken, sock=listening, limit=LINE_BYTES_MAX)


def misbehave(path: Path, rules: Sequence[MisbehaviourRule]) -> Outcome:
    """Have the host that listens there misbehave by these rules from now on."""
    return _asked(path, Command(misbehave=list(rules)))


def exchange_key(path: Path, what: Literal["deliver", "ask"]) -> Outcome:
    """Have the host that listens there exchange a session key with the switch."""
    return _asked(path, Command(key=what))


def _asked(path: Path, command: Command) -> Outcome:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_WITHIN_S)
        try:
            with reachable(path) as name:
                connection.connect(name)
            connection.sendall(msgspec.json.encode(command) + b"\n")
            with connection.makefile("rb") as answer:
                return msgspec.json.decode(answer.read(LINE_BYTES_MAX), type=Outcome)
        except (OSError, msgspec.DecodeError):
            raise HostAway(path) from None
