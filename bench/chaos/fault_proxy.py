"""A TCP proxy that does to connections what networks do: cut, stall, trickle, half-open.

Between any two programs. Faults are set while it runs and concern the connections that are open,
and those that come; bytes are never changed, lost bytes are followed by nothing.
"""

import asyncio
import contextlib
from typing import Final, Literal

READ_BYTES: Final = 65_536
TRICKLE_BYTES: Final = 3
TRICKLE_S: Final = 0.005

Direction = Literal["there", "back"]


class Connection:
    """One that was accepted, and its other half."""

    def __init__(self, proxy: "FaultProxy", near: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.near = near
        self.far: asyncio.StreamWriter | None = None
        self.cut_after: int | None = None  # bytes there, then both halves are reset
        self.is_deaf: set[Direction] = set()  # what goes this way is swallowed, from now on

    def cut(self) -> None:
        """A reset on both sides, at once."""
        for writer in (self.near, self.far):
            if writer is not None:
                writer.transport.abort()

    async def carry(
        self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One way, until either side ends."""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(READ_BYTES):
                await self.proxy.flows.wait()
                if direction in self.is_deaf:
                    continue
                if direction == "there" and self.cut_after is not None:
                    data, self.cut_after = data[: self.cut_after], self.cut_after - len(data)
                if self.proxy.trickles:
                    await self._trickle(writer, data)
                else:
                    writer.write(data)
                await writer.drain()
                if self.cut_after is not None and self.cut_after <= 0:
                    self.cut()
            if direction not in self.is_deaf and writer.can_write_eof():
                writer.write_eof()

    async def _trickle(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        for at in range(0, len(data), TRICKLE_BYTES):
            writer.write(data[at : at + TRICKLE_BYTES])
            await writer.drain()
            await asyncio.sleep(TRICKLE_S)


class FaultProxy:
    """`async with FaultProxy(host, port) as proxy`: connect to `proxy.address` instead."""

    def __init__(self, host: str, port: int) -> None:
        self._far = (host, port)
        self.port = 0
        self.connections: list[Connection] = []
        self.flows = asyncio.Event()  # cleared: everything stalls, nothing is lost
        self.flows.set()
        self.trickles = False
        self.refuses = False
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> "FaultProxy":
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut_all(self) -> None:
        """Every connection is reset."""
        for connection in list(self.connections):
            connection.cut()

    def stall(self) -> None:
        """Nothing flows, nothing falls."""
        self.flows.clear()

    def flow(self) -> None:
        """What was stalled goes on."""
        self.flows.set()

    def half_open(self, direction: Direction) -> None:
        """What goes this way on the open connections is swallowed; nobody is told."""
        for connection in self.connections:
            connection.is_deaf.add(direction)

    def cut_after(self, count: int) -> None:
        """The newest connection is reset when so many more bytes went there."""
        self.connections[-1].cut_after = count

    async def _accepted(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        connection = Connection(self, near)
        self.connections.append(connection)
        try:
            if not self.refuses:
                await self._carry(connection, reader, near)
        except OSError:
            pass  # nobody listens on the far side: the near one is reset
        finally:
            connection.cut()
            self.connections.remove(connection)
            self._tasks.discard(task)

    async def _carry(
        self, connection: Connection, reader: asyncio.StreamReader, near: asyncio.StreamWriter
    ) -> None:
        far_reader, connection.far = await asyncio.open_connection(*self._far)
        await asyncio.gather(
            connection.carry("there", reader, connection.far),
            connection.carry("back", far_reader, near),
        )
