"""Frames to one peer, gathered over one turn of the event loop and written at once.

What a peer does not read is bounded: above the high-water mark of its transport nothing more is
taken, until the peer has read most of it.

Theory, of approvals. A frame passes from here to the transport, from there to the kernel, and from
there to the peer. Up to the kernel we know whether it went; behind it nobody knows, and what the
kernel has counts as delivered: an acquirer reverses what it did not hear. So an approval whose
connection closes before its bytes were in the kernel comes back, and the router reverses it. A peer
that has closed its half may only have stopped writing, or be gone: then an approval is delivered
when the peer's machine has acknowledged its bytes.
"""
import asyncio
import contextlib
import fcntl
import socket
import struct
import termios
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from librt.strings import BytesWriter

HIGH_WATER_BYTES: Final = 262_144
KEPT_BYTES_MAX: Final = 65_536  # of memory for the frames of the next turn
CLOSE_WITHIN_S: Final = 1.0
TCP_CLOSED: Final = 7  # the state in which Linux keeps a connection that was reset


class Outbox:
    """The writing half of a connection. Its protocol forwards pause_writing, resume_writing.

    An approval is whatever the caller wants back from `lost` where its frame did not go out.
    """

    __slots__ = (
        "_approvals", "_frames", "_given", "_is_aborted", "_is_closing", "_is_half_closed",
        "_is_paused", "_loop", "_transport", "_unsure",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self._frames = BytesWriter()  # of this turn
        self._approvals: list[object] = []  # of these frames
        self._given = 0  # bytes to the transport, so far
        self._unsure: deque[tuple[int, list[object]]] = deque()  # where they end, approvals
        self._is_paused = False
        self._is_half_closed = False
        self._is_aborted = False
        self._is_closing = False  # it was found to be, when this turn's frames were to go out
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    @property
    def takes_more(self) -> bool:
        """The connection is open, and its peer reads."""
        if self._is_paused or self._is_closing or self._is_aborted:
            return False
        # The transport is asked once a turn: where it falls later in it, what it was given is lost
        # like all that was on its way, and `lost` says so.
        return self.is_gathering or not self._transport.is_closing()

    @property
    def is_gathering(self) -> bool:
        """There are frames of this turn."""
        return len(self._frames) > 0

    @property
    def is_empty(self) -> bool:
        """Everything went out, as far as can be known."""
        return not self.is_gathering and not self._unsure

    def put(self, frame: bytes, approval: object = None) -> None:
        """Written at the end of this turn. The caller looked at `takes_more` before."""
        self.frames().write(frame)
        if approval is not None:
            self.watch(approval)

    def frames(self) -> BytesWriter:
        """The same, for who writes a frame in parts: behind those that are there."""
        if not self.is_gathering:
            self._loop.call_soon(self.write)
        return self._frames

    def watch(self, approval: object) -> None:
        """The frame that was written last is one."""
        self._approvals.append(approval)

    def write(self) -> None:
        """Everything gathered, now."""
        if not self.is_gathering:
            return
        if self._transport.is_closing():
            self._is_closing = True
            return  # `lost` tells what was not written
        data = self._frames.getvalue()
        if len(data) > KEPT_BYTES_MAX:
            self._frames = BytesWriter()
        else:
            self._frames.truncate(0)
        self._given += len(data)
        self._transport.write(data)
        if self._approvals:
            self._unsure.append((self._given, self._approvals))
            self._approvals = []
            self._loop.call_soon(self.look)  # uvloop writes at the end of this turn

    def look(self) -> None:
        """What has gone out by now needs no watching any more."""
        if self._unsure and not self._transport.is_closing():
            self._gone_out()

    def peer_finished(self) -> None:
        """It writes no more, and may read no more either."""
        self._is_half_closed = True

    @property
    def is_reset(self) -> bool:
        """After `peer_finished`: it was gone altogether."""
        return self._is_half_closed and is_reset(self._transport.get_extra_info("socket"))

    def close(self) -> None:
        """After what was written already; a peer that does not read gets no time for that."""
        self.write()
        self._transport.close()
        self._loop.call_later(CLOSE_WITHIN_S, self.abort)

    def abort(self) -> None:
        """At once."""
        if not self._is_aborted:
            self._is_aborted = True
            self._gone_out()
            self._transport.abort()

    def lost(self, error: Exception | None) -> Sequence[object]:
        """The connection is gone: the approvals that did not go out. Once."""
        if error is None and not self._is_aborted and not self._is_half_closed:
            self._unsure.clear()  # closed by us, after everything that was written
        lost = [one for _, approvals in self._unsure for one in approvals] + self._approvals
        self._frames, self._approvals = BytesWriter(), []
        self._unsure.clear()
        return lost

    def pause(self) -> None:
        """The peer does not read as fast as we write."""
        self._is_paused = True

    def resume(self) -> None:
        """It caught up."""
        self._is_paused = False

    def _gone_out(self) -> None:
        out = self._given - self._transport.get_write_buffer_size()
        if self._is_half_closed:
            connection = self._transport.get_extra_info("socket")
            if is_reset(connection):
                return
            out -= unacknowledged_bytes(connection)
        while self._unsure and self._unsure[0][0] <= out:
            self._unsure.popleft()


def is_reset(connection: Any) -> bool:
    """The peer's machine said that nobody is there. Linux only; elsewhere nobody knows."""
    option = getattr(socket, "TCP_INFO", None)
    if connection is None or option is None:
        return False
    try:
        return bool(connection.getsockopt(socket.IPPROTO_TCP, option, 1)[0] == TCP_CLOSED)
    except OSError:
        return False


def unacknowledged_bytes(connection: Any) -> int:
    """In the kernel, and not acknowledged by the peer's machine."""
    with contextlib.suppress(OSError, AttributeError):
        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
        return int(struct.unpack("i", answer)[0])
    return 0


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
