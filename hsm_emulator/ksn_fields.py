"""The key serial number of a DUKPT terminal in a request, behind its descriptor.

The descriptor's three digits count those of the KSN's parts: BDK, sub-key, device; five of the
counter follow. All 20 digits are sent (24 with an AES BDK). A KSN that has fewer comes filled with
F to the left, as published clients send it, or without the filling.
"""
from dataclasses import dataclass
from typing import Final

from hsm_emulator.fields import Hexadecimal
from hsm_emulator.key_fields import is_aes

KSN_FORM: Final = "3 H of descriptor and 20 H (24 H for AES), with a BDK"
_DIGITS: Final = 20
_AES_DIGITS: Final = 24
_SHORTEST: Final = 12
_COUNTER_DIGITS: Final = 5
_DESCRIPTOR: Final = Hexadecimal("KSN descriptor", 3)


@dataclass(frozen=True, slots=True)
class Ksn:
    """Descriptor and KSN, there only when the key at `key_at` is a BDK. One value, the KSN."""

    name: str
    key_at: int  # among the values; the flag stands behind it

    def read(self, body: bytes, at: int, values: list[bytes]) -> int:
        if not values[self.key_at + 1]:
            values.append(b"")
            return at
        return read_ksn(body, at, values, of_aes=is_aes(values[self.key_at]))

    def described(self) -> list[tuple[str, str]]:
        return [(self.name, KSN_FORM)]


def read_ksn(body: bytes, at: int, values: list[bytes], *, of_aes: bool) -> int:
    """Append the KSN, whole, and return where the next field begins; 15 for what is none."""
    at = _DESCRIPTOR.read(body, at, values)
    descriptor = values.pop()
    if of_aes:
        return Hexadecimal("KSN", _AES_DIGITS).read(body, at, values)
    own = sum(int(descriptor[place : place + 1], 16) for place in range(3)) + _COUNTER_DIGITS
    filling = b"F" * (_DIGITS - own)
    if own < _SHORTEST or body[at : at + len(filling)].upper() == filling:
        return Hexadecimal("KSN", _DIGITS).read(body, at, values)
    at = Hexadecimal("KSN", own).read(body, at, values)
    values[-1] = filling + values[-1]
    return at
