"""Records on their way to the disk, all of one commit or none of it.

A commit belongs to the transaction that waits for it, or to an action that follows it. What must
not be lost (a reversal whose request has left) insists: refused by the disk, it is kept in memory
and offered again, whole, until the disk takes it.
"""

from collections.abc import Callable
from typing import Final

from mypy_extensions import mypyc_attr

from router.switching.transaction import Transaction
from specs.journal_format import Record

RETRY_AFTER_S: Final = 0.5


@mypyc_attr(acyclic=True)
class Commit:
    """Records that become durable together, and who goes on when they are."""

    __slots__ = ("insists", "owner", "records", "then")

    def __init__(
        self,
        records: list[Record],
        owner: Transaction | None,
        then: Callable[[bool], None] | None,
        insists: bool,
    ) -> None:
        self.records = records
        self.owner = owner
        self.then = then
        self.insists = insists


@mypyc_attr(allow_interpreted_subclasses=True)
class Journal:
    def append(self, commit: Commit) -> None:
        """Exactly once, and never from within this call, the conductor hears `landed` for it."""
        raise NotImplementedError


class Commits:
    """The way to the journal."""

    __slots__ = ("_journal", "_refused", "_retry_at")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._refused: list[Commit] = []
        self._retry_at = 0.0

    @property
    def waits_for_disk(self) -> bool:
        """Something that must not be lost is in memory only."""
        return bool(self._refused)

    def for_transaction(self, records: list[Record], owner: Transaction) -> None:
        """The transaction goes on when they are durable, or refused."""
        self._journal.append(Commit(records, owner, None, False))

    def once(self, records: list[Record], then: Callable[[bool], None]) -> None:
        """Tried once; the action hears whether they are durable."""
        self._journal.append(Commit(records, None, then, False))

    def insist(self, records: list[Record], then: Callable[[bool], None] | None = None) -> None:
        """Offered until the disk takes them; then the action follows."""
        self._journal.append(Commit(records, None, then, True))

    def refused(self, commit: Commit, now: float) -> None:
        """Of a commit that insists: kept, in order."""
        if not self._refused:
            self._retry_at = now + RETRY_AFTER_S
        self._refused.append(commit)

    def try_again(self, now: float) -> None:
        """What the disk refused is offered again."""
        if self._refused and now >= self._retry_at:
            offered, self._refused = self._refused, []
            for commit in offered:
                self._journal.append(commit)
