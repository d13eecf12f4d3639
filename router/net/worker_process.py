"""A worker as its supervisor sees it: started, started again when it ends, asked, told to drain.

One that ends at once again and again is waited for longer each time; one that does not answer is
killed: its acquirers are better off with the next.
"""
import asyncio
import contextlib
import itertools
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from router.net.backoff import Backoff
from router.net.channel import SOCKETS_MAX, Channel, ChannelEnded
from router.net.observer import RouterObserver
from router.net.place import Place
from router.net.status import WorkerStatus
from router.net.worker import Begin

WATCH_EVERY_S: Final = 2.0
ANSWERS_WITHIN_S: Final = 10.0
STARTS_WITHIN_S: Final = 60.0  # a large journal keeps the loop busy
GOOD_AFTER_S: Final = 60.0  # then an end is no reason to wait
BACKOFF_S_MAX: Final = 30.0

Sockets = Mapping[str, socket.socket]  # of listeners, by acquirer
PageAnswer = tuple[int, str]


class WorkerProcess:
    """`begins` says with what it starts, and on which sockets."""

    def __init__(
        self, place: Place, begins: Callable[[int, bool], tuple[Begin, Sockets]],
        key_changed: Callable[[int, str], None], observer: RouterObserver,
    ) -> None:
        self.place = place
        self.is_ready = asyncio.Event()
        self.failed = ""  # why it could not start
        self._begins = begins
        self._key_changed = key_changed
        self._observer = observer
        self._channel: Channel | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._backoff = Backoff(BACKOFF_S_MAX)
        self.starts = 0
        self._ending = asyncio.Event()
        self._why = ""  # it ended last time

    @property
    def number(self) -> int:
        return self.place.number

    @property
    def state(self) -> str:
        """starting, ready, draining, or waiting to be started again."""
        if self._process is None:
            return "waiting"
        if self._ending.is_set():
            return "draining"
        return "ready" if self.is_ready.is_set() else "starting"

    def status(self, acquirers: int, in_flight: int) -> WorkerStatus:
        """As shown."""
        process = self._process.pid if self._process is not None else 0
        return WorkerStatus(
            self.number, process, self.state, self.place.journal, acquirers, in_flight,
            self.starts, self._why)

    async def run(self) -> None:
        """Until it is told to end, and has."""
        loop = asyncio.get_running_loop()
        while not self._ending.is_set():
            began = loop.time()
            self.starts += 1
            self._why = await self._once()
            if self._ending.is_set():
                return
            self._observer.alarm("worker_ended", worker=self.number, why=self._why)
            if loop.time() - began >= GOOD_AFTER_S:
                self._backoff.reset()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.wait_s()):
                    await self._ending.wait()

    async def ask(self, what: str, content: Any = None, sockets: Sockets | None = None) -> Any:
        """None where it is not there, or does not know."""
        channel = self._channel
        if channel is None:
            return None
        with contextlib.suppress(ChannelEnded):
            await self._hand_over(channel, sockets or {})
            return await channel.ask(what, content)
        return None

    def tell(self, what: str, content: Any = None) -> None:
        """Nothing where it is not there."""
        if self._channel is not None:
            self._channel.tell(what, content)

    def drain(self) -> None:
        """It ends when what is in flight is answered."""
        self._ending.set()
        self.tell("drain")
        if self._channel is None and self._process is not None:
            self.kill()

    def kill(self) -> None:
        """It ends now."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def end_soon(self) -> None:
        """It drains, and the next one takes its place."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    async def _once(self) -> str:
        """Why it ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "router.net.worker", str(theirs.fileno()),
                pass_fds=(theirs.fileno(),), stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL)
        self._channel = channel = Channel(ours, self._heard, lambda: None)
        self.failed = ""
        watching = asyncio.create_task(self._watch(channel), name=f"watch worker {self.number}")
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            self.kill()
            raise
        finally:
            watching.cancel()
            self._channel = self._process = None
            self.is_ready.clear()
            channel.close()
        silent = watching.done() and not watching.cancelled() and watching.result()
        return self.failed or silent or (f"signal {-code}" if code < 0 else f"exit code {code}")

    async def _watch(self, channel: Channel) -> str:
        """Begins it, then looks whether it answers. Why it was killed."""
        begin, sockets = self._begins(self.number, self.starts > 1)
        with contextlib.suppress(ChannelEnded):
            await self._hand_over(channel, sockets)
            await channel.ask("begin", begin)
            while True:
                await asyncio.sleep(WATCH_EVERY_S)
                within_s = ANSWERS_WITHIN_S if self.is_ready.is_set() else STARTS_WITHIN_S
                try:
                    async with asyncio.timeout(within_s):
                        await channel.ask("alive")
                except TimeoutError:
                    self.kill()
                    return f"it did not answer for {within_s:.0f} s, and was killed"
        return ""

    @staticmethod
    async def _hand_over(channel: Channel, sockets: Sockets) -> None:
        items = iter(sockets.items())
        while part := dict(itertools.islice(items, SOCKETS_MAX)):
            await channel.ask(
                "sockets", list(part), [one.fileno() for one in part.values()])

    async def _heard(self, what: str, content: Any, _sockets: list[int]) -> None:
        if what == "ready":
            self.is_ready.set()
        elif what == "failed":
            self.failed = content
        elif what == "key":
            self._key_changed(self.number, content)
