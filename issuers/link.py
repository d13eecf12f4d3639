"""One acquirer-side connection of an issuer host: bytes to frames and back, and its session."""
import asyncio
from typing import Protocol, cast

import structlog

from issuers.framing import BadFrame, Frame, FrameSplitter

log = structlog.get_logger("link")


class Host(Protocol):
    """What a link tells the host it belongs to."""

    def link_up(self, link: "Link") -> bool: ...
    def link_down(self, link: "Link") -> None: ...
    def arrived(self, link: "Link", frame: Frame) -> None: ...


class Link(asyncio.Protocol):
    """A connection and whether it is signed on. While the peer does not read, nothing is read."""

    def __init__(self, host: Host, splitter: FrameSplitter) -> None:
        self.is_signed_on = False
        self.malformed_in_a_row = 0
        self.peer = ""
        self._host = host
        self._splitter = splitter
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's by conduct, not by class.
        self._transport = cast(asyncio.Transport, transport)
        self.peer = str(transport.get_extra_info("peername"))
        if not self._host.link_up(self):
            log.warning("link_refused", peer=self.peer, reason="connections_max")
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._host.link_down(self)

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._splitter.feed(data)
        except BadFrame as error:
            log.warning("link_closed", peer=self.peer, reason=error.reason)
            self.close()
            return
        for frame in frames:
            self._host.arrived(self, frame)

    def pause_writing(self) -> None:
        self.stop_reading()

    def resume_writing(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def stop_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def send(self, payload: bytes, tpdu: bytes) -> None:
        """Hand an answer to the connection; it is lost with it."""
        if self._transport is not None:
            self._transport.write(self._splitter.framed(payload, tpdu))

    def close(self) -> None:
        """Close when what was written has left."""
        if self._transport is not None:
            self._transport.close()
