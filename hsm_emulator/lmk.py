"""Local master keys: they turn the cryptogram of a request into a key, and a key into one.

What is common to both kinds stands here. Keys are remembered by their cryptogram, up to a bound:
deciphering one costs more than using it.
"""
from collections.abc import Callable
from typing import Final, Protocol

from hsm_emulator.errors import Code, Refused
from hsm_emulator.key_block import Attributes
from hsm_emulator.key_types import KeyRole
from hsm_emulator.pin_verification import check_table
from hsm_emulator.rules import STRICT, Rules
from hsm_emulator.secret_key import (
    TDES,
    SecretKey,
    halves_repeat,
    has_odd_parity,
    is_weak,
)

KEYS_REMEMBERED: Final = 4096


class Lmk(Protocol):
    """One LMK of the device, of either kind. Every method refuses what this LMK did not make."""

    check_value: bytes
    block_version: bytes  # of its key blocks; empty: it has none
    pin_key: SecretKey
    rules: Rules

    def key(self, cryptogram: bytes, role: KeyRole, parity_code: bytes) -> SecretKey:
        """Return the key, if it may play this role."""

    def opened(
        self, cryptogram: bytes, key_type: bytes, parity_code: bytes
    ) -> tuple[SecretKey, Attributes | None]:
        """Return a key of `key_type` whatever it is for, with the attributes of its block."""

    def wrapped(
        self, key: SecretKey, key_type: bytes, scheme: bytes, attributes: Attributes | None
    ) -> bytes:
        """Return the cryptogram of a key."""

    def decimalisation_table(self, field: bytes) -> str:
        """Return the sixteen digits of a table, in clear or under the LMK."""


class KnownKeys:
    """Keys by role and cryptogram; the oldest leaves when there are too many."""

    def __init__(self, keys_max: int = KEYS_REMEMBERED) -> None:
        """Start empty."""
        self._keys: dict[tuple[KeyRole, bytes], SecretKey] = {}
        self._keys_max = keys_max
        self.found: Callable[[tuple[KeyRole, bytes]], SecretKey | None] = self._keys.get

    def remember(self, role: KeyRole, cryptogram: bytes, key: SecretKey) -> SecretKey:
        """Keep the key and return it."""
        if len(self._keys) >= self._keys_max:
            del self._keys[next(iter(self._keys))]
        self._keys[role, cryptogram] = key
        return key


def check_strength(key: SecretKey, parity_code: bytes, rules: Rules = STRICT) -> None:
    """Refuse TDES keys that are short, of even parity, repeated or weak, as the rules say."""
    if key.algorithm != TDES:
        return
    if len(key.clear) not in ((8, 16, 24) if rules.single_length_keys else (16, 24)):
        raise Refused(Code.KEY_LENGTH)
    if not rules.any_parity and not has_odd_parity(key.clear):
        raise Refused(parity_code)
    if not rules.weak_keys and (halves_repeat(key.clear) or is_weak(key.clear)):
        raise Refused(Code.REPLICATED_KEY)


def clear_table(field: bytes, rules: Rules) -> str | None:
    """Return a decimalisation table that may stand in clear; None: it does not, or may not."""
    if not field.isdigit():
        return None
    table = field.decode("ascii")
    if table in rules.decimalisation_tables:
        return table
    if not rules.clear_decimalisation_tables:
        return None
    if not rules.any_decimalisation_table:
        check_table(table)
    return table
