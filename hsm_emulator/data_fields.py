"""Parts of requests about data: a key of a named type, which may be a terminal's."""
from dataclasses import dataclass

from hsm_emulator.errors import Refused
from hsm_emulator.fields import Hexadecimal
from hsm_emulator.key_fields import Key, is_aes
from hsm_emulator.key_types import BDK_TYPES, BDK_USAGES, KEY_BLOCK
from hsm_emulator.ksn_fields import KSN_FORM, read_ksn


@dataclass(frozen=True, slots=True)
class TypedKey(Key):
    """A key behind its type; if that is a BDK's, or the key block's usage is, a terminal's KSN.

    Three values: type, key and KSN, which is empty for other keys. The type of a BDK in a key block
    is that which its usage stands for.
    """

    code: bytes = b"28"

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        at = Hexadecimal("key type", 3, self.code).read(body, at, values)
        key_type = values[-1]
        at = Key.read(self, body, at, values)
        key = values[-1]
        if key[:1] == b"S" and key[6:8] in BDK_USAGES and key_type == KEY_BLOCK:
            values[-2] = key_type = BDK_USAGES[key[6:8]]
        if key_type not in BDK_TYPES:
            values.append(b"")
            return at
        return read_ksn(body, at, values, of_aes=is_aes(key))

    def described(self) -> list[tuple[str, str]]:
        return [
            (f"type of {self.name}", "3 H"),
            *Key.described(self),
            (f"KSN of {self.name}", KSN_FORM),
        ]


@dataclass(frozen=True, slots=True)
class InitialVector:
    """A block in hexadecimal digits as long as the key's, there with every mode but ECB."""

    name: str
    mode_at: int
    key_at: int

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if values[self.mode_at] == b"00":
            values.append(b"")
            return at
        width = 32 if is_aes(values[self.key_at]) else 16
        return Hexadecimal(self.name, width).read(body, at, values)

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, "16 H (32 H with an AES key), with mode 01, 02 and 03")]


@dataclass(frozen=True, slots=True)
class DataMode:
    """A mode of operation, two digits."""

    name: str
    code: bytes

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        text = body[at : at + 2]
        if text not in (b"00", b"01", b"02", b"03"):
            raise Refused(self.code)
        values.append(text)
        return at + 2

    def described(self) -> list[tuple[str, str]]:
        return [(f"{self.name} (00 ECB, 01 CBC, 02 CFB of 8 bits, 03 CFB of a block)", "2 N")]
