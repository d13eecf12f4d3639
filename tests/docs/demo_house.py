"""The demo's programs as real processes on free ports, and somebody who asks them things."""
import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from router.net.configuration import load_settings
from router.net.hsm_client import HsmClient
from router.net.journal_file import JournalFile
from router.net.key_at_rest import unlocked
from router.net.settings import Settings
from specs.journal_format import Record
from tests.docs.recorder import Recorded, cut
from tests.end_to_end.moved import moved

WITHIN_S: Final = 30.0
WINDOW_S: Final = 3600.0


class Acquirer:
    """Sends frames as they are and waits for one answer each."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def asks(self, frame: bytes) -> bytes:
        self._writer.write(frame)
        async with asyncio.timeout(WITHIN_S):
            received = b""
            while not cut(received)[0]:
                got = await self._reader.read(65536)
                assert got, "the router closed the connection"
                received += got
        (answer,), rest = cut(received)
        assert not rest
        return answer

    async def leaves(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def framed(mti: str, values: dict[int, str]) -> bytes:
    """All ASCII, written by hand: no code of the router's."""
    bitmap = sum(1 << (64 - number) for number in values)
    body = "".join((f"{len(text):02d}" if number == 2 else "") + text
                   for number, text in sorted(values.items()))
    data = f"{mti}{bitmap:016X}{body}".encode()
    return len(data).to_bytes(2, "big") + data


async def until(is_so: Callable[[], bool], what: str) -> None:
    """Looks again and again; other processes tell nobody."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WITHIN_S
    while not is_so():
        assert loop.time() < deadline, f"{what}: not in time"
        await asyncio.sleep(0.01)


class House:
    """The demo's configuration on free ports, and the programs that were started on it."""

    def __init__(self, folder: Path) -> None:
        self.config = moved(folder / "config")
        self.settings: Settings = load_settings(self.config)
        self.hsm = self.settings.hsm.endpoints[0]
        self._state = folder / "state"
        self._logs = folder
        self._running: list[Process] = []

    async def start_hsm(self) -> Process:
        return await self._started(
            "hsm", "hsm", "--port", str(self.hsm.port), ready="hsm_listening")

    async def start(self, *arguments: str, ready: str) -> Process:
        """A program that reads the configuration; once it has said so."""
        where = ("--config", str(self.config), "--state", str(self._state))
        return await self._started("-".join(arguments), *arguments, *where, ready=ready)

    async def end(self, process: Process) -> None:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(WITHIN_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._running.remove(process)

    async def end_all(self) -> None:
        for process in list(reversed(self._running)):
            await self.end(process)

    def route_through(self, file: str, address: str, instead: Recorded) -> None:
        """In the configuration; nothing that reads it may run yet."""
        path = self.config / file
        text = path.read_text(encoding="utf-8")
        assert f'"{address}"' in text
        path.write_text(text.replace(f'"{address}"', f'"{instead.address}"'), encoding="utf-8")

    async def acquirer(self) -> Acquirer:
        """Connected to the first link."""
        listen = self.settings.acquirers[0].listen
        return Acquirer(*await asyncio.open_connection(listen.host, listen.port))

    def transaction_events(self) -> list[dict[str, Any]]:
        """Of the router's log."""
        events = [json.loads(line) for line in self._said("router").splitlines()
                  if line.startswith("{")]
        return [event for event in events if event.get("event") == "transaction"]

    async def records(self) -> list[Record]:
        """Of the journal, when its router has ended. The HSM unwraps the key."""
        hsm = HsmClient((self.hsm,), 1, 5.0, 8, lambda *_: None)
        running = asyncio.create_task(hsm.run())
        file = JournalFile(self._state / "router")
        try:
            keys = self.settings.hsm
            await unlocked(file, hsm, keys.data_key_under_lmk, keys.data_key_kcv, lambda: None)
            return [record for group in file.replay(WINDOW_S) for record in group]
        finally:
            file.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def _said(self, name: str) -> str:
        return (self._logs / f"{name}.log").read_text(encoding="utf-8")

    async def _started(self, name: str, *arguments: str, ready: str) -> Process:
        with (self._logs / f"{name}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "noyau", *arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log)
        self._running.append(process)

        def is_ready() -> bool:
            assert process.returncode is None, self._said(name)
            return ready in self._said(name)

        await until(is_ready, name)
        return process


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """Whatever was started in it is ended."""
    home = House(folder)
    try:
        yield home
    finally:
        await home.end_all()
