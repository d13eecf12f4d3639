"""A PVK of the IBM 3624 method at work, and the fields that go with it."""
import hmac
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.key_types import KeyRole
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_blocks import account_12
from hsm_emulator.pin_verification import natural_pin, offset_of, pin_at_offset
from hsm_emulator.secret_key import TDES

PIN_LENGTHS: Final = range(4, 13)
_OFFSET_CHARACTERS: Final = 12
_SINGLE_BYTES: Final = 8
_VALIDATION_BYTES: Final = 8


class OffsetPvk:
    """A PVK at work: with its table and validation data it gives natural PINs."""

    def __init__(self, lmk: Lmk, cryptogram: bytes, role: KeyRole, parity_code: bytes) -> None:
        """Open the key; one that is no single-length key is warned of, if the rules say so."""
        self._key = lmk.key(cryptogram, role, parity_code)
        if self._key.algorithm != TDES:
            raise Refused(Code.KEY_ALGORITHM)
        warned = lmk.rules.pvk_length_warning and len(self._key.clear) != _SINGLE_BYTES
        self.success = Code.KEY_UNUSUAL if warned else Code.OK
        self._table = ""
        self._validation = ""

    def validates(self, lmk: Lmk, table: bytes, validation: bytes, account: bytes) -> None:
        """Take the decimalisation table and the validation data of one request."""
        self._table = lmk.decimalisation_table(table)
        self._validation = _validation_data(validation, account_12(account))

    def natural(self, length: int) -> str:
        """Return the natural PIN."""
        return natural_pin(self._key, self._table, self._validation, length)

    def verdict(self, pin: str, digits: str) -> bytes:
        """Say whether the leftmost digits of `pin`, as many as the offset has, are right."""
        made = pin_at_offset(self.natural(len(digits)), digits)
        matches = hmac.compare_digest(made.encode("ascii"), pin[: len(digits)].encode("ascii"))
        return self.success if matches else Code.NOT_VERIFIED

    def offset(self, pin: str, shortest: int) -> bytes:
        """Return the answer with the offset of `pin`, filled with F."""
        if len(pin) < shortest:
            raise Refused(Code.PIN_LENGTH)
        made = offset_of(self.natural(len(pin)), pin)
        return self.success + made.ljust(_OFFSET_CHARACTERS, "F").encode("ascii")


def check_digits(field: bytes) -> int:
    """Return the check length, which is that of a PIN."""
    length = int(field)
    if length not in PIN_LENGTHS:
        raise Refused(Code.INPUT)
    return length


def offset_digits(field: bytes, shortest: int) -> str:
    """Return the digits before the filling F: at least as many as the check length."""
    digits = field.rstrip(b"Ff").decode("latin-1")
    if not digits.isdecimal() or len(digits) < shortest:
        raise Refused(Code.INPUT)
    return digits


def _validation_data(field: bytes, account: bytes) -> str:
    """Put the last five account digits where N stands: sixteen hexadecimal digits."""
    text = field.decode("latin-1").replace("N", account[-5:].decode("ascii"), 1)
    if len(from_hexadecimal(text.encode("latin-1"))) != _VALIDATION_BYTES:
        raise Refused(Code.INPUT)
    return text
