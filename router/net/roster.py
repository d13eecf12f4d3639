"""Which worker has which acquirer, and which journal each worker writes: kept from run to run.

An acquirer stays where it is: what it asked before is known there. The file is missing until there
has been more than one worker. Where their number is another than in the file, all is dealt anew
(router.net.handover), and each worker begins a journal; those of before are not written any more.
"""
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import msgspec

from router.net.journal_opening import JournalUnusable, sync_folder
from router.net.place import Place

FILE: Final = "workers.json"


@dataclass(frozen=True, slots=True)
class Roster:
    """`held`: numbers of stored entries that lie outside their owner's part, by issuer."""

    journals: tuple[str, ...] = ("0",)  # of each worker, in their order
    acquirers: Mapping[str, int] = field(default_factory=dict)  # name -> worker
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    next_journal: int = 1

    @property
    def workers(self) -> int:
        return len(self.journals)

    def place(self, worker: int) -> Place:
        """As the worker itself knows it."""
        return Place(worker, self.workers, self.journals[worker], self.held)

    def worker_of(self, acquirer: str) -> int:
        """One that is not configured any more, too: repeats of it may still be known."""
        return self.acquirers.get(acquirer, 0)

    def of_worker(self, worker: int) -> list[str]:
        """The names of its acquirers."""
        return [name for name, one in self.acquirers.items() if one == worker]

    def with_acquirers(self, configured: Iterable[str]) -> "Roster":
        """New ones go where the fewest of those that are configured are."""
        names = list(configured)
        acquirers = dict(self.acquirers)
        load = [0] * self.workers
        for name in names:
            if name in acquirers:
                load[acquirers[name]] += 1
        for name in names:
            if name not in acquirers:
                acquirers[name] = load.index(min(load))
                load[acquirers[name]] += 1
        return replace(self, acquirers=acquirers)

    def dealt_anew(self, workers: int, configured: Iterable[str]) -> "Roster":
        """For another number of workers; all journals are new."""
        first = self.next_journal
        journals = tuple(str(first + one) for one in range(workers))
        fresh = Roster(journals, {}, {}, first + workers).with_acquirers(configured)
        gone = {name: one % workers for name, one in self.acquirers.items()}
        return replace(fresh, acquirers={**gone, **fresh.acquirers})


def roster_in(journal: Path) -> Roster:
    """As the last run left it. Raises JournalUnusable."""
    path = journal / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Roster)
    except FileNotFoundError:
        return Roster()
    except (OSError, msgspec.DecodeError) as error:
        raise JournalUnusable(f"{path}: {error}; restore it from a copy: it says which journal"
                              " belongs to which worker") from None


def keep(roster: Roster, journal: Path) -> None:
    """Durable when it returns. Raises JournalUnusable."""
    path = journal / FILE
    unfinished = path.with_suffix(".new")
    try:
        journal.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(roster)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        sync_folder(journal)
    except OSError as error:
        raise JournalUnusable(f"{path}: {error.strerror}; is there room on the disk?") from None
