"""A worker's folder held by one process; its segments made and opened for writing."""
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from specs.journal_segments import FORMAT_VERSION, SCHEMA, Segment, identity_fault

FORMER_NAME: Final = "journal.sqlite"  # of format 1, which had one file


class JournalUnusable(Exception):
    """Why the journal cannot be used, and what to do."""


def locked(folder: Path) -> int:
    """The folder made, and held by this process alone. Raises JournalUnusable."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
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


def is_held(folder: Path) -> bool:
    """By a process that has it `locked`."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def refuse_former(folder: Path) -> None:
    """A journal of format 1 lies there: what it holds must not be forgotten."""
    former = folder / FORMER_NAME
    if former.exists():
        raise JournalUnusable(
            f"{former}: format 1, this noyau reads {FORMAT_VERSION}: let the noyau that wrote it"
            " deliver what is stored and stop it, then move the file away")


def made(one: Segment, marks: Mapping[str, str | bytes | int]) -> None:
    """A segment without rows: there whole or not at all. Raises OSError, sqlite3.Error.

    In its mode, too: a change of the mode that a power cut interrupts would have to be undone by
    a writer, and who only reads could not.
    """
    unfinished = one.path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            database.execute(statement)
        database.executemany("INSERT INTO marks VALUES (?, ?)", marks.items())
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = WAL")
    unfinished.rename(one.path)
    sync_folder(one.path.parent)


def opened(one: Segment) -> sqlite3.Connection:
    """For writing, by any thread in turn. Raises JournalUnusable, OSError, sqlite3.Error."""
    address = f"{one.path.absolute().as_uri()}?mode=rw"
    database = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        fault = identity_fault(database)
        if fault:
            raise JournalUnusable(f"{one.path}: {fault}")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
    except BaseException:
        database.close()
        raise
    return database


def finished(database: sqlite3.Connection) -> None:
    """No more rows come: one file, once nobody reads it. Raises sqlite3.Error."""
    try:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()


def sync_folder(folder: Path) -> None:
    """Names in it are durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
