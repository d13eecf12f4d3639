"""The older kind of LMK: forty single keys in twenty pairs; a key type has a pair and a variant."""
from collections.abc import Sequence

from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal, in_hexadecimal
from hsm_emulator.key_block import Attributes
from hsm_emulator.key_types import DERIVED_TYPE, KeyRole, pair_and_variant
from hsm_emulator.lmk import KnownKeys, check_strength, clear_table
from hsm_emulator.pin_under_lmk import pin_key
from hsm_emulator.rules import STRICT, Rules
from hsm_emulator.secret_key import TDES, SecretKey
from hsm_emulator.variant_scheme import KEY_BYTES, Wrapping


class VariantLmk:
    """Keys enciphered as one type decipher to noise as another; nothing else protects them."""

    def __init__(self, pairs: Sequence[bytes], check_value: bytes, rules: Rules = STRICT) -> None:
        """Take the pairs 00-01 to 38-39 and what NC answers for them."""
        self._pairs = pairs
        self.rules = rules
        self.check_value = check_value
        self.block_version = b""
        self.pin_key = pin_key(pairs[1])
        self._known = KnownKeys()
        self._wrappings: dict[tuple[bytes, bytes], Wrapping] = {}

    def key(self, cryptogram: bytes, role: KeyRole, parity_code: bytes) -> SecretKey:
        """Return the key, if it was enciphered as the role's key type."""
        known = self._known.found((role, cryptogram))
        if known is not None:
            return known
        key, _ = self.opened(cryptogram, role.type_under(self.rules), parity_code)
        return self._known.remember(role, cryptogram, key)

    def opened(
        self, cryptogram: bytes, key_type: bytes, parity_code: bytes
    ) -> tuple[SecretKey, Attributes | None]:
        """Return the key enciphered as `key_type`; there are no attributes."""
        tag = cryptogram[:1]
        if tag in (b"S", b"R"):
            raise Refused(Code.LMK_SCHEME)
        scheme = tag if tag in KEY_BYTES else b""
        enciphered = from_hexadecimal(cryptogram[len(scheme) :])
        if len(enciphered) not in (8, 16, 24):
            raise Refused(Code.INPUT)
        key = SecretKey(self._wrapping(key_type, scheme).deciphered(enciphered), TDES)
        derived = key_type == DERIVED_TYPE
        check_strength(key, parity_code, self.rules.of_derived_keys() if derived else self.rules)
        return key, None

    def wrapped(
        self, key: SecretKey, key_type: bytes, scheme: bytes, attributes: Attributes | None
    ) -> bytes:
        """Return the key enciphered as `key_type`: schemes U and T with their tag, Z and 0 bare."""
        if attributes is not None or key.algorithm != TDES:
            raise Refused(Code.LMK_SCHEME)
        if scheme not in (b"U", b"T", b"Z", b"0"):
            raise Refused(Code.KEY_SCHEME)
        scheme = b"Z" if scheme == b"0" else scheme
        enciphered = self._wrapping(key_type, scheme).enciphered(key.clear)
        return (b"" if scheme == b"Z" else scheme) + in_hexadecimal(enciphered)

    def decimalisation_table(self, field: bytes) -> str:
        """Return a table in clear; how a variant LMK enciphers them is not public."""
        table = clear_table(field, self.rules)
        if table is None:
            raise Refused(Code.DECIMALISATION_TABLE)
        return table

    def _wrapping(self, key_type: bytes, scheme: bytes) -> Wrapping:
        """Return what keys of this type and scheme are under; there are few, so each is kept."""
        known = self._wrappings.get((key_type, scheme))
        if known is None:
            pair, variant = pair_and_variant(key_type)
            base = self._pairs[pair]
            known = Wrapping(bytes([base[0] ^ variant]) + base[1:], scheme)
            self._wrappings[key_type, scheme] = known
        return known
