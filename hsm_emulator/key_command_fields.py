"""Fields that only the key commands have: whether they are there depends on those before them."""
import re
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code
from hsm_emulator.fields import Characters, Hexadecimal, Section
from hsm_emulator.key_fields import Key, is_aes

KEY_TYPE: Final = Hexadecimal("key type", 3, Code.KEY_TYPE)
LMK_SCHEME: Final = Characters("key scheme, LMK", 1, code=Code.KEY_SCHEME)
ZMK_SCHEME: Final = Characters("key scheme, ZMK", 1, code=Code.KEY_SCHEME)
KCV: Final = ("KCV", "6 H")
KEY_FORM: Final = "as its scheme says"
_UNTAGGED_OF_FLAG: Final = {b"0": 16, b"1": 32, b"2": 48}
_NONE_OR_TWO_DIGITS: Final = re.compile(rb"\d{0,2}")


@dataclass(frozen=True, slots=True)
class With(Section):
    """Fields that are there with some values of an earlier one; empty values otherwise."""

    earlier: int = 0
    having: tuple[bytes, ...] = ()

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if values[self.earlier] not in self.having:
            values.extend(b"" for _ in self.described())
            return at
        for part in self.fields:
            at = part.read(body, at, values)
        return at

    def described(self) -> list[tuple[str, str]]:
        having = ", ".join(value.decode() for value in self.having)
        parts = [named for part in self.fields for named in part.described()]
        return [(name, f"{form}, with {self.mark.decode()} {having}") for name, form in parts]


@dataclass(frozen=True, slots=True)
class Options(Section):
    """Fields after a mark; none of them stand where the mark opens something else.

    BU: with a two-digit type code the first mark opens the options, with FF the key type.
    """

    unless: int = 0
    being: bytes = b""

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if self.being and values[self.unless].upper() != self.being:
            values.extend(b"" for _ in self.described())
            return at
        return Section.read(self, body, at, values)


@dataclass(frozen=True, slots=True)
class KeyOfLength(Key):
    """A key whose length flag stands before it: so many digits without a tag."""

    flag_at: int = 0

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        untagged = _UNTAGGED_OF_FLAG.get(values[self.flag_at], self.untagged)
        return Key(self.name, untagged).read(body, at, values)


@dataclass(frozen=True, slots=True)
class Components(Key):
    """As many encrypted components as the first field says: one value, see `components`."""

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        read: list[bytes] = []
        for _ in range(int(values[0])):
            at = Key.read(self, body, at, read)
        values.append(b"".join(read))
        return at


def components(joined: bytes) -> list[bytes]:
    """Cut the value of `Components` apart again."""
    field, found, at = Key("component"), list[bytes](), 0
    while at < len(joined):
        at = field.read(joined, at, found)
    return found


@dataclass(frozen=True, slots=True)
class AtallaVariant:
    """The number of an Atalla variant of the ZMK, one or two digits, or nothing."""

    name: str = "Atalla variant"

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        found = _NONE_OR_TWO_DIGITS.match(body, at)
        assert found is not None  # it matches nothing, too
        values.append(found.group())
        return found.end()

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "1 or 2 N, may be absent")]


@dataclass(frozen=True, slots=True)
class InitialKsn:
    """A KSN without its counter: 15 digits, or 16 (the initial key's identity) with an AES BDK."""

    name: str
    bdk_at: int

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        width = 16 if is_aes(values[self.bdk_at]) else 15
        return Hexadecimal(self.name, width).read(body, at, values)

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "15 H (16 H with an AES BDK)")]


def exchange_options() -> Section:
    """Return the options of GC, FA, HC and IA."""
    return Section(
        b";",
        (
            ZMK_SCHEME,
            LMK_SCHEME,
            Characters("KCV type (0 16 H, 1 6 H)", 1, b"01", Code.CHECK_VALUE_LENGTH),
        ),
    )
