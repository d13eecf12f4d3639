"""The demo acquirer: a day's wishes over its links, on time whether or not answers come."""
import asyncio
from collections.abc import Iterator, Sequence

from noyau.demo.acquirer_link import AcquirerLink
from noyau.demo.book import Book
from noyau.demo.day import Wish

TICK_S = 0.1
BEHIND_S = 1.0  # a machine that was asleep does not send everything it missed at once


class DemoAcquirer:
    """`trade` sends, `tick_links` keeps deadlines, `settle` waits until nothing is open."""

    def __init__(self, links: Sequence[AcquirerLink], book: Book) -> None:
        self.links = {link.name: link for link in links}
        self._book = book

    async def ready(self) -> None:
        """Every link is signed on."""
        for link in self.links.values():
            await link.signed_on.wait()

    async def keep_links(self) -> None:
        """Connections and deadlines, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for link in self.links.values():
                tasks.create_task(link.keep_connected())
            tasks.create_task(self._tick())

    async def trade(self, wishes: Iterator[Wish]) -> None:
        """Send each wish when its time comes, until cancelled or the book is full."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        for wish in wishes:
            due = max(due + wish.after_s, loop.time() - BEHIND_S)
            if (wait_s := due - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            if self._book.is_full:
                return
            self._ask(wish, loop.time())

    async def settle(self, deadline: float) -> None:
        """Until every answer is heard and every reversal acknowledged, or the deadline."""
        loop = asyncio.get_running_loop()
        while self._book.open_entries and loop.time() < deadline:  # noqa: ASYNC110 - the book is plain data
            await asyncio.sleep(TICK_S)

    def sign_off(self) -> None:
        """Close all links."""
        for link in self.links.values():
            link.sign_off()

    def _ask(self, wish: Wish, now: float) -> None:
        """By its own link, else by one that is up; where none is, the customer goes home."""
        for link in (self.links[wish.link], *self.links.values()):
            if link.is_ready:
                link.ask(wish, now)
                return

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            for link in self.links.values():
                link.tick(loop.time())
