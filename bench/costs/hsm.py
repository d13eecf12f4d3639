"""What each host command costs the HSM emulator, over TCP, pipelined.

    python -m bench.costs.hsm [--seconds S] [--connections N] [--json] [COMMAND ...]

The emulator is a process of its own on a core of its own; its CPU time is the scheduler's. The load
writes prepared chunks of one request and counts whole answers; the first of each is compared.
"""

import argparse
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final

from bench.stage.cores import cpu_us, on_cores_of
from bench.stage.machine import commit, processor
from hsm_emulator.examples import Example, made

FIRST: Final = ("CA", "CC")
CHUNK: Final = 64  # requests in one write
CHUNKS_OUT: Final = 4  # of one connection
RECEIVE_BYTES: Final = 1 << 18
WARM_UP_S: Final = 0.2
START_S: Final = 20.0


@dataclass(frozen=True)
class Cost:
    """One example, measured."""

    command: str
    title: str
    cpu_us: float
    per_second: float
    core_share: float


class Line:
    """One connection with so many chunks outstanding."""

    def __init__(self, port: int, request: bytes, answer_bytes: int) -> None:
        framed = (4 + len(request)).to_bytes(2) + b"0001" + request
        self._chunk = framed * CHUNK
        self._chunk_answers = answer_bytes * CHUNK
        self._left = 0  # of the answers that are out, in bytes
        self._unsent = b""
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def fileno(self) -> int:
        return self.socket.fileno()

    def write(self) -> None:
        """Keep the chunks out."""
        while self._unsent or self._left <= self._chunk_answers * (CHUNKS_OUT - 1):
            if not self._unsent:
                self._unsent = self._chunk
                self._left += self._chunk_answers
            try:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
            except BlockingIOError:
                return

    def read(self) -> int:
        """Return how many bytes of answers came."""
        received = self.socket.recv(RECEIVE_BYTES)
        if not received:
            raise ConnectionResetError("the emulator hung up under load")
        self._left -= len(received)
        return len(received)


@contextmanager
def emulator() -> Iterator[tuple[int, int]]:
    """`noyau hsm` on a free port, in the profile that authorises keys to come and go."""
    command = [sys.executable, "-m", "noyau", "hsm", "--port", "0", "--profile", "legacy"]
    with on_cores_of("emulator"):
        process = subprocess.Popen(command, stderr=subprocess.PIPE)  # noqa: S603 - ours
    try:
        assert process.stderr is not None
        until = time.monotonic() + START_S
        while b'"hsm_listening"' not in (line := process.stderr.readline()):
            if not line or time.monotonic() > until:
                sys.exit("the emulator did not start")
        yield process.pid, json.loads(line)["port"]
    finally:
        process.terminate()
        process.communicate()


def answer_to(port: int, request: bytes) -> bytes:
    """One request, alone."""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall((4 + len(request)).to_bytes(2) + b"0001" + request)
        with line.makefile("rb") as answers:
            return answers.read(int.from_bytes(answers.read(2)))


def cost(pid: int, port: int, example: Example, connections: int, seconds: float) -> Cost | None:
    """Load the emulator with one request; None where it does not answer as the example says."""
    answer = answer_to(port, example.request)
    if answer[6:8] not in (b"00", b"01"):
        return None
    lines = [Line(port, example.request, 2 + len(answer)) for _ in range(connections)]
    with on_cores_of("load"):
        run(lines, WARM_UP_S)
        began, before = time.monotonic(), cpu_us(pid)
        octets = run(lines, seconds)
        after, ended = cpu_us(pid), time.monotonic()
    for line in lines:
        line.socket.close()
    answered = octets / (2 + len(answer))
    used, window_s = after - before, ended - began
    share = used / window_s / 1e6
    return Cost(example.command, example.title, used / answered, answered / window_s, share)


def run(lines: list[Line], seconds: float) -> int:
    """Load for so long and return the bytes of answers."""
    octets, until = 0, time.monotonic() + seconds
    for line in lines:
        line.write()
    while time.monotonic() < until:
        readable, _, _ = select.select(lines, (), (), 0.1)
        for line in readable:
            octets += line.read()
            line.write()
    return octets


def in_order(examples: list[Example]) -> list[Example]:
    """CA and CC first, the rest as the device has them."""
    return sorted(examples, key=lambda one: FIRST.index(one.command) if one.command in FIRST else 9)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.costs.hsm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each example")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("commands", nargs="*", metavar="COMMAND")
    asked = parser.parse_args()
    wanted = {name.upper() for name in asked.commands}
    examples = [one for one in in_order(made()) if not wanted or one.command in wanted]
    if not asked.json:
        cores = len(os.sched_getaffinity(0))
        print(f"{processor()}, {cores} cores, Python {sys.version.split()[0]}, {commit()}")
        print(f"{'':4} {'CPU us':>8} {'per second':>11} {'of a core':>9}  what")
    costs = []
    with emulator() as (pid, port):
        for example in examples:
            found = cost(pid, port, example, asked.connections, asked.seconds)
            if found is None:
                continue  # BA wants an operator
            costs.append(found)
            if not asked.json:
                print(
                    f"{found.command:4} {found.cpu_us:8.2f} {found.per_second:11,.0f}"
                    f" {found.core_share:9.0%}  {found.title}",
                    flush=True,
                )
    if asked.json:
        print(json.dumps([asdict(one) for one in costs]))


if __name__ == "__main__":
    main()
