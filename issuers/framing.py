"""Frames on an issuer's line, read and written without a line of the router's.

A frame is a length (2 or 4 bytes binary, decimal digits in ASCII, or BCD) and that many bytes; some
lines put a TPDU of five bytes before the message, whose two addresses change places in the answer.
"""
from dataclasses import dataclass
from typing import Final

from specs.dialect import Framing

TPDU_BYTES: Final = 5


class BadFrame(Exception):
    """The length cannot be right; nothing after it on this connection can be trusted."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Frame:
    tpdu: bytes
    payload: bytes


class FrameSplitter:
    """Cuts a byte stream into frames, whatever pieces it arrives in; keep-alives are swallowed."""

    def __init__(self, framing: Framing, frame_bytes_max: int) -> None:
        coding, _, digits = framing.kind.partition("-")
        if coding not in ("binary", "ascii", "bcd") or not digits.isdigit():
            raise ValueError(f"framing {framing.kind!r} is not one an issuer host knows")
        self._coding = coding
        self._prefix_bytes = int(digits)
        self._extra = self._prefix_bytes if framing.includes_itself else 0
        self._tpdu_bytes = TPDU_BYTES if framing.tpdu else 0
        self._frame_bytes_max = frame_bytes_max
        self._held = bytearray()

    def feed(self, received: bytes) -> list[Frame]:
        """The frames that are complete now."""
        self._held += received
        frames = []
        at = 0
        while len(self._held) - at >= self._prefix_bytes:
            start = at + self._prefix_bytes
            length = self._length(bytes(self._held[at:start]))
            if len(self._held) - start < length:
                break
            at = start + length
            if length:
                frames.append(self._frame(bytes(self._held[start:at])))
        del self._held[:at]
        return frames

    def framed(self, payload: bytes, tpdu: bytes = b"") -> bytes:
        """The payload as it goes out; `tpdu` is the request's, its addresses change places."""
        if self._tpdu_bytes:
            payload = (tpdu[:1] + tpdu[3:5] + tpdu[1:3] or b"\x60\0\0\0\0") + payload
        length = len(payload) + self._extra
        match self._coding:
            case "binary":
                return length.to_bytes(self._prefix_bytes, "big") + payload
            case "ascii":
                return b"%0*d" % (self._prefix_bytes, length) + payload
        return bytes.fromhex(f"{length:0{2 * self._prefix_bytes}d}") + payload

    def _frame(self, content: bytes) -> Frame:
        return Frame(content[:self._tpdu_bytes], content[self._tpdu_bytes:])

    def _length(self, prefix: bytes) -> int:
        match self._coding:
            case "binary":
                total = int.from_bytes(prefix, "big")
            case "ascii" if prefix.isdigit():
                total = int(prefix)
            case "bcd" if prefix.hex().isdigit():
                total = int(prefix.hex())
            case _:
                raise BadFrame(f"length is not {self._coding} digits")
        length = total - self._extra
        if total and length < 0:
            raise BadFrame("length is shorter than the length field, which it counts")
        if length > self._frame_bytes_max:
            raise BadFrame(f"frame of {length} bytes, at most {self._frame_bytes_max} are taken")
        return max(length, 0)
