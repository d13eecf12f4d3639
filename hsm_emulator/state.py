"""Where one device keeps things below the state folder, by its port, and its lock."""
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRuns(Exception):
    """Another process has this device's place."""


def audit_path(state: Path, port: int) -> Path:
    """Return where the audit log is."""
    return state / "hsm" / f"{port}.audit"


def control_path(state: Path, port: int) -> Path:
    """Return where the socket is that the console talks to."""
    return state / "hsm" / f"{port}.control"


def can_keep(state: Path) -> bool:
    """Make the device's folder below `state`; say whether it can be written."""
    folder = state / "hsm"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


@contextmanager
def locked(state: Path, port: int) -> Iterator[None]:
    """Hold the device's lock file, or `AlreadyRuns`. The lock dies with the process."""
    path = state / "hsm" / f"{port}.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(path) from None
        yield


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """Give a name for a socket's path that fits into the 107 bytes of a socket address."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
