"""BER-TLV as EMV uses it in DE 55: tags and lengths of up to four bytes, templates opened.

Everything is bounded and nothing raises but NotTlv: the bytes come from outside.
"""
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from specs.emv_tags import TAG_NAMES

TAG_BYTES_MAX: Final = 4
LENGTH_BYTES_MAX: Final = 4
DEPTH_MAX: Final = 4
OBJECTS_MAX: Final = 256

SECRET_TAGS: Final = frozenset(
    ("56", "57", "5A", "99", "9F1F", "9F20", "9F6B"))
"""Tracks, PAN, PIN: masked wherever an element is shown, and never stored."""


class NotTlv(Exception):
    """The bytes are no sequence of TLV objects. Says at which byte and why, never the bytes."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(offset, reason)
        self.offset = offset
        self.reason = reason

    def __str__(self) -> str:
        return f"no TLV at byte {self.offset}: {self.reason}"


@dataclass(frozen=True, slots=True, repr=False)
class Tlv:
    """One object; offsets count from the start of the outermost bytes. Prints its tag only."""

    tag: str
    value: bytes
    offset: int
    value_offset: int
    children: tuple["Tlv", ...]  # of a template whose content is TLV itself

    def __repr__(self) -> str:
        return f"<Tlv {self.tag} of {len(self.value)} bytes>"

    @property
    def name(self) -> str:
        return TAG_NAMES.get(self.tag, "")


def parsed(data: bytes) -> list[Tlv]:
    """The objects of a DE 55. Zero bytes before, between and after them are skipped, as EMV has it.
    """
    return list(_objects(data, 0, len(data), DEPTH_MAX))


def first(data: bytes, tag: str) -> bytes | None:
    """The value of the first object with that tag, in templates too; None also when unreadable."""
    try:
        pending = parsed(data)
    except NotTlv:
        return None
    while pending:
        found = pending.pop(0)
        if found.tag == tag:
            return found.value
        pending[:0] = found.children
    return None


def without(data: bytes, tags: frozenset[str]) -> bytes:
    """The same objects less those tags, in templates too; nothing where the bytes are no TLV."""
    try:
        return _written(parsed(data), tags)
    except NotTlv:
        return b""


def _written(objects: list[Tlv], tags: frozenset[str]) -> bytes:
    pieces: list[bytes] = []
    for kept in objects:
        if kept.tag in tags:
            continue
        value = _written(list(kept.children), tags) if kept.children else kept.value
        pieces.append(bytes.fromhex(kept.tag) + _length(len(value)) + value)
    return b"".join(pieces)


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits


def _objects(data: bytes, start: int, stop: int, depth: int) -> Iterator[Tlv]:
    position = start
    count = 0
    while position < stop:
        if data[position] == 0:
            position += 1
            continue
        count += 1
        if count > OBJECTS_MAX:
            raise NotTlv(position, f"more than {OBJECTS_MAX} objects")
        offset = position
        position = _tag_end(data, position, stop)
        tag = data[offset:position].hex().upper()
        position, size = _size(data, position, stop)
        if position + size > stop:
            raise NotTlv(offset, f"tag {tag} announces {size} bytes, {stop - position} are left")
        children = _children(data, offset, position, position + size, depth)
        yield Tlv(tag, data[position:position + size], offset, position, children)
        position += size


def _children(data: bytes, offset: int, start: int, stop: int, depth: int) -> tuple[Tlv, ...]:
    """The content of a constructed object, where it is TLV; some peers send others' bytes there."""
    if not data[offset] & 0x20 or not depth:
        return ()
    try:
        return tuple(_objects(data, start, stop, depth - 1))
    except NotTlv:
        return ()


def _tag_end(data: bytes, start: int, stop: int) -> int:
    position = start + 1
    if data[start] & 0x1F == 0x1F:
        while position < stop and data[position] & 0x80:
            position += 1
        position += 1
    if position > stop or position - start > TAG_BYTES_MAX:
        raise NotTlv(start, "a tag that does not end")
    return position


def _size(data: bytes, position: int, stop: int) -> tuple[int, int]:
    """Where the value begins, and its length."""
    if position >= stop:
        raise NotTlv(position, "a tag without length")
    first_byte = data[position]
    position += 1
    if first_byte < 0x80:
        return position, first_byte
    count = first_byte & 0x7F
    if not 0 < count <= LENGTH_BYTES_MAX or position + count > stop:
        raise NotTlv(position - 1, "a length that cannot be")
    return position + count, int.from_bytes(data[position:position + count], "big")
