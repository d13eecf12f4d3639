"""The records of the router's journal, and the bytes they are kept as.

A group of records that became durable together is one MessagePack array of tagged arrays. No record
holds a PIN block, track data, CVV2 or the PAN-bearing EMV tags; PANs they do hold, so a group is
sealed (AES-GCM) before it is written: `specs.journal_seal`. Elements are canonical 1987 texts:
number -> text. Files, rows and the chain between them: `specs.journal_segments`, docs/journal.md.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, cast

import msgspec

from specs.elements import DE
from specs.packed import packed, unpacked

SEPARATOR: Final = b"\x1f"  # of the parts of an About

Key: TypeAlias = bytes
EntryId: TypeAlias = tuple[str, ...]


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message as far as it is kept: what a reversal or an advice needs of it."""

    mti: str
    stan: str
    transmission_time: str
    others: bytes  # elements, as `specs.packed` has them

    @property
    def values(self) -> dict[int, str]:
        """All of it, number -> text; made anew each time."""
        values = unpacked(self.others)
        if self.stan:
            values[DE.STAN] = self.stan
        if self.transmission_time:
            values[DE.TRANSMISSION_TIME] = self.transmission_time
        return values


def kept_message(mti: str, values: Mapping[int, str]) -> Kept:
    """Of canonical texts."""
    others = {n: text for n, text in values.items() if n not in (DE.STAN, DE.TRANSMISSION_TIME)}
    stan, transmission_time = values.get(DE.STAN, ""), values.get(DE.TRANSMISSION_TIME, "")
    return Kept(mti, stan, transmission_time, packed(others))


class About(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which request of which acquirer a record speaks of, with what a repeat is recognised by.

    One string of `Parts`, in Latin-1, `SEPARATOR` between them: there are as many as requests in
    the repeat window. Its keys are pieces of it: what belongs together stands together.
    """

    text: bytes
    mti: str  # as it arrived: a repeat says so

    @property
    def key(self) -> Key:
        """Up to the terminal: DE 7, acquirer, kind, DE 11, 32, 41."""
        return self.text.rsplit(SEPARATOR, 7)[0]

    @property
    def loose_key(self) -> Key:
        """Without DE 7 and amount: acquirer, kind, DE 11, 32, 41, 37, 12, 13, 2, 3, 49."""
        return self.text.split(SEPARATOR, 1)[1].rsplit(SEPARATOR, 1)[0]

    @property
    def numbers(self) -> Key:
        """The loose key without card, processing code and currency."""
        return self.text.split(SEPARATOR, 1)[1].rsplit(SEPARATOR, 4)[0]

    @property
    def content(self) -> Key:
        """From the card on: DE 2, 3, 49, 4."""
        return self.text.split(SEPARATOR, 9)[9]

    @property
    def stan(self) -> str:
        """Without the other parts."""
        return self.text.split(SEPARATOR, 4)[3].decode("latin-1")

    @property
    def parts(self) -> "Parts":
        return Parts(*self.text.decode("latin-1").split("\x1f"))


class Parts(NamedTuple):
    """What an About is made of, in its order; empty where the request has no such element."""

    transmission_time: str = ""
    acquirer: str = ""
    kind: str = ""  # DE 0, digits 2 and 3
    stan: str = ""
    sender: str = ""  # DE 32 without leading zeros
    terminal: str = ""
    rrn: str = ""
    local_time: str = ""  # this and the next only where there is no RRN
    local_date: str = ""
    pan: str = ""
    processing_code: str = ""
    currency: str = ""
    amount: str = ""

    def about(self, mti: str) -> About:
        """A request of these parts."""
        return About("\x1f".join(self).encode("latin-1"), mti)


class Forwarded(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="F"):
    """A request is about to leave for its issuer."""

    about: About
    issuer: str
    line: str
    outbound: Kept


class Exchange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a request came to its answer: what the log says of it beyond its About. Microseconds."""

    issuer: str  # empty: none was chosen
    issuer_stan: str
    decided_by: str
    ended_in: str
    hsm_us: int
    issuer_us: int
    recorded_us: int  # from its arrival until this record was made


class Answered(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="A"):
    """What the acquirer hears; a repeat hears the same."""

    about: About
    code: str  # DE 39
    approves: bool
    elements: dict[int, str]  # of the issuer's answer: DE 38, 44, 54, a partial approval's DE 4
    exchange: Exchange | None = None  # of the request itself; None: nobody waited for this record


class Reversed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="R"):
    """The request counts as reversed from here on; overrides an Answered before or after it."""

    about: About
    partial: bool


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="S"):
    """A store-and-forward entry: sent until it is answered, flagged from the second time on."""

    id: EntryId  # issuer, MTI, STAN, DE 7
    about: About
    issuer: str
    line: str  # preferred: the one its original left by
    message: Kept
    after: EntryId | None  # the entry that must be acknowledged first
    has_left: bool  # its first transmission was an on-line 0400
    retried: str = ""  # DE 7 of when an operator gave it back, parked, to delivery: stored again


class Ended(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="E"):
    """A store-and-forward entry is over: acknowledged, or parked for an operator."""

    id: EntryId
    parked: bool
    who: str = ""  # settled it, parked as it was; the router, of what it parked itself
    why: str = ""


class NumberGiven(msgspec.Struct, frozen=True, array_like=True, tag="N"):
    """The last number of an issuer when its request is not read at a start any more."""

    issuer: str
    transmission_time: str  # DE 7 it went with
    stan: str


class StoodIn(msgspec.Struct, frozen=True, array_like=True, tag="I"):
    """What the stand-in decided about a card, as far as the card's limits count it.

    It is open until `until`, and to be carried until then; it ends no request, Answered does.
    Several of one issuer, card and `until` may be carried as one: the sums added, the last
    `wrong_pins` that is not -1, an empty key. Taking an approval back writes both sums negative.
    """

    issuer: str
    pan: str
    key: Key  # of the request's About
    until: int  # seconds since 1970: from then on it counts no more
    count: int  # approvals: 1, -1 taken back, 0 declined
    amount_minor: int
    wrong_pins: int  # in a row, after it; -1: no PIN was looked at


class StandInMode(msgspec.Struct, frozen=True, array_like=True, tag="M"):
    """An operator's word on standing in for an issuer. The last one of each issuer stays open."""

    issuer: str
    mode: str  # "on", "off" or "auto"
    at: int  # seconds since 1970
    who: str = ""


Record = Forwarded | Answered | Reversed | Stored | Ended | NumberGiven | StoodIn | StandInMode


class SegmentBegan(msgspec.Struct, frozen=True, array_like=True, tag="SB"):
    """The first record of a segment."""

    worker: str
    segment: int
    business_date: str  # YYYY-MM-DD


class SegmentEnded(msgspec.Struct, frozen=True, array_like=True, tag="SE"):
    """The last record of a segment: from here on there must be another."""

    next_segment: int


class RunBegan(msgspec.Struct, frozen=True, array_like=True, tag="RB"):
    """A router took the journal over. `head_row` is what the head file promised; -1: no head."""

    head_row: int


class Carried(msgspec.Struct, frozen=True, array_like=True, tag="C"):
    """All that is open at this row, the oldest first: a start need not read what is before.

    `replay_from` names an earlier row like this one that lies before the repeat window; `retired`
    is the last segment that retention took away.
    """

    replay_from: int
    retired: int
    records: list[Record]


class Retired(msgspec.Struct, frozen=True, array_like=True, tag="RT"):
    """A segment is about to be archived or deleted: it and those before it may be missing."""

    segment: int
    archived: bool


Bookkeeping = SegmentBegan | SegmentEnded | RunBegan | Carried | Retired
Entry = Record | Bookkeeping
BOOKKEEPING: Final = (SegmentBegan, SegmentEnded, RunBegan, Carried, Retired)

_BOOKKEEPING: Final = frozenset(BOOKKEEPING)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Entry])
_record_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def group_bytes(records: Sequence[Entry]) -> bytes:
    """One group, in the order its records were made."""
    return _encoder.encode(records)


def record_bytes(record: Entry | Mapping[int, str] | str) -> bytes:
    """One alone, or a part of one."""
    return _encoder.encode(record)


def record_of(data: bytes) -> Record:
    """One of a group: what `record_bytes` made. Raises msgspec.DecodeError."""
    return _record_decoder.decode(data)


def group_entries(data: bytes) -> list[Entry]:
    """Everything in a group. Raises msgspec.DecodeError where the bytes are no group."""
    return _decoder.decode(data)


def group_records(data: bytes) -> list[Record]:
    """Without what the journal says about itself. Raises msgspec.DecodeError."""
    return records_among(_decoder.decode(data))


def records_among(entries: list[Entry]) -> list[Record]:
    """Without what the journal says about itself; most groups have nothing of that."""
    if _BOOKKEEPING.isdisjoint(map(type, entries)):
        return cast(list[Record], entries)
    return [entry for entry in entries if not isinstance(entry, BOOKKEEPING)]
