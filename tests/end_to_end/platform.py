"""`noyau up` as a process, as anybody would run it."""
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

READY_S: Final = 60.0
END_S: Final = 10.0  # promised


class Up:
    """A running `noyau up`."""

    def __init__(self, config: Path, log: Path, *options: str) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "noyau", "up", "--config", str(config), *options],
                stdout=file, stderr=subprocess.STDOUT)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, words: str) -> None:
        """Until it has said so."""
        def is_said() -> bool:
            assert self.process.poll() is None or words in self.said(), self.said()
            return words in self.said()

        until(is_said, READY_S)

    def children(self) -> list[int]:
        """Process ids of its programs."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in listed.read_text(encoding="utf-8").split()]

    def end(self, number: int = signal.SIGTERM) -> float:
        """How long it took, or TimeoutExpired after the ten seconds that are promised."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(END_S)
        return time.monotonic() - began


@contextmanager
def up(config: Path, log: Path, *options: str) -> Iterator[Up]:
    """Ended in the end."""
    running = Up(config, log, *options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            try:
                running.process.wait(2 * END_S)
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()


def until(is_so: Callable[[], bool], limit_s: float) -> None:
    """Looks again and again; other processes tell nobody."""
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
