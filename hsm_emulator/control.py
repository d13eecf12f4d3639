"""The console's line to a running device: a local socket, one JSON line in, one out.

It is for the user who runs the device only (0600), and never on the network.
"""
import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from hsm_emulator.console import Console, Refusal, Request
from hsm_emulator.errors import place_of
from hsm_emulator.state import reachable

_log = structlog.get_logger("hsm_emulator")

LINE_BYTES_MAX: Final = 65_536
ANSWER_WITHIN_S: Final = 10.0


class Outcome(msgspec.Struct, frozen=True):
    """What the device says: done, or why not."""

    done: bool
    reason: str = ""
    told: dict[str, Any] = msgspec.field(default_factory=dict)


class DeviceAway(Exception):
    """No device listens there."""


@contextmanager
def bound(path: Path) -> Iterator[socket.socket]:
    """Open a socket at this path, for the user who runs the device only."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        with reachable(path) as name:
            listening.bind(name)
        path.chmod(0o600)
        try:
            yield listening
        finally:
            path.unlink(missing_ok=True)


async def listen(listening: socket.socket, console: Console) -> asyncio.Server:
    """Take requests on this socket, one at a time."""
    one_at_a_time = asyncio.Lock()

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                line = await reader.readline()
                async with one_at_a_time:
                    outcome = await _outcome(line, console)
                writer.write(msgspec.json.encode(outcome))
                await writer.drain()
        except (TimeoutError, ValueError, ConnectionError):
            _log.warning("console_request_unread")
        finally:
            writer.close()

    return await asyncio.start_unix_server(taken, sock=listening, limit=LINE_BYTES_MAX)


def ask(path: Path, request: Request) -> Outcome:
    """Ask the device that listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_WITHIN_S)
        try:
            with reachable(path) as name:
                connection.connect(name)
            connection.sendall(msgspec.json.encode(request) + b"\n")
            with connection.makefile("rb") as answer:
                return msgspec.json.decode(answer.read(LINE_BYTES_MAX), type=Outcome)
        except (OSError, msgspec.DecodeError):
            raise DeviceAway(path) from None


async def _outcome(line: bytes, console: Console) -> Outcome:
    try:
        request = msgspec.json.decode(line, type=Request)
    except msgspec.MsgspecError:
        return Outcome(False, "not a request of the console")  # its text could hold a component
    try:
        return Outcome(True, told=await console.obey(request))
    except Refusal as refusal:
        return Outcome(False, str(refusal))
    except Exception as error:
        # The supervisor of one request: its words may hold a component.
        _log.error("console_request_failed", **place_of(error))
        return Outcome(False, "a defect of the device; its log has the place")
