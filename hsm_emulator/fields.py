"""Parts of a request's body: what stands there, how long it is, which error it earns otherwise.

A field reads its values at a place and says where the next field begins. The manual's tables are
made of the same descriptions.
"""
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from hsm_emulator.errors import Code, Refused

SUFFIX_MARKS: Final = (b"", b"%", b"#", b"&", b"\x19")  # what may follow the last field
_HEXADECIMAL: Final = frozenset(b"0123456789ABCDEFabcdef")


class Field(Protocol):
    """A part of a request: reads one or more values and returns where the next part begins."""

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        """Append what stands at `at` to `values`; refuse what may not stand there."""

    def described(self) -> list[tuple[str, str]]:
        """Return name and form of each value, for the manual."""


@dataclass(frozen=True, slots=True)
class Digits:
    """Decimal digits, a fixed number of them."""

    name: str
    width: int
    code: bytes = Code.INPUT

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = at + self.width
        text = body[at:end]
        if len(text) != self.width or not text.isdigit():
            raise Refused(self.code)
        values.append(text)
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, f"{self.width} N")]


@dataclass(frozen=True, slots=True)
class Characters:
    """A fixed number of characters out of a small alphabet (any printable, when it is empty)."""

    name: str
    width: int
    alphabet: bytes = b""
    code: bytes = Code.INPUT

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = at + self.width
        text = body[at:end]
        if len(text) != self.width or (text.strip(self.alphabet) if self.alphabet else False):
            raise Refused(self.code)
        values.append(text)
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, f"{self.width} A")]


@dataclass(frozen=True, slots=True)
class Hexadecimal:
    """A fixed number of hexadecimal digits."""

    name: str
    width: int
    code: bytes = Code.INPUT

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = at + self.width
        text = body[at:end]
        if len(text) != self.width or not _HEXADECIMAL.issuperset(text):
            raise Refused(self.code)
        values.append(text)
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, f"{self.width} H")]


@dataclass(frozen=True, slots=True)
class Counted:
    """Bytes counted by four hexadecimal digits before them."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = _counted_end(body, at)
        if end > len(body):
            raise Refused(Code.DATA_LENGTH)
        values.append(body[at + 4 : end])
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "4 H of length, then as counted")]


@dataclass(frozen=True, slots=True)
class CountedLast:
    """Counted data that ends the body: hexadecimal digits are counted as such, or as bytes.

    Devices count digits; one published client codec counts the bytes they mean. As nothing but a
    suffix can follow, what stands after the digits tells which. Two values: what was counted, data.
    """

    name: str
    form_at: int

    BYTES: ClassVar[bytes] = b"bytes"
    CHARACTERS: ClassVar[bytes] = b"characters"

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = _counted_end(body, at)
        counted = self.CHARACTERS
        if values[self.form_at] == b"1" and body[end : end + 1] not in SUFFIX_MARKS:
            counted, end = self.BYTES, end + (end - at - 4)
        if end > len(body):
            raise Refused(Code.DATA_LENGTH)
        values += (counted, body[at + 4 : end])
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(f"length of {self.name}", "4 H"), (self.name, "as counted")]


def _counted_end(body: bytes, at: int) -> int:
    count = body[at : at + 4]
    if len(count) != 4 or not _HEXADECIMAL.issuperset(count):
        raise Refused(Code.INPUT)
    return at + 4 + int(count, 16)


@dataclass(frozen=True, slots=True)
class Until:
    """Digits up to a mark."""

    name: str
    mark: bytes
    longest: int

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = body.find(self.mark, at, at + self.longest + 1)
        text = body[at:end]
        if end < 0 or not text.isdigit():
            raise Refused(Code.INPUT)
        values.append(text)
        return end + 1

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, f"up to {self.longest} N, then {self.mark.decode()}")]


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that are there when their mark is; empty values otherwise."""

    mark: bytes
    fields: tuple[Field, ...]
    mark_may_lack: bool = False  # then they are there when anything but a suffix is

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if body[at : at + 1] == self.mark:
            at += 1
        elif not self.mark_may_lack or body[at : at + 1] in SUFFIX_MARKS:
            values.extend(b"" for _ in self.described())
            return at
        for part in self.fields:
            at = part.read(body, at, values)
        return at

    def described(self) -> list[tuple[str, str]]:
        mark = self.mark.decode()
        parts = [named for part in self.fields for named in part.described()]
        return [(name, f"{form}, after {mark}, may be absent") for name, form in parts]


@dataclass(frozen=True, slots=True)
class When:
    """A part that is there only with some values of an earlier field; empty values otherwise."""

    place: int  # of the earlier field among the values
    allowed: bytes | tuple[bytes, ...]  # its values; of one character each when they are bytes
    part: Field
    said: str  # in the manual

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if values[self.place] not in self.allowed:
            values.extend(b"" for _ in self.part.described())
            return at
        return self.part.read(body, at, values)

    def described(self) -> list[tuple[str, str]]:
        return [(name, f"{form}, {self.said}") for name, form in self.part.described()]


@dataclass(frozen=True, slots=True)
class Together:
    """Parts one after the other, to be there or not as one."""

    parts: tuple[Field, ...]

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        for part in self.parts:
            at = part.read(body, at, values)
        return at

    def described(self) -> list[tuple[str, str]]:
        return [named for part in self.parts for named in part.described()]
