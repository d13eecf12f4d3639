"""A byte stream cut into frames, each led by its length.

A frame longer than the limit is refused before it is read, with a guess at what the peer's length
prefix really is. Frames of no length are keep-alives: counted, not delivered. Where a TPDU leads
the message, `feed` leaves it out and `frames` does not; who writes gives the TPDU of the frame that
is answered, and its source and destination are swapped.
"""
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, u8

from specs.rules import Framing

TPDU_BYTES: Final = 5
GUESS_BYTES: Final = 4
WHOLE_BYTES_MIN: Final = 10  # MTI and bitmap
DEFAULT_TPDU: Final = bytes.fromhex("6000000000")

KINDS: Final = {
    "binary-2": "2-byte binary",
    "binary-4": "4-byte binary",
    "ascii-4": "4-digit ASCII",
    "bcd-2": "2-byte BCD",
}


class FrameTooLong(Exception):
    """A length that cannot be, or exceeds the limit; `guess` names the prefix it may be instead."""

    def __init__(self, length: int, frame_bytes_max: int, kind: str, guess: str) -> None:
        super().__init__(length, frame_bytes_max, kind, guess)
        self.length = length  # -1: the prefix is no number
        self.frame_bytes_max = frame_bytes_max
        self.kind = kind
        self.guess = guess

    def __str__(self) -> str:
        said = f"a frame of {self.length} bytes" if self.length >= 0 else "a length of no digits"
        if self.guess:
            peer, ours = KINDS[self.guess], KINDS[self.kind]
            return f"{said}: peer sends a {peer} length, {ours} is configured"
        return f"{said}: {KINDS[self.kind]} length configured, at most {self.frame_bytes_max} bytes"


class FrameReader:
    __slots__ = ("_frame_bytes_max", "_has_tpdu", "_includes_itself", "_is_usual", "_kind",
                 "_prefix_bytes", "_rest", "keep_alives")

    def __init__(self, framing: Framing, frame_bytes_max: int) -> None:
        self._kind: str = framing.kind
        self._has_tpdu: bool = framing.tpdu
        self._includes_itself: bool = framing.includes_itself
        self._frame_bytes_max: i64 = frame_bytes_max
        self._is_usual = framing == Framing("binary-2")
        self._prefix_bytes: i64 = prefix_bytes(framing.kind)
        self._rest = b""
        self.keep_alives = 0

    def feed(self, received: bytes) -> list[bytes]:
        """The messages that are whole by now; the rest waits for more."""
        if not self._has_tpdu:
            return self.frames(received)
        return [frame[TPDU_BYTES:] for frame in self.frames(received)]

    def frames(self, received: bytes) -> list[bytes]:
        """The same, each with the TPDU that leads it, where the framing has one.

        What follows them may be too long: then the next call says so.
        """
        data = self._rest + received if self._rest else received
        size: i64 = len(data)
        frames: list[bytes] = []
        start: i64 = 0
        is_usual, prefix = self._is_usual, self._prefix_bytes
        while start + prefix <= size:
            body = start + prefix
            length: i64
            if is_usual:
                length = i64(data[start]) << 8 | i64(data[start + 1])
            else:
                length = self._length(data, start)
            if length < 0 or length > self._frame_bytes_max:
                if frames:
                    break
                raise self._too_long(data[start:start + GUESS_BYTES])
            stop = body + length
            if stop > size:
                if not frames and self._is_whole_in_ascii(data[start:]):
                    raise self._too_long(data[start:start + GUESS_BYTES])
                break
            if stop == body:
                self.keep_alives += 1
            else:
                frames.append(data[body:stop])
            start = stop
        self._rest = data[start:] if start < size else b""
        return frames

    def _length(self, data: bytes, start: i64) -> i64:
        """Of the frame's body; -1 when it cannot be, or exceeds the limit."""
        length = announced(self._kind, data[start:start + self._prefix_bytes])
        body: i64 = length
        if self._includes_itself and length > 0:
            body -= self._prefix_bytes
        is_short = self._has_tpdu and 0 < body <= TPDU_BYTES
        return -1 if body < 0 or body > self._frame_bytes_max or is_short else body

    def _is_whole_in_ascii(self, rest: bytes) -> bool:
        """What is too short for its 2-byte length is exactly as long as four ASCII digits say.

        Read as two bytes, those digits mean 12,336 and more (BCD: 3,030), and a limit above that
        would leave both sides waiting for the other.
        """
        if self._prefix_bytes != 2:
            return False
        length = announced("ascii-4", rest[:4])
        return length >= WHOLE_BYTES_MIN and length == len(rest) - 4

    def _too_long(self, beginning: bytes) -> FrameTooLong:
        kind = self._kind
        length = announced(kind, beginning[:self._prefix_bytes])
        guess = likely_prefix(beginning, kind, self._frame_bytes_max)
        return FrameTooLong(length, self._frame_bytes_max, kind, guess)


class FrameWriter:
    __slots__ = ("_framing", "_is_usual", "_prefix_bytes")

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._is_usual = framing == Framing("binary-2")
        self._prefix_bytes = prefix_bytes(framing.kind)

    def framed(self, data: bytes, tpdu: bytes = b"") -> bytes:
        """The message behind its length; `tpdu` is that of the frame it answers, if any.

        Raises ValueError or OverflowError where its length cannot be written.
        """
        if self._framing.tpdu:
            data = (answering(tpdu) if tpdu else DEFAULT_TPDU) + data
        length = len(data) + (self._prefix_bytes if self._framing.includes_itself else 0)
        return written(self._framing.kind, length) + data

    def write(self, frames: BytesWriter, data: bytes, tpdu: bytes = b"") -> None:
        """The same, behind those that are there. Raises before anything is written."""
        size: i64 = len(data)
        if self._is_usual and size < 65_536:
            frames.append(u8(size >> 8))
            frames.append(u8(size & 0xFF))
            frames.write(data)
        else:
            frames.write(self.framed(data, tpdu))


def begun(frames: BytesWriter) -> i64:
    """Where a frame begins whose 2-byte binary length is written when it has `ended`."""
    start = i64(len(frames))
    frames.append(0)
    frames.append(0)
    return start


def ended(frames: BytesWriter, start: i64) -> None:
    """Nothing of it follows. It is shorter than 65,536 bytes: a command of the HSM."""
    size = i64(len(frames)) - start - 2
    frames[start] = u8(size >> 8)
    frames[start + 1] = u8(size & 0xFF)


def answering(tpdu: bytes) -> bytes:
    """The TPDU of an answer: identifier, then source and destination swapped."""
    return tpdu[:1] + tpdu[3:5] + tpdu[1:3]


def prefix_bytes(kind: str) -> int:
    return 2 if kind in ("binary-2", "bcd-2") else 4


def announced(kind: str, prefix: bytes) -> int:
    """The length that a prefix says; -1 when it is no number."""
    if kind in ("binary-2", "binary-4"):
        return int.from_bytes(prefix, "big")
    digits = prefix.hex() if kind == "bcd-2" else prefix.decode("latin-1")
    return int(digits) if digits.isascii() and digits.isdigit() else -1


def written(kind: str, length: int) -> bytes:
    is_binary = kind in ("binary-2", "binary-4")
    if length >= (256 ** prefix_bytes(kind) if is_binary else 10_000):
        raise ValueError(f"a frame of {length} bytes cannot be led by a {KINDS[kind]} length")
    if is_binary:
        return length.to_bytes(prefix_bytes(kind), "big")
    digits = str(length).zfill(4)
    return bytes.fromhex(digits) if kind == "bcd-2" else digits.encode("ascii")


def likely_prefix(beginning: bytes, configured: str, frame_bytes_max: int) -> str:
    """Which other kind of prefix these first bytes would be sensible for; "" when none."""
    if configured != "ascii-4" and beginning.isascii() and beginning.decode("ascii").isdigit():
        return "ascii-4"  # two of its digits may be all that came yet
    for kind in ("binary-4", "bcd-2", "binary-2"):
        prefix = beginning[:prefix_bytes(kind)]
        if kind == configured or len(prefix) < prefix_bytes(kind):
            continue
        if 0 < announced(kind, prefix) <= frame_bytes_max:
            return kind
    return ""
