"""One connection of an acquirer: frames in, messages to the conductor, answers out.

The acquirer is sent nothing that it did not ask for. A message that cannot be read is answered 30
where MTI and STAN can be, else dropped and counted; too many in a row and the link is closed. So is
it when the peer does not read, says nothing at all after connecting, or stops within a frame. One
that has closed its half still gets the answers it waits for.
"""
import asyncio
from typing import TYPE_CHECKING, Final, cast

from router.net.observer import RouterObserver
from router.net.outbox import Outbox, tuned
from router.switching import message_types, peers
from router.switching.acquirer_session import AcquirerSession
from router.switching.conductor import Conductor
from router.switching.link_session import (
    Action,
    Ignored,
    KeyAnswered,
    KeyAskedFor,
    KeyOffered,
    Moved,
    Send,
)
from router.switching.network_messages import (
    DRAINING,
    FORMAT_ERROR,
    NetworkMessages,
    is_network_management,
    refusal,
)
from router.switching.peers import Acquirer
from router.switching.ports import Clock
from router.wire.element import Unwritable
from router.wire.faults import MalformedMessage
from router.wire.framing import TPDU_BYTES, FrameReader, FrameTooLong, FrameWriter
from router.wire.message import Message
from specs.elements import DE

if TYPE_CHECKING:
    from router.net.acquirer_listener import AcquirerListener

FIRST_MESSAGE_WITHIN_S: Final = 120.0  # port scanners connect and say nothing
REST_OF_FRAME_WITHIN_S: Final = 30.0

AnswerKey = tuple[str, str]


class AcquirerLink(peers.AcquirerLink):
    """The port AcquirerLink, and asyncio.Protocol by its methods.

    (No subclass of that: compiled, its attributes would be looked up in a dictionary.)
    """

    def __init__(
        self, listener: "AcquirerListener", conductor: Conductor, observer: RouterObserver,
        clock: Clock,
    ) -> None:
        super().__init__(listener.acquirer)
        terms = listener.terms
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._conductor = conductor
        self._observer = observer
        self._clock = clock
        self._codec = listener.acquirer.codec
        self.messages = NetworkMessages(self._codec, terms.institution_id)
        self._session = AcquirerSession(
            self.messages, terms.sign_on_required, listener.keys is not None)
        self._tpdu_bytes = TPDU_BYTES if terms.framing.tpdu else 0
        self._reader = FrameReader(terms.framing, terms.frame_bytes_max)
        self._writer = FrameWriter(terms.framing)
        self._malformed_max = terms.malformed_max
        self._malformed_in_a_row = 0
        self._is_draining = False
        self._owed = 0  # answers that the conductor may still give
        self._answers_until = 0.0  # after the peer closed its half; 0: it has not
        self._tpdus: dict[AnswerKey, bytes] = {}
        self._transport: asyncio.Transport | None = None
        self._outbox: Outbox | None = None
        self._peer = ""
        self._because = ""
        self._deadline = 0.0  # of the first message, or of the rest of one; 0: none

    @property
    def is_signed_on(self) -> bool:
        return self._session.is_signed_on

    def reply(self, response: Message, approval: object = None) -> bool:
        """To a message that the conductor got. False: nothing was written."""
        self._owed -= 1
        return self._write(response, approval)

    def _write(self, response: Message, approval: object = None) -> bool:
        outbox = self._outbox
        if outbox is None or not outbox.takes_more:
            return False
        tpdu = self._tpdus.pop(answer_key(response), b"") if self._tpdus else b""
        try:
            self._writer.write(outbox.frames(), response.data, tpdu)
        except (ValueError, OverflowError):
            self._observer.counted("message_too_long_for_framing", self.acquirer.name)
            return False
        if approval is not None:
            outbox.watch(approval)
        return True

    def use(self, acquirer: Acquirer) -> None:
        """After a reload. Another answer time needs a new link: what is owed keeps its deadline."""
        if acquirer.answer_within_s == self.acquirer.answer_within_s:
            self.acquirer = acquirer
        self._session.exchanges_keys = self._listener.keys is not None

    def drain(self) -> None:
        """New requests are declined from now on."""
        self._is_draining = True

    def deliver_key(self, text: str) -> bool:
        """A session key, under the ZMK. False: not on this link now."""
        return self._begin(self._session.deliver_key(
            text, self._clock.now(), self._clock.transmission_time()))

    def ask_for_key(self) -> bool:
        """The acquirer is to deliver one."""
        return self._begin(self._session.ask_for_key(
            self._clock.now(), self._clock.transmission_time()))

    def send_network(self, message: Message) -> None:
        """An answer that took its time; nothing where the link is gone."""
        self._write(message)

    def tick(self, now: float) -> None:
        """A peer that says nothing, or half of something, is sent away."""
        if self._deadline and now >= self._deadline:
            self.close("nothing came in time, or only part of a message")
        if self._answers_until and self._outbox is not None:
            self._outbox.look()
            if self._outbox.is_reset or now >= self._answers_until:
                self._outbox.abort()
            elif self._owed <= 0 and self._outbox.is_empty:
                self._outbox.close()
        self._carry_out(self._session.tick(now))

    def close(self, because: str) -> None:
        """After what was written already."""
        self._because = self._because or because
        if self._outbox is not None:
            self._outbox.close()

    # Callbacks of the event loop.

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", made)  # uvloop's are no subclass
        peer = transport.get_extra_info("peername")
        self._peer = f"{peer[0]}:{peer[1]}" if peer else "unknown"
        self._transport = transport
        refused = self._listener.refuses(peer[0] if peer else "")
        if refused:
            self._because = refused
            self._observer.link_refused(self.acquirer.name, self._peer, refused)
            transport.abort()
            return
        tuned(transport)
        self._outbox = Outbox(self._loop, transport)
        self._deadline = self._clock.now() + FIRST_MESSAGE_WITHIN_S
        self._listener.links[self] = None
        self._is_draining = self._listener.is_draining
        self._carry_out(self._session.connected())

    def data_received(self, data: bytes) -> None:
        self._listener.turns.arrived()
        keep_alives = self._reader.keep_alives
        try:
            frames = self._reader.frames(data)
        except FrameTooLong as too_long:
            self._observer.frame_too_long(self.acquirer.name, too_long)
            self.close(str(too_long))
            return
        if frames or self._reader.keep_alives > keep_alives:
            self._deadline = 0.0
        elif not self._deadline:
            self._deadline = self._clock.now() + REST_OF_FRAME_WITHIN_S
        self._clock.stand()
        try:
            self._read_all(frames)
        finally:
            self._clock.go_on()

    def pause_writing(self) -> None:
        """Its answers pile up here: it does not read, and is of no use to anybody."""
        assert self._outbox is not None
        self._outbox.pause()
        self._observer.counted("peer_does_not_read", self.acquirer.name)
        self._because = "it does not read its answers"
        self._outbox.abort()

    def eof_received(self) -> bool:
        """It writes no more. True: what it waits for may still be written."""
        if self._outbox is None or (not self._owed and self._outbox.is_empty):
            return False
        self._outbox.peer_finished()
        self._answers_until = self._clock.now() + self.acquirer.answer_within_s
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        because = self._because or (str(exc) if exc is not None else "closed by the acquirer")
        self._transport = None
        if self._outbox is None:
            return
        not_out = self._outbox.lost(exc)
        self._outbox = None
        self._listener.links.pop(self, None)
        for approval in not_out:
            self._conductor.undeliverable(approval)
        if self._listener.keys is not None:
            self._listener.keys.closed(self)
        self._carry_out(self._session.disconnected(because))

    def _read_all(self, frames: list[bytes]) -> None:
        size = self._tpdu_bytes
        for frame in frames:
            if size:
                self._read(frame[size:], frame[:size])
            else:
                self._read(frame, b"")

    def _read(self, data: bytes, tpdu: bytes) -> None:
        codec = self._codec
        try:
            message = codec.scan(data)
            if codec.is_binary or not data.isascii():  # else every text in it is
                codec.verify(message)
        except MalformedMessage as fault:
            self._malformed(data, fault, tpdu)
            return
        self._malformed_in_a_row = 0
        if tpdu or self._is_draining or message.mti not in message_types.REQUESTS:
            self._arrived(message, tpdu)
        else:
            self._owed += 1
            self._conductor.arrive(self, message)

    def _arrived(self, message: Message, tpdu: bytes) -> None:
        mti = message.mti
        is_ours_answered = is_network_management(mti) and message_types.is_response(mti)
        if not (message_types.may_be_answered(mti) or is_ours_answered):
            self._observer.counted("unexpected_message", self.acquirer.name)
            return
        if tpdu and not is_ours_answered:
            self._remember(message, tpdu)
        if is_network_management(mti):
            try:
                self._carry_out(self._session.received(message))
            except Unwritable:
                self._observer.counted("unexpected_message", self.acquirer.name)
        elif self._is_draining and self._conductor.is_new(self, message):
            self._refuse({0: mti, **message.values()}, DRAINING, message.header)
        else:
            self._owed += 1
            self._conductor.arrive(self, message)

    def _malformed(self, frame: bytes, fault: MalformedMessage, tpdu: bytes) -> None:
        self._malformed_in_a_row += 1
        self._observer.malformed(self.acquirer.name, fault)
        salvaged = self._codec.salvaged(frame)
        if salvaged is not None and message_types.may_be_answered(salvaged[0]):
            if tpdu:
                self._tpdus[salvaged[DE.STAN], salvaged.get(DE.TERMINAL_ID, "")] = tpdu
            self._refuse(salvaged, FORMAT_ERROR, b"")
        if self._malformed_in_a_row >= self._malformed_max:
            self.close(f"{self._malformed_in_a_row} unreadable messages in a row")

    def _refuse(self, asked: dict[int, str], code: str, header: bytes) -> None:
        try:
            answer = refusal(self._codec, asked, code, header)
        except Unwritable:
            self._observer.counted("unanswerable_message", self.acquirer.name)
            return
        self._write(answer)

    def _remember(self, message: Message, tpdu: bytes) -> None:
        """Where the answer goes behind a concentrator. Bounded: the oldest is forgotten."""
        if len(self._tpdus) >= self.acquirer.in_flight_max:
            del self._tpdus[next(iter(self._tpdus))]
        self._tpdus[answer_key(message)] = tpdu

    def _begin(self, actions: list[Action]) -> bool:
        self._carry_out(actions)
        return bool(actions)

    def _carry_out(self, actions: list[Action]) -> None:
        keys = self._listener.keys
        for action in actions:
            if isinstance(action, Send):
                self._write(action.message)
            elif isinstance(action, Moved):
                self._observer.link_moved(self.acquirer.name, self._peer, action)
            elif isinstance(action, Ignored):
                self._observer.counted(action.what, self.acquirer.name)
            elif keys is None:
                continue
            elif isinstance(action, KeyOffered):
                keys.offered(self, action.request)
            elif isinstance(action, KeyAskedFor):
                keys.asked_for(self)
            elif isinstance(action, KeyAnswered):
                keys.answered(self, action.what, action.accepted)


def answer_key(message: Message) -> AnswerKey:
    """What a request and its answer have in common on one link."""
    return message.get(DE.STAN), message.get(DE.TERMINAL_ID)
