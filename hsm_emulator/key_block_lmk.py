"""The newer kind of LMK: keys in key blocks, whose headers say what they are for."""
from typing import Final

from hsm_emulator import key_block
from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.key_block import Attributes, BlockKeys
from hsm_emulator.key_types import DERIVED_USAGE, KEY_BLOCK, KeyRole
from hsm_emulator.key_validity import check_validity, is_bounded, now_utc
from hsm_emulator.lmk import KnownKeys, check_strength, clear_table
from hsm_emulator.pin_under_lmk import pin_key
from hsm_emulator.pin_verification import check_table
from hsm_emulator.rules import STRICT, Rules
from hsm_emulator.secret_key import AES_, HMAC, TDES, SecretKey, key_of

COMPONENT: Final = "cC"  # begins the key version of a component


class KeyBlockLmk:
    """A TDES LMK (key blocks of version 0) or an AES one (version 1)."""

    def __init__(
        self, identifier: str, lmk: SecretKey, check_value: bytes, rules: Rules = STRICT
    ) -> None:
        """Derive what the LMK is used through: it never enciphers a key itself."""
        self.identifier = identifier
        self.now = now_utc  # tests set another
        self.rules = rules
        self.check_value = check_value
        self.pin_key = pin_key(lmk.clear)
        self._keys = BlockKeys(lmk)
        self.block_version = self._keys.version.encode("ascii")
        self._protects = lmk.algorithm
        self._tables = SecretKey(bytes(byte ^ 0x54 for byte in lmk.clear), lmk.algorithm)
        self._known = KnownKeys()

    def key(self, cryptogram: bytes, role: KeyRole, parity_code: bytes) -> SecretKey:
        """Return the key, if its header allows the role."""
        known = self._known.found((role, cryptogram))
        if known is not None:
            return known
        key, attributes = self.opened(cryptogram, KEY_BLOCK, parity_code)
        assert attributes is not None
        if attributes.usage not in role.usages:
            raise Refused(Code.KEY_USAGE)
        if attributes.mode not in role.modes:
            raise Refused(Code.MODE_OF_USE)
        if key.algorithm == HMAC:
            raise Refused(Code.KEY_ALGORITHM)  # it is kept and carried; no command computes with it
        if attributes.key_version[0] in COMPONENT:
            raise Refused(Code.NOT_PERMITTED)
        if is_bounded(attributes.optional):
            return key  # not remembered: it may end
        return self._known.remember(role, cryptogram, key)

    def opened(
        self, cryptogram: bytes, key_type: bytes, parity_code: bytes
    ) -> tuple[SecretKey, Attributes | None]:
        """Return the key of a block with its attributes; `key_type` must leave it to the block."""
        if cryptogram[:1] != b"S":
            raise Refused(Code.LMK_SCHEME)
        if key_type != KEY_BLOCK:
            raise Refused(Code.KEY_TYPE)
        named = cryptogram[15:17].decode("latin-1")
        if named != self.identifier and not self.rules.any_lmk_id:
            raise Refused(Code.KEY_BLOCK_LMK_ID)
        clear, attributes = key_block.unwrapped(self._keys, cryptogram)
        self._check_algorithm(attributes.algorithm)
        check_validity(attributes.optional, self.now())
        key = key_of(clear, attributes.algorithm)
        derived = attributes.usage == DERIVED_USAGE
        check_strength(key, parity_code, self.rules.of_derived_keys() if derived else self.rules)
        return key, attributes

    def wrapped(
        self, key: SecretKey, key_type: bytes, scheme: bytes, attributes: Attributes | None
    ) -> bytes:
        """Return the key block of a key."""
        if attributes is None or key_type != KEY_BLOCK:
            raise Refused(Code.KEY_TYPE)
        if scheme != b"S":
            raise Refused(Code.KEY_SCHEME)
        self._check_algorithm(attributes.algorithm)
        return key_block.wrapped(self._keys, key.clear, attributes.under(self.identifier))

    def decimalisation_table(self, field: bytes) -> str:
        """Return a table: configured ones in clear, others under the LMK (a TDES one)."""
        in_clear = clear_table(field, self.rules)
        if in_clear is not None:
            return in_clear
        if self._protects != TDES:
            raise Refused(Code.DECIMALISATION_TABLE)
        table = self._tables.decrypt(from_hexadecimal(field)).hex()
        if not self.rules.any_decimalisation_table or not table.isdecimal():
            check_table(table)
        return table

    def _check_algorithm(self, algorithm: str) -> None:
        """Refuse a key stronger than the LMK that would protect it."""
        if self._protects == TDES and algorithm in (AES_, HMAC):
            raise Refused(Code.KEY_ALGORITHM)
