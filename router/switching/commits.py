"""Records on their way to the disk, all of one commit or none of it.

A commit belongs to the transaction that waits for it, or to an action that follows it. What must
not be lost (a reversal whose request has left) insists: refused by the disk, it is kept in memory
and offered again, whole, until the disk takes it.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from specs.journal_format import Entry, Record, record_bytes, record_of
from specs.message_pack import array_of

if TYPE_CHECKING:
    from router.switching.transaction import Transaction

RETRY_AFTER_S: Final = 0.5
NO_RECORDS: Final[list[Record]] = []


@mypyc_attr(acyclic=True)
class Commit:
    """Records that become durable together, and who goes on when they are."""

    __slots__ = ("_records", "insists", "owner", "then")

    def __init__(
        self,
        records: list[Record],
        owner: "Transaction | None" = None,
        then: Callable[[bool], None] | None = None,
        insists: bool = False,
    ) -> None:
        self._records = records
        self.owner = owner
        self.then = then
        self.insists = insists

    @property
    def records(self) -> list[Record]:
        return self._records


@mypyc_attr(acyclic=True)
class Written(Commit):
    """Of one Forwarded or Answered, as the bytes it is in a group: seldom is it looked into.

    Two of these are all that most requests leave behind, and a record as an object is made of
    several, each of which would be made, gone through and freed.
    """

    __slots__ = ("about", "data", "issuer")

    def __init__(self, data: bytes, about: bytes, issuer: str) -> None:
        super().__init__(NO_RECORDS)
        self.data = data
        self.about = about  # the text of its About
        self.issuer = issuer  # of a Forwarded; empty: it is an Answered

    @property
    def records(self) -> list[Record]:
        """Made anew each time."""
        return [record_of(self.data)]


def entries_of(commits: list[Commit]) -> list[Record | Written]:
    """Of a group, in their order: whoever writes it takes a Written as it is."""
    entries: list[Record | Written] = []
    for commit in commits:
        if isinstance(commit, Written):
            entries.append(commit)
        else:
            entries += commit.records
    return entries


def group_of(entries: Sequence[Entry | Written]) -> bytes:
    """One group, as `specs.journal_format` has it."""
    return array_of(
        [entry.data if isinstance(entry, Written) else record_bytes(entry) for entry in entries]
    )


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

    def for_transaction(self, commit: Commit, owner: "Transaction") -> None:
        """The transaction goes on when its records are durable, or refused."""
        commit.owner = owner
        self._journal.append(commit)

    def once(self, records: list[Record], then: Callable[[bool], None]) -> None:
        """Tried once; the action hears whether they are durable."""
        self._journal.append(Commit(records, None, then))

    def insist(self, records: list[Record], then: Callable[[bool], None] | None = None) -> None:
        """Offered until the disk takes them; then the action follows."""
        self._journal.append(Commit(records, None, then, insists=True))

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
