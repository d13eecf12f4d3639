"""The router as a process: the only place where its parts are put together.

Start: ports are taken, the HSM unwraps the key at rest, the journal is replayed, the issuers' lines
sign on, and only then acquirers are let in. Longer than others because nothing else wires.
"""
import asyncio
import contextlib
import gc
import json
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from router.net.acquirer_listener import PortTaken
from router.net.acquirer_side import AcquirerSide, Bind, own_port
from router.net.clock import SystemClock
from router.net.codecs import Codecs
from router.net.configuration import ReadBins, load_settings
from router.net.follower import Follower
from router.net.hsm_client import HsmClient
from router.net.http import HttpServer, Show
from router.net.issuer_link import IssuerLink
from router.net.issuer_side import IssuerSide
from router.net.journal import Journal
from router.net.journal_file import JournalFile
from router.net.journal_retention import retention_of
from router.net.key_at_rest import unlocked
from router.net.key_exchanges import KeyExchanges
from router.net.key_store import KeyStore
from router.net.log import Log
from router.net.metrics import Metrics
from router.net.mqtt import MqttFeed
from router.net.observer import RouterObserver
from router.net.pages import Pages
from router.net.place import ALONE, Place
from router.net.reload import Reload
from router.net.reload_outcome import ReloadOutcome
from router.net.replaying import replayed
from router.net.saf_pages import SafPages
from router.net.settings import Settings
from router.net.stand_in_pages import StandInPages
from router.net.stand_in_side import StandInSide
from router.net.status import RouterStatus
from router.net.undeliverable import left_without
from router.net.waiting import until
from router.switching.conductor import Conductor, Limits
from router.switching.routing import BinTable
from router.switching.switch import Switch
from specs.journal_told import told_in

TICK_S: Final = 0.05
GO_ON_S: Final = 0.005  # with what a tick has left over
LINES_WITHIN_S: Final = 10.0  # then acquirers are let in, whatever lines are up
DRAIN_S: Final = 5.0  # for what is in flight
SIGN_OFF_S: Final = 1.0
FLUSH_S: Final = 1.5
RESTART_AFTER_S: Final = 1.0
# The journal's thread waits so long, at most, for a turn of the loop to be interrupted. At Python's
# 5 ms one commit in a hundred took that much longer (10,000/s: p50 5.3 ms, here 4.3; CPU the same).
SWITCH_INTERVAL_S: Final = 0.0005
COLLECT_EVERY: Final = (50_000, 20, 100)  # by generation

STARTING: Final = "starting"
WAITING_FOR_HSM: Final = "waiting for the HSM to unwrap the key at rest"
REPLAYING: Final = "replaying"
BEFORE_RECORDS: Final = (STARTING, WAITING_FOR_HSM, REPLAYING)

Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Worker:
    """What is different where a router is one of several workers; as it is here, it is the only
    one. `read` gives its share of the configuration, `bind` the port of an acquirer of its own,
    `tell_of_key` tells the others of an issuer's new session key.
    """

    place: Place = ALONE
    lines_within_s: float = LINES_WITHIN_S
    read: Callable[[ReadBins], Settings] | None = None
    bind: Bind = own_port
    tell_of_key: Callable[[str], None] | None = None


class Router:
    """One run, from start to end."""

    def __init__(
        self, settings: Settings, state: Path, form: str, log: Log, announce: Announce,
        worker: Worker | None = None,
    ) -> None:
        """Alone, or as one of several workers."""
        self._worker = worker or Worker()
        self._settings = settings
        self._state = state
        self._form = form
        self._log = log
        self._announce = announce
        self._metrics = Metrics()
        self._observer = RouterObserver(log, self._metrics)
        self._clock = SystemClock()
        self._began = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._stage = STARTING
        self._progress = ""
        self._last_reload = ""
        self._timer: asyncio.TimerHandle | None = None
        self._goes_on: asyncio.TimerHandle | None = None
        self._feed: MqttFeed | None = None
        self._follower: asyncio.Task[None] | None = None
        self._follows: JournalFile | None = None  # what it reads
        self._http_address = ""
        self.shows_pages = False  # `shows` may be asked for

    def stop(self) -> None:
        """Drain, and end."""
        self._stopping.set()

    async def serve(self) -> None:
        """Raises JournalUnusable, PortTaken or DataKeyRefused: it could not start."""
        self._loop = loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unexpected)
        self._observer.happened("router_starts", form=self._form, version=version(),
                                configuration=str(self._settings.folder), state=str(self._state))
        if self._form == "mixed":
            self._observer.alarm("broken_install", why="some modules compiled, some not; reinstall")
        async with contextlib.AsyncExitStack() as ending:  # the last opened is the first closed
            ending.callback(self._observer.happened, "router_stopped", form=self._form)
            kept = self._settings.journal
            place = self._worker.place
            file = JournalFile(
                self._state / "router", days=kept.business_days, worker=place.journal,
                stans=place.stans)
            limit = 4 * self._settings.router.in_flight_max + 1024
            self._journal = Journal(
                file, limit, self._journal_failed, retention_of(file, kept),
                kept.linger_ms / 1000)
            ending.push_async_callback(self._end_follower)
            ending.push_async_callback(self._flush)
            ending.push_async_callback(self._end_tasks)
            keys = KeyStore(self._state / "router" / "keys.sqlite")
            ending.callback(keys.close)
            self._put_together(keys)
            self.shows_pages = True
            ending.callback(self._acquirers.close)
            self._acquirers.configure(self._settings.acquirers)
            if place.is_alone:
                http = await self._http_opened()
                ending.push_async_callback(http.stop)
            await self._until_stopped(self._start(file, ending))
            await self._drain()

    # Start.

    def _put_together(self, keys: KeyStore) -> None:
        settings, router = self._settings, self._settings.router
        hsm = settings.hsm
        codecs = Codecs()
        self._hsm = HsmClient(
            hsm.endpoints, hsm.connections, hsm.timeout_s, hsm.pending_max,
            self._observer.hsm_changed)
        self._keys = KeyExchanges(self._hsm, keys, self._observer, self._clock, self._spawned)
        self._keys.tell_others = self._worker.tell_of_key
        self._issuers = IssuerSide(
            router, codecs, self._clock, self._observer, self._keys, self._start_line,
            self._worker.place)
        self._issuers.configure(settings.issuers)
        self._stand_in = StandInSide(
            self._issuers.issuers, settings.journal.business_days, self._observer)
        self._stand_in.configure(settings.stand_in)
        switch = Switch(
            router.institution_id, BinTable(settings.bin_table), self._issuers.issuers, self._clock)
        limits = Limits(
            router.in_flight_max, router.repeats_max, router.repeat_window_s,
            router.issuer_share, router.turn_max_s)
        self._conductor = Conductor(
            switch, self._clock, self._journal, self._hsm, self._observer, limits,
            settings.follower_tells)
        self._hsm.tell(self._conductor, self._clock)
        self._journal.landed = self._conductor.landed
        self._journal.in_flight = lambda: self._conductor.in_flight
        self._issuers.conductor = self._conductor
        self._acquirers = AcquirerSide(
            router, codecs, self._conductor, self._clock, self._observer, self._keys,
            self._worker.bind)
        self._hold_numbers()
        self._reload = Reload(
            settings, self._issuers, self._stand_in, self._acquirers, self._conductor,
            self._clock, self._log, self._worker.read or self._read)

    def _read(self, reading_bins: ReadBins) -> Settings:
        return load_settings(self._settings.folder, reading_bins)

    def _hold_numbers(self) -> None:
        """Of entries that other workers may have: nobody gives them anew."""
        for issuer in self._conductor.issuers:
            for stan in self._worker.place.held.get(issuer.name, ()):
                if issuer.stans.has(stan):
                    issuer.stans.hold(stan)

    async def _start(self, file: JournalFile, ending: contextlib.AsyncExitStack) -> None:
        settings = self._settings
        self._keep_running("hsm", self._hsm.run)
        self._tick()
        self._stage = WAITING_FOR_HSM
        await unlocked(
            file, self._hsm, settings.hsm.data_key_under_lmk, settings.hsm.data_key_kcv,
            lambda: self._observer.waits(
                "waits_for_hsm", endpoints=", ".join(map(str, settings.hsm.endpoints))))
        self._stage = REPLAYING
        await self._recover(file)
        self._follows = file if settings.journal.follow else None
        if settings.journal.follow and self._worker.place.is_alone:
            events_to = self._log.descriptor if settings.follower_tells else None
            follower = Follower(settings.folder, self._state, self._observer, events_to)
            self._follower = self._keep_running("follower", follower.run)
            self._tasks.discard(self._follower)  # it ends when nothing is written any more
        self._open_feed(ending)
        self._stage = "signing on to the issuers"
        self._issuers.open_lines()
        await until(lambda: self._issuers.is_reachable, self._worker.lines_within_s)
        gc.collect()
        gc.freeze()
        # The repeat window is a large heap, old and without cycles: walking it at the default
        # thresholds stopped the router for 0.2 s again and again (noyau bench, 256 in flight).
        gc.set_threshold(*COLLECT_EVERY)
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        await self._acquirers.open()
        self._stage = ""
        self._observer.happened("router_ready", reachable=str(self._issuers.is_reachable))
        self._announce(json.dumps({
            "router": "ready", "acquirers": self._acquirers.addresses, "http": self._http_address,
        }))

    async def _recover(self, file: JournalFile) -> None:
        router, began = self._settings.router, time.monotonic()
        records = await replayed(
            file, self._conductor, router.repeat_window_s, router.repeats_max, self._replaying)
        configured = {issuer.name for issuer in self._settings.issuers}
        for name, number in left_without(file.stored, configured).items():
            self._observer.alarm("stored_for_unknown_issuer", issuer=name, entries=number)
        self._hold_numbers()
        for remark in file.remarks:
            self._observer.alarm("journal_remark", why=remark)
        self._observer.happened(
            "journal_replayed", records=records, rows=file.progress[1], last_row=file.last_row,
            seconds=round(time.monotonic() - began, 1), stored_open=self._issuers.saf_open)

    def _replaying(self, row: int, rows: int) -> None:
        self._progress = f": row {row:,} of {rows:,}"
        self._observer.happened("journal_replaying", row=row, rows=rows)

    @property
    def shows(self) -> tuple[dict[str, Show], dict[str, Show]]:
        """Pages and commands by their paths, once it serves."""
        pages = Pages(
            self._status, self._metrics, self._dropped, self.reload, self.stop, self._keys.start)
        parked = SafPages(self._conductor, self._not_now)
        stood_in = StandInPages(self._conductor, self._not_now)
        return pages.pages, {**pages.commands, **parked.commands, **stood_in.commands}

    async def _http_opened(self) -> HttpServer:
        server = HttpServer(*self.shows, self._observer.page_failed)
        listen = self._settings.http.listen
        try:
            self._http_address = str(await server.start(listen))
        except OSError as error:
            raise PortTaken("[http]", listen, error) from None
        return server

    def _open_feed(self, ending: contextlib.AsyncExitStack) -> None:
        settings = self._settings.mqtt
        if settings is not None:
            self._feed = MqttFeed(
                settings, self.reload if self._worker.place.is_alone else None,
                self._observer.mqtt_changed)
            self._observer.use_feed(self._feed, settings.transactions)
            self._feed.start()
            ending.push_async_callback(self._feed.stop)

    async def _until_stopped(self, start: Coroutine[Any, Any, None]) -> None:
        """A start that fails ends the run; one that hangs can be interrupted."""
        starting = asyncio.create_task(start, name="start")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stopping
        starting.cancel()
        await asyncio.wait((starting,))

    # While it runs.

    def key_changed(self, issuer: str) -> None:
        """Another worker exchanged a key with this issuer."""
        self._keys.read_again(issuer)

    def _tick(self) -> None:
        self._timer = self._loop.call_later(TICK_S, self._tick)
        now = self._clock.now()
        self._hsm.tick(self._loop.time())
        if not self._is_before_records:
            self._conductor.tick()
            self._go_on_soon()
        self._journal.tick(self._loop.time())
        if self._issuers.tick(now):
            self._reload.use_switch()
        self._acquirers.tick(now)
        self._keys.tick()
        if not self._stopping.is_set():  # then lines fall because we sign off
            self._stand_in.tick()

    def _go_on_soon(self) -> None:
        """The rest of a large burst, beside the traffic."""
        if self._goes_on is None and self._conductor.is_behind:
            self._goes_on = self._loop.call_later(GO_ON_S, self._go_on)

    def _go_on(self) -> None:
        self._goes_on = None
        self._conductor.go_on()
        self._go_on_soon()

    @property
    def _is_before_records(self) -> bool:
        return self._stage in BEFORE_RECORDS

    def _start_line(self, link: IssuerLink) -> None:
        def ended(_task: asyncio.Task[None]) -> None:
            self._issuers.ended(link)

        self._keep_running(f"line {link.line.name}", link.run).add_done_callback(ended)

    def _keep_running(
        self, name: str, run: Callable[[], Coroutine[Any, Any, None]]
    ) -> asyncio.Task[None]:
        async def supervised() -> None:
            while True:
                try:
                    await run()
                except Exception as error:
                    # The supervisor of one connection: a mistake in our code costs that one only.
                    self._unexpected(self._loop, {"message": name, "exception": error})
                    await asyncio.sleep(RESTART_AFTER_S)
                else:
                    return

        task = asyncio.create_task(supervised(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _unexpected(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A programmer error in a callback: the connection it came from is closed by the loop."""
        error = context.get("exception")
        self._observer.broken(str(context.get("message", "")), error)

    def _journal_failed(self, why: str) -> None:
        self._observer.alarm("journal_refuses", why=why)

    def reload_soon(self) -> None:
        """The outcome is logged."""
        self._spawned("reload", self._reload_now())

    async def _reload_now(self) -> None:
        await self.reload()

    def _spawned(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Short work beside the traffic; a mistake in it is logged, and costs that work only."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._short_work_done)

    def _short_work_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._unexpected(self._loop, {"message": task.get_name(), "exception": error})

    async def reload(self) -> ReloadOutcome:
        """All of the new configuration that can change, or nothing of it."""
        if self._stage:
            outcome = ReloadOutcome("refused", mistakes=(f"not now: {self._stage}",))
        else:
            outcome = await self._reload.again()
        self._last_reload = outcome.outcome
        self._observer.reloaded(outcome)
        return outcome

    def _not_now(self) -> str:
        return self._stage if self._stage in BEFORE_RECORDS else ""

    def _dropped(self) -> dict[str, int]:
        feed = self._feed
        return {"log_lines": self._log.lines_dropped,
                "mqtt_messages": feed.dropped if feed is not None else 0}

    def _status(self) -> RouterStatus:
        return RouterStatus(
            version=version(),
            form=self._form,
            configuration=str(self._settings.folder),
            up_s=round(time.monotonic() - self._began, 1),
            is_draining=self._stopping.is_set(),
            hsm_connections=self._hsm.connections_up,
            journal_fault=self._stage + self._progress if self._is_before_records
            else self._journal.fault,
            lines=tuple(self._issuers.lines),
            listeners=tuple(self._acquirers.listeners),
            in_flight=self._conductor.in_flight,
            saf_open=self._issuers.saf_open,
            saf_parked=self._issuers.saf_parked,
            saf=tuple(self._issuers.saf),
            share_let_in=round(self._conductor.share_let_in, 3),
            last_reload=self._last_reload,
            stand_in=tuple(self._stand_in.statuses),
            session_keys=tuple(self._keys.shown),
            follower_rows_behind=rows_behind(self._follows),
        )

    # End.

    async def _drain(self) -> None:
        """No new requests; those in flight are answered, then the lines sign off."""
        self._observer.happened("router_drains", in_flight=self._conductor.in_flight)
        if self._feed is not None:
            self._feed.show("state", b"draining")
        self._acquirers.stop_accepting()
        await until(lambda: self._conductor.is_idle, DRAIN_S)
        self._issuers.sign_off()
        await until(lambda: self._issuers.is_closed, SIGN_OFF_S)
        await asyncio.sleep(0)  # what was answered last is written
        self._acquirers.close()

    async def _end_tasks(self) -> None:
        for timer in (self._timer, self._goes_on):
            if timer is not None:
                timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    async def _end_follower(self) -> None:
        """It reads to the end."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.wait((self._follower,))

    async def _flush(self) -> None:
        if not await self._journal.stop(FLUSH_S):
            self._observer.alarm("journal_not_flushed")


def rows_behind(file: JournalFile | None) -> int | None:
    """The follower of that journal."""
    if file is None:
        return None
    told = told_in(file.folder)
    return max(0, file.last_row - (told.row if told is not None else 0))


def version() -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("noyau")
    return "unknown"
