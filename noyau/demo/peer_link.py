"""One TCP connection of the demo acquirer, with a framing of its own: two bytes of length.

Knows no ISO 8583: frames in, frames out. Never `router.wire`: a mistake there must show here.
"""
import asyncio
import struct
from collections.abc import Callable

LENGTH = struct.Struct(">H")


class PeerLink(asyncio.Protocol):
    """Hands whole frames to `arrived`, and says when the connection fell."""

    def __init__(self, arrived: Callable[[bytes], None], fell: Callable[[], None]) -> None:
        self._arrived = arrived
        self._fell = fell
        self._unread = bytearray()
        self._transport: asyncio.Transport | None = None

    @property
    def is_up(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while len(self._unread) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._unread)
            end = LENGTH.size + length
            if len(self._unread) < end:
                return
            frame = bytes(self._unread[LENGTH.size:end])
            del self._unread[:end]
            if frame:
                self._arrived(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._fell()

    def send(self, frame: bytes) -> None:
        """Only while it is up."""
        assert self._transport is not None
        self._transport.write(LENGTH.pack(len(frame)) + frame)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
