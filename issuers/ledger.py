"""The ledger of one issuer: SQLite, durable before anything is answered, found again after kill -9.

Decisions are made on the event loop against what is known there; their entries gather while the
writer thread commits the group before, so a message waits for its group, never for its own fsync.
Entries on their way to the disk are found like those on it. When the disk refuses a group the host
stops without answering: the file is the truth, and a restart begins from it.
"""
import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, fields
from pathlib import Path
from typing import Final

from issuers.entry import Effect, Entry

COLUMNS: Final = tuple(field.name for field in fields(Entry))
NUMBERS: Final = frozenset({"amount_minor", "pin_tries", "moved_minor", "remaining_minor"})

SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    {", ".join(f"{name} {'INTEGER' if name in NUMBERS else 'TEXT'} NOT NULL" for name in COLUMNS)},
    UNIQUE (key)
) STRICT;
CREATE TABLE IF NOT EXISTS currencies (currency TEXT PRIMARY KEY) STRICT;
"""
LISTED: Final = ", ".join(COLUMNS)
MARKS: Final = ", ".join("?" * len(COLUMNS))
RENEWED: Final = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
# S608: these are made of the names of fields above, of no value.
UPSERT: Final = (f"INSERT INTO entries ({LISTED}) VALUES ({MARKS})"  # noqa: S608
                 f" ON CONFLICT (key) DO UPDATE SET {RENEWED}")
FIND: Final = f"SELECT {LISTED} FROM entries WHERE key = ?"  # noqa: S608


class Group:
    """Entries that become durable together."""

    __slots__ = ("entries", "landed")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.landed = asyncio.Event()


class Ledger:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._reader = self._opened()
        self._reader.executescript(SCHEMA)
        self._writer = self._opened()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._gathering = Group()
        self._wanted = asyncio.Event()
        self._under_way: dict[str, tuple[Entry, Group]] = {}

    def find(self, key: str) -> Entry | None:
        """What is known of a message, durable or on its way."""
        if (under_way := self._under_way.get(key)) is not None:
            return under_way[0]
        row = self._reader.execute(FIND, (key,)).fetchone()
        return None if row is None else Entry(*row)

    def record(self, *entries: Entry) -> None:
        """Take entries into the next group: found from now on, durable after `landed`."""
        group = self._gathering
        for entry in entries:
            group.entries.append(entry)
            self._under_way[entry.key] = (entry, group)
        self._wanted.set()

    async def landed(self, key: str) -> None:
        """Return when what is known of this message is durable."""
        while (under_way := self._under_way.get(key)) is not None:
            await under_way[1].landed.wait()

    async def commit_groups(self) -> None:
        """Write groups one after the other until cancelled; an error of the disk ends it."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            group, self._gathering = self._gathering, Group()
            await loop.run_in_executor(self._thread, self._commit, group.entries)
            for entry in group.entries:
                under_way = self._under_way.get(entry.key)
                if under_way is not None and under_way[1] is group:
                    del self._under_way[entry.key]
            group.landed.set()

    async def flush(self) -> None:
        """Return when nothing is on its way to the disk."""
        while self._under_way:
            await next(iter(self._under_way.values()))[1].landed.wait()

    def close(self) -> None:
        self._thread.shutdown()
        self._writer.close()
        self._reader.close()

    def movements(self, since: str) -> Iterator[tuple[str, str, int, int]]:
        """Per card and effect: what remains moved in all, and by messages since that instant."""
        yield from self._reader.execute(
            "SELECT card, effect, SUM(remaining_minor), SUM(iif(at >= ?, remaining_minor, 0))"
            " FROM entries WHERE effect IN (?, ?) GROUP BY card, effect",
            (since, Effect.HOLD, Effect.CREDIT))

    def pin_tries(self) -> Iterator[tuple[str, int]]:
        """Wrong PINs in a row of every card that counts them."""
        for card, tries, _ in self._reader.execute(
                "SELECT card, pin_tries, MAX(id) FROM entries WHERE pin_tries >= 0 GROUP BY card"):
            yield card, tries

    def deal_in(self, currencies: set[str]) -> None:
        """Note the currencies of the cards, so that a reader's totals name them all."""
        with self._reader:
            self._reader.executemany("INSERT OR IGNORE INTO currencies VALUES (?)",
                                     [(currency,) for currency in sorted(currencies)])

    def _commit(self, entries: list[Entry]) -> None:
        with self._writer:
            self._writer.executemany(UPSERT, map(astuple, entries))

    def _opened(self) -> sqlite3.Connection:
        # Each connection is used by one thread at a time; the writer's is made on the loop's.
        connection = sqlite3.connect(self._path, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection
