"""HSM, two issuer hosts and the router, each to be killed and started again where it was."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from bench.chaos.messages import card_numbers
from bench.load.purchases import ACQUIRER_ZPK
from bench.stage.programs import free_ports, is_listening
from hsm_emulator.cryptograms import kcv, under_lmk
from hsm_emulator.pin_verification import pvv
from hsm_emulator.secret_key import SecretKey

READY_WITHIN_S: Final = 180.0  # a start behind hundreds of thousands of records, beside others
DATA_KEY: Final = "23232323232323234A4A4A4A4A4A4A4A"
ZPKS: Final = {
    "atlas": "13131313131313132525252525252525",
    "meridian": "15151515151515153737373737373737",
}
PVK: Final = "19191919191919193B3B3B3B3B3B3B3B"
PIN: Final = "1234"
ISSUERS: Final = tuple(ZPKS)
CONNECTIONS_MAX: Final = 64
LIMIT: Final = 100_000
CARD_HEAD: Final = (
    "reference,pan,expiry,status,balance_minor,currency,limit_minor,e_commerce,pvki,pvv,flags,"
    "daily_limit_minor"
)

ROUTER: Final = """
[router]
institution_id = "950400"
in_flight_max = {limit}
repeats_max = 1000000
repeat_window_s = 120
workers = {workers}
log_level = "error"
[hsm]
endpoints = ["127.0.0.1:{hsm}"]
connections = 2
timeout_s = 1.0
pending_max = {limit}
data_key_under_lmk = "{data_key}"
data_key_kcv = "{data_kcv}"
[http]
listen = "127.0.0.1:{http}"
"""
ACQUIRER: Final = """
[[acquirer]]
name = "chaos-{place}"
listen = "127.0.0.1:{port}"
allowed = ["127.0.0.1/32"]
dialect = "iso87-ascii"
institution_id = "504777"
sign_on = "optional"
answer_within_s = 6.0
in_flight_max = {limit}
connections_max = {connections}
[acquirer.pin_key]
kind = "zpk"
under_lmk = "{zpk}"
kcv = "{kcv}"
"""
ISSUER: Final = """
[[issuer]]
name = "{name}"
region = "domestic"
dialect = "national"
lines = ["127.0.0.1:{port}", "127.0.0.1:{port}"]
issuer_timeout_s = 4.0
echo_interval_s = 5.0
echo_timeout_s = 2.0
reconnect_s_max = 0.5
pending_max = {limit}
saf_window = 64
saf_retry_s = 1.0
[issuer.pin_key]
kind = "zpk"
under_lmk = "{zpk}"
kcv = "{kcv}"
"""
HOST: Final = """
[issuer]
name = "{name}"
dialect = "national"
listen = ["127.0.0.1:{port}"]
in_flight_max = {limit}
log_level = "error"
[hsm]
endpoints = ["127.0.0.1:{hsm}"]
connections = 2
timeout_s = 1.0
pending_max = 8192
[pin_key]
under_lmk = "{zpk}"
[pin_check]
pvk_under_lmk = "{pvk}"
"""


@dataclass
class Program:
    """One process, and how often it was killed."""

    name: str
    command: list[str]
    folder: Path
    process: asyncio.subprocess.Process | None = None
    kills: int = 0
    restarts_s: list[float] = field(default_factory=list)

    async def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "noyau",
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()
        self.kills += 1

    async def end(self) -> None:
        """SIGTERM, and patience."""
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), 20)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


class Stage:
    """`async with`: everything is started, and ended in the end."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.folder = folder
        self.workers = workers
        self.worker_kills = 0
        self.workers_back_s: list[float] = []
        self.config = folder / "config"
        self.state = folder / "state"
        self._hsm, self._http, *ports = free_ports(2 + len(ISSUERS) + workers)
        self._issuer_ports = dict(zip(ISSUERS, ports[: len(ISSUERS)], strict=True))
        self.ports = ports[len(ISSUERS) :]  # an acquirer's for each worker
        self._write()
        of_files = ["--config", str(self.config), "--state", str(self.state)]
        self.programs = {
            "hsm": Program("hsm", ["hsm", "--port", str(self._hsm)], folder),
            **{name: Program(name, ["issuer", "run", name, *of_files], folder)
               for name in ISSUERS},
            "router": Program("router", ["router", *of_files], folder),
        }  # fmt: skip

    async def __aenter__(self) -> "Stage":
        try:
            for name in self.programs:
                await self.start(name)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def _end(self) -> None:
        for program in reversed(self.programs.values()):
            await program.end()

    async def start(self, name: str) -> None:
        """Until it is of use."""
        program = self.programs[name]
        began = time.monotonic()
        await program.start()
        while not await asyncio.to_thread(self._is_up, name):
            if program.process is None or program.process.returncode is not None:
                raise RuntimeError(f"{name} ended; see {self.folder / name}.log")
            if time.monotonic() - began > READY_WITHIN_S:
                raise RuntimeError(f"{name} was not ready in time; see {self.folder / name}.log")
            await asyncio.sleep(0.05)
        if program.kills:
            program.restarts_s.append(time.monotonic() - began)

    async def kill_worker(self, dice: random.Random) -> None:
        """Any of them, until the next one serves its acquirers."""
        workers = (await self.status())["workers"]
        killed = dice.choice([one for one in workers if one["process"]])
        began = time.monotonic()
        os.kill(killed["process"], signal.SIGKILL)
        self.worker_kills += 1
        while True:
            now = (await self.status())["workers"][killed["worker"]]
            if now["starts"] > killed["starts"] and now["state"] == "ready":
                break
            if time.monotonic() - began > READY_WITHIN_S:
                raise RuntimeError(f"no new worker in time; see {self.folder / 'router'}.log")
            await asyncio.sleep(0.05)
        self.workers_back_s.append(time.monotonic() - began)

    async def status(self) -> dict[str, Any]:
        """The router's."""
        return await asyncio.to_thread(self._status)

    def _status(self) -> dict[str, Any]:
        with urlopen(f"http://127.0.0.1:{self._http}/status", timeout=5) as page:
            status: dict[str, Any] = json.load(page)
        return status

    def _is_up(self, name: str) -> bool:
        if name != "router":
            return is_listening(self._hsm if name == "hsm" else self._issuer_ports[name])
        try:
            return all(one["is_open"] for one in self._status()["listeners"])
        except (URLError, OSError, LookupError, ValueError):
            return False

    def _write(self) -> None:
        hosts = self.config / "hosts"
        hosts.mkdir(parents=True)
        data_key, pvk = under_lmk("00B", DATA_KEY), under_lmk("002", PVK)
        (self.config / "router.toml").write_text(
            ROUTER.format(
                hsm=self._hsm,
                http=self._http,
                data_key=data_key,
                data_kcv=kcv(DATA_KEY),
                limit=LIMIT,
                workers=self.workers,
            )
        )
        (self.config / "acquirers.toml").write_text(
            "".join(
                ACQUIRER.format(
                    place=place,
                    port=port,
                    zpk=under_lmk("001", ACQUIRER_ZPK),
                    kcv=kcv(ACQUIRER_ZPK),
                    limit=LIMIT,
                    connections=CONNECTIONS_MAX,
                )
                for place, port in enumerate(self.ports)
            )
        )
        keys = {name: (under_lmk("001", zpk), kcv(zpk)) for name, zpk in ZPKS.items()}
        (self.config / "issuers.toml").write_text(
            "".join(
                ISSUER.format(
                    name=name, port=port, zpk=keys[name][0], kcv=keys[name][1], limit=LIMIT
                )
                for name, port in self._issuer_ports.items()
            )
        )
        cards = {pan: ISSUERS[place % len(ISSUERS)] for place, pan in enumerate(card_numbers())}
        (self.config / "bins.csv").write_text(
            "first,last,issuer,priority,region,brand,country,product,e_commerce\n"
            + "".join(
                f"{pan},{pan},{name},0,domestic,national,504,debit,yes\n"
                for pan, name in cards.items()
            )
        )
        verifying = SecretKey(bytes.fromhex(PVK))
        for name, port in self._issuer_ports.items():
            (hosts / f"{name}.toml").write_text(
                HOST.format(
                    name=name, port=port, hsm=self._hsm, zpk=keys[name][0], pvk=pvk, limit=LIMIT
                )
            )
            rows = [
                f"card-{place},{pan},3012,active,1000000000000,504,,yes,1,"
                f"{pvv(verifying, PIN, pan[-13:-1].encode(), b'1')},,"
                for place, pan in enumerate(cards)
                if cards[pan] == name
            ]
            (hosts / f"{name}-cards.csv").write_text("\n".join([CARD_HEAD, *rows]) + "\n")
