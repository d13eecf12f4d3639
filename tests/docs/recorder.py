"""A TCP proxy that keeps every frame that passes, in order, and changes nothing.

Every peer of the demo's router frames with two bytes of length, so one way of cutting does for all.
"""
import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

LENGTH_BYTES: Final = 2


@dataclass
class Recorded:
    """What passed on one wire: what was asked and what was answered, length prefixes included."""

    asked: list[bytes] = field(default_factory=list)
    answered: list[bytes] = field(default_factory=list)
    address: str = ""


def cut(received: bytes) -> tuple[list[bytes], bytes]:
    """Whole frames, and what is left."""
    frames = []
    while len(received) >= LENGTH_BYTES:
        end = LENGTH_BYTES + int.from_bytes(received[:LENGTH_BYTES], "big")
        if len(received) < end:
            break
        frames.append(received[:end])
        received = received[end:]
    return frames, received


@asynccontextmanager
async def recorder(upstream: str) -> AsyncIterator[Recorded]:
    """Listens on a free port for one upstream, "HOST:PORT"."""
    recorded = Recorded()
    tasks: set[asyncio.Task[None]] = set()
    host, _, port = upstream.rpartition(":")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        writers = [writer]
        try:
            there, to_there = await asyncio.open_connection(host, int(port))
            writers.append(to_there)
            both = [asyncio.ensure_future(copied(reader, to_there, recorded.asked)),
                    asyncio.ensure_future(copied(there, writer, recorded.answered))]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in both:
                    one.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # the upstream is away, so is this proxy; or all is over
        finally:
            for one_writer in writers:
                one_writer.close()
            for one_writer in writers:
                with contextlib.suppress(OSError):
                    await one_writer.wait_closed()
            tasks.discard(task)

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    recorded.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield recorded
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def copied(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: list[bytes]
) -> None:
    """Until either end is gone."""
    rest = b""
    with contextlib.suppress(OSError):
        while received := await reader.read(65536):
            frames, rest = cut(rest + received)
            kept += frames
            writer.write(received)
            await writer.drain()
