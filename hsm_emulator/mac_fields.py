"""Parts of requests about MACs: a MAC to verify, hexadecimal text to the end, counted bytes."""
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import SUFFIX_MARKS, Hexadecimal

MAC_DIGITS: Final = {b"0": 8, b"1": 16, b"2": 32}  # by the size that M6, M8 and MY ask for
SHORT_MAC_DIGITS: Final = 4
_DIGITS: Final = re.compile(rb"[0-9A-Fa-f]*")


@dataclass(frozen=True, slots=True)
class LastMac:
    """A MAC to verify at the end of a request, as long as asked for, there only with some modes.

    A shorter one is read too; whether it will do is the command's to say.
    """

    name: str
    mode_at: int
    size_at: int
    modes: bytes

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if values[self.mode_at] not in self.modes:
            values.append(b"")
            return at
        run = _DIGITS.match(body, at, at + MAC_DIGITS[values[self.size_at]])
        text = run[0] if run else b""
        if len(text) < SHORT_MAC_DIGITS:
            raise Refused(Code.INPUT)
        values.append(text)
        return at + len(text)

    def described(self) -> list[tuple[str, str]]:
        modes = ", ".join(chr(mode) for mode in self.modes)
        return [(self.name, f"8 H, 16 H or 32 H as the size says, with mode {modes}")]


@dataclass(frozen=True, slots=True)
class MacOfMode:
    """A MAC whose length the mode says."""

    name: str
    mode_at: int
    digits: Mapping[bytes, int]

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        return Hexadecimal(self.name, self.digits[values[self.mode_at]]).read(body, at, values)

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "8 H, 16 H or 32 H as the mode says")]


@dataclass(frozen=True, slots=True)
class HexadecimalText:
    """Hexadecimal digits, two for a byte, up to the suffix."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        run = _DIGITS.match(body, at)
        text = run[0] if run else b""
        if not text or len(text) % 2:
            raise Refused(Code.DATA_LENGTH)
        values.append(bytes.fromhex(text.decode("ascii")))
        return at + len(text)

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "hexadecimal digits to the end")]


@dataclass(frozen=True, slots=True)
class LastBytes:
    """Bytes at the end of a request behind their length, four hexadecimal digits.

    One published client writes the length in decimal. As only a suffix can follow the bytes, their
    end tells which was meant.
    """

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        count, begin = body[at : at + 4], at + 4
        if not _DIGITS.fullmatch(count) or len(count) != 4:
            raise Refused(Code.INPUT)
        for base in (16, 10) if count.isdigit() else (16,):
            end = begin + int(count, base)
            if end <= len(body) and body[end : end + 1] in SUFFIX_MARKS:
                values.append(body[begin:end])
                return end
        raise Refused(Code.DATA_LENGTH)

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "4 H of length, then bytes as counted")]
