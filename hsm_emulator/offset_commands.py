"""Commands about the IBM 3624 offset: verified (DA EA), made (DE BK), changed (DU), used (EE).

The check length is how many digits a PIN has at least. An offset has as many digits as the PIN
that it was made for; a longer PIN is judged by its leftmost digits, as many as the offset has.
"""
from typing import Final

from hsm_emulator.account_fields import Account
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, Digits, Hexadecimal
from hsm_emulator.key_fields import Key
from hsm_emulator.key_types import (
    PIN_SOURCE_TPK,
    PIN_SOURCE_ZPK,
    PVK_IBM_CHANGE,
    PVK_IBM_GENERATE,
    PVK_IBM_VERIFY,
)
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.offset_pvk import OffsetPvk, check_digits, offset_digits
from hsm_emulator.pin_block_rules import received_pin
from hsm_emulator.pin_blocks import deciphered_pin
from hsm_emulator.pin_fields import PIN_BLOCK_FORMAT, PinBlock, PinUnderLmk
from hsm_emulator.pin_keys import key_of_type
from hsm_emulator.pin_under_lmk import pin_deciphered, pin_enciphered
from hsm_emulator.pin_verification import pin_at_offset
from hsm_emulator.secret_key import SecretKey


def verify_terminal_offset(lmk: Lmk, tpk: bytes, *values: bytes) -> bytes:
    return _verified(lmk, lmk.key(tpk, PIN_SOURCE_TPK, Code.SOURCE_PARITY), *values)


def verify_zone_offset(lmk: Lmk, zpk: bytes, *values: bytes) -> bytes:
    return _verified(lmk, lmk.key(zpk, PIN_SOURCE_ZPK, Code.SOURCE_PARITY), *values)


def _verified(
    lmk: Lmk,
    under: SecretKey,
    pvk: bytes,
    longest: bytes,
    block: bytes,
    number: bytes,
    check_length: bytes,
    account: bytes,
    table: bytes,
    validation: bytes,
    offset: bytes,
) -> bytes:
    verifying = OffsetPvk(lmk, pvk, PVK_IBM_VERIFY, Code.TARGET_PARITY)
    verifying.validates(lmk, table, validation, account)
    digits = offset_digits(offset, check_digits(check_length))
    pin = received_pin(under, block, number, account, lmk.rules)
    if len(pin) > int(longest):
        raise Refused(Code.PIN_LENGTH)
    return verifying.verdict(pin, digits)


def make_offset(
    lmk: Lmk,
    pvk: bytes,
    pin_field: bytes,
    check_length: bytes,
    account: bytes,
    table: bytes,
    validation: bytes,
) -> bytes:
    making = OffsetPvk(lmk, pvk, PVK_IBM_GENERATE, Code.SOURCE_PARITY)
    making.validates(lmk, table, validation, account)
    pin = pin_deciphered(lmk.pin_key, pin_field, account)
    return making.offset(pin, check_digits(check_length))


def make_offset_of_block(
    lmk: Lmk,
    key_type: bytes,
    key: bytes,
    pvk: bytes,
    block: bytes,
    number: bytes,
    check_length: bytes,
    account: bytes,
    table: bytes,
    validation: bytes,
) -> bytes:
    under = key_of_type(lmk, key_type, key)
    making = OffsetPvk(lmk, pvk, PVK_IBM_GENERATE, Code.TARGET_PARITY)
    making.validates(lmk, table, validation, account)
    pin = received_pin(under, block, number, account, lmk.rules)
    return making.offset(pin, check_digits(check_length))


def change_offset(
    lmk: Lmk,
    key_type: bytes,
    key: bytes,
    pvk: bytes,
    block: bytes,
    number: bytes,
    check_length: bytes,
    account: bytes,
    table: bytes,
    validation: bytes,
    offset: bytes,
    new_block: bytes,
) -> bytes:
    under = key_of_type(lmk, key_type, key)
    changing = OffsetPvk(lmk, pvk, PVK_IBM_CHANGE, Code.TARGET_PARITY)
    changing.validates(lmk, table, validation, account)
    shortest = check_digits(check_length)
    digits = offset_digits(offset, shortest)
    pin = received_pin(under, block, number, account, lmk.rules)
    verdict = changing.verdict(pin, digits)
    if verdict == Code.NOT_VERIFIED:
        return verdict
    return changing.offset(deciphered_pin(under, new_block, number, account), shortest)


def derive_pin(
    lmk: Lmk,
    pvk: bytes,
    offset: bytes,
    check_length: bytes,
    account: bytes,
    table: bytes,
    validation: bytes,
) -> bytes:
    deriving = OffsetPvk(lmk, pvk, PVK_IBM_GENERATE, Code.SOURCE_PARITY)
    deriving.validates(lmk, table, validation, account)
    digits = offset_digits(offset, check_digits(check_length))
    pin = pin_at_offset(deriving.natural(len(digits)), digits)
    return deriving.success + pin_enciphered(lmk.pin_key, pin, account)


IBM_PVK: Final = Key("PVK")
CHECK_LENGTH: Final = Digits("check length", 2)
TABLE: Final = Hexadecimal("decimalisation table", 16, Code.DECIMALISATION_TABLE)
VALIDATION: Final = Characters("PIN validation data (N for the last 5 account digits)", 12)
OFFSET: Final = Characters("offset (F to the right)", 12)
_MADE: Final = (("offset", "12 A, F to the right"),)
_AFTER_PIN_KEY: Final = (
    IBM_PVK,
    Digits("maximum PIN length", 2),
    PinBlock("PIN block"),
    PIN_BLOCK_FORMAT,
    CHECK_LENGTH,
    Account("account number", (4,)),
    TABLE,
    VALIDATION,
    OFFSET,
)
_BLOCK_BY_KEY_TYPE: Final = (
    Hexadecimal("key type (001 ZPK, 002 TPK, FFF)", 3, Code.KEY_TYPE),
    Key("ZPK or TPK"),
    IBM_PVK,
    PinBlock("PIN block", key_at=1),
    PIN_BLOCK_FORMAT,
    CHECK_LENGTH,
    Account("account number", (4,)),
    TABLE,
    VALIDATION,
)

COMMANDS: Final = (
    Command(
        "DA",
        "Verify a terminal PIN by its IBM 3624 offset",
        (Key("TPK"), *_AFTER_PIN_KEY),
        (),
        verify_terminal_offset,
        judges_pin=True,
    ),
    Command(
        "EA",
        "Verify a PIN in interchange by its IBM 3624 offset",
        (Key("ZPK"), *_AFTER_PIN_KEY),
        (),
        verify_zone_offset,
        judges_pin=True,
    ),
    Command(
        "DE",
        "Generate an IBM 3624 offset",
        (
            IBM_PVK,
            PinUnderLmk("PIN under the LMK", after=42),
            CHECK_LENGTH,
            Account("account number"),
            TABLE,
            VALIDATION,
        ),
        _MADE,
        make_offset,
    ),
    Command(
        "BK",
        "Generate an IBM 3624 offset of a PIN block",
        _BLOCK_BY_KEY_TYPE,
        _MADE,
        make_offset_of_block,
    ),
    Command(
        "DU",
        "Verify a PIN by its IBM 3624 offset and generate that of a new PIN",
        (*_BLOCK_BY_KEY_TYPE, OFFSET, PinBlock("new PIN block", key_at=1)),
        _MADE,
        change_offset,
        judges_pin=True,
    ),
    Command(
        "EE",
        "Derive a PIN from its IBM 3624 offset",
        (
            IBM_PVK,
            OFFSET,
            CHECK_LENGTH,
            Account("account number"),
            TABLE,
            VALIDATION,
        ),
        (("PIN under the LMK", "5 to 13 N"),),
        derive_pin,
    ),
)
