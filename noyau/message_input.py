"""Where `noyau decode` finds its messages: hexadecimal digits or raw bytes."""
import re
import sys
from pathlib import Path

from router.wire.codec import Codec, MalformedMessage

HEX = re.compile(rb"[0-9A-Fa-f]+")


class BadInput(Exception):
    """What was given is no message at all; says why and what would be."""


def given_bytes(given: str) -> bytes:
    """The argument itself when it is hexadecimal digits, else its file or standard input."""
    if given == "-":
        return sys.stdin.buffer.read()
    packed = "".join(given.split()).encode()
    if HEX.fullmatch(packed):
        return given.encode()
    try:
        return Path(given).read_bytes()
    except OSError:
        pass
    raise BadInput("expected hexadecimal digits, the name of a file, or - for standard input")


def messages_in(content: bytes, codec: Codec, skip: int, is_raw: bool) -> list[bytes]:
    """The messages, less the bytes to skip. Hexadecimal content is one message or one per line."""
    if is_raw or not HEX.fullmatch(b"".join(content.split())):
        if not content:
            raise BadInput("the input is empty")
        return [content[skip:]]
    lines = [b"".join(line.split()) for line in content.splitlines() if line.strip()]
    whole = b"".join(lines)
    if len(lines) > 1 and not _is_message(whole, codec, skip):
        single = [_bytes(line, skip) for line in lines if len(line) % 2 == 0]
        if len(single) == len(lines) and all(_has_mti(data, codec) for data in single):
            return single
    if len(whole) % 2:
        raise BadInput("an odd number of hexadecimal digits")
    return [_bytes(whole, skip)]


def _bytes(digits: bytes, skip: int) -> bytes:
    return bytes.fromhex(digits.decode())[skip:]


def _is_message(digits: bytes, codec: Codec, skip: int) -> bool:
    if len(digits) % 2:
        return False
    try:
        codec.scan(_bytes(digits, skip))
    except MalformedMessage:
        return False
    return True


def _has_mti(data: bytes, codec: Codec) -> bool:
    mti = codec.head.mti(data)
    return len(mti) == 4 and mti.isascii() and mti.isdigit()
