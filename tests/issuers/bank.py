"""A bank for tests: its configuration in a folder, its host here or in a process of its own."""
import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iso8583.specs import default_ascii

from issuers import program
from issuers.holds import holds
from issuers.opening import opening
from issuers.state import ledger_path
from tests.issuers.acquirer import Acquirer, Spec, network

CARDS = """\
reference,pan,expiry,status,balance_minor,currency,limit_minor,e_commerce,pvv,flags,\
daily_limit_minor
good,9504000000000010,3012,active,100000,504,,yes,1234,,
poor,9504000000000028,3012,active,5000,504,,yes,1234,,
blocked,9504000000000036,3012,blocked,100000,504,,yes,1234,,
lost,9504000000000044,3012,lost,100000,504,,yes,1234,,
stolen,9504000000000051,3012,stolen,100000,504,,yes,1234,,
expired,9504000000000069,2001,active,100000,504,,yes,1234,,
shop-only,9504000000000077,3012,active,100000,504,,no,1234,,
capped,9504000000000085,3012,active,100000,504,5000,yes,1234,,
partial,9504000000000093,3012,active,5000,504,,yes,1234,partial,
counted,9504000000000101,3012,active,100000,504,,yes,1234,pin_limited,
daily,9504000000000119,3012,active,100000,504,,yes,1234,,15000
"""
PANS = dict(line.split(",")[:2] for line in CARDS.splitlines()[1:])

SETTINGS = """\
[issuer]
name = "atlas"
dialect = "iso87-ascii"
listen = ["127.0.0.1:0"]
"""

HSM_TABLES = """
[hsm]
endpoints = ["{endpoint}"]
timeout_s = 1.0
[pin_key]
under_lmk = "U11111111111111111111111111111111"
[pin_check]
pvk_under_lmk = "U22222222222222222222222222222222"
[cvv]
cvk_under_lmk = "U33333333333333333333333333333333"
"""


@dataclass(frozen=True)
class Bank:
    """A running host: how to reach it, and what its ledger says."""

    address: str
    state: Path
    acquirers: list[Acquirer] = field(default_factory=list)

    async def connected(
        self, signed_on: bool = True, spec: Spec = default_ascii, sign_on_code: str = "001"
    ) -> Acquirer:
        """A connection to it, closed with the bank."""
        acquirer = await Acquirer.connected(self.address, spec)
        self.acquirers.append(acquirer)
        if signed_on:
            assert (await acquirer.asks(network(sign_on_code)))["39"] == "00"
        return acquirer

    async def left_alone(self) -> None:
        """Close all connections."""
        for acquirer in self.acquirers:
            await acquirer.close()

    def listing(self, everything: bool = False) -> dict[str, Any]:
        return holds(ledger_path(self.state, "atlas"), everything)

    def held_minor(self) -> int:
        total: int = self.listing()["total_minor"]["504"]
        return total


def write_configuration(folder: Path, settings: str = SETTINGS, cards: str = CARDS) -> Path:
    """A configuration folder with one issuer host, atlas."""
    hosts = folder / "config" / "hosts"
    hosts.mkdir(parents=True, exist_ok=True)
    (hosts / "atlas.toml").write_text(settings)
    (hosts / "atlas-cards.csv").write_text(cards)
    return folder / "config"


@asynccontextmanager
async def running_bank(
    folder: Path, more_settings: str = "", dialect: str = "iso87-ascii", cards: str = CARDS
) -> AsyncIterator[Bank]:
    """The host on a free port; it stops at the end, and may be run again on the same folder."""
    settings = SETTINGS.replace("iso87-ascii", dialect) + more_settings
    opened = opening(write_configuration(folder, settings, cards), "atlas")
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    host = asyncio.create_task(program.run_host(
        opened.settings, opened.framing, opened.codec, opened.cards, folder / "state",
        lambda addresses: listening.set_result(addresses[0])))
    host.add_done_callback(lambda _: listening.cancel())
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    if host.done():
        await host
    bank = Bank(listening.result(), folder / "state")
    try:
        yield bank
    finally:
        await bank.left_alone()
        host.cancel()
        await asyncio.wait({host})


@asynccontextmanager
async def bank_process(folder: Path, settings: str = SETTINGS) -> AsyncIterator["BankProcess"]:
    """A process to start; whatever a test makes of it, none is left behind."""
    process = BankProcess(folder, settings)
    try:
        yield process
    finally:
        await process.killed()


class BankProcess:
    """The host as `noyau issuer run` starts it."""

    def __init__(self, folder: Path, settings: str = SETTINGS) -> None:
        self._config = write_configuration(folder, settings)
        self._state = folder / "state"
        self._process: asyncio.subprocess.Process | None = None
        self._bank: Bank | None = None

    async def start(self) -> Bank:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "noyau", "issuer", "run", "atlas",
            "--config", str(self._config), "--state", str(self._state),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        assert self._process.stdout is not None
        async with asyncio.timeout(10):
            line = await self._process.stdout.readline()
        self._bank = Bank(json.loads(line)["listening"][0], self._state)
        return self._bank

    async def killed(self) -> None:
        """kill -9, if it runs; its connections are closed."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()
        await self._leave()

    async def _leave(self) -> None:
        if self._bank is not None:
            await self._bank.left_alone()

    async def ended(self) -> int:
        """Its exit code, once it ends by itself."""
        assert self._process is not None
        await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode

    async def terminated(self) -> tuple[int | None, str]:
        """SIGTERM; its exit code and what it logged."""
        assert self._process is not None
        self._process.terminate()
        async with asyncio.timeout(10):
            _, logged = await self._process.communicate()
        return self._process.returncode, logged.decode()
