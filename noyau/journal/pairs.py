"""Pairs of a token and a row: what the index is made of.

A token is 32 bits that stand for something a record names: of a text its CRC, of a card number what
the journal's key makes of it. Two things may have one token, so a pair says where to look, and
whoever looks opens the row and compares. Pairs lie in buckets by the upper bits of their tokens, in
the order they were added: to add one costs an append, to find those of a token reads one bucket.
"""

from collections.abc import Iterator
from typing import Final
from zlib import crc32

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from specs.journal_format import EntryId, Key

BUCKETS: Final = 1024
TOKEN_BITS: Final = 32
SHIFT: Final = 22  # those less the bits of a bucket's number
PAIR_BYTES: Final = 8
ROW_BITS: Final = 0xFFFF_FFFF  # of a row's number, in a pair
NEGATIVE: Final = 0x8000_0000  # from here on, where the upper bit is a sign

# What the CRC of a text begins with: the same text as another thing is another token.
KEY: Final = 1
ENTRY: Final = 2
RRN: Final = 3
STAN: Final = 4
TERMINAL: Final = 5
ACQUIRER: Final = 6
ISSUER: Final = 7
BETWEEN: Final = "\x1f"  # the parts of an About, and of an entry's id


def token_of(kind: int, text: str) -> int:
    """Of anything but a card number."""
    return crc32(text.encode(), kind)


def key_token(key: Key) -> int:
    """Of a transaction's."""
    return crc32(key, KEY)


def entry_token(entry: EntryId) -> int:
    """Of an entry of store and forward."""
    return token_of(ENTRY, BETWEEN.join(entry))


class Buckets:
    """Pairs that wait to be written."""

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets = [BytesWriter() for _ in range(BUCKETS)]

    def add(self, token: i64, row: i64) -> None:
        """One of them."""
        row &= ROW_BITS
        if row >= NEGATIVE:
            row -= ROW_BITS + 1
        write_i64_le(self._buckets[token >> SHIFT], row << TOKEN_BITS | token)

    def taken(self) -> Iterator[tuple[int, bytes]]:
        """What each bucket has, by its number; it is empty then."""
        for number, bucket in enumerate(self._buckets):
            if len(bucket):
                yield number, bucket.getvalue()
                bucket.truncate(0)


def bucket_of(token: int) -> int:
    """Its number."""
    return token >> SHIFT


def rows_in(pairs: bytes, token: int, first: int, last: int) -> set[int]:
    """Those that the token goes with; all of the pairs' rows lie between the two."""
    found = set()
    wanted = token.to_bytes(4, "little")
    place = pairs.find(wanted)
    while place >= 0:
        if place % PAIR_BYTES == 0:
            low = int.from_bytes(pairs[place + 4 : place + PAIR_BYTES], "little")
            row = last - ((last - low) & ROW_BITS)
            if row >= first:
                found.add(row)
        place = pairs.find(wanted, place + 1)
    return found
