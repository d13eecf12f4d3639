"""A router with several workers: holds the ports and the window, keeps the workers running.

It decides nothing about a transaction and sees none: each worker accepts the connections of its own
acquirers on the sockets that it was given. They stay open here, so that while a worker is replaced
connections wait and none is refused. Longer than others because nothing else knows all workers.
"""
import asyncio
import contextlib
import json
import socket
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from router.net.acquirer_listener import PortTaken
from router.net.acquirer_side import own_port
from router.net.addresses import Address
from router.net.bin_apart import BinsApart
from router.net.configuration import SettingsRejected
from router.net.daemon import Announce, version
from router.net.follower import Follower
from router.net.handover import roster_for
from router.net.http import HttpServer, Page, Query, json_page
from router.net.in_force import InForce
from router.net.journal_opening import JournalUnusable
from router.net.log import Log
from router.net.metrics import Metrics
from router.net.mqtt import MqttFeed
from router.net.observer import RouterObserver
from router.net.one_window import OneWindow
from router.net.reload import after_restart
from router.net.reload_outcome import ReloadOutcome, changes
from router.net.roster import Roster, keep
from router.net.settings import Settings
from router.net.status import ListenerStatus
from router.net.worker import Begin
from router.net.worker_process import Sockets, WorkerProcess

ENDS_WITHIN_S: Final = 12.0  # a worker drains in 8
HANDING_OVER: Final = "handing over to another number of workers"
STARTING: Final = "the workers start"


class CannotStartWorkers(Exception):
    """Why the first of them that could not start, could not."""


class Supervisor:
    """One run, from start to end."""

    def __init__(
        self, settings: Settings, state: Path, form: str, log: Log, announce: Announce
    ) -> None:
        self._settings = settings
        self._state = state
        self._form = form
        self._log = log
        self._announce = announce
        self._metrics = Metrics()
        self._observer = RouterObserver(log, self._metrics)
        self._began = time.monotonic()
        self._stopping = asyncio.Event()
        self._stage = STARTING
        self._last_reload = ""
        self._turn = asyncio.Lock()
        self._sockets: dict[str, socket.socket] = {}
        self._addresses: dict[str, Address] = {}
        self._roster = Roster()
        self._in_force = InForce(settings.folder, state / "router" / "in-force")
        self._workers: list[WorkerProcess] = []
        self._running: list[asyncio.Task[None]] = []
        self._reloads: set[asyncio.Task[ReloadOutcome]] = set()
        self._feed: MqttFeed | None = None

    def stop(self) -> None:
        """Drain, and end."""
        self._stopping.set()

    def reload_soon(self) -> None:
        """The outcome is logged."""
        task = asyncio.create_task(self.reload(), name="reload")
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def serve(self) -> None:
        """Raises CannotStartWorkers, JournalUnusable, PortTaken or DataKeyRefused."""
        asyncio.get_running_loop().set_exception_handler(self._unexpected)
        workers = self._settings.router.workers
        self._observer.happened(
            "router_starts", form=self._form, version=version(), workers=workers,
            configuration=str(self._settings.folder), state=str(self._state))
        async with contextlib.AsyncExitStack() as ending:  # the last opened is the first closed
            ending.callback(self._observer.happened, "router_stopped", form=self._form)
            ending.callback(self._in_force.close)
            ending.push_async_callback(self._end_workers)
            ending.callback(self._close_sockets)
            self._open_sockets(self._settings)
            http = await self._http_opened()
            ending.push_async_callback(http.stop)
            await self._until_stopped(self._start(ending))
            self._observer.happened("router_drains")
            if self._feed is not None:
                self._feed.show("state", b"draining")
            self._close_sockets()
            await self._end_workers()

    # Start.

    async def _start(self, ending: contextlib.AsyncExitStack) -> None:
        settings = self._settings
        self._stage = HANDING_OVER
        self._roster = await roster_for(settings, self._state, self._observer.happened)
        self._settings = await asyncio.to_thread(self._in_force.begin)
        self._stage = STARTING
        self._workers += [
            WorkerProcess(self._roster.place(one), self._begins, self._key_changed, self._observer)
            for one in range(self._roster.workers)
        ]
        self._running = [
            asyncio.create_task(one.run(), name=f"worker {one.number}") for one in self._workers
        ]
        self._open_feed(ending)
        await self._all_ready()
        if settings.journal.follow:  # all journals are there now
            events_to = self._log.descriptor if settings.follower_tells else None
            follower = Follower(settings.folder, self._state, self._observer, events_to)
            following = asyncio.create_task(follower.run(), name="follower")
            ending.push_async_callback(ended, following)
        self._stage = ""
        self._observer.happened("router_ready", workers=len(self._workers))
        self._announce(json.dumps({
            "router": "ready", "http": self._http_address,
            "acquirers": {name: str(one) for name, one in self._addresses.items()},
        }))

    async def _all_ready(self) -> None:
        """Raises CannotStartWorkers: nothing that is wrong at the first start is tried again."""
        waiting = [asyncio.create_task(one.is_ready.wait()) for one in self._workers]
        try:
            while not all(one.done() for one in waiting):
                await asyncio.wait(waiting, timeout=0.1)
                for worker in self._workers:
                    if worker.failed:
                        raise CannotStartWorkers(worker.failed)
        finally:
            for one in waiting:
                one.cancel()

    def _begins(self, worker: int, takes_over: bool) -> tuple[Begin, Sockets]:
        names = self._acquirers_of(worker)
        begin = Begin(
            self._roster.place(worker), str(self._in_force.folder), str(self._in_force.source),
            str(self._state), self._form, names, takes_over)
        return begin, {name: self._sockets[name] for name in names}

    def _acquirers_of(self, worker: int) -> list[str]:
        return [name for name in self._roster.of_worker(worker) if name in self._sockets]

    def _open_sockets(self, settings: Settings) -> list[str]:
        """Of acquirers that have none; all of it or nothing. Raises PortTaken."""
        taken: dict[str, socket.socket] = {}
        try:
            for one in settings.acquirers:
                if one.name not in self._sockets:
                    taken[one.name] = own_port(one)
        except PortTaken:
            for one_socket in taken.values():
                one_socket.close()
            raise
        self._sockets |= taken
        for one in settings.acquirers:
            if one.name in taken:
                port = taken[one.name].getsockname()[1]
                self._addresses[one.name] = Address(one.listen.host, port)
        return list(taken)

    def _close_sockets(self, names: list[str] | None = None) -> None:
        """Of these, or all."""
        for name in list(self._sockets) if names is None else names:
            self._sockets.pop(name).close()
            del self._addresses[name]

    async def _http_opened(self) -> HttpServer:
        window = OneWindow(self._workers, self._own, self._own_metrics, lambda: self._stage)
        server = HttpServer(
            {"/healthz": healthz, **window.pages},
            {"/reload": self._reload_page, "/drain": self._drain_page, **window.commands},
            self._observer.page_failed)
        listen = self._settings.http.listen
        try:
            self._http_address = str(await server.start(listen))
        except OSError as error:
            raise PortTaken("[http]", listen, error) from None
        return server

    def _open_feed(self, ending: contextlib.AsyncExitStack) -> None:
        settings = self._settings.mqtt
        if settings is not None:
            self._feed = MqttFeed(settings, self.reload, self._observer.mqtt_changed)
            self._observer.use_feed(self._feed, False)
            self._feed.start()
            ending.push_async_callback(self._feed.stop)

    async def _until_stopped(self, start: Any) -> None:
        """A start that fails ends the run; one that hangs can be interrupted."""
        starting = asyncio.create_task(start, name="start")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stopping
        stopping.cancel()
        await ended(starting)

    # While it runs.

    def _unexpected(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._observer.broken(str(context.get("message", "")), context.get("exception"))

    def _key_changed(self, by: int, issuer: str) -> None:
        """The worker `by` exchanged a key with an issuer; it is on the disk."""
        for worker in self._workers:
            if worker.number != by:
                worker.tell("key", issuer)

    async def reload(self) -> ReloadOutcome:
        """All of the new configuration that can change, in all workers, or nothing of it."""
        async with self._turn:
            starting = [one for one in self._workers if one.state == "starting"]
            if self._stage or self._stopping.is_set() or starting:
                why = self._stage or ", ".join(f"worker {one.number} starts" for one in starting)
                outcome = ReloadOutcome("refused", mistakes=(f"not now: {why or 'draining'}",))
            else:
                outcome = await self._reloaded()
        self._last_reload = outcome.outcome
        self._observer.reloaded(outcome)
        return outcome

    async def _reloaded(self) -> ReloadOutcome:
        old = self._settings
        try:
            bins = BinsApart(old.bins)
            folder, new = await asyncio.to_thread(self._in_force.read, bins.read)
            differences = changes(old, new, bins.changes)
            if not differences:
                self._in_force.forget(folder)
                return ReloadOutcome("unchanged")
            opened = self._open_sockets(new)
        except SettingsRejected as error:
            return ReloadOutcome("refused", mistakes=tuple(map(str, error.mistakes)))
        except (PortTaken, OSError) as error:
            return ReloadOutcome("refused", mistakes=(str(error),))
        roster = self._roster.with_acquirers(one.name for one in new.acquirers)
        try:
            await asyncio.to_thread(keep, roster, self._state / "router")
        except JournalUnusable as error:
            self._close_sockets(opened)
            self._in_force.forget(folder)
            return ReloadOutcome("refused", mistakes=(str(error),))
        self._settings, self._roster = new, roster
        configured = {one.name for one in new.acquirers}
        self._close_sockets([name for name in self._sockets if name not in configured])
        self._in_force.use(folder)
        await asyncio.gather(*(self._reload_worker(one, opened) for one in self._workers))
        self._log.set_level(new.router.log_level)
        return ReloadOutcome("reloaded", tuple(differences), tuple(after_restart(old, new)))

    async def _reload_worker(self, worker: WorkerProcess, opened: list[str]) -> None:
        """One that is not there reads it when it starts; one that does not take it starts anew."""
        names = self._acquirers_of(worker.number)
        sockets = {name: self._sockets[name] for name in names if name in opened}
        answer = await worker.ask("reload", (str(self._in_force.folder), names), sockets)
        if worker.is_ready.is_set() and (answer is None or answer["outcome"] == "refused"):
            why = "; ".join(answer["mistakes"]) if answer else "no answer"
            self._observer.alarm("worker_did_not_reload", worker=worker.number, why=why)
            worker.end_soon()

    async def _reload_page(self, _: Query) -> Page:
        outcome = await self.reload()
        return json_page(409 if outcome.outcome == "refused" else 200, outcome)

    async def _drain_page(self, _: Query) -> Page:
        self.stop()
        return json_page(202, {"draining": True})

    def _own(self) -> dict[str, Any]:
        """Of a RouterStatus, what no worker knows."""
        reasons = [self._stage] if self._stage else []
        if self._stopping.is_set():
            reasons = ["draining: stopping when what is in flight is answered"]
        return {
            "version": version(), "form": self._form, "reasons": reasons,
            "configuration": str(self._in_force.source),
            "up_s": round(time.monotonic() - self._began, 1),
            "is_draining": self._stopping.is_set(),
            "last_reload": self._last_reload,
            "listeners": [
                msgspec.to_builtins(ListenerStatus(name, str(one), False, 0, 0))
                for name, one in self._addresses.items()
            ],
            "acquirers_of": {
                one.number: len(self._acquirers_of(one.number)) for one in self._workers
            },
        }

    def _own_metrics(self) -> bytes:
        states = [(one.number, one.is_ready.is_set(), one.starts) for one in self._workers]
        return self._metrics.of_supervisor(states)

    # End.

    async def _end_workers(self) -> None:
        for worker in self._workers:
            worker.drain()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=ENDS_WITHIN_S)
            for one in late:
                self._observer.alarm("worker_killed", why=f"{one.get_name()} did not end in time")
                await ended(one)
        self._running = []


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancelled, and over."""
    task.cancel()
    await asyncio.wait((task,))


async def healthz(_: Query) -> Page:
    """The supervisor's loop turns; of a worker whose does not it takes care itself."""
    return json_page(200, {"alive": True})
