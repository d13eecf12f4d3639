"""The processes under load: HSM, issuer responder and router, or a relay, each on free ports.

The configuration is written for the run: one acquirer, one issuer, PIN keys on both sides, nothing
switched off. Everything is ended when the stage is left, however that happens.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from urllib.error import URLError
from urllib.request import urlopen

from bench.cpu import pin
from bench.purchases import ACQUIRER_ZPK
from hsm_emulator.cryptograms import kcv, under_lmk

ACQUIRER_DIALECT: Final = "iso87-ascii"
ISSUER_DIALECT: Final = "national"
ISSUER_ZPK: Final = "13131313131313132525252525252525"
DATA_KEY: Final = "23232323232323234A4A4A4A4A4A4A4A"
READY_WITHIN_S: Final = 20.0
SHARED_CORE: Final = 0  # load, responder and HSM
ROUTER_CORE: Final = 1


class CannotStart(Exception):
    """A process of the stage; says which and what it said last."""


@dataclass
class Stage:
    """What runs, by name, and where the load goes."""

    folder: Path
    port: int = 0
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.processes.items()}

    def start(self, name: str, command: list[str], core: int) -> subprocess.Popen[str]:
        log = (self.folder / f"{name}.log").open("w")
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command, stdout=subprocess.PIPE, stderr=log, text=True, stdin=subprocess.DEVNULL
        )
        log.close()
        self.processes[name] = process
        pin(process.pid, core)
        return process

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def failed(self, name: str) -> CannotStart:
        log = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
        return CannotStart(f"{name} did not come up; its last lines:\n  " + "\n  ".join(log[-5:]))


@contextmanager
def switch_stage(folder: Path) -> Iterator[Stage]:
    """HSM, responder and router."""
    stage = Stage(folder)
    try:
        hsm_port, http_port, stage.port = free_ports(3)
        noyau = [sys.executable, "-m", "noyau"]
        stage.start("hsm", [*noyau, "hsm", "--port", str(hsm_port)], SHARED_CORE)
        responder_port = started_responder(stage, ISSUER_DIALECT)
        wait_for_port(stage, "hsm", hsm_port)
        config = folder / "config"
        write_configuration(config, stage.port, hsm_port, http_port, responder_port)
        router = [*noyau, "router", "--config", str(config), "--state", str(folder / "state")]
        stage.start("router", router, ROUTER_CORE)
        wait_until_ready(stage, http_port)
        pin(stage.processes["router"].pid, ROUTER_CORE)  # the threads it made meanwhile
        yield stage
    finally:
        stage.stop()


@contextmanager
def relay_stage(folder: Path) -> Iterator[Stage]:
    """HAProxy in TCP mode, in the router's place: a relay that understands nothing."""
    stage = Stage(folder)
    try:
        (stage.port,) = free_ports(1)
        responder_port = started_responder(stage, ACQUIRER_DIALECT)
        file = folder / "haproxy.cfg"
        file.write_text(
            "global\n  nbthread 1\n  maxconn 1000\n"
            "defaults\n  mode tcp\n  timeout connect 5s\n"
            "  timeout client 60s\n  timeout server 60s\n"
            f"listen relay\n  bind 127.0.0.1:{stage.port}\n"
            f"  server issuer 127.0.0.1:{responder_port}\n"
        )
        stage.start("relay", [haproxy(), "-f", str(file), "-db"], ROUTER_CORE)
        wait_for_port(stage, "relay", stage.port)
        yield stage
    finally:
        stage.stop()


def haproxy() -> str:
    """Its path, or nothing where it is not installed."""
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def started_responder(stage: Stage, dialect: str) -> int:
    """Its port, which is the first thing it says."""
    command = [sys.executable, "-m", "bench.responder", dialect]
    process = stage.start("issuer", command, SHARED_CORE)
    assert process.stdout is not None
    said = first_line(process.stdout)
    if not said.isdigit():
        raise stage.failed("issuer")
    return int(said)


def first_line(stream: IO[str]) -> str:
    return stream.readline().strip()


def wait_for_port(stage: Stage, name: str, port: int) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while stage.processes[name].poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise stage.failed(name)


def wait_until_ready(stage: Stage, http_port: int) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while stage.processes["router"].poll() is None and time.monotonic() < until:
        try:
            with urlopen(f"http://127.0.0.1:{http_port}/readyz", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise stage.failed("router")


def write_configuration(
    folder: Path, port: int, hsm_port: int, http_port: int, responder_port: int
) -> None:
    """What `noyau check` would accept, with limits that the load does not reach."""
    folder.mkdir()
    (folder / "router.toml").write_text(f"""
[router]
institution_id = "950400"
in_flight_max = 100000
repeats_max = 200000
log_level = "info"
[hsm]
endpoints = ["127.0.0.1:{hsm_port}"]
connections = 2
timeout_s = 5.0
pending_max = 50000
data_key_under_lmk = "{under_lmk("00B", DATA_KEY)}"
data_key_kcv = "{kcv(DATA_KEY)}"
[http]
listen = "127.0.0.1:{http_port}"
""")
    (folder / "acquirers.toml").write_text(f"""
[[acquirer]]
name = "bench"
listen = "127.0.0.1:{port}"
allowed = ["127.0.0.1/32"]
dialect = "{ACQUIRER_DIALECT}"
institution_id = "504777"
sign_on = "optional"
answer_within_s = 15.0
in_flight_max = 100000
connections_max = 5000
[acquirer.pin_key]
kind = "zpk"
under_lmk = "{under_lmk("001", ACQUIRER_ZPK)}"
kcv = "{kcv(ACQUIRER_ZPK)}"
""")
    (folder / "issuers.toml").write_text(f"""
[[issuer]]
name = "approving"
region = "domestic"
dialect = "{ISSUER_DIALECT}"
lines = ["127.0.0.1:{responder_port}", "127.0.0.1:{responder_port}"]
issuer_timeout_s = 10.0
pending_max = 50000
[issuer.pin_key]
kind = "zpk"
under_lmk = "{under_lmk("001", ISSUER_ZPK)}"
kcv = "{kcv(ISSUER_ZPK)}"
""")
    (folder / "bins.csv").write_text(
        "first,last,issuer,priority,region,brand,country,product,e_commerce\n"
        "950400,950409,approving,0,domestic,national,504,debit,yes\n"
    )
