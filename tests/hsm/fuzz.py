"""Fuzzing of the command parser over TCP: `python -m tests.hsm.fuzz SECONDS [SEED]`.

Mutations of a valid request of every command, keys of other kinds in it, random bytes, and
pipelines of these, cut anywhere.
Wanted are crashes, hangs, answers 41, answers that are missing or come to another header, and
parts of requests in what the device writes.
"""
import json
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

from hsm_emulator.device import COMMANDS
from hsm_emulator.examples import made
from tests.hsm.fuzz_keys import keys_of_all_kinds, with_other_keys

NOYAU: Final = str(Path(sys.executable).parent / "noyau")
ANSWER_WITHIN_S: Final = 20.0
FRAME_BYTES_MAX: Final = 32_768
PIPELINE_MAX: Final = 40
WINDOW: Final = 10
RESIDENT_KIB_MAX: Final = 400_000
INTERESTING: Final = (
    b"%00", b"%01", b"%99", b"#P0T2E00E00", b"#", b"&N", b"!B", b"\x19", b";", b"*", b"~", b"FFFF",
    b"0000", b"9999", b"S0", b"S10096", b"R", b"RB0080P0TE00N0000", b"U", b"T", b"X", b"Z", b"\x00",
    b"\xff", b"48", b"34", b"03", b"N", b"F" * 16, b"0" * 16, b"\r\n",
)  # fmt: skip


class Found(Exception):
    """Something that must not be; the text says what, and how to get there again."""


class Fuzz:
    """One seed's requests."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # must be repeatable
        self.requests = [one.request for one in made()]
        self._codes = list(COMMANDS)
        self._keys = keys_of_all_kinds(self.dice)

    def body(self) -> bytes:
        """One request without header."""
        kind = self.dice.random()
        if kind < 0.05:
            return self.dice.randbytes(self.dice.randrange(1, 200))
        if kind < 0.15:
            return self.dice.choice(self._codes) + self.dice.randbytes(self.dice.randrange(300))
        body = self.dice.choice(self.requests)
        if kind < 0.45:
            return with_other_keys(body, self._keys, self.dice)
        for _ in range(self.dice.choice((0, 1, 1, 1, 2, 3, 8))):
            body = self._mutated(body)[: FRAME_BYTES_MAX - 4]
        return body

    def pipeline(self) -> list[bytes]:
        """Frames without length, each with a header of its own."""
        count = self.dice.choice((1, 1, 2, 5, PIPELINE_MAX))
        frames = [b"%04X" % self.dice.randrange(65536) + self.body() for _ in range(count)]
        if self.dice.random() < 0.1:
            frames.append(self.dice.randbytes(self.dice.randrange(1, 6)))
        return frames

    def chunks(self, stream: bytes) -> Iterator[bytes]:
        """The stream, cut anywhere, now and then into single bytes for a while."""
        places = {self.dice.randrange(len(stream) + 1) for _ in range(self.dice.randrange(12))}
        if self.dice.random() < 0.1:
            at = self.dice.randrange(len(stream))
            places.update(range(at, min(at + 60, len(stream))))
        edges = [0, *sorted(places), len(stream)]
        for begin, end in pairwise(edges):
            yield stream[begin:end]

    def _mutated(self, body: bytes) -> bytes:
        at, other = self.dice.randrange(len(body) + 1), self.dice.choice(self.requests)
        changes: tuple[Callable[[], bytes], ...] = (
            lambda: body[:at] + self.dice.randbytes(1) + body[at + 1 :],
            lambda: body[:at] + bytes([self.dice.choice(b"0123456789ABCDEFSURTX;%#&*")])
            + body[at + 1 :],
            lambda: body[:at] + body[at + self.dice.randrange(1, 40) :],
            lambda: body[:at] + self.dice.choice(INTERESTING) + body[at:],
            lambda: body[:at] + self.dice.choice(INTERESTING) + body[at + 4 :],
            lambda: body[:at] + other[self.dice.randrange(len(other)) :],
            lambda: body[:at] + body[max(0, at - 33) : at] + body[at:],
            lambda: body[:at],
            lambda: body + other,
            lambda: body[:2] + body[2:] * self.dice.choice((2, 2, 3, 5, 200)),
        )  # fmt: skip
        return self.dice.choice(changes)()


class Device:
    """The process, and one connection at a time."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process, self._port = process, port
        self._line: socket.socket | None = None
        self.codes: Counter[str] = Counter()

    def ask(self, fuzz: Fuzz, frames: list[bytes]) -> None:
        """Send a pipeline in chunks and hold every answer against its request."""
        line = self._connected()
        stream = b"".join(len(frame).to_bytes(2) + frame for frame in frames)
        received, chunks, until = b"", fuzz.chunks(stream), time.monotonic() + ANSWER_WITHIN_S
        chunk = next(filter(None, chunks), b"")
        for frame in frames:
            while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2]):
                if time.monotonic() > until:
                    raise Found(f"no answer to {frame.hex()}")
                readable, writable, _ = select.select([line], [line] if chunk else [], [], 1.0)
                if writable:
                    chunk = chunk[line.send(chunk) :] or next(filter(None, chunks), b"")
                if readable:
                    got = line.recv(1 << 16)
                    if not got:
                        raise Found(f"hung up at {frame.hex()}")
                    received += got
            end = 2 + int.from_bytes(received[:2])
            self._judge(frame, received[2:end])
            received = received[end:]

    def disturb(self, fuzz: Fuzz) -> None:
        """What ends a connection: half a frame, a frame too long, a reset."""
        line = self._connected()
        line.sendall(fuzz.dice.choice((b"\xff\xff", b"\x00", b"\x10\x00abc", b"\x00\x00\x00\x00")))
        line.close()
        self._line = None

    def check_alive(self) -> None:
        if self._process.poll() is not None:
            raise Found(f"the device ended with {self._process.returncode}")
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        resident = int(status.split("VmRSS:")[1].split()[0])
        if resident > RESIDENT_KIB_MAX:
            raise Found(f"the device holds {resident} KiB")

    def close(self) -> None:
        if self._line is not None:
            self._line.close()

    def _judge(self, frame: bytes, answer: bytes) -> None:
        code = frame[4:6]
        verb = b"ZZ" if len(code) < 2 else bytes((code[0], (code[1] + 1) & 0xFF))
        expected = frame[:4] + verb
        if not answer.startswith(expected):
            raise Found(f"answer {answer[:8].hex()} to {frame.hex()}")
        told = answer[len(expected) :][:2].decode("latin-1")
        self.codes[told] += 1
        if told == "41" or len(told) != 2:
            raise Found(f"code {told!r} to {frame.hex()}")

    def _connected(self) -> socket.socket:
        if self._line is None:
            self._line = socket.create_connection(("127.0.0.1", self._port), ANSWER_WITHIN_S)
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._line


@contextmanager
def device(folder: Path, profile: str) -> Iterator[Device]:
    """`noyau hsm`, its log in a file that is searched when it has ended."""
    log = folder / f"{profile}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            [NOYAU, "hsm", "--port", "0", "--profile", profile, "--state", str(folder / profile)],
            stderr=file, text=True)
    try:
        until = time.monotonic() + ANSWER_WITHIN_S
        while b"hsm_listening" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > until:
                raise Found(f"the device did not start: {log.read_text()}")
            time.sleep(0.01)  # another process tells nobody
        lines = log.read_text(encoding="utf-8").splitlines()
        port = next(json.loads(line)["port"] for line in lines if "hsm_listening" in line)
        running = Device(process, port)
        yield running
        running.check_alive()
        running.close()
        process.send_signal(signal.SIGTERM)
        if process.wait(ANSWER_WITHIN_S):
            raise Found(f"the device ended with {process.returncode}")
    finally:
        process.kill()
        process.wait()


def check_written(folder: Path, requests: list[bytes]) -> None:
    """Search log and audit log for parts of the requests, and for defects."""
    texts = [body[2:].decode("latin-1") for body in requests]
    secrets = {text[at : at + WINDOW] for text in texts for at in range(len(text) - WINDOW + 1)}
    secrets = {run for run in secrets if len(set(run)) > 2}
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        written = path.read_text(encoding="utf-8")
        for word in ("Traceback", "command_failed", "console_request_failed"):
            if word in written:
                raise Found(f"{word} in {path.name}: {written[written.index(word) :][:300]}")
        runs = {written[at : at + WINDOW] for at in range(len(written) - WINDOW + 1)}
        if leaked := runs & secrets:
            raise Found(f"{path.name} holds parts of requests: {sorted(leaked)[:5]}")


def run(seconds: float, seed: int, answers_min: int = 0) -> Counter[str]:
    """Fuzz a strict and a legacy device for half the time each; return how often each code came.

    Each gives half of `answers_min` at least, however slow the machine.
    """
    codes: Counter[str] = Counter()
    fuzz = Fuzz(seed)
    with tempfile.TemporaryDirectory(prefix="noyau-fuzz-") as name:
        for profile in ("strict", "legacy"):
            until = time.monotonic() + seconds / 2
            with device(Path(name), profile) as one:
                while time.monotonic() < until or one.codes.total() < answers_min / 2:
                    one.ask(fuzz, fuzz.pipeline())
                    if fuzz.dice.random() < 0.01:
                        one.disturb(fuzz)
                        one.check_alive()
            codes += one.codes
        check_written(Path(name), fuzz.requests)
    return codes


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1800.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    sys.stdout.write(f"seed {seed}, {seconds:g} s\n")
    sys.stdout.flush()
    try:
        codes = run(seconds, seed)
    except Found as found:
        sys.exit(f"found with seed {seed}: {found}")
    told = " ".join(f"{code}:{count}" for code, count in sorted(codes.items()))
    sys.stdout.write(f"{sum(codes.values())} answers, nothing found; by code: {told}\n")


if __name__ == "__main__":
    main()
