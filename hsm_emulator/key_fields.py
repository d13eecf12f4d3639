"""Fields whose shape depends on a key, a format or a mode elsewhere in the request."""
import re
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Hexadecimal
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.pin_blocks import ISO_4

_TAGGED_KEY: Final = {b"U": 33, b"X": 33, b"T": 49, b"Y": 49, b"Z": 17}
_ANY_DIGITS: Final = re.compile(rb"\d*")


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


@dataclass(frozen=True, slots=True)
class Zmk(Key):
    """A ZMK: without a tag 32 digits, or 16 where the rules have ZMKs of single length."""

    untagged: int = 32


@dataclass(frozen=True, slots=True)
class ZpkOrBdk(Key):
    """A ZPK, or after `*` (or as a key block of usage B0) a BDK with the KSN of one terminal.

    Three values: the key, the KSN's descriptor and the KSN, both empty for a ZPK.
    """

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        is_bdk = body[at : at + 1] == b"*"
        at = Key.read(self, body, at + is_bdk, values)
        if not is_bdk and not (values[-1][:1] == b"S" and values[-1][6:8] == b"B0"):
            values += (b"", b"")
            return at
        at = Hexadecimal("KSN descriptor", 3).read(body, at, values)
        return Hexadecimal("KSN", 20).read(body, at, values)

    def described(self) -> list[tuple[str, str]]:
        after = "after * or a BDK's key block"
        return [
            *Key.described(self),
            ("KSN descriptor", f"3 H, {after}"),
            ("KSN", f"20 H, {after}"),
        ]


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
