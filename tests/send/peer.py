"""A peer to send to, apart from the router: its own framing, messages through pyiso8583."""
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import iso8583
from iso8583.specs import default_ascii

Fields = dict[str, str]
Behaviour = Callable[[Fields], Iterable[Fields]]
ENOUGH_S = 20.0


def approved(request: Fields) -> Fields:
    """The request's elements back, but its PIN block, with DE 39 00."""
    own = ("1", "52")
    kept = {name: text for name, text in request.items() if name.isdecimal() and name not in own}
    return kept | {"t": request["t"][:2] + "10", "39": "00"}


@dataclass
class Peer:
    """What it heard, and how it answers."""

    behaviour: Behaviour
    port: int = 0
    raw: bytes = b""  # sent before anything else
    heard: list[Fields] = field(default_factory=list)
    links: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links.append(writer)
        writer.write(self.raw)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                request, _ = iso8583.decode(await reader.readexactly(size), default_ascii)
                self.heard.append(request)
                for response in self.behaviour(request):
                    writer.write(framed(response))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def framed(fields: Mapping[str, str]) -> bytes:
    """Two bytes of length, then the message."""
    data, _ = iso8583.encode(dict(fields), default_ascii)
    return len(data).to_bytes(2, "big") + bytes(data)


@asynccontextmanager
async def listening(behaviour: Behaviour) -> AsyncIterator[Peer]:
    """A peer on a free port."""
    peer = Peer(behaviour)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for link in peer.links:
            link.close()
            with suppress(ConnectionError):
                await link.wait_closed()


@dataclass
class Sent:
    """What `noyau send` came to."""

    code: int
    lines: list[dict[str, Any]]
    printed: str
    said: str


async def started(*options: str) -> asyncio.subprocess.Process:
    """The command, with its three streams on pipes."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "noyau", "send", *options,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def send(messages: Iterable[Mapping[str, str]] | str, *options: str) -> Sent:
    """Run it to its end with these messages on standard input."""
    lines_in = [] if isinstance(messages, str) else [json.dumps(m) + "\n" for m in messages]
    text = messages if isinstance(messages, str) else "".join(lines_in)
    process = await started(*options)
    async with asyncio.timeout(ENOUGH_S):
        out, err = await process.communicate(text.encode())
    assert process.returncode is not None
    lines = [json.loads(line) for line in out.splitlines()]
    return Sent(process.returncode, lines, out.decode(), err.decode())
