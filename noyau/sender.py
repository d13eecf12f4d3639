"""Requests out over one connection, responses back in whatever order: the engine of `send`.

A request is *answered* within the timeout, *late* within twice that, and then *silent*. With a
rate, its latency counts from the moment it was due: a peer that stalls us is not flattered.
"""
import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from noyau.send_input import BadLine, Template
from noyau.send_stamps import CannotFill, Stamps
from router.wire.codec import Codec, Unwritable
from router.wire.framing import FrameReader, FrameTooLong, FrameWriter
from router.wire.message import MalformedMessage, Message
from specs.dialect import Framing
from specs.elements import DE

FRAME_BYTES_MAX: Final = 0x3030 - 1  # so that a length in ASCII digits is never taken for binary
SWEEPS_PER_TIMEOUT: Final = 20
INPUT_WAITED_S: Final = 0.001  # longer than it takes to read a line that is there


class Outcome(StrEnum):
    ANSWERED = "answered"
    LATE = "late"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what became of it."""

    sent: Message
    received: Message | None
    latency_s: float
    outcome: Outcome


@dataclass(slots=True)
class Pending:
    """A request that is out; `is_overdue` when its timeout passed and it no longer counts."""

    request: Message
    key: tuple[str, ...]
    since: float
    is_overdue: bool = False


class ConnectionLost(Exception):
    """The peer closed, or sent what is no frame; what was out will never be answered."""


Report = Callable[[Exchange], None]
Remark = Callable[[str], None]


class Sender(asyncio.Protocol):
    """One connection to the peer under test."""

    def __init__(
        self,
        codec: Codec,
        framing: Framing,
        stamps: Stamps,
        report: Report,
        remark: Remark,
        timeout_s: float,
        in_flight_max: int,
        rate: float | None,
    ) -> None:
        self._codec = codec
        self._stamps = stamps
        self._report = report
        self._remark = remark
        self._timeout_s = timeout_s
        self._in_flight_max = in_flight_max
        self._rate = rate
        self._due = 0.0
        self._frames = FrameReader(framing, FRAME_BYTES_MAX)
        self._writer = FrameWriter(framing)
        self._loop = asyncio.get_running_loop()
        self._pending: dict[int, Pending] = {}  # by serial: insertion order is deadline order
        self._by_key: dict[tuple[str, ...], deque[int]] = {}
        self._in_flight = 0
        self._changed = asyncio.Event()
        self._lost: str | None = None
        self.sent = 0

    async def send_all(self, templates: AsyncIterator[Template]) -> None:
        """Send everything, and return when every request has its outcome."""
        sweeping = asyncio.ensure_future(self._sweep())
        try:
            asked = self._loop.time()
            async for one in templates:
                self._schedule(asked, self._loop.time())
                await self._until(lambda: self._in_flight < self._in_flight_max)
                await self._until_due()
                self._send(one)
                asked = self._loop.time()
        except asyncio.CancelledError:
            self._give_up()
            raise
        finally:
            await self._settle()
            sweeping.cancel()
            self._transport.close()
        if self._lost is not None:
            raise ConnectionLost(self._lost)

    async def _settle(self) -> None:
        try:
            await self._until(lambda: not self._pending)
        except ConnectionLost:
            self._give_up()
        except asyncio.CancelledError:
            self._give_up()
            raise

    def _give_up(self) -> None:
        for serial in list(self._pending):
            self._silent(serial)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._fail_if_lost()
            self._changed.clear()
            await self._changed.wait()
        self._fail_if_lost()

    def _fail_if_lost(self) -> None:
        if self._lost is not None:
            raise ConnectionLost(self._lost)

    def _schedule(self, asked: float, got: float) -> None:
        """Input that comes slower than the rate leaves no backlog; a peer that is slow does."""
        if self._rate is None:
            return
        due = self._due + 1 / self._rate
        was_late = got > due and got - asked > INPUT_WAITED_S
        self._due = got if was_late or not self.sent else due

    async def _until_due(self) -> None:
        early_s = self._due - self._loop.time()
        if self._rate is not None and early_s > 0:
            await asyncio.sleep(early_s)

    def _send(self, one: Template) -> None:
        request = written(self._codec, self._stamps, one)
        try:
            frame = self._writer.framed(request.data)
        except (ValueError, OverflowError):
            raise BadLine(one.line, "longer than the framing's length can say") from None
        self._fail_if_lost()
        self.sent += 1
        key = match_key(self._codec, response_mti(request.mti), request.get)
        since = self._loop.time() if self._rate is None else self._due
        self._pending[self.sent] = Pending(request, key, since)
        self._by_key.setdefault(key, deque()).append(self.sent)
        self._in_flight += 1
        self._transport.write(frame)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._lose(str(error) if error else "the peer closed the connection")

    def _lose(self, reason: str) -> None:
        self._lost = self._lost or reason
        self._changed.set()

    def data_received(self, received: bytes) -> None:
        try:
            frames = self._frames.feed(received)
        except FrameTooLong as error:
            self._lose(f"{error}: try another --framing")
            self._transport.close()
            return
        for frame in frames:
            try:
                response = self._codec.scan(frame)
            except MalformedMessage as error:
                self._remark(f"cannot be read as {self._codec.dialect.name}: {error}")
            else:
                self._match(response)

    def _match(self, response: Message) -> None:
        serials = self._by_key.get(match_key(self._codec, response.mti, response.get))
        if not serials:
            stan = response.get(DE.STAN) or "(none)"
            self._remark(f"{response.mti} with STAN {stan} answers nothing that is out")
            return
        pending = self._take(serials[0])
        latency_s = self._loop.time() - pending.since
        outcome = Outcome.LATE if latency_s > self._timeout_s else Outcome.ANSWERED
        self._report(Exchange(pending.request, response, latency_s, outcome))

    def _take(self, serial: int) -> Pending:
        pending = self._pending.pop(serial)
        serials = self._by_key[pending.key]
        serials.remove(serial)
        if not serials:
            del self._by_key[pending.key]
        if not pending.is_overdue:
            self._in_flight -= 1
        self._changed.set()
        return pending

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._timeout_s / SWEEPS_PER_TIMEOUT)
            self._expire(self._loop.time())

    def _expire(self, now: float) -> None:
        for serial, pending in list(self._pending.items()):
            waited_s = now - pending.since
            if waited_s < self._timeout_s:
                break
            if waited_s >= 2 * self._timeout_s:
                self._silent(serial)
            elif not pending.is_overdue:
                pending.is_overdue = True
                self._in_flight -= 1
                self._changed.set()

    def _silent(self, serial: int) -> None:
        pending = self._take(serial)
        waited_s = self._loop.time() - pending.since
        self._report(Exchange(pending.request, None, waited_s, Outcome.SILENT))


def written(codec: Codec, stamps: Stamps, one: Template) -> Message:
    """The message that a line of input stands for."""
    try:
        return codec.written(one.mti, stamps.filled(one.values), one.header)
    except (CannotFill, Unwritable) as error:
        raise BadLine(one.line, f"element {error.element}: {error.reason}") from None
    except MalformedMessage as error:
        raise BadLine(one.line, str(error)) from None


def response_mti(mti: str) -> str:
    """The MTI that answers one: 0100 and 0101 hear 0110, an issuer's 0102 hears 0112."""
    function = int(mti[2])
    origin = int(mti[3])
    return f"{mti[:2]}{function + 1 - function % 2}{origin - origin % 2}"


def match_key(codec: Codec, mti: str, get: Callable[[int], str]) -> tuple[str, ...]:
    """What a response has in common with its request, by the dialect."""
    return (mti, *map(get, codec.dialect.match_key))
