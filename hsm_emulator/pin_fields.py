"""Fields of PIN commands: keys, PIN blocks, PINs under the LMK and in clear."""
import re
from dataclasses import dataclass
from typing import Final

from hsm_emulator.account_fields import suffix_at
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import SUFFIX_MARKS, Digits, Section
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.key_fields import Key, is_aes
from hsm_emulator.pin_blocks import ISO_4

BDK_1: Final = b"*"
_BDK_FLAGS: Final = frozenset((BDK_1, b"~", b"!"))
PIN_BLOCK_FORMAT: Final = Digits("PIN block format", 2, Code.PIN_BLOCK_FORMAT)


@dataclass(frozen=True, slots=True)
class PinKey(Key):
    """A TPK or ZPK, or behind a flag, or as a key block of usage B0, a BDK.

    Two values: the key and the flag, which is empty for anything but a BDK. The flags name the
    kind of BDK: * the first (type 009), ~ the second (609), ! the third (809).
    """

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        flag = body[at : at + 1]
        if flag in _BDK_FLAGS:
            end = Key.read(self, body, at + 1, values)
        else:
            end = Key.read(self, body, at, values)
            flag = BDK_1 if flag == b"S" and body[at + 6 : at + 8] == b"B0" else b""
        values.append(flag)
        return end

    def described(self) -> list[tuple[str, str]]:
        return [*Key.described(self), ("BDK flag", "*, ~ or ! before a BDK; a block shows itself")]


@dataclass(frozen=True, slots=True)
class Bdk(PinKey):
    """A BDK, whether or not its flag is there; two values as above."""

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = PinKey.read(self, body, at, values)
        values[-1] = values[-1] or BDK_1
        return end


@dataclass(frozen=True, slots=True)
class PinBlock:
    """A PIN block under the request's key at `key_at`: one block of its cipher.

    An AES BDK may also have derived a TDES key: then the format behind the block says so.
    """

    name: str
    key_at: int = 0
    bdk: bool = False  # whether that key may be a BDK

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        width = 16
        if is_aes(values[self.key_at]) and not self._is_short(body, at, values):
            width = 32
        block = from_hexadecimal(body[at : at + width])
        if len(block) * 2 != width:
            raise Refused(Code.INPUT)
        values.append(block)
        return at + width

    def _is_short(self, body: bytes, at: int, values: list[bytes]) -> bool:
        return self.bdk and bool(values[self.key_at + 1]) and body[at + 32 : at + 34] != ISO_4

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "16 H (32 H under an AES key)")]


@dataclass(frozen=True, slots=True)
class Usually(Section):
    """Fields of a busy command: read by one pattern in their usual form, else one by one.

    The pattern's groups are their values; the one at `block_at` is a PIN block.
    """

    usual: re.Pattern[bytes] = re.compile(rb"(?!)")
    block_at: int = 0

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        found = self.usual.match(body, at)
        if found is None:
            for part in self.fields:
                at = part.read(body, at, values)
            return at
        values.extend(found.groups())
        values[self.block_at] = from_hexadecimal(values[self.block_at])
        return found.end()

    def described(self) -> list[tuple[str, str]]:
        return [named for part in self.fields for named in part.described()]


@dataclass(frozen=True, slots=True)
class PinUnderLmk:
    """The digits of a PIN under the LMK: all but the `after` characters up to the suffix."""

    name: str
    after: int = 0

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = suffix_at(body, at) - self.after
        text = body[at:end] if end > at else b""
        if not 5 <= len(text) <= 13 or not text.isdigit():
            raise Refused(Code.INPUT)
        values.append(text)
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "5 to 13 N")]


@dataclass(frozen=True, slots=True)
class ClearPin:
    """A PIN in clear, filled with F to the right, before the `after` characters that follow it."""

    name: str
    after: int

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        end = suffix_at(body, at) - self.after
        text = body[at:end] if end > at else b""
        if not 4 <= len(text) <= 13 or not text.rstrip(b"F").isdigit():
            raise Refused(Code.INPUT)
        values.append(text.rstrip(b"F"))
        return end

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "4 to 13 A, F to the right")]


@dataclass(frozen=True, slots=True)
class LastDigits:
    """Decimal digits that may be absent at the end of a request."""

    name: str
    width: int

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if body[at : at + 1] in SUFFIX_MARKS:
            values.append(b"")
            return at
        return Digits(self.name, self.width).read(body, at, values)

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, f"{self.width} N, may be absent")]
