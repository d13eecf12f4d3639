"""Where the numbers stand in a frame: found once with pyiso8583, then patched or read in place."""

from collections.abc import Mapping
from typing import Any, Final

import iso8583

from specs.dialect import Dialect

PAN: Final = "2"
TIME: Final = "7"
STAN: Final = "11"
RRN: Final = "37"
CODE: Final = "39"
TERMINAL: Final = "41"
PIN_BLOCK: Final = "52"
PREFIX_BYTES: Final = 2

Spec = Mapping[str, Mapping[str, Any]]


def element_spans(data: bytes, spec: Spec) -> dict[str, tuple[int, int]]:
    """Element -> first byte and byte behind its content, in the message without frame prefix."""
    _, encoded = iso8583.decode(data, spec)
    spans: dict[str, tuple[int, int]] = {}
    position = 0
    for name, parts in encoded.items():
        start = position + len(parts["len"])
        position = start + len(parts["data"])
        spans[name] = (start, position)
    return spans


def mti_span(dialect: Dialect) -> slice:
    """Behind the header."""
    mti_bytes = 2 if dialect.mti_encoding == "bcd" else 4
    return slice(dialect.header_bytes, dialect.header_bytes + mti_bytes)


def layout_bytes(dialect: Dialect) -> int:
    """Header, MTI and first bitmap: messages equal in these and in length are laid out alike here,
    where all variable elements keep their lengths."""
    bitmap_bytes = 8 if dialect.bitmap_encoding == "binary" else 16
    return int(mti_span(dialect).stop) + bitmap_bytes


def framed(data: bytes | bytearray) -> bytes:
    """With its length before it, two bytes, big end first."""
    return len(data).to_bytes(PREFIX_BYTES, "big") + data


class Frames:
    """A byte stream cut at its two-byte lengths."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, received: bytes) -> list[bytes]:
        data = self._rest + received if self._rest else received
        frames: list[bytes] = []
        start = 0
        while start + PREFIX_BYTES <= len(data):
            stop = start + PREFIX_BYTES + (data[start] << 8 | data[start + 1])
            if stop > len(data):
                break
            frames.append(data[start + PREFIX_BYTES : stop])
            start = stop
        self._rest = data[start:]
        return frames
