"""The journal's follower, a process of its own beside the router: started, and started again.

It reads the journal, keeps the index for searching, and writes the `transaction` events of what is
on record to where the router's log goes. It ends with the router, however that ends:
its standard input does. Whatever befalls it costs no transaction anything.
"""
import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from router.net.observer import RouterObserver

AGAIN_AFTER_S: Final = 10.0
ENDS_WITHIN_S: Final = 3.0  # it reads to the end
NICENESS: Final = 10  # where there is no idle policy


class Follower:
    """`run` lasts as long as the router."""

    def __init__(
        self, folder: Path, state: Path, observer: RouterObserver, events_to: int | None
    ) -> None:
        """Events go to that file descriptor; None: nowhere."""
        self._command = (
            sys.executable, "-m", "noyau", "journal", "follow", "--with-parent",
            *(("--events",) if events_to is not None else ()),
            "--config", str(folder), "--state", str(state))
        self._events_to = events_to if events_to is not None else asyncio.subprocess.DEVNULL
        self._observer = observer

    async def run(self) -> None:
        while True:
            try:
                why = await self._once()
            except OSError as error:
                why = str(error)
            self._observer.alarm("follower_ended", why=why)
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _once(self) -> str:
        """Why it ended."""
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=self._events_to,
            stderr=asyncio.subprocess.PIPE)
        comes_second(process.pid)
        self._observer.happened("follower_started", process=process.pid)
        try:
            last = await self._last_line(process)
            code = await process.wait()
        except asyncio.CancelledError:
            await self._end(process)
            raise
        return last or f"exit code {code}"

    @staticmethod
    async def _last_line(process: asyncio.subprocess.Process) -> str:
        assert process.stderr is not None
        last = ""
        with contextlib.suppress(ValueError):  # a line that is too long
            while line := await process.stderr.readline():
                last = line.decode("utf-8", "replace").strip() or last
        return last

    @staticmethod
    async def _end(process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def comes_second(process: int) -> None:
    """On a core that it shares with the router. (Nice alone let it hold the core for 4 ms.)"""
    with contextlib.suppress(OSError):
        if hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0))
        else:
            os.setpriority(os.PRIO_PROCESS, process, NICENESS)
