"""A router that meets the hand-written peers of a test: in its process, or as one of its own."""
import asyncio
import gc
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from router.net.configuration import load_settings
from router.net.daemon import Router
from router.net.log import Log
from tests.net.hsm_peer import DATA_KEY, DATA_KEY_KCV, HsmPeer
from tests.net.issuer_peer import IssuerPeer

ZPK = "U" + "FEDCBA9876543210" * 2
ROUTER = """
[router]
institution_id = "504900"
malformed_max = 3
{router}
[hsm]
endpoints = ["{hsm}"]
connections = 2
timeout_s = 0.3
data_key_under_lmk = "{data_key}"
data_key_kcv = "{kcv}"
[http]
listen = "127.0.0.1:0"
"""
NO_FOLLOWER = """
[journal]
follow = false
"""
ACQUIRER = """
[[acquirer]]
name = "medina"
{keys}
[acquirer.pin_key]
kind = "tpk"
under_lmk = "{zpk}"
kcv = "08D7B4"
"""
ACQUIRER_KEYS = {
    "listen": '"127.0.0.1:0"',
    "allowed": '["127.0.0.1"]',
    "dialect": '"iso87-ascii"',
    "institution_id": '"504001"',
    "sign_on": '"optional"',
    "answer_within_s": "2.5",
    "connections_max": "4",
}
ISSUER = """
[[issuer]]
name = "{name}"
region = "domestic"
dialect = "iso87-ascii"
lines = [{lines}]
issuer_timeout_s = {timeout_s}
echo_interval_s = {echo_interval_s}
echo_timeout_s = 0.5
reconnect_s_max = 0.2
saf_retry_s = 0.3
[issuer.pin_key]
kind = "zpk"
under_lmk = "{zpk}"
kcv = "214F4A"
"""
BINS = """first,last,issuer,priority,region,brand,country,product,e_commerce
{rows}
"""
ROW = "{first},{first},{issuer},0,domestic,local,504,debit,yes"


class House:
    """One configuration, one state folder, and the router that runs on them."""

    def __init__(self, folder: Path, hsm: HsmPeer, as_process: bool) -> None:
        self.config = folder / "config"
        self.state = folder / "state"
        self.log_path = folder / "router.log"
        self.config.mkdir()
        self.log_path.touch()
        self._hsm = hsm
        self._as_process = as_process
        self.acquirer = ""
        self.http = ""
        self.process: asyncio.subprocess.Process | None = None  # one of its own, or
        self.router: Router | None = None  # within the test's
        self._serving: asyncio.Task[None] | None = None

    def configure(self, issuers: dict[str, list[str]], bins: dict[str, str], router: str = "",
                  echo_interval_s: float = 30.0, issuer_timeout_s: float = 1.0,
                  **acquirer: str) -> None:
        """Issuers with the addresses of their lines; first digits of cards -> issuer."""
        if "[journal]" not in router:
            router += NO_FOLLOWER
        (self.config / "router.toml").write_text(ROUTER.format(
            hsm=self._hsm.address, data_key=DATA_KEY, kcv=DATA_KEY_KCV, router=router))
        keys = "\n".join(f"{k} = {v}" for k, v in {**ACQUIRER_KEYS, **acquirer}.items())
        (self.config / "acquirers.toml").write_text(ACQUIRER.format(zpk=ZPK, keys=keys))
        (self.config / "issuers.toml").write_text("".join(
            ISSUER.format(name=name, lines=", ".join(f'"{line}"' for line in lines), zpk=ZPK,
                          echo_interval_s=echo_interval_s, timeout_s=issuer_timeout_s)
            for name, lines in issuers.items()))
        rows = [ROW.format(first=first, issuer=issuer) for first, issuer in bins.items()]
        (self.config / "bins.csv").write_text(BINS.format(rows="\n".join(rows)))

    async def start(self) -> None:
        """Until it lets acquirers in."""
        said = asyncio.get_running_loop().create_future()
        await self.launch(said.set_result)
        assert self._serving is not None
        async with asyncio.timeout(15):
            await asyncio.wait((said, self._serving), return_when=asyncio.FIRST_COMPLETED)
        if not said.done():
            raise AssertionError(self.log_path.read_text())
        ready = json.loads(said.result())
        self.acquirer = ready["acquirers"]["medina"]
        self.http = ready["http"]

    async def launch(self, announce: Callable[[str], None] = lambda _line: None) -> None:
        """It runs, ready or not."""
        serve = self._process(announce) if self._as_process else self._within(announce)
        self._serving = asyncio.create_task(serve)
        await asyncio.sleep(0)

    async def _process(self, announce: Callable[[str], None]) -> None:
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "noyau", "router", "--config", str(self.config), "--state",
                str(self.state), stdout=asyncio.subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        if line := await self.process.stdout.readline():
            announce(line.decode())
        await self.process.wait()

    async def _within(self, announce: Callable[[str], None]) -> None:
        with self.log_path.open("ab") as file:
            log = Log("info", file.fileno(), for_terminal=False)
            self.router = Router(load_settings(self.config), self.state, "test", log, announce)
            try:
                await self.router.serve()
            finally:
                log.stop()
                gc.unfreeze()

    async def ended(self, within_s: float = 10.0) -> int:
        """Its exit code, where it is a process."""
        assert self._serving is not None
        async with asyncio.timeout(within_s):
            await self._serving
        return self.process.returncode or 0 if self.process is not None else 0

    async def kill(self) -> None:
        """As a power cut to the process: no time for anything."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """Drained."""
        if self.router is not None:
            self.router.stop()
        else:
            self.signal(signal.SIGTERM)
        return await self.ended()

    async def end(self) -> None:
        """Whatever it is doing."""
        if self._serving is None:
            return
        if self.process is not None:
            if self.process.returncode is None:
                await self.kill()
        else:
            self._serving.cancel()
        await asyncio.wait((self._serving,))

    def reload(self) -> None:
        """SIGHUP."""
        if self.router is not None:
            self.router.reload_soon()
        else:
            self.signal(signal.SIGHUP)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    async def logged(self, event: str, number: int = 1, within_s: float = 8.0) -> dict[str, Any]:
        """The number-th log event of that name."""
        async with asyncio.timeout(within_s):
            while True:
                found = self.events(event)
                if len(found) >= number:
                    return found[number - 1]
                await asyncio.sleep(0.02)

    def events(self, event: str) -> list[dict[str, Any]]:
        """All log events of that name so far."""
        lines = self.log_path.read_text().splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return [one for one in events if one.get("event") == event]

    async def page(self, path: str, method: str = "GET") -> tuple[int, Any]:
        """What the router's HTTP window shows, or answers a command."""
        return await asyncio.to_thread(shown, f"http://{self.http}{path}", method)


def shown(url: str, method: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, method=method)  # noqa: S310 - our own router
    try:
        with urllib.request.urlopen(request, timeout=5) as page:  # noqa: S310 - as above
            return page.status, json.load(page)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@asynccontextmanager
async def house(folder: Path, hsm: HsmPeer, issuer: IssuerPeer, router: str = "", lines: int = 1,
                echo_interval_s: float = 30.0, issuer_timeout_s: float = 1.0,
                as_process: bool = False, **acquirer: str) -> AsyncIterator[House]:
    """A router with one issuer, atlas, for the cards that begin with 950401."""
    async with empty_house(folder, hsm, as_process) as one:
        one.configure({"atlas": [issuer.address] * lines}, {"950401": "atlas"}, router,
                      echo_interval_s, issuer_timeout_s, **acquirer)
        await one.start()
        yield one


@asynccontextmanager
async def empty_house(folder: Path, hsm: HsmPeer, as_process: bool = False,
                      ) -> AsyncIterator[House]:
    """Nothing is configured, nothing started; whatever is started in it ends with it."""
    one = House(folder, hsm, as_process)
    try:
        yield one
    finally:
        await one.end()
