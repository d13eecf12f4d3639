"""Fields whose shape depends on a key, a format or a mode elsewhere in the request."""
from dataclasses import dataclass
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Hexadecimal

_TAGGED_KEY: Final = {b"U": 33, b"X": 33, b"T": 49, b"Y": 49, b"Z": 17}


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


def is_aes(key: bytes) -> bool:
    """Say whether the cryptogram is a key block whose header names AES."""
    return key[:1] == b"S" and key[8:9] == b"A"


@dataclass(frozen=True, slots=True)
class ChainingValue:
    """A block in hexadecimal digits, there only with some modes; AES ones are longer."""

    name: str
    mode_at: int
    key_at: int
    modes: tuple[bytes, ...]

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if values[self.mode_at] not in self.modes:
            values.append(b"")
            return at
        return Hexadecimal(self.name, 32 if is_aes(values[self.key_at]) else 16).read(
            body, at, values
        )

    def described(self) -> list[tuple[str, str]]:
        modes = ", ".join(mode.decode() for mode in self.modes)
        return [(self.name, f"16 H (32 H with an AES key), with mode {modes}")]
