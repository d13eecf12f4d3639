"""The processes under load: HSM, issuer responder and router, or what stands in its place.

All on free ports of the loopback interface. Everything is ended when the stage is left, however
that happens: a child gets no Ctrl-C of the terminal's, only ours.
"""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from bench.load.purchases import ACQUIRER_ZPK
from bench.load.readings import WORKER
from bench.peers.afternoon import Config
from bench.stage.configuration import (
    ISSUER_ZPK,
    Ports,
    bin_ranges,
    write_configuration,
    write_relay_configuration,
)
from bench.stage.cores import command_of, descendants_of, move_to_cores_of, on_cores_of
from bench.stage.setting import USUAL, Setting
from hsm_emulator.cryptograms import under_lmk

FREE_PORTS: Final = range(20_000, 32_768)
READY_WITHIN_S: Final = 60.0  # a million BIN ranges are read and checked first
ENDS_WITHIN_S: Final = 10.0
NOYAU: Final = (sys.executable, "-m", "noyau")
ROUTER: Final = "router"
FOLLOWER: Final = "follower"
FOLLOWS: Final = "follow"  # a word of its command line


class CannotStart(Exception):
    """A process of the stage; says which and what it said last."""


@dataclass
class Stage:
    """What runs, by name, and where the load goes."""

    folder: Path
    ports: list[int] = field(default_factory=list)
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def pids(self) -> dict[str, list[int]]:
        """By program; the journal's follower, which is a child of the router's, apart from it.

        Where the router has workers it is all of them together, and each is told by itself too.
        """
        found: dict[str, list[int]] = {}
        for name, process in self.processes.items():
            for pid in (process.pid, *descendants_of(process.pid)):
                told = FOLLOWER if FOLLOWS in command_of(pid) else name
                found.setdefault(told, []).append(pid)
        for number, pid in enumerate(found.get(ROUTER, [])[1:]):
            found[f"{WORKER}{number}"] = [pid]
        return found

    def start(self, name: str, *command: str, cores: int = 1) -> subprocess.Popen[str]:
        with (self.folder / f"{name}.log").open("w") as log, on_cores_of(name, cores):
            process = subprocess.Popen(  # noqa: S603 - our own programs
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True,
            )  # fmt: skip
        self.processes[name] = process
        return process

    def stop(self) -> None:
        """The last to start is the first to end, while those it speaks to are still up."""
        for process in reversed(self.processes.values()):
            process.terminate()
            try:
                process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def failed(self, name: str) -> CannotStart:
        code = self.processes[name].poll()
        became = "was not ready in time" if code is None else f"ended with {code}"
        log = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
        lines = "\n  ".join(log[-5:]) or "(nothing)"
        return CannotStart(f"{name} {became}; its last lines:\n  {lines}")

    def wait_until(self, name: str, is_up: Callable[[], bool]) -> None:
        """Give up at once when the process has ended."""
        until = time.monotonic() + READY_WITHIN_S
        while not is_up():
            if self.processes[name].poll() is not None or time.monotonic() > until:
                raise self.failed(name)
            time.sleep(0.05)


Opening = Callable[[Path, Setting], AbstractContextManager[Stage]]


@contextmanager
def a_stage(folder: Path) -> Iterator[Stage]:
    """An empty one."""
    folder.mkdir()
    stage = Stage(folder)
    try:
        yield stage
    finally:
        stage.stop()


@contextmanager
def switch_stage(folder: Path, setting: Setting = USUAL) -> Iterator[Stage]:
    """HSM, responder and router."""
    with a_stage(folder) as stage:
        hsm_port, http_port, *stage.ports = free_ports(2 + setting.acquirers)
        start_hsm(stage, hsm_port)
        ports = Ports(stage.ports, hsm_port, http_port, start_responder(stage, setting))
        config = folder / "config"
        write_configuration(config, ports, setting)
        at = ("--config", str(config), "--state", str(folder / "state"))
        stage.start(ROUTER, *NOYAU, "router", *at, cores=setting.workers)
        stage.wait_until(ROUTER, lambda: is_ready(http_port))
        for pid in stage.pids().get(FOLLOWER, []):
            move_to_cores_of("load", pid)
        yield stage


@contextmanager
def afternoon_stage(folder: Path, setting: Setting = USUAL) -> Iterator[Stage]:
    """The router that one writes in an afternoon, in the place of ours."""
    with a_stage(folder) as stage:
        hsm_port, *stage.ports = free_ports(1 + setting.acquirers)
        start_hsm(stage, hsm_port)
        config = Config(
            ports=stage.ports,
            hsm_port=hsm_port,
            issuer_port=start_responder(stage, setting),
            acquirer_dialect=setting.acquirer_dialect,
            issuer_dialect=setting.issuer_dialect,
            acquirer_key=under_lmk("001", ACQUIRER_ZPK),
            issuer_key=under_lmk("001", ISSUER_ZPK),
            ranges=bin_ranges(setting.ranges),
        )
        file = folder / "afternoon.json"
        file.write_bytes(msgspec.json.encode(config))
        stage.start("afternoon", sys.executable, "-m", "bench.peers.afternoon", str(file))
        stage.wait_until("afternoon", lambda: is_listening(stage.ports[-1]))
        yield stage


@contextmanager
def relay_stage(folder: Path, setting: Setting = USUAL) -> Iterator[Stage]:
    """HAProxy in TCP mode, in the router's place."""
    with a_stage(folder) as stage:
        stage.ports = free_ports(1)
        responder_port = start_responder(stage, setting, as_acquirer=True)
        file = folder / "haproxy.cfg"
        write_relay_configuration(file, stage.ports[0], responder_port)
        stage.start("relay", haproxy(), "-f", str(file), "-db")
        stage.wait_until("relay", lambda: is_listening(stage.ports[0]))
        yield stage


@contextmanager
def bare_stage(folder: Path, setting: Setting = USUAL) -> Iterator[Stage]:
    """The responder alone: how fast the harness itself is."""
    with a_stage(folder) as stage:
        stage.ports = [start_responder(stage, setting, as_acquirer=True)]
        yield stage


def start_hsm(stage: Stage, port: int) -> None:
    stage.start("hsm", *NOYAU, "hsm", "--port", str(port))
    stage.wait_until("hsm", lambda: is_listening(port))


def start_responder(stage: Stage, setting: Setting, as_acquirer: bool = False) -> int:
    """Its port, which is the first thing it says. Behind a relay it hears what acquirers say."""
    dialect = setting.acquirer_dialect if as_acquirer else setting.issuer_dialect
    zpk = ACQUIRER_ZPK if as_acquirer else ISSUER_ZPK
    delay = str(setting.issuer_delay_s)
    command = (sys.executable, "-m", "bench.load.responder", dialect, zpk, delay)
    process = stage.start("issuer", *command)
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    if not said.isdigit():
        process.wait(ENDS_WITHIN_S)  # it said nothing, so it ends
        raise stage.failed("issuer")
    return int(said)


def haproxy() -> str:
    """Its path, or nothing where it is not installed."""
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now, below those that the kernel gives to connections:
    one of those might be taken before its listener is up."""
    found: list[int] = []
    for port in random.sample(FREE_PORTS, len(FREE_PORTS)):
        if len(found) == count:
            break
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        found.append(port)
    return found


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def is_ready(http_port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{http_port}/readyz", timeout=2):
            return True
    except (URLError, OSError):
        return False
