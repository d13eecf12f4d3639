"""The HSM over several connections, pipelined: answers are matched to commands by their header.

Every command waits equally long, so insertion order is deadline order and `tick` stops at the first
that is not due. A connection on which a command was not answered, and nothing else came since, is
given up: the next transactions hear "away" at once instead of waiting in vain.
"""
import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast

from router.net.addresses import Address
from router.net.backoff import Backoff
from router.net.outbox import Outbox, tuned
from router.switching.needs import Event, PinRefused, PinTranslated, TranslatePin
from router.switching.transaction import Transaction
from router.wire import hsm_frames
from router.wire.framing import FrameReader, FrameTooLong, FrameWriter
from specs.dialect import parse_framing

FRAMING: Final = parse_framing("binary-2")
FRAME_BYTES_MAX: Final = 4096
CONNECT_TIMEOUT_S: Final = 5.0
BACKOFF_S_MAX: Final = 2.0

Translated = Callable[[Transaction, Event], None]
Changed = Callable[[Address, bool, str], None]


class HsmAway(Exception):
    """No connection, no answer in time, or too many commands waiting."""


class Waiting:
    """A command without its answer."""

    __slots__ = ("answer", "block_format", "command", "deadline", "link", "owner", "sent_at")

    def __init__(self, link: "HsmLink", command: bytes, sent_at: float, deadline: float) -> None:
        self.link = link
        self.command = command
        self.sent_at = sent_at
        self.deadline = deadline
        self.owner: Transaction | None = None  # of a PIN translation
        self.block_format = ""
        self.answer: asyncio.Future[bytes] | None = None  # of anything else


class HsmClient:
    """Implements the port Hsm. `translated` is the conductor's, set before it is needed."""

    def __init__(
        self, endpoints: tuple[Address, ...], connections: int, timeout_s: float, pending_max: int,
        changed: Changed,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout_s = timeout_s
        self._pending_max = pending_max
        self._waiting: dict[bytes, Waiting] = {}
        self._last = 0
        self._links = [
            HsmLink(self._loop, endpoint, self._answered, self._fell, changed)
            for _ in range(connections) for endpoint in endpoints
        ]
        self.translated: Translated | None = None

    @property
    def connections_up(self) -> int:
        """Those that answered the health check."""
        return sum(link.is_up for link in self._links)

    async def run(self) -> None:
        """Keeps every connection up, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for link in self._links:
                group.create_task(link.keep_up(self._diagnosed), name=f"hsm {link.endpoint}")

    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        """`translated` hears of it exactly once, and never from within this call."""
        link = self._least_loaded()
        if link is None:
            self._loop.call_soon(self._tell, owner, PinRefused(""))
            return
        source, destination = need.source, need.destination
        waiting = self._send(link, hsm_frames.translate_pin(
            source.kind, source.under_lmk, destination.under_lmk, need.pin_block,
            source.block_format, destination.block_format, need.account,
        ))
        waiting.owner = owner
        waiting.block_format = destination.block_format

    async def ask(self, command: bytes) -> bytes:
        """Any other command; the whole answer. Raises HsmAway."""
        link = self._least_loaded()
        if link is None:
            raise HsmAway
        return await self._ask_on(link, command)

    def tick(self, now: float) -> None:
        """Whoever has waited too long hears so."""
        late: list[bytes] = []
        for header, waiting in self._waiting.items():
            if waiting.deadline > now:
                break
            late.append(header)
        for header in late:
            waiting = self._waiting.pop(header)
            waiting.link.load -= 1
            if waiting.link.heard_at <= waiting.sent_at:
                waiting.link.give_up("no answer in time")
            self._refused(waiting)

    async def _diagnosed(self, link: "HsmLink") -> bool:
        """NC on a new connection: is it an HSM, and well?"""
        try:
            answer = await self._ask_on(link, hsm_frames.DIAGNOSE)
            return hsm_frames.error_of(answer, hsm_frames.DIAGNOSE) == hsm_frames.ACCEPTED
        except (HsmAway, hsm_frames.MalformedAnswer):
            return False

    async def _ask_on(self, link: "HsmLink", command: bytes) -> bytes:
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._send(link, command).answer = answer
        return await answer

    def _least_loaded(self) -> "HsmLink | None":
        best: HsmLink | None = None
        for link in self._links:
            if link.takes_more and link.load < self._pending_max and (
                    best is None or link.load < best.load):
                best = link
        return best

    def _send(self, link: "HsmLink", command: bytes) -> Waiting:
        header = self._free_header()
        now = self._loop.time()
        waiting = self._waiting[header] = Waiting(link, command[:2], now, now + self._timeout_s)
        link.load += 1
        link.send(header + command)
        return waiting

    def _free_header(self) -> bytes:
        """Pending commands are far fewer than headers: one is free after few steps."""
        while True:
            self._last = (self._last + 1) % hsm_frames.HEADERS
            header = hsm_frames.header(self._last)
            if header not in self._waiting:
                return header

    def _answered(self, link: "HsmLink", frame: bytes) -> None:
        waiting = self._waiting.get(frame[:hsm_frames.HEADER_BYTES])
        if waiting is None or waiting.link is not link:
            return  # late: its transaction was told already
        del self._waiting[frame[:hsm_frames.HEADER_BYTES]]
        link.load -= 1
        if waiting.answer is not None:
            if not waiting.answer.done():
                waiting.answer.set_result(frame)
            return
        try:
            event = translation_in(frame, waiting)
        except hsm_frames.MalformedAnswer as fault:
            link.give_up(str(fault))
            event = PinRefused("")
        assert waiting.owner is not None
        self._tell(waiting.owner, event)

    def _fell(self, link: "HsmLink") -> None:
        lost = [header for header, waiting in self._waiting.items() if waiting.link is link]
        for header in lost:
            self._refused(self._waiting.pop(header))
        link.load = 0

    def _refused(self, waiting: Waiting) -> None:
        if waiting.answer is not None:
            if not waiting.answer.done():
                waiting.answer.set_exception(HsmAway())
        elif waiting.owner is not None:
            self._tell(waiting.owner, PinRefused(""))

    def _tell(self, owner: Transaction, event: Event) -> None:
        assert self.translated is not None, "the daemon sets it before the first transaction"
        self.translated(owner, event)


class HsmLink(asyncio.Protocol):
    """One connection, made again whenever it falls."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, endpoint: Address,
        answered: Callable[["HsmLink", bytes], None], fell: Callable[["HsmLink"], None],
        changed: Changed,
    ) -> None:
        self.endpoint = endpoint
        self.load = 0
        self.heard_at = 0.0
        self.is_up = False
        self._loop = loop
        self._answered = answered
        self._fell = fell
        self._changed = changed
        self._writer = FrameWriter(FRAMING)
        self._reader = FrameReader(FRAMING, FRAME_BYTES_MAX)
        self._transport: asyncio.Transport | None = None
        self._outbox: Outbox | None = None
        self._closed: asyncio.Future[str] | None = None
        self._why = ""

    @property
    def takes_more(self) -> bool:
        return self.is_up and self._outbox is not None and self._outbox.takes_more

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

    def send(self, frame: bytes) -> None:
        assert self._outbox is not None
        self._outbox.put(self._writer.framed(frame))

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
        self.heard_at = self._loop.time()
        try:
            frames = self._reader.feed(data)
        except FrameTooLong as fault:
            self.give_up(str(fault))
            return
        for frame in frames:
            self._answered(self, frame)

    def pause_writing(self) -> None:
        assert self._outbox is not None
        self._outbox.pause()

    def resume_writing(self) -> None:
        assert self._outbox is not None
        self._outbox.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        why = self._why or (str(exc) if exc is not None else "closed by the HSM")
        self._transport = None
        self._fell(self)
        if self.is_up or self._why:
            self._changed(self.endpoint, False, why)
        self.is_up = False
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(why)

    async def _connected(self) -> bool:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._loop.create_connection(
                    lambda: self, self.endpoint.host, self.endpoint.port)
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


def translation_in(frame: bytes, waiting: Waiting) -> Event:
    """What an answer to CA or CC says. Raises MalformedAnswer."""
    error = hsm_frames.error_of(frame, waiting.command)
    if error != hsm_frames.ACCEPTED:
        return PinRefused(error)
    return PinTranslated(hsm_frames.pin_block_of(frame, waiting.block_format))
