"""The device on a TCP port: connections, frames, limits. Pipelined; one write answers one turn."""
import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import structlog

from hsm_emulator.device import Device
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import Rules, admitted

_log = structlog.get_logger("hsm_emulator")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer, or all of them, may take."""

    connections: int = 128
    frame_bytes_max: int = 32_768
    pending_output_bytes: int = 262_144  # beyond it nothing more is read from that peer
    unread_s: float = 30.0  # how long a peer may leave its answers unread
    unfinished_s: float = 30.0  # how long the rest of a frame may take to come


def run(host: str, port: int, rules: Rules) -> None:
    """Serve until SIGTERM or SIGINT, on uvloop where there is one."""
    try:
        import uvloop  # noqa: PLC0415  (absent on some platforms)
    except ImportError:
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    else:
        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(serve(host, port, rules))


async def serve(host: str, port: int, rules: Rules) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with running(host, port, Limits(), Device(by_identifier(rules))):
        await stopped.wait()
    _log.info("hsm_stopped")


class running:  # noqa: N801  (reads as a verb: `async with running(...)`)
    """The listener with its connections, for as long as the block lasts; gives the port."""

    def __init__(
        self, host: str, port: int, limits: Limits, device: Device | None = None
    ) -> None:
        """Take the device, or make one with the public test LMKs and the strict rules."""
        self._host = host
        self._port = port
        self._limits = limits
        self._device = device or Device(by_identifier())
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> int:
        """Open the port, after saying what this is not."""
        _log.warning(
            "not_a_certified_hsm",
            lmks="public test keys",
            protects="nothing: software emulator without certificate or tamper boundary",
        )
        rules = self._device.rules
        if rules.profile != "strict":
            _log.warning("rules_weakened", profile=rules.profile, admits=admitted(rules))
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self._host, self._port)
        bound: int = self._server.sockets[0].getsockname()[1]
        _log.info("hsm_listening", host=self._host, port=bound)
        return bound

    async def __aexit__(self, *_reason: object) -> None:
        """Close the port and every connection."""
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        await self._server.wait_closed()

    def _connection(self) -> "Connection":
        return Connection(self._device, self._limits, self._connections)


class Connection(asyncio.Protocol):
    """One peer: cuts its bytes into requests and writes their answers."""

    def __init__(self, device: Device, limits: Limits, connections: "set[Connection]") -> None:
        """Join `connections` once connected, if there is room."""
        self._device = device
        self._limits = limits
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._unread: asyncio.TimerHandle | None = None
        self._unfinished: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the peer in, or turn it away when all places are taken."""
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop has its own
        if len(self._connections) >= self._limits.connections:
            _log.warning("connection_refused", connections_max=self._limits.connections)
            transport.abort()
            return
        self._connections.add(self)
        transport.set_write_buffer_limits(high=self._limits.pending_output_bytes)

    def connection_lost(self, _reason: Exception | None) -> None:
        """Give the place back."""
        self._connections.discard(self)
        self._watch_rest(moved_on=True, waits=False)
        self.resume_writing()
        self._transport = None

    def data_received(self, received: bytes) -> None:
        """Answer every whole request, in one write."""
        if self._transport is None or self._transport.is_closing():
            return
        received = self._received + received if self._received else received
        at, answers, too_long = 0, [], 0
        answer = self._device.answer
        while at + 2 <= len(received):
            length = received[at] << 8 | received[at + 1]
            if length > self._limits.frame_bytes_max:
                too_long = length
                break
            end = at + 2 + length
            if end > len(received):
                break
            if length:
                answered = answer(received[at + 2 : end])
                answers.append(len(answered).to_bytes(2) + answered)
            at = end
        self._received = received[at:]
        if answers:
            self._transport.write(b"".join(answers))
        if too_long:
            self._refuse_frame(too_long)
        elif self._received or self._unfinished is not None:
            self._watch_rest(moved_on=at > 0, waits=bool(self._received))

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

    def _refuse_frame(self, length: int) -> None:
        assert self._transport is not None
        _log.warning(
            "frame_too_long", frame_bytes=length, frame_bytes_max=self._limits.frame_bytes_max
        )
        self._transport.close()

    def pause_writing(self) -> None:
        """Read nothing more while the peer leaves its answers unread."""
        assert self._transport is not None
        self._transport.pause_reading()
        loop = asyncio.get_running_loop()
        self._unread = loop.call_later(self._limits.unread_s, self._give_up)

    def resume_writing(self) -> None:
        """Read on."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()

    def _give_up(self) -> None:
        _log.warning("answers_unread", unread_s=self._limits.unread_s)
        self.abort()

    def abort(self) -> None:
        """Drop the connection with what is pending."""
        if self._transport is not None:
            self._transport.abort()
