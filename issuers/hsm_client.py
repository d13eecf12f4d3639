"""Commands to the HSM and their answers: a few connections, pipelined, made anew when they fall.

The port knows the host protocol (two-byte length, four-character header that comes back with the
answer, command) and nothing of what the commands mean.
"""
import asyncio
import itertools
import random
from collections.abc import Sequence
from typing import Final, cast

import structlog

log = structlog.get_logger("hsm")

HEADERS: Final = 10_000
RECONNECT_S_MIN: Final = 0.05
RECONNECT_S_MAX: Final = 5.0


class HsmAway(Exception):
    """No connection, no answer in time, or too many commands waiting."""


class HsmLine(asyncio.Protocol):
    """One connection. What waits when it falls fails at once."""

    def __init__(self, pending_max: int) -> None:
        self.fell = asyncio.Event()
        self._pending_max = pending_max
        self._pending: dict[bytes, asyncio.Future[bytes]] = {}
        self._numbers = itertools.cycle(range(HEADERS))
        self._transport: asyncio.WriteTransport | None = None
        self._held = bytearray()

    @property
    def waiting(self) -> int:
        return len(self._pending)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's by conduct, not by class.
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        pending, self._pending = self._pending, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(HsmAway())
        self.fell.set()

    def data_received(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= 2:
            end = 2 + int.from_bytes(self._held[:2], "big")
            if len(self._held) < end:
                return
            answer = bytes(self._held[2:end])
            del self._held[:end]
            future = self._pending.pop(answer[:4], None)
            if future is not None and not future.done():
                future.set_result(answer[4:])

    async def ask(self, command: bytes, timeout_s: float) -> bytes:
        """The answer to the command, from its response code on."""
        if self._transport is None or len(self._pending) >= self._pending_max:
            raise HsmAway
        header = b"%04d" % next(self._numbers)
        while header in self._pending:
            header = b"%04d" % next(self._numbers)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._pending[header] = future
        self._transport.write((4 + len(command)).to_bytes(2, "big") + header + command)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            raise HsmAway from None
        finally:
            self._pending.pop(header, None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class HsmClient:
    """The HSM as the host sees it: `ask` takes the connection with the fewest commands waiting."""

    def __init__(
        self, endpoints: Sequence[str], connections: int, timeout_s: float, pending_max: int
    ) -> None:
        assert pending_max < HEADERS
        self._endpoints = [endpoints[number % len(endpoints)]
                           for number in range(max(connections, len(endpoints)))]
        self._timeout_s = timeout_s
        self._pending_max = pending_max
        self._lines: list[HsmLine] = []
        self._any_line = asyncio.Event()

    async def connected(self) -> None:
        """Return once there is a connection."""
        await self._any_line.wait()

    async def ask(self, command: bytes) -> bytes:
        """The answer to the command, from its response code on; `HsmAway` when there is none."""
        if not self._lines:
            raise HsmAway
        line = min(self._lines, key=lambda line: line.waiting)
        return await line.ask(command, self._timeout_s)

    async def keep_connected(self) -> None:
        """Hold all connections until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for endpoint in self._endpoints:
                tasks.create_task(self._keep_line(endpoint))

    async def _keep_line(self, endpoint: str) -> None:
        host, _, port = endpoint.rpartition(":")
        wait_s = RECONNECT_S_MIN
        while True:
            try:
                async with asyncio.timeout(self._timeout_s):
                    _, line = await asyncio.get_running_loop().create_connection(
                        lambda: HsmLine(self._pending_max), host, int(port))
            except OSError:
                if wait_s == RECONNECT_S_MIN:
                    log.warning("hsm_away", endpoint=endpoint)
                await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))
                wait_s = min(2 * wait_s, RECONNECT_S_MAX)
                continue
            wait_s = RECONNECT_S_MIN
            log.info("hsm_connected", endpoint=endpoint)
            self._lines.append(line)
            self._any_line.set()
            try:
                await line.fell.wait()
            finally:
                self._lines.remove(line)
                line.close()
