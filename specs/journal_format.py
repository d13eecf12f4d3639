"""The records of the router's journal, and the bytes they are kept as.

A group of records that became durable together is one MessagePack array of tagged arrays. No record
holds a PIN block, track data, CVV2 or the PAN-bearing EMV tags; PANs they do hold, so a group is
sealed (AES-GCM) before it is written. Elements are canonical 1987 texts: number -> text.
"""

from typing import TypeAlias

import msgspec

Key: TypeAlias = tuple[str, ...]
EntryId: TypeAlias = tuple[str, ...]


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A message as far as it is kept: what a reversal or an advice needs of it."""

    mti: str
    values: dict[int, str]


class About(msgspec.Struct, frozen=True, array_like=True):
    """Which request of which acquirer a record speaks of, with what a repeat is recognised by."""

    key: Key  # with DE 7
    loose_key: Key  # without DE 7, with the content
    content: Key  # PAN, DE 3, DE 4, DE 49
    mti: str  # as it arrived: a repeat says so


class Forwarded(msgspec.Struct, frozen=True, array_like=True, tag="F"):
    """A request is about to leave for its issuer."""

    about: About
    issuer: str
    line: str
    outbound: Kept


class Answered(msgspec.Struct, frozen=True, array_like=True, tag="A"):
    """What the acquirer hears; a repeat hears the same."""

    about: About
    code: str  # DE 39
    approves: bool
    elements: dict[int, str]  # of the issuer's answer: DE 38, 44, 54, a partial approval's DE 4


class Reversed(msgspec.Struct, frozen=True, array_like=True, tag="R"):
    """The request counts as reversed from here on; overrides an Answered before or after it."""

    about: About
    partial: bool


class Stored(msgspec.Struct, frozen=True, array_like=True, tag="S"):
    """A store-and-forward entry: sent until it is answered, flagged from the second time on."""

    id: EntryId  # issuer, MTI, STAN, DE 7
    about: About
    issuer: str
    line: str  # preferred: the one its original left by
    message: Kept
    after: EntryId | None  # the entry that must be acknowledged first
    has_left: bool  # its first transmission was an on-line 0400


class Ended(msgspec.Struct, frozen=True, array_like=True, tag="E"):
    """A store-and-forward entry is over: acknowledged, or parked for an operator."""

    id: EntryId
    parked: bool


Record = Forwarded | Answered | Reversed | Stored | Ended

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Record])


def group_bytes(records: list[Record]) -> bytes:
    """One group, in the order its records were made."""
    return _encoder.encode(records)


def group_records(data: bytes) -> list[Record]:
    """The records of a group. Raises msgspec.DecodeError where the bytes are no group."""
    return _decoder.decode(data)
