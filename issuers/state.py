"""Where one issuer host keeps things below the state folder, and its lock."""
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRuns(Exception):
    """Another process has this issuer's ledger open."""


def ledger_path(state: Path, name: str) -> Path:
    return state / "issuers" / f"{name}.sqlite"


def keys_path(state: Path, name: str) -> Path:
    """The session keys that were exchanged with the switch."""
    return state / "issuers" / f"{name}.keys"


def control_path(state: Path, name: str) -> Path:
    """The socket that takes commands while the host runs."""
    return state / "issuers" / f"{name}.control"


@contextmanager
def locked(state: Path, name: str) -> Iterator[None]:
    """Hold the issuer's lock file, or `AlreadyRuns`. The lock dies with the process."""
    path = state / "issuers" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(path) from None
        yield


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """A name for a socket's path that fits into the 107 bytes of a socket address."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
