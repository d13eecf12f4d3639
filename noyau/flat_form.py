"""A message as one flat object: {"t": "0100", "2": "...", "55": "<upper-case hexadecimal>"}.

Besides the elements: "h" the header; "1" a secondary bitmap that was sent although no element
needed it; "p" the bitmap as it was written, where its hexadecimal digits are not upper-case. With
these the object says every byte: encoding it gives the message back.
"""
import re
from collections.abc import Mapping
from typing import Final

from noyau.card_data import is_masked, masked_element
from router.wire.codec import Codec
from router.wire.element import Unwritable
from router.wire.message import Message

HEAD_KEYS: Final = ("t", "h", "p")


class NoMessage(Exception):
    """An object that is no message. Says which key and why, never a value."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"element {key}: {reason}" if key.isdecimal() else f'"{key}": {reason}')
        self.key = key
        self.reason = reason


def flat(message: Message, reveal: bool) -> dict[str, str]:
    """The flat form; card data masked unless it is to be revealed."""
    said = {"t": message.mti}
    if message.header:
        said["h"] = message.header.hex().upper()
    bitmap = message.codec.head.bitmap_text(message.data)
    if bitmap != bitmap.upper():
        said["p"] = bitmap
    if message.spare_bitmap:
        said["1"] = message.spare_bitmap.upper()
    for number, text in message.values().items():
        said[str(number)] = text if reveal else masked_element(message.codec.dialect, number, text)
    return said


def message_of(codec: Codec, said: object) -> Message:
    """The message that a flat object says."""
    if not isinstance(said, dict):
        raise NoMessage("t", 'expected an object such as {"t": "0100", "2": "...", "4": "..."}')
    for key, value in said.items():
        if not isinstance(value, str):
            raise NoMessage(str(key), "expected a string, as every value of a message is one")
        if key not in HEAD_KEYS and not re.fullmatch(r"[1-9][0-9]{0,2}", key):
            raise NoMessage(str(key), "unknown key; there are t, h, p and element numbers")
    if "t" not in said:
        raise NoMessage("t", "missing: the MTI")
    values = {int(key): text for key, text in said.items() if key not in HEAD_KEYS}
    for number, text in values.items():
        if is_masked(number, text):
            raise NoMessage(str(number), "is masked; decode with --reveal to encode again")
    try:
        message = codec.written(said["t"], values, _header(said.get("h", "")))
    except Unwritable as error:
        raise NoMessage(str(error.element) if error.element else "t", error.reason) from None
    return _with_bitmap(codec, message, said)


def _header(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise NoMessage("h", "expected hexadecimal digits") from None


def _with_bitmap(codec: Codec, message: Message, said: Mapping[str, str]) -> Message:
    """The bitmap in the digits it was given in; it must be the bitmap of these very elements."""
    if "p" not in said:
        return message
    given, bitmap = said["p"], codec.head.bitmap_text(message.data)
    if len(given) not in (16, len(bitmap)) or not bitmap.startswith(given.upper()):
        raise NoMessage("p", "is not the bitmap of these elements; leave it out")
    return codec.scan(codec.head.with_bitmap_text(message.data, given + bitmap[len(given):]))
