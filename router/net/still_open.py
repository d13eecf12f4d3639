"""What is open after the rows so far: all that a start needs of what lies before its first row.

In flight, to be delivered, parked, counted by a stand-in, and each issuer's last number. A
transaction with a stored entry is kept whole until the entry ends: a start must not take what was
answered for what is in flight.
"""
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from router.switching.commits import Written
from router.switching.recovery import is_new_number
from router.switching.stand_in_counts import summed
from router.switching.stans import STAN_MAX
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
    record_of,
)

CardPeriod = tuple[str, str, int]  # issuer, PAN, until
Noted = Record | bytes  # or what it is in a group
# Compiled, a name that is not Final is looked up at each use.
FORWARDED: Final = Forwarded
ANSWERED: Final = Answered
REVERSED: Final = Reversed
STORED: Final = Stored


class Story:
    """Of a transaction with entries that are open."""

    __slots__ = ("entries", "records")

    def __init__(self, records: list[Noted]) -> None:
        self.records = records
        self.entries = 0


class StillOpen:
    """`seconds` says the time since 1970; so many numbers are there to give, of each issuer."""

    def __init__(self, seconds: Callable[[], float], stans: int = STAN_MAX) -> None:
        self._stans = stans
        self._seconds = seconds
        # By the texts of their About: all records of one transaction have the same.
        self._in_flight: dict[bytes, Noted] = {}
        self._stories: dict[bytes, Story] = {}
        self._entries: dict[EntryId, Stored] = {}
        self._parked: dict[EntryId, Ended] = {}
        self._numbers: dict[str, Noted] = {}
        self._stood_in: dict[CardPeriod, StoodIn] = {}
        self._modes: dict[str, StandInMode] = {}

    def note(self, entries: Sequence[Entry | Written]) -> int:
        """The records of one group, in their order. How many requests it forwards."""
        in_flight, numbers = self._in_flight, self._numbers
        forwarded = 0
        # Of what is over, an entry may be open, or come in this group.
        has_entries = bool(self._stories) or any(type(entry) is STORED for entry in entries)
        over: dict[bytes, list[Noted]] = {}
        for entry in entries:
            if isinstance(entry, Written):  # on the way of every commit
                if entry.issuer:
                    in_flight[entry.about] = numbers[entry.issuer] = entry.data
                    forwarded += 1
                    continue
                left = in_flight.pop(entry.about, None)
                if has_entries:
                    self._is_over(entry.about, left, entry.data, over)
            elif type(entry) is FORWARDED:
                in_flight[entry.about.text] = numbers[entry.issuer] = entry
                forwarded += 1
            elif type(entry) is ANSWERED or type(entry) is REVERSED:
                left = in_flight.pop(entry.about.text, None)
                if has_entries:
                    self._is_over(entry.about.text, left, entry, over)
            elif type(entry) is STORED:
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
        stories = [as_record(one) for story in self._stories.values() for one in story.records]
        return [
            *self._modes.values(),
            *self._stood_in.values(),
            *stories,
            *self._entries.values(),
            *self._parked.values(),
            *(as_record(one) for one in self._in_flight.values()),
            *(number_given(one) for one in self._numbers.values()),  # behind what is older
        ]

    def _is_over(
        self, about: bytes, left: Noted | None, record: Noted, over: dict[bytes, list[Noted]]
    ) -> None:
        records = [record] if left is None else [left, record]
        story = self._stories.get(about)
        if story is not None:
            story.records += records
        else:
            over.setdefault(about, []).extend(records)

    def _store(self, record: Stored, over: dict[bytes, list[Noted]]) -> None:
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


def as_record(noted: Noted) -> Record:
    return record_of(noted) if isinstance(noted, bytes) else noted


def number_given(noted: Noted) -> NumberGiven:
    """The number a request or an entry went with."""
    record = as_record(noted)
    if isinstance(record, NumberGiven):
        return record
    assert isinstance(record, Forwarded | Stored), "nothing else has a number"
    message = record.outbound if isinstance(record, Forwarded) else record.message
    return NumberGiven(record.issuer, message.transmission_time, message.stan)
