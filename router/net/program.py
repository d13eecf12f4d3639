"""The router as a program: its configuration read, its loop made, its signals heeded."""
import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from router.net.acquirer_listener import PortTaken
from router.net.configuration import SettingsRejected, load_settings
from router.net.daemon import Announce, Router
from router.net.journal_opening import JournalUnusable
from router.net.key_at_rest import DataKeyRefused
from router.net.log import start_log


class CannotStart(Exception):
    """Why, where, and the remedy. Nothing is left running."""


def run(folder: Path, state: Path, form: str, announce: Announce) -> None:
    """Until SIGTERM or SIGINT. Raises CannotStart."""
    try:
        settings = load_settings(folder)
    except SettingsRejected as error:
        raise CannotStart(str(error)) from None
    log = start_log(settings.router.log_level)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(heeding_signals(Router(settings, state, form, log, announce)))
    except (JournalUnusable, PortTaken, DataKeyRefused) as error:
        raise CannotStart(str(error)) from None
    finally:
        log.stop()


async def heeding_signals(router: Router) -> None:
    """SIGTERM and SIGINT drain, SIGHUP reloads, from the first moment on."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, router.stop)
    loop.add_signal_handler(signal.SIGHUP, router.reload_soon)
    await router.serve()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's where there is one."""
    try:
        import uvloop  # noqa: PLC0415 - absent on some platforms
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
