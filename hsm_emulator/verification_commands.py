"""Commands that judge a PIN for its issuer: EC (PVV), and DG, which makes the PVV."""
import hmac
from typing import Final

from hsm_emulator.errors import Code
from hsm_emulator.key_types import PIN_SOURCE_ZPK, PVK_VISA_GENERATE, PVK_VISA_VERIFY
from hsm_emulator.layout import Account, Command, Digits, Key, PinBlock, PinUnderLmk
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_blocks import check_verification, deciphered_pin
from hsm_emulator.pin_under_lmk import pin_deciphered
from hsm_emulator.pin_verification import pvv


def verify_pvv(
    lmk: Lmk,
    zpk: bytes,
    pvk: bytes,
    block: bytes,
    number: bytes,
    account: bytes,
    key_index: bytes,
    expected: bytes,
) -> bytes:
    source = lmk.key(zpk, PIN_SOURCE_ZPK, Code.SOURCE_PARITY)
    verifying = lmk.key(pvk, PVK_VISA_VERIFY, Code.TARGET_PARITY)
    check_verification(number)
    pin = deciphered_pin(source, block, number, account)
    made = pvv(verifying, pin, account, key_index).encode("ascii")
    return Code.OK if hmac.compare_digest(made, expected) else Code.NOT_VERIFIED


def make_pvv(lmk: Lmk, pvk: bytes, pin_field: bytes, account: bytes, key_index: bytes) -> bytes:
    verifying = lmk.key(pvk, PVK_VISA_GENERATE, Code.SOURCE_PARITY)
    pin = pin_deciphered(lmk.pin_key, pin_field, account)
    return Code.OK + pvv(verifying, pin, account, key_index).encode("ascii")


COMMANDS: Final = (
    Command(
        "EC",
        "Verify a PIN in interchange by its PVV",
        (
            Key("ZPK"),
            Key("PVK pair", untagged=32),
            PinBlock("PIN block"),
            Digits("PIN block format", 2, Code.PIN_BLOCK_FORMAT),
            Account("account number", (3,)),
            Digits("PVKI", 1),
            Digits("PVV", 4),
        ),
        (),
        verify_pvv,
    ),
    Command(
        "DG",
        "Generate a PVV",
        (
            Key("PVK pair", untagged=32),
            PinUnderLmk("PIN under the LMK", after=13),
            Account("account number"),
            Digits("PVKI", 1),
        ),
        (("PVV", "4 N"),),
        make_pvv,
    ),
)
