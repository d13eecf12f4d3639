"""The journal's folder held by one process, and its database opened or made."""
import contextlib
import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Final

APPLICATION_ID: Final = 0x6E6F7961  # "noya"
FORMAT_VERSION: Final = 1
SCHEMA: Final = (
    "CREATE TABLE groups (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, sealed BLOB NOT NULL)",
    "CREATE TABLE marks (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT_VERSION}",
)


class JournalUnusable(Exception):
    """Why the journal cannot be used, and what to do."""


def locked(folder: Path) -> int:
    """The folder made, and held by this process alone. Raises JournalUnusable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalUnusable(f"{folder}: {error.strerror}; give a --state that can be written"
                              ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise JournalUnusable(
            f"{folder}: process {holder} uses it; stop that router, or give another --state"
        ) from None
    with contextlib.suppress(OSError):  # no room for a name; held all the same
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def opened(path: Path) -> sqlite3.Connection:
    """The database, made where it is not there. Raises JournalUnusable."""
    database: sqlite3.Connection | None = None
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        prepare(path, database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
    except JournalUnusable:
        assert database is not None
        database.close()
        raise
    except (OSError, sqlite3.Error) as error:
        if database is not None:
            database.close()
        raise JournalUnusable(f"{path}: {error}; restore it, or move it away") from None
    return database


def prepare(path: Path, database: sqlite3.Connection) -> None:
    """A new file gets its tables; any other must be one of ours."""
    identity = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if identity == APPLICATION_ID and version == FORMAT_VERSION:
        return
    if identity == APPLICATION_ID:
        raise JournalUnusable(
            f"{path}: format {version}, this noyau reads {FORMAT_VERSION}; use the noyau that"
            " wrote it, or move it away")
    if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] or identity:
        raise JournalUnusable(f"{path}: a database of another program; move it away")
    database.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA:
        database.execute(statement)
    database.execute("COMMIT")
