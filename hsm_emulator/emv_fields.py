"""Binary parts of KQ, KW and KU, read by position: any byte may stand in them."""
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused

NO_TRANSACTION, NO_DISCRETIONARY = b"81", b"82"  # what is said of data of no length
_HEXADECIMAL: Final = frozenset(b"0123456789ABCDEFabcdef")
_END: Final = b";"


@dataclass(frozen=True, slots=True)
class Bytes:
    """A fixed number of bytes of any value."""

    name: str
    width: int

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = at + self.width
        if end > len(body):
            raise Refused(Code.INPUT)
        values.append(body[at:end])
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, f"{self.width} B")]


@dataclass(frozen=True, slots=True)
class CountedBytes:
    """Bytes counted by hexadecimal digits before them, and a mark after them if it has one."""

    name: str
    mark: bytes = b""
    empty_code: bytes = Code.DATA_LENGTH
    digits: int = 2

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        begin = at + self.digits
        count = body[at:begin]
        if len(count) != self.digits or not _HEXADECIMAL.issuperset(count):
            raise Refused(Code.DATA_LENGTH)
        end = begin + int(count, 16)
        if end == begin:
            raise Refused(self.empty_code)
        if end + len(self.mark) > len(body):
            raise Refused(Code.DATA_LENGTH)
        values.append(body[begin:end])
        return _after(self.mark, body, end)

    def described(self) -> list[tuple[str, str]]:
        after = f", then {self.mark.decode()}" if self.mark else ""
        return [(self.name, f"{self.digits} H of length, then bytes as counted{after}")]


@dataclass(frozen=True, slots=True)
class LongPan:
    """PAN and sequence number of any length: two digits count their bytes, `;` ends them."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        count = body[at : at + 2]
        if len(count) != 2 or not _HEXADECIMAL.issuperset(count):
            raise Refused(Code.INPUT)
        length = int(count) if count.isdigit() else int(count, 16)
        if not 7 <= length <= 11:  # a PAN of 12 to 19 digits, and two
            raise Refused(Code.INPUT)
        end = at + 2 + length
        values.append(body[at + 2 : end])
        return _after(_END, body, end)

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "2 N of length, 7 to 11 B, then ;")]


@dataclass(frozen=True, slots=True)
class ShortBytes:
    """Up to eight bytes, counted by one digit."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        count = body[at : at + 1]
        if not count or count not in b"012345678":
            raise Refused(Code.INPUT)
        end = at + 1 + int(count)
        if end > len(body):
            raise Refused(Code.INPUT)
        values.append(body[at + 1 : end])
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "1 N of length (0 to 8), then bytes as counted")]


def _after(mark: bytes, body: bytes, at: int) -> int:
    end = at + len(mark)
    if body[at:end] != mark:
        raise Refused(Code.INPUT)
    return end
