"""A message explained part by part: where it stands, what it is called, what it says."""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from noyau.card_data import masked_element, masked_tlv
from router.wire.codec import Codec, Message
from router.wire.element import BYTES
from router.wire.walk import Stretch
from specs.tlv import NotTlv, Tlv, parsed
from specs.words import element_words, mti_words


@dataclass(frozen=True, slots=True)
class Part:
    """One line of an explanation. `size` is the content's; a length prefix stands before it."""

    offset: int
    prefix_bytes: int
    size: int
    label: str  # "h", "t", "p", an element's number, or a tag
    name: str
    value: str
    words: str
    tlv: tuple["Part", ...] = field(default=())

    def plain(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "offset": self.offset,
            "prefix_bytes": self.prefix_bytes,
            "bytes": self.size,
            "name": self.name,
            "value": self.value,
            "words": self.words,
        }
        if self.tlv:
            said["tlv"] = [{"tag": part.label} | part.plain() for part in self.tlv]
        return said


def explained(codec: Codec, data: bytes, reveal: bool) -> Iterator[Part]:
    """Every part in the order of the bytes; MalformedMessage after those before the fault."""
    head = codec.head
    head.numbers(data)  # raises where the head itself is malformed
    if head.mti_start:
        header = data[: head.mti_start].hex().upper()
        yield Part(0, 0, head.mti_start, "h", "Header", header, "")
    mti = head.mti(data)
    yield Part(
        head.mti_start,
        0,
        head.bitmap_start - head.mti_start,
        "t",
        "Message type indicator",
        mti,
        mti_words(mti),
    )
    bitmap = head.bitmap_text(data)
    width = len(bitmap) // 2 if head.is_binary else len(bitmap)
    yield Part(head.bitmap_start, 0, width, "p", "Bitmap", bitmap, "")
    for stretch in codec.stretches(data):
        yield _element(codec, data, stretch, reveal)
    codec.verify(codec.scan(data))


def _element(codec: Codec, data: bytes, stretch: Stretch, reveal: bool) -> Part:
    element = stretch.element
    rule = element.rule
    text = element.text_of(data[stretch.content : stretch.stop], stretch.is_odd)
    shown = text if reveal else masked_element(codec.dialect, element.number, text)
    return Part(
        offset=stretch.start,
        prefix_bytes=element.prefix_bytes,
        size=stretch.stop - stretch.content,
        label=str(element.number),
        name=rule.name,
        value=shown,
        words=element_words(codec.dialect, element.number, text),
        tlv=_tlv(text, _Bytes(stretch.content, 1 if element.reading == BYTES else 2), reveal)
        if rule.tlv
        else (),
    )


@dataclass(frozen=True, slots=True)
class _Bytes:
    """Where the bytes of chip data stand in the message: raw, or as two digits each."""

    start: int
    width: int


def _tlv(text: str, at: _Bytes, reveal: bool) -> tuple[Part, ...]:
    """The objects of chip data; none where it is no TLV."""
    try:
        objects = parsed(binascii.a2b_hex(text))  # unlike fromhex, takes no spaces
    except (ValueError, NotTlv):
        return ()
    return tuple(_object(found, at, reveal) for found in objects)


def _object(found: Tlv, at: _Bytes, reveal: bool) -> Part:
    return Part(
        offset=at.start + at.width * found.offset,
        prefix_bytes=at.width * (found.value_offset - found.offset),
        size=at.width * len(found.value),
        label=found.tag,
        name=found.name or "Unknown tag",
        value=found.value.hex().upper() if reveal else masked_tlv(found),
        words="",
        tlv=tuple(_object(child, at, reveal) for child in found.children),
    )


def message_in(codec: Codec, data: bytes) -> Message:
    """The message, layout and characters judged."""
    message = codec.scan(data)
    codec.verify(message)
    return message
