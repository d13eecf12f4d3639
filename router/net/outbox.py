"""Frames to one peer, gathered over one turn of the event loop and written at once.

What a peer does not read is bounded: above the high-water mark of its transport nothing more is
taken, until the peer has read most of it.
"""
import asyncio
import socket
from typing import Final

HIGH_WATER_BYTES: Final = 262_144
CLOSE_WITHIN_S: Final = 1.0


class Outbox:
    """The writing half of a connection. Its protocol forwards pause_writing, resume_writing."""

    __slots__ = ("_frames", "_is_paused", "_loop", "_transport")

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self._frames: list[bytes] = []
        self._is_paused = False
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    @property
    def takes_more(self) -> bool:
        """The connection is open, and its peer reads."""
        return not self._is_paused and not self._transport.is_closing()

    def put(self, frame: bytes) -> None:
        """Written at the end of this turn. The caller looked at `takes_more` before."""
        if not self._frames:
            self._loop.call_soon(self.write)
        self._frames.append(frame)

    def write(self) -> None:
        """Everything gathered, now."""
        frames, self._frames = self._frames, []
        if frames and not self._transport.is_closing():
            self._transport.write(b"".join(frames))

    def pause(self) -> None:
        """The peer does not read as fast as we write."""
        self._is_paused = True

    def resume(self) -> None:
        """It caught up."""
        self._is_paused = False


def finished(loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
    """Closed after what was written already; a peer that does not read gets no time for that."""
    transport.close()
    loop.call_later(CLOSE_WITHIN_S, transport.abort)


def tuned(transport: asyncio.Transport) -> None:
    """No waiting for full segments; a peer whose machine is gone is found out."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):  # Linux has them, others may not
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
