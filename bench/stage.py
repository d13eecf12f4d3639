"""The processes under load: HSM, issuer responder and router, or a relay, or nothing in between.

All on free ports of the loopback interface. Everything is ended when the stage is left, however
that happens: a child gets no Ctrl-C of the terminal's, only ours.
"""

import os
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

from bench.cores import on_cores_of
from bench.platform_files import (
    ACQUIRER_DIALECT,
    ISSUER_DIALECT,
    ISSUER_ZPK,
    write_configuration,
    write_relay_configuration,
)
from bench.purchases import ACQUIRER_ZPK

READY_WITHIN_S: Final = 30.0
ENDS_WITHIN_S: Final = 10.0
NOYAU: Final = (sys.executable, "-m", "noyau")


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

    def start(self, name: str, *command: str) -> subprocess.Popen[str]:
        with (self.folder / f"{name}.log").open("w") as log, on_cores_of(name):
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


Opening = Callable[[Path], AbstractContextManager[Stage]]


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
def switch_stage(folder: Path, issuer_dialect: str = ISSUER_DIALECT) -> Iterator[Stage]:
    """HSM, responder and router."""
    with a_stage(folder) as stage:
        hsm_port, http_port, stage.port = free_ports(3)
        stage.start("hsm", *NOYAU, "hsm", "--port", str(hsm_port))
        responder_port = started_responder(stage, issuer_dialect, ISSUER_ZPK)
        stage.wait_until("hsm", lambda: is_listening(hsm_port))
        config = folder / "config"
        ports = (stage.port, hsm_port, http_port, responder_port)
        write_configuration(config, *ports, issuer_dialect)
        state = str(folder / "state")
        stage.start("router", *NOYAU, "router", "--config", str(config), "--state", state)
        stage.wait_until("router", lambda: is_ready(http_port))
        yield stage


@contextmanager
def relay_stage(folder: Path) -> Iterator[Stage]:
    """HAProxy in TCP mode, in the router's place."""
    with a_stage(folder) as stage:
        (stage.port,) = free_ports(1)
        responder_port = started_responder(stage, ACQUIRER_DIALECT, ACQUIRER_ZPK)
        file = folder / "haproxy.cfg"
        write_relay_configuration(file, stage.port, responder_port)
        stage.start("relay", haproxy(), "-f", str(file), "-db")
        stage.wait_until("relay", lambda: is_listening(stage.port))
        yield stage


@contextmanager
def bare_stage(folder: Path) -> Iterator[Stage]:
    """The responder alone: how fast the harness itself is."""
    with a_stage(folder) as stage:
        stage.port = started_responder(stage, ACQUIRER_DIALECT, ACQUIRER_ZPK)
        yield stage


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


def started_responder(stage: Stage, dialect: str, zpk: str) -> int:
    """Its port, which is the first thing it says."""
    process = stage.start("issuer", sys.executable, "-m", "bench.responder", dialect, zpk)
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    if not said.isdigit():
        raise stage.failed("issuer")
    return int(said)


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
