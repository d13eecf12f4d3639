"""One peer of the device: cuts its bytes into requests, writes their answers, keeps its limits."""
import asyncio
from dataclasses import dataclass
from typing import Annotated, Final, cast

import structlog
from msgspec import Meta

from hsm_emulator.device import Device

_log = structlog.get_logger("hsm_emulator")

Count = Annotated[int, Meta(ge=0)]
Some = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
_UNREAD: Final = "unread"
_RATE: Final = "rate"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer, or all of them, may take."""

    connections: Some = 128
    frame_bytes_max: Annotated[int, Meta(ge=256, le=65_535)] = 32_768
    pending_output_bytes: Some = 262_144  # beyond it nothing more is read from that peer
    unread_s: Seconds = 30.0  # how long a peer may leave its answers unread
    unfinished_s: Seconds = 30.0  # how long the rest of a frame may take to come
    idle_s: Annotated[float, Meta(ge=0)] = 0.0  # a peer that says nothing for so long; 0: no limit
    commands_per_second: Count = 0  # of one connection, then its next ones wait; 0: no limit


class Connection(asyncio.Protocol):
    """One peer: cuts its bytes into requests and writes their answers."""

    def __init__(self, device: Device, limits: Limits, connections: "set[Connection]") -> None:
        """Join `connections` once connected, if there is room."""
        self._device = device
        self._limits = limits
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._paused: set[str] = set()
        self._unread: asyncio.TimerHandle | None = None
        self._unfinished: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._slowed: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._allowance = float(limits.commands_per_second)
        self._allowed_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the peer in, or turn it away when all places are taken."""
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop has its own
        if len(self._connections) >= self._limits.connections:
            _log.warning("connection_refused", connections_max=self._limits.connections)
            transport.abort()
            return
        self._connections.add(self)
        transport.set_write_buffer_limits(high=self._limits.pending_output_bytes)
        loop = asyncio.get_running_loop()
        self._heard_at = self._allowed_at = loop.time()
        if self._limits.idle_s:
            self._idle = loop.call_later(self._limits.idle_s, self._look_if_idle)

    def connection_lost(self, _reason: Exception | None) -> None:
        """Give the place back."""
        self._connections.discard(self)
        self._transport = None
        for timer in (self._unread, self._unfinished, self._idle, self._slowed):
            if timer is not None:
                timer.cancel()

    def data_received(self, received: bytes) -> None:
        """Answer every whole request, in one write."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._idle is not None:
            self._heard_at = asyncio.get_running_loop().time()
        self._received = self._received + received if self._received else received
        if not self._slowed:
            self._answer()

    def _answer(self) -> None:
        """Answer what has come, as far as the rate allows."""
        assert self._transport is not None
        received, limits, answer = self._received, self._limits, self._device.answer
        at, answers, too_long = 0, [], 0
        may_take = self._may_take() if limits.commands_per_second else len(received)
        while at + 2 <= len(received) and may_take:
            length = received[at] << 8 | received[at + 1]
            if length > limits.frame_bytes_max:
                too_long = length
                break
            end = at + 2 + length
            if end > len(received):
                break
            if length:
                answered = answer(received[at + 2 : end])
                answers.append(len(answered).to_bytes(2) + answered)
                may_take -= 1
            at = end
        self._received = received[at:]
        if answers:
            self._transport.write(b"".join(answers))
        if limits.commands_per_second:
            self._allowance -= len(answers)
        if too_long:
            self._refuse_frame(too_long)
        elif not may_take:
            self._slow_down()
        elif self._received or self._unfinished is not None:
            self._watch_rest(moved_on=at > 0, waits=bool(self._received))

    def _may_take(self) -> int:
        """Return how many commands the rate allows now; unused ones gather for a second."""
        rate, now = self._limits.commands_per_second, asyncio.get_running_loop().time()
        self._allowance = min(float(rate), self._allowance + (now - self._allowed_at) * rate)
        self._allowed_at = now
        return int(self._allowance)

    def _slow_down(self) -> None:
        """Read and answer nothing until the rate allows some more."""
        self._watch_rest(moved_on=True, waits=False)
        self._pause(_RATE)
        wait_s = max(1.0, self._limits.commands_per_second / 20) / self._limits.commands_per_second
        self._slowed = asyncio.get_running_loop().call_later(wait_s, self._go_on)

    def _go_on(self) -> None:
        self._slowed = None
        self._resume(_RATE)
        if self._transport is not None and not self._transport.is_closing():
            self._answer()

    def _watch_rest(self, *, moved_on: bool, waits: bool) -> None:
        """Give each begun frame its own time: single bytes of it do not buy more."""
        if self._unfinished is not None and moved_on:
            self._unfinished.cancel()
            self._unfinished = None
        if waits and self._unfinished is None:
            loop = asyncio.get_running_loop()
            self._unfinished = loop.call_later(self._limits.unfinished_s, self._give_up_rest)

    def _give_up_rest(self) -> None:
        _log.warning("frame_unfinished", unfinished_s=self._limits.unfinished_s)
        self.abort()

    def _look_if_idle(self) -> None:
        loop = asyncio.get_running_loop()
        left_s = self._heard_at + self._limits.idle_s - loop.time()
        if left_s > 0 or self._paused:
            self._idle = loop.call_later(max(left_s, 0.01), self._look_if_idle)
            return
        _log.info("connection_idle", idle_s=self._limits.idle_s)
        self.abort()

    def _refuse_frame(self, length: int) -> None:
        assert self._transport is not None
        _log.warning(
            "frame_too_long", frame_bytes=length, frame_bytes_max=self._limits.frame_bytes_max
        )
        self._transport.close()

    def pause_writing(self) -> None:
        """Read nothing more while the peer leaves its answers unread."""
        self._pause(_UNREAD)
        loop = asyncio.get_running_loop()
        self._unread = loop.call_later(self._limits.unread_s, self._give_up)

    def resume_writing(self) -> None:
        """Read on."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        self._resume(_UNREAD)

    def _pause(self, why: str) -> None:
        if not self._paused and self._transport is not None:
            self._transport.pause_reading()
        self._paused.add(why)

    def _resume(self, why: str) -> None:
        was_paused = bool(self._paused)
        self._paused.discard(why)
        is_open = self._transport is not None and not self._transport.is_closing()
        if was_paused and not self._paused and is_open:
            assert self._transport is not None
            self._transport.resume_reading()

    def _give_up(self) -> None:
        _log.warning("answers_unread", unread_s=self._limits.unread_s)
        self.abort()

    def abort(self) -> None:
        """Drop the connection with what is pending."""
        if self._transport is not None:
            self._transport.abort()
