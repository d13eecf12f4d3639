"""What becomes of records that the disk refused."""

from router.switching.commits import Commit, Commits
from router.switching.issuers import Issuers
from router.switching.known import Known
from router.switching.records import is_reversal_entry
from router.switching.stand_in_counts import taken_back
from router.switching.stand_in_records import voiding
from specs.journal_format import Answered, Forwarded, Record, Reversed, StoodIn, Stored


class DiskRefusal:
    __slots__ = ("_commits", "_issuers", "_known")

    def __init__(self, issuers: Issuers, known: Known, commits: Commits) -> None:
        self._issuers = issuers
        self._known = known
        self._commits = commits

    def of(self, records: list[Record], now: float) -> None:
        """Reversals and declines are stored once the disk takes them, whole; the rest is void.

        (Void, and perhaps on the disk: after an error of the disk nobody knows.)
        """
        if along := voiding(records):
            self._void_stand_in(records, along, now)
            return
        remaining: list[Record] = []
        declines = any(isinstance(record, Answered) and not record.approves for record in records)
        for record in records:
            if isinstance(record, Forwarded):
                issuer = self._issuers.named(record.issuer)
                if issuer is not None:
                    issuer.stans.free(record.outbound.stan)
            elif isinstance(record, Reversed | StoodIn) or is_reversal_entry(record):
                remaining.append(record)
            elif isinstance(record, Stored) and declines:
                remaining.append(record)  # the stand-in's advice of its decline
            elif isinstance(record, Stored):
                self._forget_entry(record)
            elif isinstance(record, Answered) and not record.approves:
                remaining.append(record)
        if remaining:
            self._commits.refused(Commit(remaining, insists=True), now)

    def _void_stand_in(self, records: list[Record], along: list[Record], now: float) -> None:
        """Its reversal takes along what undoes it on a disk that may hold it."""
        for record in records:
            if isinstance(record, Stored) and not is_reversal_entry(record):
                self._forget_entry(record)
                transaction = self._known.recorded(record.about)
                assert transaction is not None, "it is in flight"
                taken_back(transaction, None)
                if transaction.is_reversed:
                    self._commits.refused(Commit(along, insists=True), now)
                else:
                    transaction.taken_along = tuple(along)

    def _forget_entry(self, record: Stored) -> None:
        """Of an advice: it was not taken, its acquirer hears so and keeps it."""
        issuer = self._issuers.named(record.issuer)
        if issuer is not None and issuer.saf.remove(record.id) is not None:
            issuer.stans.free(record.message.stan)
        transaction = self._known.recorded(record.about)
        if transaction is not None:
            transaction.advice = None
