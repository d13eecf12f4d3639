"""What is open after the rows so far: all that a start needs of what lies before its first row.

In flight, to be delivered, parked, counted by a stand-in, and each issuer's last number. A
transaction with a stored entry is kept whole until the entry ends: a start must not take what was
answered for what is in flight.
"""
from collections.abc import Callable, Sequence
from typing import assert_never

from router.switching.pending import STAN_MAX
from router.switching.recovery import is_new_number
from router.switching.stand_in_counts import summed
from specs.journal_format import (
    Answered,
    Ended,
    Entry,
    EntryId,
    Forwarded,
    NumberGiven,
    Record,
    Reversed,
    StandInMode,
    StoodIn,
    Stored,
)

CardPeriod = tuple[str, str, int]  # issuer, PAN, until


class Story:
    """Of a transaction with entries that are open."""

    __slots__ = ("entries", "records")

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.entries = 0


class StillOpen:
    """`seconds` says the time since 1970; so many numbers are there to give, of each issuer."""

    def __init__(self, seconds: Callable[[], float], stans: int = STAN_MAX) -> None:
        self._stans = stans
        self._seconds = seconds
        # By the texts of their About: all records of one transaction have the same.
        self._in_flight: dict[bytes, Forwarded] = {}
        self._stories: dict[bytes, Story] = {}
        self._entries: dict[EntryId, Stored] = {}
        self._parked: dict[EntryId, Ended] = {}
        self._numbers: dict[str, NumberGiven | Forwarded | Stored] = {}
        self._stood_in: dict[CardPeriod, StoodIn] = {}
        self._modes: dict[str, StandInMode] = {}

    def note(self, entries: Sequence[Entry]) -> int:
        """The records of one group, in their order. How many requests it forwards."""
        in_flight, numbers, stories = self._in_flight, self._numbers, self._stories
        forwarded = 0
        ended: list[tuple[Forwarded | None, Answered | Reversed]] = []
        over: dict[bytes, list[Record]] = {}
        # On the way of every commit: the usual ones first, in line, and by their type itself, for
        # isinstance() of a Struct asks its metaclass.
        for entry in entries:
            if type(entry) is Forwarded:
                in_flight[entry.about.text] = entry
                numbers[entry.issuer] = entry
                forwarded += 1
            elif type(entry) is Answered or type(entry) is Reversed:
                left = in_flight.pop(entry.about.text, None)
                if stories:
                    self._is_over(left, entry, over)
                else:
                    ended.append((left, entry))  # an entry of it may come in this group
            elif type(entry) is Stored:
                for left, ending in ended:
                    self._is_over(left, ending, over)
                ended.clear()
                self._store(entry, over)
            elif isinstance(entry, Ended | NumberGiven | StoodIn | StandInMode):
                self._note_other(entry)
        return forwarded

    @property
    def stored(self) -> list[Stored]:
        """Entries without their end; parked ones, too."""
        return list(self._entries.values())

    def records(self) -> list[Record]:
        """To be read in this order by a start that reads nothing before."""
        now = self._seconds()
        self._stood_in = {key: one for key, one in self._stood_in.items() if one.until > now}
        stories = [record for story in self._stories.values() for record in story.records]
        return [
            *self._modes.values(),
            *self._stood_in.values(),
            *stories,
            *self._entries.values(),
            *self._parked.values(),
            *self._in_flight.values(),
            *(number_given(one) for one in self._numbers.values()),  # behind what is older
        ]

    def _is_over(
        self, left: Forwarded | None, record: Answered | Reversed, over: dict[bytes, list[Record]]
    ) -> None:
        """An entry of the same transaction may be open, or come in the same group."""
        records: list[Record] = [record] if left is None else [left, record]
        story = self._stories.get(record.about.text)
        if story is not None:
            story.records += records
        else:
            over.setdefault(record.about.text, []).extend(records)

    def _store(self, record: Stored, over: dict[bytes, list[Record]]) -> None:
        key = record.about.text
        story = self._stories.get(key)
        if story is None:
            story = self._stories[key] = Story(over.pop(key, []))
        if self._entries.pop(record.id, None) is None:
            story.entries += 1
        self._entries[record.id] = record
        self._parked.pop(record.id, None)  # given back to delivery, it is stored again
        last = self._numbers.get(record.issuer)
        if last is None or is_new_number(record, number_given(last).stan, self._stans):
            self._numbers[record.issuer] = record

    def _note_other(self, record: Ended | NumberGiven | StoodIn | StandInMode) -> None:
        if isinstance(record, Ended):
            self._ended(record)
        elif isinstance(record, NumberGiven):
            self._numbers[record.issuer] = record
        elif isinstance(record, StoodIn):
            period = (record.issuer, record.pan, record.until)
            before = self._stood_in.get(period)
            self._stood_in[period] = record if before is None else summed(before, record)
        elif isinstance(record, StandInMode):
            self._modes[record.issuer] = record
        else:
            assert_never(record)

    def _ended(self, record: Ended) -> None:
        if record.id not in self._entries:
            return
        if record.parked:
            self._parked[record.id] = record
            return
        self._parked.pop(record.id, None)
        key = self._entries.pop(record.id).about.text
        story = self._stories[key]
        story.entries -= 1
        if not story.entries:
            del self._stories[key]


def number_given(record: NumberGiven | Forwarded | Stored) -> NumberGiven:
    """The number a request or an entry went with."""
    if isinstance(record, NumberGiven):
        return record
    message = record.outbound if isinstance(record, Forwarded) else record.message
    return NumberGiven(record.issuer, message.transmission_time, message.stan)
