"""One line to an issuer: its connection, made again whenever it falls, and the session on it.

A line is up, and its `port` set, while its session is signed on. Bytes that are no message are
counted, and end the request whose answer they were, where that can be read; too many in a row, or a
peer that does not read, and the line is closed and made again.
"""
import asyncio
from dataclasses import dataclass
from typing import Final, cast

from router.net.addresses import Address
from router.net.backoff import Backoff
from router.net.clock import SystemClock
from router.net.key_exchange import KeyExchange
from router.net.observer import RouterObserver
from router.net.outbox import Outbox, finished, tuned
from router.switching import message_types
from router.switching.conductor import Conductor
from router.switching.issuer_session import IssuerSession
from router.switching.link_session import (
    Action,
    Close,
    Ignored,
    KeyAnswered,
    KeyAskedFor,
    KeyOffered,
    LinkState,
    Moved,
    Send,
)
from router.switching.network_messages import (
    INVALID,
    NetworkMessages,
    is_network_management,
    refusal,
)
from router.switching.peers import Issuer
from router.switching.pending import IssuerPort, Line
from router.wire.codec import Codec
from router.wire.element import Unwritable
from router.wire.faults import MalformedMessage
from router.wire.framing import FrameReader, FrameTooLong, FrameWriter
from router.wire.message import Message
from specs.dialect import Framing
from specs.elements import DE

CONNECT_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class LineTerms:
    """What was agreed about one line. A reload that changes any of it makes a new line."""

    address: Address
    codec: Codec
    framing: Framing
    institution_id: str
    echo_interval_s: float
    echo_timeout_s: float
    reconnect_s_max: float
    pending_max: int
    frame_bytes_max: int
    malformed_max: int


class IssuerLink(IssuerPort):
    """The socket behind a Line. `run` is its life; everything else happens in callbacks."""

    def __init__(
        self, line: Line, issuer: Issuer, terms: LineTerms, conductor: Conductor,
        clock: SystemClock,
        observer: RouterObserver,
        keys: KeyExchange | None,
    ) -> None:
        self.line = line
        self.terms = terms
        self._loop = asyncio.get_running_loop()
        self._conductor = conductor
        self._clock = clock
        self._observer = observer
        self._keys = keys
        self.messages = NetworkMessages(terms.codec, terms.institution_id)
        self.session = IssuerSession(
            self.messages, issuer.stans, terms.echo_interval_s, terms.echo_timeout_s,
            keys is not None)
        self._backoff = Backoff(terms.reconnect_s_max)
        self._writer = FrameWriter(terms.framing)
        self._reader = FrameReader(terms.framing, terms.frame_bytes_max)
        self._transport: asyncio.Transport | None = None
        self._outbox: Outbox | None = None
        self._closed: asyncio.Future[None] | None = None
        self.is_retired = False  # takes no new traffic, and ends when nothing waits on it
        self._is_stopping = False
        self._malformed_in_a_row = 0
        self._because = ""

    async def run(self) -> None:
        """Connect, wait until it falls, wait a little, and again, until stopped."""
        try:
            while not self._is_stopping:
                await self._one_connection()
                if not self._is_stopping:
                    await asyncio.sleep(self._backoff.wait_s())
        finally:
            if self._transport is not None:
                self._transport.abort()

    def tick(self, now: float) -> None:
        """Echoes and what is overdue; a retired line ends when nothing waits on it."""
        if self.is_retired and not self.line.load and not self._is_stopping:
            self.sign_off()
        if self._transport is not None:
            self._carry_out(self.session.tick(now, self._clock.transmission_time()))

    def sign_off(self) -> None:
        """Say good-bye and do not come back; `run` ends soon, at the latest by the echo timeout."""
        self._is_stopping = True
        if self._transport is not None:
            self._carry_out(
                self.session.sign_off(self._clock.now(), self._clock.transmission_time()))

    def use_keys(self, keys: KeyExchange | None) -> None:
        """After a reload."""
        self._keys = keys
        self.session.exchanges_keys = keys is not None

    def deliver_key(self, text: str) -> bool:
        """A session key, under the ZMK. False: not on this line now."""
        return self.session.deliver_key(text)

    def ask_for_key(self) -> bool:
        """The issuer is to deliver one."""
        return self.session.ask_for_key()

    def send_network(self, message: Message) -> None:
        """An answer that took its time; nothing where the line is gone."""
        self.send(message)

    def retire(self) -> None:
        """After a reload: what waits on it may still be answered."""
        self.is_retired = True
        self.line.carries_traffic = False

    def send(self, outbound: Message) -> bool:
        """Of the port: False when not a byte was handed to the socket."""
        outbox = self._outbox
        if outbox is None or not outbox.takes_more:
            return False
        try:
            self._writer.write(outbox.frames(), outbound.data)
        except (ValueError, OverflowError):
            self._observer.counted("message_too_long_for_framing", self.line.name)
            return False
        return True

    # Callbacks of the event loop.

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", made)  # uvloop's are no subclass
        tuned(transport)
        self._transport = transport
        self._outbox = Outbox(self._loop, transport)
        self._reader = FrameReader(self.terms.framing, self.terms.frame_bytes_max)
        self._malformed_in_a_row = 0
        self._because = ""
        self._closed = self._loop.create_future()
        self._carry_out(
            self.session.connected(self._clock.now(), self._clock.transmission_time()))

    def data_received(self, data: bytes) -> None:
        self.session.heard(self._clock.now())
        try:
            frames = self._reader.feed(data)
        except FrameTooLong as too_long:
            self._observer.frame_too_long(self.line.name, too_long)
            self._abort(str(too_long))
            return
        self._clock.stand()
        try:
            self._read_all(frames)
        finally:
            self._clock.go_on()

    def pause_writing(self) -> None:
        assert self._outbox is not None
        self._outbox.pause()
        self._observer.counted("peer_does_not_read", self.line.name)

    def resume_writing(self) -> None:
        assert self._outbox is not None
        self._outbox.resume()

    def eof_received(self) -> None:
        """An issuer that writes no more is of no use: the connection closes."""

    def connection_lost(self, exc: Exception | None) -> None:
        because = self._because or (str(exc) if exc is not None else "closed by the issuer")
        self._transport = None
        self._outbox = None
        self._carry_out(self.session.disconnected(self._clock.now(), because))
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    async def _one_connection(self) -> None:
        address = self.terms.address
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._loop.create_connection(
                    lambda: cast("asyncio.Protocol", self), address.host, address.port)
        except (OSError, TimeoutError) as error:
            self._observer.line_unreachable(self.line, address, str(error) or "no answer")
        if self._closed is not None:
            await self._closed

    def _read_all(self, frames: list[bytes]) -> None:
        codec = self.terms.codec
        for frame in frames:
            try:
                message = codec.scan(frame)
                if codec.is_binary or not frame.isascii():  # else every text in it is
                    codec.verify(message)
            except MalformedMessage as fault:
                self._malformed(frame, fault)
            else:
                self._malformed_in_a_row = 0
                self._arrived(message)

    def _arrived(self, message: Message) -> None:
        mti = message.mti
        if mti in message_types.USUAL_RESPONSES:
            self._conductor.respond(self.line, message)
        elif not (mti.isascii() and mti.isdigit()):
            self._observer.counted("unexpected_message", self.line.name)
        elif is_network_management(mti):
            if message_types.is_response(mti) and self.line.carries_traffic:
                self._conductor.heard(self.line)
            self._carry_out(self.session.received(
                message, self._clock.now(), self._clock.transmission_time()))
        elif message_types.is_response(mti):
            self._conductor.respond(self.line, message)
        else:
            self._refuse(message)

    def _refuse(self, request: Message) -> None:
        """Issuers answer; what they ask, network management apart, nobody here does."""
        self._observer.counted("request_from_issuer", self.line.name)
        if not message_types.may_be_answered(request.mti) or not request.has(DE.STAN):
            return
        try:
            answer = refusal(
                self.terms.codec, {0: request.mti, **request.values()}, INVALID, request.header)
        except Unwritable:
            return
        self.send(answer)

    def _malformed(self, frame: bytes, fault: MalformedMessage) -> None:
        self._malformed_in_a_row += 1
        self._observer.malformed(self.line.name, fault)
        salvaged = self.terms.codec.salvaged(frame)
        if salvaged is not None and message_types.is_response(salvaged[0]):
            self._conductor.unreadable(self.line, salvaged[0], salvaged[DE.STAN])
        if self._malformed_in_a_row >= self.terms.malformed_max:
            self._abort(f"{self._malformed_in_a_row} unreadable messages in a row")

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Send):
                self.send(action.message)
            elif isinstance(action, Moved):
                self._moved(action)
            elif isinstance(action, Close):
                self._abort(self._because)
            elif isinstance(action, Ignored):
                self._observer.counted(action.what, self.line.name)
            elif self._keys is None:
                continue
            elif isinstance(action, KeyOffered):
                self._keys.offered(self, action.request)
            elif isinstance(action, KeyAskedFor):
                self._keys.asked_for(self)
            elif isinstance(action, KeyAnswered):
                self._keys.answered(self, action.what, action.accepted)

    def _moved(self, moved: Moved) -> None:
        self._observer.line_moved(self.line, self.terms.address, moved)
        if moved.state is LinkState.SIGNED_ON:
            self._backoff.reset()
            if self.is_retired:
                return
            self.line.port = self
            self._conductor.line_up(self.line)
        elif moved.state is LinkState.DOWN:
            self.line.port = None
            self._conductor.line_fell(self.line)
            self._because = self._because or moved.because
        else:
            # No new traffic; what waits may still be answered while the connection stands.
            self.line.carries_traffic = False

    def _abort(self, because: str) -> None:
        self._because = because
        if self._outbox is not None:
            self._outbox.write()
        if self._transport is not None:
            finished(self._loop, self._transport)
