"""The programs of the platform as child processes: started, watched, ended together.

Each is the leader of its own process group, so that Ctrl-C reaches the supervisor alone, and is
tethered, so that none survives it.
"""
import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence

LINES_KEPT = 30
LINE_BYTES_MAX = 1 << 16


class ProgramDied(Exception):
    """A program ended that should have run on."""

    def __init__(self, name: str, status: int, last_lines: Sequence[str]) -> None:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with exit code {status}"
        said = "; its last lines:" if last_lines else " and wrote nothing"
        super().__init__("\n    ".join([f"{name} {how}{said}", *last_lines]))


class Program:
    """One child process and the last lines it wrote."""

    def __init__(
        self, name: str, arguments: Sequence[str], heard: Callable[[str], None] | None = None
    ) -> None:
        self.name = name
        self._heard = heard  # of each line it writes
        self.last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.is_away = False  # ended on purpose, for a while
        self._is_back = asyncio.Event()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "noyau.demo.tether", str(os.getpid()), *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_BYTES_MAX,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read_lines())
        self.is_away = False
        self._is_back.set()

    async def take_away(self) -> None:
        """Killed, and not missed until it is started again."""
        self.is_away = True
        self._is_back.clear()
        self.kill()
        await self.gone()

    async def died(self) -> None:
        """Returns never; raises ProgramDied."""
        while True:
            assert self._process is not None
            assert self._reading is not None
            status = await self._process.wait()
            await asyncio.shield(self._reading)  # goes on, whoever loses patience
            if not self.is_away:
                raise ProgramDied(self.name, status, list(self.last_lines))
            await self._is_back.wait()

    def end(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """It and whatever it started."""
        self._signal(signal.SIGKILL)

    async def gone(self) -> None:
        """Once it has ended and all it wrote is read."""
        if self._process is not None and self._reading is not None:
            await self._process.wait()
            await asyncio.shield(self._reading)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _read_lines(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                continue  # longer than the limit: not kept
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            self.last_lines.append(text)
            if self._heard is not None:
                self._heard(text)


async def end_all(programs: Sequence[Program], patience_s: float) -> None:
    """Together; what has not ended in time is killed."""
    for program in programs:
        program.end()
    try:
        async with asyncio.timeout(patience_s):
            for program in programs:
                await program.gone()
    except TimeoutError:
        for program in programs:
            program.kill()
        for program in programs:
            await program.gone()
