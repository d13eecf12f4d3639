"""Finds transactions and tells one's story: by the index as far as it goes, else in the journal."""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from noyau.journal.facts import SPOKEN, Facts, Place, Spoken, Wanted, entry_of, facts_of
from noyau.journal.index import Index
from noyau.journal.opening import Worker
from specs.journal_format import About, Entry, EntryId, Forwarded, Key, Stored
from specs.journal_reading import JournalReader, Row, carried_of, first_row
from specs.journal_segments import segments_in

LATER_ROWS_MAX = 100_000  # of a story, without an index, after its last row


@dataclass(frozen=True, slots=True)
class Found:
    """A transaction by its first record. The facts hold a clear PAN: show them masked."""

    place: Place
    at: int
    record: Spoken
    facts: Facts

    @property
    def about(self) -> About:
        return self.record.about


@dataclass(frozen=True, slots=True)
class Told:
    """A record of a transaction's story."""

    place: Place
    at: int
    file: str
    entry: Entry


def find(worker: Worker, wanted: Wanted, limit: int) -> list[Found]:
    """The latest first. Raises Damage, OSError."""
    with _index(worker) as index:
        followed = index.followed[0] if index is not None else 0
        newer = _scanned(worker, wanted, followed, limit, index)
        if index is not None:
            older = _indexed(worker, wanted, index)
            newer += itertools.islice(older, limit - len(newer))
    return newer


def _indexed(worker: Worker, wanted: Wanted, index: Index) -> Iterator[Found]:
    """What the index knows; the latest first."""
    reader = JournalReader(worker.folder, worker.seal)
    with contextlib.closing(reader.these(index.rows_for(wanted))) as rows:
        for row in rows:
            if not wanted.asks_at(row.at):
                continue
            for found in reversed(_asked_in(worker, wanted, row)):
                if not _is_older(found, wanted, index, reader):
                    yield found


def _asked_in(worker: Worker, wanted: Wanted, row: Row) -> list[Found]:
    """Each transaction by the first record there that is asked for."""
    asked: dict[Key, Found] = {}
    for place, entry in enumerate(row.entries):
        if isinstance(entry, SPOKEN) and entry.about.key not in asked:
            facts = facts_of(entry)
            if wanted.asks_for(facts):
                where = Place(worker.name, row.number, place)
                asked[facts.key] = Found(where, row.at, entry, facts)
    return list(asked.values())


def _is_older(found: Found, wanted: Wanted, index: Index, reader: JournalReader) -> bool:
    """An earlier row has a record of it that is asked for, too."""
    if isinstance(found.record, Forwarded):  # which is the first of its transaction
        return False
    rows = itertools.takewhile(lambda row: row < found.place.row, index.rows_of(found.facts.key))
    return any(
        isinstance(entry, SPOKEN)
        and entry.about.key == found.facts.key
        and wanted.asks_for(facts_of(entry))
        for row in reader.these(rows)
        for entry in row.entries
    )


def story(worker: Worker, place: Place) -> list[Told]:
    """Everything about a transaction, in order; empty where that place has none.

    Raises Damage, OSError.
    """
    reader = JournalReader(worker.folder, worker.seal)
    first = reader.row(place.row)
    entry = first.entries[place.place] if first and place.place < len(first.entries) else None
    if not isinstance(entry, SPOKEN):
        return []
    thread = Thread(entry.about.key)
    told: list[Told] = []
    with _index(worker) as index:
        followed = index.followed[0] if index is not None else 0
        for number in _indexed_rows(index, entry.about.key, reader, thread):
            row = reader.row(number)
            if row is not None:
                told += thread.told(worker.name, row)
    last = told[-1].place.row if told else place.row - 1
    quiet = 0
    for row in JournalReader(worker.folder, worker.seal).rows(max(followed, last) + 1):
        more = thread.told(worker.name, row)
        told += more
        quiet = 0 if more or thread.open_entries else quiet + 1
        if quiet > LATER_ROWS_MAX:
            break
    return told


class Thread:
    """What belongs to one transaction, as its records are read in order."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self.entries: set[EntryId] = set()
        self.open_entries: set[EntryId] = set()

    def told(self, worker: str, row: Row) -> list[Told]:
        """Its records in this row."""
        return [
            Told(Place(worker, row.number, place), row.at, row.segment.path.name, entry)
            for place, entry in enumerate(row.entries)
            if self._is_of_it(entry)
        ]

    def _is_of_it(self, entry: Entry) -> bool:
        entry_id = entry_of(entry)
        if isinstance(entry, SPOKEN):
            if entry.about.key != self._key:
                return False
            if isinstance(entry, Stored):
                self.entries.add(entry.id)
                self.open_entries.add(entry.id)
            return True
        self.open_entries.discard(entry_id or ())
        return entry_id in self.entries or getattr(entry, "key", None) == self._key


def _indexed_rows(
    index: Index | None, key: Key, reader: JournalReader, thread: Thread
) -> list[int]:
    """Of the transaction and of its entries, in order, each once."""
    if index is None:
        return []
    numbers = set(index.rows_of(key))
    for number in sorted(numbers):
        row = reader.row(number)
        for one in row.entries if row is not None else ():
            if isinstance(one, Stored) and one.about.key == key:
                thread.entries.add(one.id)
                numbers.update(index.rows_of(one.id))
    return sorted(numbers)


def _scanned(
    worker: Worker, wanted: Wanted, followed: int, limit: int, index: Index | None
) -> list[Found]:
    """What the index does not know yet; the latest first, each transaction by its first record."""
    found: dict[Key, Found] = {}
    begun: set[int] = set()  # hashes of keys: their first record was read
    reader = JournalReader(worker.folder, worker.seal)
    first = followed + 1 if followed else _first_after(worker, wanted.since)
    for row in reader.rows(first):
        if row.number == first and (carried := carried_of(row)) is not None:
            begun.update(hash(one.about.key) for one in carried.records if isinstance(one, SPOKEN))
        for place, entry in enumerate(row.entries):
            if not isinstance(entry, SPOKEN) or hash(entry.about.key) in begun:
                continue
            facts = facts_of(entry)
            if not wanted.asks_for(facts):
                continue
            begun.add(hash(facts.key))
            if wanted.asks_at(row.at):
                where = Place(worker.name, row.number, place)
                found[facts.key] = Found(where, row.at, entry, facts)
        if len(found) > 4 * limit + 1024:
            found = {one.facts.key: one for one in _latest(found, wanted, limit, index, reader)}
    return _latest(found, wanted, limit, index, reader)


def _latest(
    found: dict[Key, Found], wanted: Wanted, limit: int, index: Index | None, reader: JournalReader
) -> list[Found]:
    """So many, without those that the index knows."""
    ordered = sorted(found.values(), key=_at, reverse=True)
    new = (
        one for one in ordered if index is None or not _is_older(one, wanted, index, reader)
    )
    return list(itertools.islice(new, limit))


def _at(one: Found) -> tuple[int, Place]:
    return one.at, one.place


def _first_after(worker: Worker, since: int) -> int:
    """A row from which nothing that is asked for lies before. Whole segments are left out."""
    first = 1
    reader = JournalReader(worker.folder, worker.seal)
    for one in segments_in(worker.folder):
        number = first_row(one)
        if not number:
            continue
        row = reader.row(number)
        if row is None or row.at > since:
            break
        first = number
    return first


@contextlib.contextmanager
def _index(worker: Worker) -> Iterator[Index | None]:
    """None where there is none, or it is damaged, or of another journal."""
    index: Index | None = None
    try:
        index = Index(worker.folder, worker.seal)
        number, tag = index.followed
        row = JournalReader(worker.folder, worker.seal).row(number) if number else None
        if row is None or row.tag != tag:
            index.close()
            index = None
    except (sqlite3.Error, FileNotFoundError):
        index = None
    try:
        yield index
    finally:
        if index is not None:
            index.close()
