"""Local master keys: they turn the cryptogram of a request into a key, and a key into one.

Keys are remembered by their cryptogram, up to a bound: deciphering one costs more than using it.
"""
from collections.abc import Sequence
from typing import Final, Protocol

from hsm_emulator import variant_scheme
from hsm_emulator.errors import Code, Refused
from hsm_emulator.key_types import KeyRole, pair_and_variant
from hsm_emulator.layout import from_hexadecimal
from hsm_emulator.pin_under_lmk import pin_key
from hsm_emulator.secret_key import (
    TDES,
    SecretKey,
    halves_repeat,
    has_odd_parity,
    is_weak,
)

KEYS_REMEMBERED: Final = 4096


class Lmk(Protocol):
    """One LMK of the device, of either kind."""

    check_value: bytes
    pin_key: SecretKey

    def key(self, cryptogram: bytes, role: KeyRole, parity_code: bytes) -> SecretKey:
        """Return the key, if it may play this role; refuse otherwise."""

    def typed_key(self, cryptogram: bytes, key_type: bytes, parity_code: bytes) -> SecretKey:
        """Return the key of a type; FFF means whatever its key block says."""

    def wrapped(self, clear: bytes, key_type: bytes, scheme: bytes) -> bytes:
        """Return the cryptogram of a clear key."""


class VariantLmk:
    """Forty single keys in twenty pairs; each key type has a pair and a variant of its own."""

    def __init__(self, pairs: Sequence[bytes], check_value: bytes) -> None:
        """Take the pairs 00-01 to 38-39 and what NC answers for them."""
        self._pairs = pairs
        self.check_value = check_value
        self.pin_key = pin_key(pairs[1])
        self._known: dict[tuple[KeyRole, bytes], SecretKey] = {}

    def key(self, cryptogram: bytes, role: KeyRole, parity_code: bytes) -> SecretKey:
        """Return the key, if it was enciphered as the role's key type."""
        known = self._known.get((role, cryptogram))
        if known is None:
            known = self.typed_key(cryptogram, role.key_type, parity_code)
            if len(self._known) >= KEYS_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[role, cryptogram] = known
        return known

    def typed_key(self, cryptogram: bytes, key_type: bytes, parity_code: bytes) -> SecretKey:
        """Return the key enciphered as `key_type`."""
        tag = cryptogram[:1]
        if tag in (b"S", b"R"):
            raise Refused(Code.LMK_SCHEME)
        scheme = tag if tag in variant_scheme.KEY_BYTES else b""
        enciphered = from_hexadecimal(cryptogram[len(scheme) :])
        clear = variant_scheme.deciphered(enciphered, self._base(key_type), scheme)
        check_strength(clear, parity_code)
        return SecretKey(clear, TDES)

    def wrapped(self, clear: bytes, key_type: bytes, scheme: bytes) -> bytes:
        """Return the key enciphered as `key_type`, with the tag of its scheme."""
        if scheme not in variant_scheme.KEY_BYTES:
            raise Refused(Code.KEY_SCHEME)
        enciphered = variant_scheme.enciphered(clear, self._base(key_type), scheme)
        return scheme + enciphered.hex().upper().encode("ascii")

    def _base(self, key_type: bytes) -> bytes:
        pair, variant = pair_and_variant(key_type)
        base = self._pairs[pair]
        return bytes([base[0] ^ variant]) + base[1:]


def check_strength(clear: bytes, parity_code: bytes) -> None:
    """Refuse TDES keys that are short, of even parity, repeated or weak."""
    if len(clear) < 16:
        raise Refused(Code.KEY_LENGTH)
    if not has_odd_parity(clear):
        raise Refused(parity_code)
    if halves_repeat(clear) or is_weak(clear):
        raise Refused(Code.REPLICATED_KEY)
