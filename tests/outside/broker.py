"""A real Mosquitto on a free port, a relay in front of it that can be cut, and an ear."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import aiomqtt
import pytest

DEADLINE_S: Final = 15.0
REMEDY: Final = "no mosquitto here; .ci/system-packages installs it"


def mosquitto(program: str = "mosquitto") -> str:
    """Its path. Without it: skipped, and failed where CI=true."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(REMEDY)
    pytest.skip(REMEDY)


def hash_passwords(file: Path) -> None:
    """Of lines NAME:PASSWORD, as the broker wants them."""
    subprocess.run([mosquitto("mosquitto_passwd"), "-U", str(file)], check=True)  # noqa: S603 - ours


def free_port() -> int:
    """One that nothing listens on at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextlib.contextmanager
def broker(folder: Path, port: int, *lines: str) -> Iterator[None]:
    """Runs with these further lines of configuration."""
    configuration = folder / "mosquitto.conf"
    access = lines or ("allow_anonymous true",)
    configuration.write_text("\n".join((f"listener {port} 127.0.0.1", "user root", *access, "")))
    command = [mosquitto(), "-c", str(configuration)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:  # noqa: S603 - ours
        try:
            yield
        finally:
            running.terminate()
            running.wait(DEADLINE_S)


async def until(fact: Callable[[], bool]) -> None:
    """Waits for a fact, with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not fact():  # noqa: ASYNC110 - facts of others' making set no event
            await asyncio.sleep(0.005)


async def until_open(port: int) -> None:
    """The broker listens."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.005)


class Ear:
    """Everything that was published below a topic, as (topic, payload, retained)."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []

    def last(self, topic: str) -> bytes | None:
        """Of one topic."""
        payloads = [payload for name, payload, _ in self.heard if name == topic]
        return payloads[-1] if payloads else None

    def jsons(self, topic: str) -> list[Any]:
        """All of one topic."""
        return [json.loads(payload) for name, payload, _ in self.heard if name == topic]


@contextlib.asynccontextmanager
async def listening(port: int) -> AsyncIterator[Ear]:
    """An ear on everything; what is retained comes first."""
    ear = Ear()
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("#", qos=1)

        async def hear() -> None:
            async for message in client.messages:
                payload = bytes(message.payload)
                ear.heard.append((str(message.topic), payload, bool(message.retain)))

        task = asyncio.create_task(hear())
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.wait([task])


async def say(port: int, topic: str, payload: bytes = b"", retain: bool = False) -> None:
    """One message, as an operator would send it."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.publish(topic, payload, qos=1, retain=retain)


class Relay:
    """Stands between the router and its broker; `cut` drops what is connected without a word."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None
        self.port = 0
        self.connections = 0

    async def start(self) -> None:
        """On a free port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nothing gets through any more."""
        assert self._server is not None
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """Both sides see the connection end."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        tasks, self._tasks = self._tasks, []
        if tasks:
            await asyncio.wait(tasks)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        self._writers += [writer, far_writer]
        for source, target in ((reader, far_writer), (far_reader, writer)):
            self._tasks.append(asyncio.create_task(self._carry(source, target)))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        target.close()
