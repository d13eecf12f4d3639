"""The HSM over several connections, pipelined: answers are matched to commands by their header.

Every command waits equally long, so insertion order is deadline order and `tick` stops at the first
that is not due. A connection on which a command was not answered, and nothing else came since, is
given up: the next transactions hear "away" at once instead of waiting in vain.
"""
import asyncio
from collections.abc import Callable

from mypy_extensions import mypyc_attr

from router.net.addresses import Address
from router.net.hsm_link import Changed, HsmLink
from router.switching.needs import (
    Event,
    PinRefused,
    PinTranslated,
    TranslatePin,
    Verified,
    Verify,
)
from router.switching.transaction import Transaction
from router.wire import hsm_frames

Translated = Callable[[Transaction, Event], None]


class HsmAway(Exception):
    """No connection, no answer in time, or too many commands waiting."""


@mypyc_attr(acyclic=True)
class Waiting:
    """A command without its answer."""

    __slots__ = ("answer", "block_format", "command", "deadline", "link", "owner", "sent_at",
                 "verifies")

    def __init__(self, link: HsmLink, command: bytes, sent_at: float, deadline: float) -> None:
        self.link = link
        self.command = command
        self.sent_at = sent_at
        self.deadline = deadline
        self.owner: Transaction | None = None  # of a PIN translation
        self.block_format = ""
        self.verifies = False  # a PIN or a CVV: right or wrong is all it says
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

    def verify(self, need: Verify, owner: Transaction) -> None:
        """The same, with Verified."""
        link = self._least_loaded()
        if link is None:
            self._loop.call_soon(self._tell, owner, Verified(""))
            return
        waiting = self._send(link, need.command)
        waiting.owner = owner
        waiting.verifies = True

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

    async def _diagnosed(self, link: HsmLink) -> bool:
        """NC on a new connection: is it an HSM, and well?"""
        try:
            answer = await self._ask_on(link, hsm_frames.DIAGNOSE)
            return hsm_frames.error_of(answer, hsm_frames.DIAGNOSE) == hsm_frames.ACCEPTED
        except (HsmAway, hsm_frames.MalformedAnswer):
            return False

    async def _ask_on(self, link: HsmLink, command: bytes) -> bytes:
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._send(link, command).answer = answer
        return await answer

    def _least_loaded(self) -> HsmLink | None:
        best: HsmLink | None = None
        for link in self._links:
            if link.takes_more and link.load < self._pending_max and (
                    best is None or link.load < best.load):
                best = link
        return best

    def _send(self, link: HsmLink, command: bytes) -> Waiting:
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

    def _answered(self, link: HsmLink, frame: bytes) -> None:
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
            event = event_in(frame, waiting)
        except hsm_frames.MalformedAnswer as fault:
            link.give_up(str(fault))
            event = away(waiting)
        assert waiting.owner is not None
        self._tell(waiting.owner, event)

    def _fell(self, link: HsmLink) -> None:
        lost = [header for header, waiting in self._waiting.items() if waiting.link is link]
        for header in lost:
            self._refused(self._waiting.pop(header))
        link.load = 0

    def _refused(self, waiting: Waiting) -> None:
        if waiting.answer is not None:
            if not waiting.answer.done():
                waiting.answer.set_exception(HsmAway())
        elif waiting.owner is not None:
            self._tell(waiting.owner, away(waiting))

    def _tell(self, owner: Transaction, event: Event) -> None:
        assert self.translated is not None, "the daemon sets it before the first transaction"
        self.translated(owner, event)


def away(waiting: Waiting) -> Event:
    """It did not answer."""
    return Verified("") if waiting.verifies else PinRefused("")


def event_in(frame: bytes, waiting: Waiting) -> Event:
    """What an answer to a transaction's command says. Raises MalformedAnswer."""
    error = hsm_frames.error_of(frame, waiting.command)
    if waiting.verifies:
        return Verified(error)
    if error != hsm_frames.ACCEPTED:
        return PinRefused(error)
    return PinTranslated(hsm_frames.pin_block_of(frame, waiting.block_format))
