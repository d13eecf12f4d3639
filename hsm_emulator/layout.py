"""Fields of the host commands: one description for the parser and for the manual.

A field reads its value at a place in the request's body and says where the next one begins. What
follows the last field (LMK, attributes, trailer) is found by that place, never by looking for its
mark: binary data may hold any byte.
"""
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Protocol

from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.pin_blocks import ISO_4

_TAGGED_KEY: Final = {b"U": 33, b"X": 33, b"T": 49, b"Y": 49, b"Z": 17}
_HEXADECIMAL: Final = frozenset(b"0123456789ABCDEFabcdef")
_SUFFIX: Final = re.compile(
    rb"(?:%(?P<lmk>\d\d))?(?:#(?P<attributes>[0-9A-Za-z]*))?(?:&(?P<modifier>[0-9A-Za-z]))?"
    rb"(?P<trailer>\x19.{0,32})?",
    re.DOTALL,
)
_SUFFIX_MARKS: Final = (b"", b"%", b"#", b"&", b"\x19")
_ANY_DIGITS: Final = re.compile(rb"\d*")


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
class Key:
    """A key as a cryptogram: tagged with its scheme, a key block, or of `untagged` digits."""

    name: str
    untagged: int = 16

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        tag = body[at : at + 1]
        width = _TAGGED_KEY.get(tag)
        if width is None:
            if tag in (b"S", b"R"):
                length = body[at + 2 : at + 6]
                if not length.isdigit() or len(length) != 4:
                    raise Refused(Code.KEY_BLOCK_LENGTH)
                width = 1 + int(length)
            else:
                width = self.untagged
        end = at + width
        if end > len(body):
            raise Refused(Code.INPUT)
        values.append(body[at:end])
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, f"{self.untagged} H, or U/X + 32 H, T/Y + 48 H, S + key block")]


def is_aes(key: bytes) -> bool:
    """Say whether the cryptogram is a key block whose header names AES."""
    return key[:1] == b"S" and key[8:9] == b"A"


@dataclass(frozen=True, slots=True)
class PinBlock:
    """A PIN block: two AES halves long when the request's first key, which it is under, is AES."""

    name: str

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        width = 32 if is_aes(values[0]) else 16
        block = from_hexadecimal(body[at : at + width])
        if len(block) * 2 != width:
            raise Refused(Code.INPUT)
        values.append(block)
        return at + width

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "16 H (32 H under an AES key)")]


@dataclass(frozen=True, slots=True)
class Account:
    """Twelve digits of the PAN; the whole PAN and `;` where one of the blocks is of format 4."""

    name: str
    formats: tuple[int, ...] = ()  # where the formats stand among the values read so far

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        for place in self.formats:
            if values[place] == ISO_4:
                return self._read_pan(body, at, values)
        end = at + 12
        text = body[at:end]
        if len(text) != 12 or not text.isdigit():
            raise Refused(Code.ACCOUNT)
        values.append(text)
        return end

    def _read_pan(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = body.find(b";", at, at + 20)
        if end < 0:
            end = at + 12  # the short form binds the twelve digits
        text = body[at:end]
        if len(text) < 12 or not text.isdigit():
            raise Refused(Code.ACCOUNT)
        values.append(text)
        return end + 1 if body[end : end + 1] == b";" else end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "12 N (12 to 19 N and ; with format 48)")]


@dataclass(frozen=True, slots=True)
class PinUnderLmk:
    """The digits of a PIN under the LMK: all but the `after` digits that follow it."""

    name: str
    after: int

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        run = _ANY_DIGITS.match(body, at)
        end = (run.end() if run else at) - self.after
        if end - at < 5:
            raise Refused(Code.INPUT)
        values.append(body[at:end])
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "5 to 13 N")]


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
        if values[self.form_at] == b"1" and body[end : end + 1] not in _SUFFIX_MARKS:
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
class ChainingValue:
    """A block in hexadecimal digits, there only with some modes; AES ones are longer."""

    name: str
    mode_at: int
    key_at: int
    modes: tuple[bytes, ...]
    others: tuple[bytes, ...] = ()  # the only other modes, if any are listed

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        mode = values[self.mode_at]
        if mode not in self.modes:
            if self.others and mode not in self.others:
                raise Refused(Code.INPUT)
            values.append(b"")
            return at
        return Hexadecimal(self.name, 32 if is_aes(values[self.key_at]) else 16).read(
            body, at, values
        )

    def described(self) -> list[tuple[str, str]]:
        modes = ", ".join(mode.decode() for mode in self.modes)
        return [(self.name, f"16 H (32 H with an AES key), with mode {modes}")]


@dataclass(frozen=True, slots=True)
class MacField:
    """A MAC to check, as long as the size asked for, there only with some modes."""

    name: str
    mode_at: int
    size_at: int
    modes: tuple[bytes, ...]

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if values[self.mode_at] not in self.modes:
            values.append(b"")
            return at
        return Hexadecimal(self.name, 16 if values[self.size_at] == b"1" else 8).read(
            body, at, values
        )

    def described(self) -> list[tuple[str, str]]:
        modes = ", ".join(mode.decode() for mode in self.modes)
        return [(self.name, f"8 H or 16 H, with mode {modes}")]


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
        elif not self.mark_may_lack or body[at : at + 1] in _SUFFIX_MARKS:
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
class Request:
    """What a request's body says: the values of its fields and what follows them."""

    values: list[bytes]
    lmk: bytes  # %nn, or empty
    attributes: bytes  # after #
    modifier: bytes  # after &
    trailer: bytes  # X'19' and what follows


@dataclass(frozen=True, slots=True)
class Command:
    """One host command: its layout, what it answers, and the function that does it.

    `run` gets the LMK and the values in the order of the layout, then `#` and `&` where the command
    takes them; it returns the answer from the error code on.
    """

    code: str
    title: str
    request: tuple[Field, ...]
    answer: Sequence[tuple[str, str]]
    run: Callable[..., bytes]
    takes: str = ""  # of "#&"
    key_places: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Note where keys stand among the values: the first key block names the LMK."""
        names = [name for part in self.request for name, _ in part.described()]
        keys = {part.name for part in _flat(self.request) if isinstance(part, Key)}
        places = tuple(place for place, name in enumerate(names) if name in keys)
        object.__setattr__(self, "key_places", places)


def parsed(command: Command, body: bytes) -> Request:
    """Read the body of a request; refuse what is short, long or of the wrong characters."""
    values: list[bytes] = []
    at = 0
    for part in command.request:
        at = part.read(body, at, values)
    if at == len(body):
        return Request(values, b"", b"", b"", b"")
    suffix = _SUFFIX.fullmatch(body, at)
    if suffix is None:
        raise Refused(Code.INPUT)
    lmk, attributes, modifier, trailer = suffix.group("lmk", "attributes", "modifier", "trailer")
    if (attributes and "#" not in command.takes) or (modifier and "&" not in command.takes):
        raise Refused(Code.INPUT)
    return Request(values, lmk or b"", attributes or b"", modifier or b"", trailer or b"")


def _flat(parts: Sequence[Field]) -> list[Field]:
    flat: list[Field] = []
    for part in parts:
        flat.extend(_flat(part.fields) if isinstance(part, Section) else [part])
    return flat
