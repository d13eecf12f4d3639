"""Where the journal lies: a folder for each worker, in it a SQLite file for each business day.

WORKER/000012_2026-11-24.sqlite is segment 12: segments are numbered without a gap from 1 on, the
rows of table groups run on from segment to segment. `marks` holds what is not secret: the wrapped
key, and which row says how far back a start must read.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

APPLICATION_ID: Final = 0x6E6F7961  # "noya"
FORMAT_VERSION: Final = 3
SCHEMA: Final = (
    "CREATE TABLE groups (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, before BLOB NOT NULL,"
    " sealed BLOB NOT NULL)",
    "CREATE TABLE marks (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT_VERSION}",
)
NAME: Final = re.compile(r"([0-9]{6,})_([0-9]{4}-[0-9]{2}-[0-9]{2})\.sqlite")
WORKER: Final = "worker-"
BUSY_S: Final = 5.0


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One file."""

    number: int
    business_date: date
    path: Path


def segment(folder: Path, number: int, business_date: date) -> Segment:
    """In its worker's folder, there or not."""
    return Segment(
        number, business_date, folder / f"{number:06d}_{business_date.isoformat()}.sqlite"
    )


def segments_in(folder: Path) -> list[Segment]:
    """In their order. Raises OSError."""
    found = []
    for path in folder.iterdir():
        name = NAME.fullmatch(path.name)
        if name is not None:
            found.append(Segment(int(name[1]), date.fromisoformat(name[2]), path))
    return sorted(found)


def worker_folders(journal: Path) -> list[Path]:
    """Of a journal's folder, which is STATE/router."""
    return sorted(path for path in journal.glob(f"{WORKER}*") if path.is_dir())


def worker_of(folder: Path) -> str:
    """Its name."""
    return folder.name.removeprefix(WORKER)


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """While a router writes it, too; for one thread after the other. Raises sqlite3.Error."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    database = sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False
    )
    try:
        yield database
    finally:
        database.close()


def identity_fault(database: sqlite3.Connection) -> str:
    """Why this is no segment that we read; empty when it is. Raises sqlite3.Error."""
    identity = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if identity != APPLICATION_ID:
        return "a database of another program; move it away"
    if version != FORMAT_VERSION:
        return (
            f"format {version}, this noyau reads {FORMAT_VERSION}; use the noyau that wrote it,"
            " or move it away"
        )
    return ""


def key_marks(folder: Path) -> tuple[str, bytes]:
    """The wrapped key of a folder's segments, and the proof of what it unwraps to.

    Raises LookupError where there is none, OSError, sqlite3.Error.
    """
    for one in reversed(segments_in(folder)):
        with read_only(one.path) as database:
            if fault := identity_fault(database):
                raise LookupError(f"{one.path}: {fault}")
            wrapped, proof = mark_in(database, "wrapped_key"), mark_in(database, "key_proof")
        if isinstance(wrapped, str) and isinstance(proof, bytes):
            return wrapped, proof
    raise LookupError(f"{folder}: there is no journal")


def mark_in(database: sqlite3.Connection, name: str) -> str | bytes | int | None:
    """Raises sqlite3.Error."""
    row = database.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    value: str | bytes | int | None = row[0] if row is not None else None
    return value
