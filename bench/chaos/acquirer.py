"""An acquirer host as real ones behave: what it never heard it reverses, until that is answered.

A purchase without an answer, by the deadline or because its link fell, is reversed by 0420, and
that repeated as 0421 with the same numbers, on whatever link is up, until a 0430 says 00.
"""

import asyncio
import contextlib
import itertools
from typing import Final

from bench.chaos.book import Book, Purchase, Reversal
from bench.chaos.messages import Purchases, time_now
from bench.load.frames import Frames

UNANSWERED_AFTER_S: Final = 8.0
REPEAT_AFTER_S: Final = 3.0
RECONNECT_S: Final = 0.1
TICK_S: Final = 0.02
OUT_MAX: Final = 40_000  # more are not sent: the switch is stuck
FINAL: Final = ("00",)
ANSWER, REVERSED = "0110", "0430"


class Link(asyncio.Protocol):
    """One connection and what waits for an answer on it."""

    def __init__(self, acquirer: "Acquirer") -> None:
        self._acquirer = acquirer
        self._frames = Frames()
        self.transport: asyncio.Transport | None = None
        self.out: set[int] = set()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            self._acquirer.hears(self, frame)

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        self._acquirer.lost(self)
        if not self.lost.done():
            self.lost.set_result(None)


class Acquirer:
    """`trade` sends at a rate; `settle` waits until nothing is open."""

    def __init__(self, port: int, connections: int, first_number: int = 0) -> None:
        self.book = Book()
        self._port = port
        self._purchases = Purchases()
        self._links: list[Link] = []
        self._numbers = itertools.count(first_number)
        self._stans = itertools.count(900_000)
        self._connections = connections
        self._turn = 0

    async def keep_links(self) -> None:
        """Connections and deadlines, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._connections):
                tasks.create_task(self._keep_link())
            tasks.create_task(self._tick())

    async def trade(self, rate: float, until: asyncio.Event) -> None:
        """Open loop: so many a second, while the links are up."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not until.is_set():
            now = loop.time()
            due = max(due, now - 1.0)  # a machine that was busy does not send all it missed
            time = time_now()
            while due <= now:
                due += 1 / rate
                self._buy(now, time)
            await asyncio.sleep(0.002)

    async def settle(self, within_s: float) -> bool:
        """True when every purchase and reversal was answered."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while not self.book.is_closed and loop.time() < until:  # noqa: ASYNC110 - plain data
            await asyncio.sleep(0.1)
        return self.book.is_closed

    def hears(self, link: Link, frame: bytes) -> None:
        answer = self._purchases.decoded(frame)
        if answer["t"] == ANSWER:
            number = int(answer["37"])
            link.out.discard(number)
            self.book.heard(number, answer["39"])
        elif answer["t"] == REVERSED:
            self.book.reversed(answer["11"], answer["39"], FINAL)
        else:
            self.book.counts[f"unexpected {answer['t']}"] += 1

    def lost(self, link: Link) -> None:
        if link in self._links:
            self._links.remove(link)
            self.book.counts["links lost"] += 1
        now = asyncio.get_running_loop().time()
        for number in link.out:
            purchase = self.book.open.pop(number, None)
            if purchase is not None:
                self._reverse(purchase, now)

    def _buy(self, now: float, time: str) -> None:
        self._turn += 1
        if not self._links or len(self.book.open) >= OUT_MAX:
            self.book.counts["not sent"] += 1
            return
        link = self._links[self._turn % len(self._links)]
        number = next(self._numbers)
        self.book.open[number] = Purchase(number, time, now)
        self.book.counts["sent"] += 1
        link.out.add(number)
        assert link.transport is not None
        link.transport.write(self._purchases.frame(number, time.encode()))

    def _reverse(self, purchase: Purchase, now: float) -> None:
        stan = f"{next(self._stans) % 1_000_000:06d}"
        self.book.counts["never heard"] += 1
        self.book.reversals[stan] = Reversal(purchase, stan, time_now(), now)

    def _send_reversal(self, reversal: Reversal, now: float) -> None:
        purchase = reversal.purchase
        mti = "0420" if reversal.tries == 0 else "0421"
        frame = self._purchases.reversal(
            mti, purchase.number, purchase.time, reversal.stan, reversal.time
        )
        link = self._links[reversal.tries % len(self._links)]
        assert link.transport is not None
        link.transport.write(frame)
        reversal.tries += 1
        reversal.again_at = now + REPEAT_AFTER_S

    async def _keep_link(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(OSError):
                _, link = await loop.create_connection(lambda: Link(self), "127.0.0.1", self._port)
                self._links.append(link)
                try:
                    await link.lost
                except asyncio.CancelledError:
                    if link.transport is not None:
                        link.transport.abort()
                    raise
            await asyncio.sleep(RECONNECT_S)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            now = loop.time()
            overdue = []
            for purchase in self.book.open.values():  # in the order of sending
                if now - purchase.sent_at < UNANSWERED_AFTER_S:
                    break
                overdue.append(purchase)
            for purchase in overdue:
                del self.book.open[purchase.number]
                self._reverse(purchase, now)
            if self._links:
                for reversal in self.book.reversals.values():
                    if reversal.again_at <= now:
                        self._send_reversal(reversal, now)
