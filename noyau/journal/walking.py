"""Goes over a group of records as it lies in the journal, and makes no object of what nobody wants.

A group is MessagePack (`specs.journal_format`). Of a request that was forwarded and of an answer,
which nearly all records are, this says where their parts stand; another one can be decoded.
"""

from typing import Final

import msgspec
from librt.strings import read_i64_le
from librt.vecs import append, vec
from mypy_extensions import i64

from specs.journal_format import Record, record_of
from specs.message_pack import ENTRIES_16, ENTRIES_32, NIL, TRUE

# What a record is; of others, whether it is one that something is found by.
NOTHING_FOUND: Final = 0
OTHER: Final = 1
FORWARDED: Final = 2
ANSWERED: Final = 3
FORWARDED_TAG: Final = 0x46  # as ASCII
ANSWERED_TAG: Final = 0x41
OTHER_TAGS: Final = b"RSE"
PARTS_MIN: Final = 5  # of a request that was forwarded, and of an answer, with the tag
EXCHANGE_PARTS_MIN: Final = 7

# Parts of an About, by their places in it (`specs.journal_format.Parts`).
ITS_ACQUIRER: Final = 1
ITS_STAN: Final = 3
ITS_TERMINAL: Final = 5
KEY_PARTS: Final = 6  # those before the next one
ITS_RRN: Final = 6
ITS_PAN: Final = 9
ITS_CURRENCY: Final = 11
ITS_AMOUNT: Final = 12
ABOUT_PARTS: Final = 13
SEPARATOR: Final = 0x1F
WORD_BYTES: Final = 8

# First bytes of MessagePack (its specification), beside those of `specs.message_pack`.
# From NIL to TRUE nothing is behind them.
NUMBERS: Final = 0xCA  # the first of ten kinds, of so many bytes:
NUMBER_BYTES: Final = bytes((4, 8, 1, 2, 4, 8, 1, 2, 4, 8))
UNSIGNED: Final = 0xCC
SIGNED: Final = 0xD0
SIGNED_LAST: Final = 0xD3
SIZE_BYTES: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}  # of bytes, of texts


class NotAGroup(Exception):
    """Another version of noyau wrote these bytes."""


class Span:
    """Where a text lies."""

    __slots__ = ("start", "stop")

    def __init__(self) -> None:
        self.start: i64 = 0
        self.stop: i64 = 0


class Walk:
    """A place in MessagePack. What comes next is named by whoever asks for it."""

    __slots__ = ("_size", "at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._size: i64 = len(data)
        self.at: i64 = 0

    def array(self) -> i64:
        """How many items it has: they come next."""
        first = self._byte()
        if first & 0xF0 == 0x90:
            return first & 0x0F
        if first not in (ENTRIES_16, ENTRIES_32):
            raise NotAGroup
        return self._unsigned(2 if first == ENTRIES_16 else 4)

    def text(self, there: Span) -> None:
        """A text, or bytes."""
        first = self._byte()
        size = first & 0x1F if first & 0xE0 == 0xA0 else self._long_size(first)
        there.start = self.at
        self.at += size
        there.stop = self.at
        if self.at > self._size:
            raise NotAGroup

    def number(self) -> i64:
        """A whole one."""
        first = self._byte()
        if first < 0x80 or first >= 0xE0:
            return first if first < 0x80 else first - 0x100
        if first < UNSIGNED or first > SIGNED_LAST:
            raise NotAGroup
        number = self._byte()
        if first >= SIGNED and number >= 0x80:
            number -= 0x100
        for _ in range(1, NUMBER_BYTES[first - NUMBERS]):
            number = number << 8 | self._byte()
        return number

    def is_nil(self) -> bool:
        """It is nothing, and comes next again."""
        return self.at < self._size and self.data[self.at] == NIL

    def skip(self, items: i64) -> None:
        """So many, whatever they are, with all that is in them."""
        left = items
        while left > 0:
            first = self._byte()
            left -= 1
            if first < 0x80 or first >= 0xE0 or NIL <= first <= TRUE:
                continue
            if first < 0x90:
                left += 2 * (first & 0x0F)
            elif first < 0xA0:
                left += first & 0x0F
            elif first < NIL:
                self.at += first & 0x1F
            elif NUMBERS <= first <= SIGNED_LAST:
                self.at += NUMBER_BYTES[first - NUMBERS]
            elif first >= ENTRIES_16:
                several = self._unsigned(2 if first & 1 == 0 else 4)
                left += several if first < 0xDE else 2 * several
            else:
                size = self._long_size(first)
                self.at += size
        if self.at > self._size:
            raise NotAGroup

    def _long_size(self, first: i64) -> i64:
        if first in (0xC4, 0xD9):
            return self._byte()
        size = SIZE_BYTES.get(int(first))
        if size is None:
            raise NotAGroup
        return self._unsigned(size)

    def _byte(self) -> i64:
        at = self.at
        if at >= self._size:
            raise NotAGroup
        self.at = at + 1
        return self.data[at]

    def _unsigned(self, size: i64) -> i64:
        number: i64 = 0
        for _ in range(size):
            number = number << 8 | self._byte()
        return number


class Records(Walk):
    """Those of one group; `goes_on` comes before each, and says what it is."""

    __slots__ = (
        "_began", "_left", "_tag", "about", "code", "decided_by", "ended_in", "has_exchange",
        "hsm_us", "issuer", "issuer_stan", "issuer_us", "kind", "mti", "recorded_us",
    )  # fmt: skip

    def __init__(self, data: bytes) -> None:
        """Raises NotAGroup, as what follows does."""
        super().__init__(data)
        self.kind: i64 = NOTHING_FOUND
        self.about, self.mti = Span(), Span()  # of requests that were forwarded, and of answers
        self.issuer = Span()  # of a request that was forwarded, and of an exchange
        self.code = Span()  # of an answer
        self.has_exchange = False  # an answer, to somebody who waited for it
        self.issuer_stan, self.decided_by, self.ended_in = Span(), Span(), Span()
        self.hsm_us: i64 = 0
        self.issuer_us: i64 = 0
        self.recorded_us: i64 = 0
        self._tag = Span()
        self._began: i64 = 0
        self._left = self.array()

    def goes_on(self) -> bool:
        """False: that was the last one."""
        if self._left <= 0:
            return False
        self._left -= 1
        self._began = self.at
        items = self.array()
        self.text(self._tag)
        self.has_exchange = False
        self.kind = self._kind_of(self._tag)
        if self.kind < FORWARDED:
            self.skip(items - 1)
            return True
        if items < PARTS_MIN or self.array() != 2:
            raise NotAGroup
        self.text(self.about)
        self.text(self.mti)
        if self.kind == FORWARDED:
            self.text(self.issuer)
            self.skip(items - 3)
            return True
        self.text(self.code)
        self.skip(2)
        if items > PARTS_MIN:
            self._exchange()
            self.skip(items - PARTS_MIN - 1)
        return True

    def decoded(self) -> Record:
        """The record itself."""
        try:
            return record_of(self.data[self._began:self.at])
        except msgspec.MsgspecError:
            raise NotAGroup from None

    def _kind_of(self, tag: Span) -> i64:
        letter: i64 = self.data[tag.start] if tag.stop - tag.start == 1 else 0
        if letter == FORWARDED_TAG:
            return FORWARDED
        if letter == ANSWERED_TAG:
            return ANSWERED
        return OTHER if letter in OTHER_TAGS else NOTHING_FOUND

    def _exchange(self) -> None:
        self.has_exchange = not self.is_nil()
        if not self.has_exchange:
            self.skip(1)
            return
        parts = self.array()
        if parts < EXCHANGE_PARTS_MIN:
            raise NotAGroup
        self.text(self.issuer)
        self.text(self.issuer_stan)
        self.text(self.decided_by)
        self.text(self.ended_in)
        self.hsm_us = self.number()
        self.issuer_us = self.number()
        self.recorded_us = self.number()
        self.skip(parts - EXCHANGE_PARTS_MIN)


def bounds_in(data: bytes, start: i64, stop: i64) -> vec[i64]:
    """Where each part of an About begins, and one beyond the last, with room for a separator."""
    bounds = append(vec[i64](capacity=ABOUT_PARTS + 1), start)
    at = start
    while at + WORD_BYTES <= stop:
        word = read_i64_le(data, at)
        for place in range(at, at + WORD_BYTES):
            if word & 0xFF == SEPARATOR:
                bounds = append(bounds, place + 1)
            word >>= 8
        at += WORD_BYTES
    while at < stop:
        if data[at] == SEPARATOR:
            bounds = append(bounds, at + 1)
        at += 1
    bounds = append(bounds, stop + 1)
    if i64(len(bounds)) != ABOUT_PARTS + 1:
        raise NotAGroup
    return bounds
