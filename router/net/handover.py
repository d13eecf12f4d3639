"""Another number of workers: what a start has to know goes to the worker whose it is from now on.

Every journal is read as its own worker would read it at a start. What it tells of an acquirer goes
into the new journal of that acquirer's worker, as its first row; what holds for everybody (counters
of cards, an operator's switch, last numbers) into all of them. The former journals stay as they
are. It counts when the roster that names the new ones is on the disk: until then a start does it
all again. Counters of a card are given to all in full: rather too much is counted than too little.
"""
import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from router.net.hsm_client import HsmClient
from router.net.journal_file import JournalFile
from router.net.journal_opening import JournalUnusable, is_held
from router.net.key_at_rest import unlocked
from router.net.roster import FILE, Roster, keep, roster_in
from router.net.settings import Settings
from router.net.still_open import StillOpen
from specs.elements import DE
from specs.journal_format import Ended, EntryId, NumberGiven, Record, StandInMode, StoodIn, Stored
from specs.journal_segments import WORKER, worker_folders, worker_of

TICK_S: Final = 0.05
FORMER_END_WITHIN_S: Final = 12.0  # they drain in 8

Says = Callable[..., None]


async def roster_for(settings: Settings, state: Path, says: Says) -> Roster:
    """The one to start with, on the disk where it is needed there.

    Raises JournalUnusable or DataKeyRefused.
    """
    journal = state / "router"
    names = [one.name for one in settings.acquirers]
    former, workers = roster_in(journal), settings.router.workers
    if workers != former.workers and is_used(journal, former):
        return await handed_over(settings, journal, former, says)
    roster = former if workers == former.workers else Roster(
        tuple(str(one) for one in range(workers)), {}, {}, workers)
    if workers > 1:
        roster = roster.with_acquirers(names)
        keep(roster, journal)
    return roster


async def former_gone(journal: Path, says: Says) -> None:
    """Workers whose supervisor was killed drain first: until then journals and ports are theirs.

    Whoever does not end in time is found where its journal is opened.
    """
    if not (journal / FILE).exists():
        return
    deadline = time.monotonic() + FORMER_END_WITHIN_S
    has_said = False
    while time.monotonic() < deadline and any(map(is_held, worker_folders(journal))):
        if not has_said:
            has_said = True
            says("waits_for_former_workers", within_s=FORMER_END_WITHIN_S)
        await asyncio.sleep(TICK_S)


def is_used(journal: Path, roster: Roster) -> bool:
    """Somebody wrote in a journal of these workers."""
    return bool(roster.acquirers) or any(
        worker_of(folder) in roster.journals for folder in worker_folders(journal))


async def handed_over(
    settings: Settings, journal: Path, former: Roster, says: Says
) -> Roster:
    """All of it, or nothing that counts. Raises JournalUnusable or DataKeyRefused."""
    began, workers = time.monotonic(), settings.router.workers
    roster = former.dealt_anew(workers, [one.name for one in settings.acquirers])
    hsm = HsmClient(
        settings.hsm.endpoints, 1, settings.hsm.timeout_s, settings.hsm.pending_max,
        lambda *_: None)
    says("handover_begins", from_workers=former.workers, to_workers=workers)
    beside = [asyncio.create_task(hsm.run()), asyncio.create_task(ticking(hsm))]
    try:
        shares: list[list[Record]] = [[] for _ in roster.journals]
        held: dict[str, set[str]] = {}
        for name in former.journals:
            with_file = Reading(settings, journal, name, hsm, says)
            records = await with_file.records()
            await asyncio.to_thread(deal, records, roster, shares, held)
        roster = with_held(roster, held)
        for name, share in zip(roster.journals, shares, strict=True):
            shutil.rmtree(journal / f"{WORKER}{name}", ignore_errors=True)  # of an earlier try
            await Reading(settings, journal, name, hsm, says).begin(share)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
    keep(roster, journal)
    says("handover_done", from_workers=former.workers, to_workers=workers,
         records=sum(map(len, shares)), seconds=round(time.monotonic() - began, 1))
    return roster


async def ticking(hsm: HsmClient) -> None:
    """Its deadlines."""
    loop = asyncio.get_running_loop()
    while True:
        hsm.tick(loop.time())
        await asyncio.sleep(TICK_S)


class Reading:
    """One journal, opened as its worker would."""

    def __init__(
        self, settings: Settings, journal: Path, name: str, hsm: HsmClient, says: Says
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._name = name
        self._hsm = hsm
        self._says = says

    async def records(self) -> list[Record]:
        """What a start has to know."""
        file = await self._opened()
        try:
            return await asyncio.to_thread(self._read, file)
        finally:
            file.close()

    async def begin(self, records: list[Record]) -> None:
        """A new journal whose first row says all of this."""
        file = await self._opened()
        try:
            await asyncio.to_thread(self._begun, file, records)
        finally:
            file.close()

    async def _opened(self) -> JournalFile:
        hsm = self._settings.hsm
        file = JournalFile(
            self._journal, days=self._settings.journal.business_days, worker=self._name)
        try:
            await unlocked(
                file, self._hsm, hsm.data_key_under_lmk, hsm.data_key_kcv,
                lambda: self._says(
                    "waits_for_hsm", endpoints=", ".join(map(str, hsm.endpoints))))
        except BaseException:
            file.close()
            raise
        return file

    def _read(self, file: JournalFile) -> list[Record]:
        return [record for row in self._replay(file) for record in row]

    def _begun(self, file: JournalFile, records: list[Record]) -> None:
        for _ in self._replay(file):
            raise JournalUnusable(f"{file.path}: rows in a journal that was to be new")
        file.begin_with_past(records)

    def _replay(self, file: JournalFile) -> Iterator[list[Record]]:
        router = self._settings.router
        return file.replay(router.repeat_window_s, router.repeats_max)


def deal(
    records: list[Record], roster: Roster, shares: list[list[Record]], held: dict[str, set[str]]
) -> None:
    """To each worker what is its own, in the order it was written."""
    owners: dict[EntryId, int] = {}
    for record in records:
        if isinstance(record, StoodIn | StandInMode):
            for share in shares:
                share.append(record)
        elif isinstance(record, Ended):
            if record.id in owners:
                shares[owners[record.id]].append(record)
        elif not isinstance(record, NumberGiven):
            owner = roster.worker_of(record.about.parts.acquirer)
            shares[owner].append(record)
            if isinstance(record, Stored):
                owners[record.id] = owner
    deal_numbers(records, roster, shares, held)


def deal_numbers(
    records: list[Record], roster: Roster, shares: list[list[Record]], held: dict[str, set[str]]
) -> None:
    """Each goes on behind the last one of its part. Stored entries may have numbers of any part."""
    places = [roster.place(worker) for worker in range(roster.workers)]
    still_open = StillOpen(time.time)
    still_open.note(records)
    for given in still_open.records():
        if isinstance(given, NumberGiven):
            for place, share in zip(places, shares, strict=True):
                if place.has(given.stan):
                    share.append(given)
    for entry in still_open.stored:
        stan = entry.message.values[DE.STAN]
        if not places[roster.worker_of(entry.about.parts.acquirer)].has(stan):
            held.setdefault(entry.issuer, set()).add(stan)


def with_held(roster: Roster, held: dict[str, set[str]]) -> Roster:
    """Nobody gives these numbers anew while this roster stands."""
    return Roster(
        roster.journals, roster.acquirers,
        {issuer: tuple(sorted(stans)) for issuer, stans in held.items()}, roster.next_journal)
