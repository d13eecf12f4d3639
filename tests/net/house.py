"""A router as a process of its own, configured to meet the hand-written peers of a test."""
import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

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
issuer_timeout_s = 1.0
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

    def __init__(self, folder: Path, hsm: HsmPeer) -> None:
        self.config = folder / "config"
        self.state = folder / "state"
        self.log_path = folder / "router.log"
        self.config.mkdir()
        self._hsm = hsm
        self.acquirer = ""
        self.http = ""
        self.process: asyncio.subprocess.Process | None = None

    def configure(self, issuers: dict[str, list[str]], bins: dict[str, str], router: str = "",
                  echo_interval_s: float = 30.0, **acquirer: str) -> None:
        """Issuers with the addresses of their lines; first digits of cards -> issuer."""
        (self.config / "router.toml").write_text(ROUTER.format(
            hsm=self._hsm.address, data_key=DATA_KEY, kcv=DATA_KEY_KCV, router=router))
        keys = "\n".join(f"{k} = {v}" for k, v in {**ACQUIRER_KEYS, **acquirer}.items())
        (self.config / "acquirers.toml").write_text(ACQUIRER.format(zpk=ZPK, keys=keys))
        (self.config / "issuers.toml").write_text("".join(
            ISSUER.format(name=name, lines=", ".join(f'"{line}"' for line in lines), zpk=ZPK,
                          echo_interval_s=echo_interval_s)
            for name, lines in issuers.items()))
        rows = [ROW.format(first=first, issuer=issuer) for first, issuer in bins.items()]
        (self.config / "bins.csv").write_text(BINS.format(rows="\n".join(rows)))

    async def start(self) -> None:
        """Until it lets acquirers in."""
        await self.launch()
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(15):
            line = await self.process.stdout.readline()
        if not line:
            raise AssertionError(self.log_path.read_text())
        ready = json.loads(line)
        self.acquirer = ready["acquirers"]["medina"]
        self.http = ready["http"]

    async def launch(self) -> None:
        """Its process, ready or not."""
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "noyau", "router", "--config", str(self.config), "--state",
                str(self.state), stdout=asyncio.subprocess.PIPE, stderr=log)

    async def ended(self, within_s: float = 10.0) -> int:
        """Its exit code."""
        assert self.process is not None
        async with asyncio.timeout(within_s):
            return await self.process.wait()

    async def kill(self) -> None:
        """As a power cut to the process: no time for anything."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """SIGTERM."""
        self.signal(signal.SIGTERM)
        return await self.ended()

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

    async def page(self, path: str) -> tuple[int, Any]:
        """What the router's HTTP window shows."""
        return await asyncio.to_thread(shown, f"http://{self.http}{path}")


def shown(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310 - our own router
            return page.status, json.load(page)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@asynccontextmanager
async def house(folder: Path, hsm: HsmPeer, issuer: IssuerPeer, router: str = "", lines: int = 1,
                echo_interval_s: float = 30.0, **acquirer: str) -> AsyncIterator[House]:
    """A router with one issuer, atlas, for the cards that begin with 950401."""
    async with empty_house(folder, hsm) as one:
        one.configure({"atlas": [issuer.address] * lines}, {"950401": "atlas"}, router,
                      echo_interval_s, **acquirer)
        await one.start()
        yield one


@asynccontextmanager
async def empty_house(folder: Path, hsm: HsmPeer) -> AsyncIterator[House]:
    """Nothing is configured, nothing started; whatever is started in it ends with it."""
    one = House(folder, hsm)
    try:
        yield one
    finally:
        if one.process is not None and one.process.returncode is None:
            await one.kill()
