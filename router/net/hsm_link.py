"""One connection to the HSM, made again whenever it falls: frames out, frames in, is it well."""
import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast

from mypy_extensions import i64

from router.net.addresses import Address
from router.net.backoff import Backoff
from router.net.hsm_commands import Commands, Waiting
from router.net.outbox import Outbox, tuned
from router.switching.needs import Event, PinRefused, PinTranslated, TranslatePin, Verified
from router.switching.ports import Clock, HearsHsm
from router.switching.transaction import Transaction
from router.wire import hsm_frames
from router.wire.framing import FrameReader, FrameTooLong, begun, ended
from specs.dialect import parse_framing

FRAMING: Final = parse_framing("binary-2")
FRAME_BYTES_MAX: Final = 4096
CONNECT_TIMEOUT_S: Final = 5.0
BACKOFF_S_MAX: Final = 2.0

Changed = Callable[[Address, bool, str], None]


class HsmAway(Exception):
    """No connection, no answer in time, or too many commands waiting."""


class HsmLink:
    """One connection, made again whenever it falls, and the commands that wait on it.

    One on which a command was not answered, and nothing else came since, is given up: the next
    transactions hear "away" at once instead of waiting in vain.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, endpoint: Address, timeout_s: float,
        pending_max: int, changed: Changed,
    ) -> None:
        self.endpoint = endpoint
        self.is_up = False
        self.hears: HearsHsm | None = None  # set before the first transaction,
        self.clock = Clock()  # and with it the clock that it reads
        self._loop = loop
        self._timeout_s = timeout_s
        self._changed = changed
        self._commands = Commands(pending_max)
        self._heard_at = 0.0
        self._now = 0.0  # when the first command of this turn was sent, or later
        self._reader = FrameReader(FRAMING, FRAME_BYTES_MAX)
        self._transport: asyncio.Transport | None = None
        self._outbox: Outbox | None = None
        self._closed: asyncio.Future[str] | None = None
        self._why = ""

    @property
    def takes_more(self) -> bool:
        outbox = self._outbox
        return (
            self.is_up and outbox is not None and outbox.takes_more and not self._commands.is_full
        )

    @property
    def load(self) -> i64:
        """Commands that wait."""
        return self._commands.count

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

    def translate(self, need: TranslatePin, owner: Transaction) -> None:
        """The owner's conductor hears of it. The caller looked at `takes_more` before."""
        outbox = self._outbox
        assert outbox is not None
        source, destination = need.source.form, need.destination.form
        waiting = self._begun(outbox, source.command)
        waiting.owner = owner
        waiting.block_digits = destination.block_digits
        frames = outbox.frames()
        start = begun(frames)
        hsm_frames.write_header(frames, waiting.number)
        hsm_frames.write_keys(frames, source, destination)
        need.write_pin_block(frames)
        hsm_frames.write_formats(frames, source, destination)
        need.write_account(frames)
        ended(frames, start)

    def verify(self, command: bytes, owner: Transaction) -> None:
        """The same, of a command that is written already."""
        waiting = self._send(command)
        waiting.owner = owner
        waiting.verifies = True

    async def ask(self, command: bytes) -> bytes:
        """Any other command; the whole answer. Raises HsmAway."""
        if self._outbox is None or self._commands.is_full:
            raise HsmAway
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._send(command).answer = answer
        return await answer

    def _send(self, command: bytes) -> Waiting:
        outbox = self._outbox
        assert outbox is not None
        waiting = self._begun(outbox, command[:2])
        frames = outbox.frames()
        start = begun(frames)
        hsm_frames.write_header(frames, waiting.number)
        frames.write(command)
        ended(frames, start)
        return waiting

    def _begun(self, outbox: Outbox, command: bytes) -> Waiting:
        if not outbox.is_gathering:
            self._now = self._loop.time()
        return self._commands.begin(command, self._now, self._now + self._timeout_s)

    def tick(self, now: float) -> None:
        """Whoever has waited too long hears so."""
        for waiting in self._commands.due(now):
            if self._heard_at <= waiting.sent_at:
                self.give_up("no answer in time")
            self._refuse(waiting)

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
        self._heard_at = self._now = self._loop.time()
        try:
            frames = self._reader.feed(data)
        except FrameTooLong as fault:
            self.give_up(str(fault))
            return
        self.clock.stand()
        try:
            for frame in frames:
                self._answered(frame)
        finally:
            self.clock.go_on()

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
        for waiting in self._commands.all():
            self._refuse(waiting)
        if self.is_up or self._why:
            self._changed(self.endpoint, False, why)
        self.is_up = False
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(why)

    def _answered(self, frame: bytes) -> None:
        waiting = self._commands.answered(hsm_frames.number_in(frame))
        if waiting is None:
            return  # late: its transaction was told already
        owner, waiting.owner = waiting.owner, None
        if owner is not None:
            self._tell(owner, self._event_in(frame, waiting))
            return
        answer, waiting.answer = waiting.answer, None
        if answer is not None and not answer.done():
            answer.set_result(frame)

    def _event_in(self, frame: bytes, waiting: Waiting) -> Event:
        """What an answer to a transaction's command says."""
        try:
            error = hsm_frames.error_of(frame, waiting.command)
            if waiting.verifies:
                return Verified(error)
            if error != hsm_frames.ACCEPTED:
                return PinRefused(error)
            return PinTranslated(hsm_frames.pin_block_of(frame, waiting.block_digits))
        except hsm_frames.MalformedAnswer as fault:
            self.give_up(str(fault))
            return away(waiting)

    def _refuse(self, waiting: Waiting) -> None:
        """There will be no answer."""
        if waiting.owner is not None:
            self._tell(waiting.owner, away(waiting))
        elif waiting.answer is not None and not waiting.answer.done():
            waiting.answer.set_exception(HsmAway())

    def _tell(self, owner: Transaction, event: Event) -> None:
        assert self.hears is not None, "the daemon sets it before the first transaction"
        self.hears.translated(owner, event)

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


def away(waiting: Waiting) -> Event:
    """It did not answer."""
    return Verified("") if waiting.verifies else PinRefused("")
