"""Commands about the Visa PVV: verified (DC, EC), made (DG, FW), changed with its PIN (CU)."""
from typing import Final

from hsm_emulator.account_fields import Account, TwoAccounts
from hsm_emulator.errors import Code
from hsm_emulator.fields import Digits, Hexadecimal
from hsm_emulator.key_fields import Key
from hsm_emulator.key_types import (
    PIN_SOURCE_TPK,
    PIN_SOURCE_ZPK,
    PVK_VISA_CHANGE,
    PVK_VISA_GENERATE,
    PVK_VISA_VERIFY,
)
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_block_rules import received_pin
from hsm_emulator.pin_blocks import deciphered_pin
from hsm_emulator.pin_fields import PIN_BLOCK_FORMAT, PinBlock, PinUnderLmk
from hsm_emulator.pin_keys import key_of_type
from hsm_emulator.pin_under_lmk import pin_deciphered
from hsm_emulator.visa_pvk import VisaPvk, judged_account


def verify_terminal_pvv(
    lmk: Lmk,
    tpk: bytes,
    pvk: bytes,
    block: bytes,
    number: bytes,
    account: bytes,
    key_index: bytes,
    expected: bytes,
) -> bytes:
    key = lmk.key(tpk, PIN_SOURCE_TPK, Code.SOURCE_PARITY)
    verifying = VisaPvk(lmk, pvk, PVK_VISA_VERIFY, Code.TARGET_PARITY)
    pin = received_pin(key, block, number, account, lmk.rules)
    return verifying.verdict(pin, account, key_index, expected)


def verify_zone_pvv(
    lmk: Lmk,
    zpk: bytes,
    pvk: bytes,
    block: bytes,
    number: bytes,
    account: bytes,
    verified_account: bytes,
    key_index: bytes,
    expected: bytes,
) -> bytes:
    key = lmk.key(zpk, PIN_SOURCE_ZPK, Code.SOURCE_PARITY)
    verifying = VisaPvk(lmk, pvk, PVK_VISA_VERIFY, Code.TARGET_PARITY)
    judged = judged_account(lmk, account, verified_account)
    pin = received_pin(key, block, number, account, lmk.rules)
    return verifying.verdict(pin, judged, key_index, expected)


def make_pvv(lmk: Lmk, pvk: bytes, pin_field: bytes, account: bytes, key_index: bytes) -> bytes:
    making = VisaPvk(lmk, pvk, PVK_VISA_GENERATE, Code.SOURCE_PARITY)
    pin = pin_deciphered(lmk.pin_key, pin_field, account)
    return Code.OK + making.pvv(pin, account, key_index)


def make_pvv_of_block(
    lmk: Lmk,
    key_type: bytes,
    key: bytes,
    pvk: bytes,
    block: bytes,
    number: bytes,
    account: bytes,
    key_index: bytes,
) -> bytes:
    under = key_of_type(lmk, key_type, key)
    making = VisaPvk(lmk, pvk, PVK_VISA_GENERATE, Code.TARGET_PARITY)
    pin = received_pin(under, block, number, account, lmk.rules)
    return Code.OK + making.pvv(pin, account, key_index)


def change_pvv(
    lmk: Lmk,
    key_type: bytes,
    key: bytes,
    pvk: bytes,
    block: bytes,
    number: bytes,
    account: bytes,
    key_index: bytes,
    expected: bytes,
    new_block: bytes,
) -> bytes:
    under = key_of_type(lmk, key_type, key)
    changing = VisaPvk(lmk, pvk, PVK_VISA_CHANGE, Code.TARGET_PARITY)
    pin = received_pin(under, block, number, account, lmk.rules)
    verdict = changing.verdict(pin, account, key_index, expected)
    if verdict != Code.OK:
        return verdict
    new_pin = deciphered_pin(under, new_block, number, account)
    return Code.OK + changing.pvv(new_pin, account, key_index)


PVK_PAIR: Final = Key("PVK pair", untagged=32)
KEY_INDEX: Final = Digits("PVKI", 1)
PVV: Final = Digits("PVV", 4)
_MADE: Final = (("PVV", "4 N"),)
_BLOCK_BY_KEY_TYPE: Final = (
    Hexadecimal("key type (001 ZPK, 002 TPK, FFF)", 3, Code.KEY_TYPE),
    Key("ZPK or TPK"),
    PVK_PAIR,
    PinBlock("PIN block", key_at=1),
    PIN_BLOCK_FORMAT,
    Account("account number", (4,)),
    KEY_INDEX,
)

COMMANDS: Final = (
    Command(
        "DC",
        "Verify a terminal PIN by its PVV",
        (
            Key("TPK"),
            PVK_PAIR,
            PinBlock("PIN block"),
            PIN_BLOCK_FORMAT,
            Account("account number", (3,)),
            KEY_INDEX,
            PVV,
        ),
        (),
        verify_terminal_pvv,
        judges_pin=True,
    ),
    Command(
        "EC",
        "Verify a PIN in interchange by its PVV",
        (
            Key("ZPK"),
            PVK_PAIR,
            PinBlock("PIN block"),
            PIN_BLOCK_FORMAT,
            TwoAccounts("account number", "account number of the PVV", (3,), after=5),
            KEY_INDEX,
            PVV,
        ),
        (),
        verify_zone_pvv,
        judges_pin=True,
    ),
    Command(
        "DG",
        "Generate a PVV",
        (
            PVK_PAIR,
            PinUnderLmk("PIN under the LMK", after=13),
            Account("account number"),
            KEY_INDEX,
        ),
        _MADE,
        make_pvv,
    ),
    Command(
        "FW",
        "Generate a PVV of a PIN block",
        _BLOCK_BY_KEY_TYPE,
        _MADE,
        make_pvv_of_block,
    ),
    Command(
        "CU",
        "Verify a PIN by its PVV and generate that of a new PIN",
        (*_BLOCK_BY_KEY_TYPE, PVV, PinBlock("new PIN block", key_at=1)),
        _MADE,
        change_pvv,
        judges_pin=True,
    ),
)
