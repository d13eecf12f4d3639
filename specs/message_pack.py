"""MessagePack of the values that the journal's most frequent records are made of.

Each is written in its shortest form, as msgspec writes it, which reads all of them
(`specs.journal_format` says what a record is).
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from librt.strings import BytesWriter
from mypy_extensions import i64, u8

SHORT: Final = 31  # letters
ASCII: Final = 127  # the last one
NIL: Final = 0xC0
FALSE: Final = 0xC2
TRUE: Final = 0xC3
ONE_PAIR: Final = 0x81  # of a map
FEW_ENTRIES: Final = 0x90  # of an array: how many is added
SHORT_TEXT: Final = 0xA0  # the same
ENTRIES_16: Final = 0xDC  # the number behind it has so many bits
ENTRIES_32: Final = 0xDD
BYTES_8: Final = 0xC4
NUMBER_8: Final = 0xCC
NUMBER_16: Final = 0xCD
NUMBER_32: Final = 0xCE


def write_text(writer: BytesWriter, text: str) -> None:
    size: i64 = len(text)
    if size > SHORT:
        writer.write(msgspec.msgpack.encode(text))
        return
    began: i64 = len(writer)
    writer.append(u8(SHORT_TEXT + size))
    at: i64 = 0
    while at < size:  # few: to encode them would make an object, and take twice as long
        letter: i64 = ord(text[at])
        if letter > ASCII:
            writer.truncate(began)
            writer.write(msgspec.msgpack.encode(text))
            return
        writer.append(u8(letter))
        at += 1


def text_bytes(text: str) -> bytes:
    """To be kept, of what is written often."""
    writer = BytesWriter()
    write_text(writer, text)
    return writer.getvalue()


def write_bytes(writer: BytesWriter, data: bytes) -> None:
    size: i64 = len(data)
    if size < 256:
        writer.append(BYTES_8)
        writer.append(u8(size))
    else:
        data = msgspec.msgpack.encode(data)
    writer.write(data)


def write_number(writer: BytesWriter, number: i64) -> None:
    if number < 0 or number >= 1 << 32:
        writer.write(msgspec.msgpack.encode(int(number)))
        return
    if number >= 1 << 16:
        writer.append(NUMBER_32)
        writer.append(u8(number >> 24))
        writer.append(u8(number >> 16 & 0xFF))
        writer.append(u8(number >> 8 & 0xFF))
    elif number >= 1 << 8:
        writer.append(NUMBER_16)
        writer.append(u8(number >> 8))
    elif number >= 1 << 7:
        writer.append(NUMBER_8)
    writer.append(u8(number & 0xFF))


def array_of(entries: Sequence[bytes]) -> bytes:
    """Of entries that are MessagePack already."""
    size = len(entries)
    if size < 16:
        head = bytes((FEW_ENTRIES + size,))
    elif size < 1 << 16:
        head = bytes((ENTRIES_16,)) + size.to_bytes(2, "big")
    else:
        head = bytes((ENTRIES_32,)) + size.to_bytes(4, "big")
    return b"".join([head, *entries])
