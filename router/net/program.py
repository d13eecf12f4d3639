"""The router as a program: its configuration read, its loop made, its signals heeded."""
import asyncio
import signal
from pathlib import Path

from router.net.acquirer_listener import PortTaken
from router.net.configuration import SettingsRejected, load_settings
from router.net.daemon import Announce, Router, Worker
from router.net.handover import former_gone, roster_for
from router.net.journal_opening import JournalUnusable, locked
from router.net.key_at_rest import DataKeyRefused
from router.net.log import Log, start_log
from router.net.loop import loop_factory
from router.net.metrics import Metrics
from router.net.observer import RouterObserver
from router.net.settings import Settings
from router.net.supervisor import CannotStartWorkers, Supervisor


class CannotStart(Exception):
    """Why, where, and the remedy. Nothing is left running."""


def run(folder: Path, state: Path, form: str, announce: Announce) -> None:
    """Until SIGTERM or SIGINT. Raises CannotStart."""
    try:
        settings = load_settings(folder)
    except SettingsRejected as error:
        raise CannotStart(str(error)) from None
    is_alone = settings.router.workers == 1 and not settings.follower_tells
    log = start_log(settings.router.log_level, is_alone=is_alone)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(served(settings, state, form, log, announce))
    except (JournalUnusable, PortTaken, DataKeyRefused, CannotStartWorkers) as error:
        raise CannotStart(str(error)) from None
    finally:
        log.stop()


async def served(
    settings: Settings, state: Path, form: str, log: Log, announce: Announce
) -> None:
    """By this process, or by several workers under it. SIGTERM and SIGINT drain, SIGHUP reloads."""
    observer = RouterObserver(log, Metrics())
    journal = state / "router"
    locked(journal)  # as long as the process lives; the workers hold theirs
    await former_gone(journal, observer.happened)
    if settings.router.workers > 1:
        await heeding_signals(Supervisor(settings, state, form, log, announce))
        return
    roster = await roster_for(settings, state, observer.happened)  # there may have been several
    router = Router(settings, state, form, log, announce, Worker(roster.place(0)))
    await heeding_signals(router)


async def heeding_signals(router: Router | Supervisor) -> None:
    """From the first moment on."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, router.stop)
    loop.add_signal_handler(signal.SIGHUP, router.reload_soon)
    await router.serve()
