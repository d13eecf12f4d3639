"""Elements of a kept message as one string of bytes: the texts, and before them what they are.

Runs follow one another. A run is one byte that says of how many elements, two bytes for each (its
number, the length of its text), then the texts themselves in Latin-1: what a message holds side by
side is copied side by side.
"""

from collections.abc import Mapping
from typing import Final

from librt.strings import BytesWriter

TEXT_MAX: Final = 255  # that one byte says the length of

_BYTE: Final = [bytes((value,)) for value in range(256)]
_BEGINS: Final = [bytes((1, number)) for number in range(129)]


class NotPacked(Exception):
    """Bytes that nobody packed."""


def packed(values: Mapping[int, str]) -> bytes:
    """Canonical texts, each a run of its own."""
    writer = BytesWriter()
    for number, text in values.items():
        write_run(writer, number, text.encode("latin-1"))
    return writer.getvalue()


def write_run(writer: BytesWriter, number: int, text: bytes) -> None:
    """One element. Raises IndexError: longer than 255 bytes, or no such."""
    writer.write(_BEGINS[number])
    writer.write(_BYTE[len(text)])
    writer.write(text)


def unpacked(data: bytes) -> dict[int, str]:
    """The elements, number -> text. Raises NotPacked."""
    values: dict[int, str] = {}
    position = 0
    while position < len(data):
        texts = position + 1 + 2 * data[position]
        named = data[position + 1:texts]
        for number, length in zip(named[::2], named[1::2], strict=False):
            values[number] = data[texts:texts + length].decode("latin-1")
            texts += length
        if texts > len(data) or texts == position + 1:
            raise NotPacked
        position = texts
    return values
