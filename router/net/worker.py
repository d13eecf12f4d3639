"""One of several workers, as a process: a router for the acquirers that its supervisor gives it.

It has no window and no ports of its own: sockets, questions and the word to end come by a channel.
Where that ends (the supervisor is gone) it drains, and ends too.
"""
import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from router.net.acquirer_listener import PortTaken
from router.net.bin_file import read_bins
from router.net.channel import Channel
from router.net.configuration import ReadBins, SettingsRejected
from router.net.daemon import LINES_WITHIN_S, Router, Worker
from router.net.http import Show
from router.net.in_force import settings_in
from router.net.journal_opening import JournalUnusable
from router.net.key_at_rest import DataKeyRefused
from router.net.log import start_log
from router.net.loop import loop_factory
from router.net.place import Place
from router.net.settings import AcquirerSettings, Settings
from router.net.shares import share_of

TAKEOVER_LINES_WITHIN_S: Final = 1.0  # acquirers are waiting already


class Begin(msgspec.Struct):
    """What the supervisor says first."""

    place: Place
    folder: str  # of the configuration in force
    source: str  # the operator's, which it is a copy of
    state: str
    form: str
    acquirers: list[str]
    takes_over: bool


class Process:
    """`run` is its life."""

    def __init__(self, descriptor: int) -> None:
        self._begin: asyncio.Future[Begin] = asyncio.get_running_loop().create_future()
        self._sockets: dict[str, socket.socket] = {}
        self._folder = self._source = Path()
        self._acquirers: list[str] = []
        self._router: Router | None = None
        self._ends = False  # before it has begun
        self._shows: dict[str, Show] = {}
        self._channel = Channel(socket.socket(fileno=descriptor), self._heard, self._is_over)

    async def run(self) -> int:
        """The exit code."""
        try:
            begin = await self._begin
        except asyncio.CancelledError:
            return 0
        if self._ends:
            return 0
        self._folder, self._source = Path(begin.folder), Path(begin.source)
        self._acquirers = begin.acquirers
        place = begin.place
        log = None
        try:
            settings = self._read_for(place)
            log = start_log(settings.router.log_level, place.number)
            worker = Worker(
                place, TAKEOVER_LINES_WITHIN_S if begin.takes_over else LINES_WITHIN_S,
                lambda reading_bins: self._read_for(place, reading_bins), self._bind,
                lambda issuer: self._channel.tell("key", issuer))
            self._router = router = Router(
                settings, Path(begin.state), begin.form, log, self._ready, worker)
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, router.stop)
            await router.serve()
        except (SettingsRejected, JournalUnusable, PortTaken, DataKeyRefused) as error:
            self._channel.tell("failed", str(error))
            return 2
        finally:
            if log is not None:
                log.stop()
            self._channel.close()
        return 0

    def _read_for(self, place: Place, reading_bins: ReadBins = read_bins) -> Settings:
        settings = settings_in(self._folder, self._source, reading_bins)
        return share_of(settings, place, self._acquirers)

    def _bind(self, settings: AcquirerSettings) -> socket.socket:
        return self._sockets.pop(settings.name)

    def _ready(self, _line: str) -> None:
        self._channel.tell("ready")

    def _is_over(self) -> None:
        self._ends = True
        if self._router is not None:
            self._router.stop()
        else:
            self._begin.cancel()  # nothing where it is there already

    # What the supervisor says.

    async def _heard(self, what: str, content: Any, sockets: list[int]) -> Any:
        if what == "sockets":
            for name, descriptor in zip(content, sockets, strict=True):
                self._sockets[name] = socket.socket(fileno=descriptor)
        elif what == "begin":
            self._begin.set_result(msgspec.convert(content, Begin))
        elif what == "page":
            return await self._page(*content)
        elif what == "reload" and self._router is not None:
            self._folder, self._acquirers = Path(content[0]), content[1]
            return msgspec.to_builtins(await self._router.reload())
        elif what == "key" and self._router is not None:
            self._router.key_changed(content)
        elif what == "drain":
            self._is_over()
        return True

    async def _page(self, path: str, query: dict[str, str]) -> tuple[int, str] | None:
        """None: it is not there yet."""
        if self._router is None or not self._router.shows_pages:
            return None
        if not self._shows:
            pages, commands = self._router.shows
            self._shows = {**pages, **commands}
        page = await self._shows[path](query)
        return page.code, page.body.decode()


async def life(descriptor: int) -> int:
    """Of the process."""
    return await Process(descriptor).run()


def main() -> None:
    """Started by the supervisor alone; the argument is its channel."""
    for number in (signal.SIGINT, signal.SIGHUP):  # a terminal's go to the supervisor, too
        signal.signal(number, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        sys.exit(runner.run(life(int(sys.argv[1]))))


if __name__ == "__main__":
    main()
