"""One connection to the HSM, made again whenever it falls: frames out, frames in, is it well."""
import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast

from router.net.addresses import Address
from router.net.backoff import Backoff
from router.net.outbox import Outbox, tuned
from router.wire.framing import FrameReader, FrameTooLong, FrameWriter
from specs.dialect import parse_framing

FRAMING: Final = parse_framing("binary-2")
FRAME_BYTES_MAX: Final = 4096
CONNECT_TIMEOUT_S: Final = 5.0
BACKOFF_S_MAX: Final = 2.0

Changed = Callable[[Address, bool, str], None]


class HsmLink:
    """One connection, made again whenever it falls."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, endpoint: Address,
        answered: Callable[["HsmLink", bytes], None], fell: Callable[["HsmLink"], None],
        changed: Changed,
    ) -> None:
        self.endpoint = endpoint
        self.load = 0
        self.heard_at = 0.0
        self.is_up = False
        self._loop = loop
        self._answered = answered
        self._fell = fell
        self._changed = changed
        self._writer = FrameWriter(FRAMING)
        self._reader = FrameReader(FRAMING, FRAME_BYTES_MAX)
        self._transport: asyncio.Transport | None = None
        self._outbox: Outbox | None = None
        self._closed: asyncio.Future[str] | None = None
        self._why = ""

    @property
    def takes_more(self) -> bool:
        return self.is_up and self._outbox is not None and self._outbox.takes_more

    async def keep_up(self, is_well: Callable[["HsmLink"], Awaitable[bool]]) -> None:
        """Connect, check, wait until it falls, and again."""
        backoff = Backoff(BACKOFF_S_MAX)
        try:
            while True:
                if await self._connected() and await is_well(self):
                    backoff.reset()
                    self._now_up()
                await self._ended()
                await asyncio.sleep(backoff.wait_s())
        finally:
            if self._transport is not None:
                self._transport.abort()

    def send(self, frame: bytes) -> None:
        assert self._outbox is not None
        self._outbox.put(self._writer.framed(frame))

    def give_up(self, why: str) -> None:
        """It answers nothing, or nonsense."""
        self._why = why
        if self._transport is not None:
            self._transport.abort()
        self.is_up = False

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", made)  # uvloop's are no subclass
        tuned(transport)
        self._transport = transport
        self._outbox = Outbox(self._loop, transport)
        self._reader = FrameReader(FRAMING, FRAME_BYTES_MAX)
        self._closed = self._loop.create_future()
        self._why = ""

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        try:
            frames = self._reader.feed(data)
        except FrameTooLong as fault:
            self.give_up(str(fault))
            return
        for frame in frames:
            self._answered(self, frame)

    def pause_writing(self) -> None:
        assert self._outbox is not None
        self._outbox.pause()

    def resume_writing(self) -> None:
        assert self._outbox is not None
        self._outbox.resume()

    def eof_received(self) -> None:
        """It writes no more: the connection closes."""

    def connection_lost(self, exc: Exception | None) -> None:
        why = self._why or (str(exc) if exc is not None else "closed by the HSM")
        self._transport = None
        self._fell(self)
        if self.is_up or self._why:
            self._changed(self.endpoint, False, why)
        self.is_up = False
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(why)

    async def _connected(self) -> bool:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._loop.create_connection(
                    lambda: cast("asyncio.Protocol", self), self.endpoint.host, self.endpoint.port)
        except (OSError, TimeoutError):
            return False
        return True

    async def _ended(self) -> None:
        """Until the connection, if there is one, has fallen."""
        if self._transport is not None and not self.is_up:
            self._transport.abort()
        if self._closed is not None:
            await self._closed

    def _now_up(self) -> None:
        if self._transport is not None:
            self.is_up = True
            self._changed(self.endpoint, True, "")
