"""A PVK pair of the Visa method at work."""
import hmac
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.key_types import KeyRole
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_blocks import account_12
from hsm_emulator.pin_verification import pvv
from hsm_emulator.secret_key import TDES

_PAIR_BYTES: Final = 16


class VisaPvk:
    """A PVK pair: makes PVVs and judges PINs by them."""

    def __init__(self, lmk: Lmk, cryptogram: bytes, role: KeyRole, parity_code: bytes) -> None:
        """Open the key; it must be a pair."""
        self._key = lmk.key(cryptogram, role, parity_code)
        if self._key.algorithm != TDES or len(self._key.clear) != _PAIR_BYTES:
            raise Refused(Code.KEY_LENGTH)

    def pvv(self, pin: str, account: bytes, key_index: bytes) -> bytes:
        """Return the four digits for a PIN of this account."""
        return pvv(self._key, pin, account_12(account), key_index).encode("ascii")

    def verdict(self, pin: str, account: bytes, key_index: bytes, expected: bytes) -> bytes:
        """Say whether the PIN has the PVV expected."""
        matches = hmac.compare_digest(self.pvv(pin, account, key_index), expected)
        return Code.OK if matches else Code.NOT_VERIFIED


def judged_account(lmk: Lmk, of_block: bytes, other: bytes) -> bytes:
    """Return the account that the PVV is of: the other one, where tokens are in use."""
    if other and not lmk.rules.tokens_in_verification:
        raise Refused(Code.NOT_PERMITTED)
    return other or of_block
