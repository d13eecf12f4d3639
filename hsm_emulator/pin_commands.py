"""Commands that move PINs: from key to key (CA, CC) and under the LMK (JE)."""
from typing import Final

from hsm_emulator.dukpt_tdes import pin_key
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Digits, Field
from hsm_emulator.hexadecimal import from_hexadecimal, in_hexadecimal
from hsm_emulator.key_fields import Account, Key, PinBlock, ZpkOrBdk
from hsm_emulator.key_types import (
    PIN_SOURCE_TPK,
    PIN_SOURCE_ZPK,
    PIN_TARGET_BDK,
    PIN_TARGET_ZPK,
)
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_blocks import (
    account_12,
    check_translation,
    check_verification,
    deciphered_pin,
    enciphered_pin,
)
from hsm_emulator.pin_under_lmk import pin_enciphered
from hsm_emulator.secret_key import TDES, SecretKey


def translate_from_tpk(
    lmk: Lmk, source: bytes, target: bytes, _descriptor: bytes, ksn: bytes, *values: bytes
) -> bytes:
    if ksn:
        bdk = lmk.key(target, PIN_TARGET_BDK, Code.TARGET_PARITY)
        if bdk.algorithm != TDES or len(bdk.clear) != 16:
            raise Refused(Code.KEY_ALGORITHM)
        target_key = pin_key(bdk, from_hexadecimal(ksn))
    else:
        target_key = lmk.key(target, PIN_TARGET_ZPK, Code.TARGET_PARITY)
    return _translate(lmk.key(source, PIN_SOURCE_TPK, Code.SOURCE_PARITY), target_key, *values)


def translate_from_zpk(lmk: Lmk, source: bytes, target: bytes, *values: bytes) -> bytes:
    source_key = lmk.key(source, PIN_SOURCE_ZPK, Code.SOURCE_PARITY)
    return _translate(source_key, lmk.key(target, PIN_TARGET_ZPK, Code.TARGET_PARITY), *values)


def _translate(
    source_key: SecretKey,
    target_key: SecretKey,
    pin_length_max: bytes,
    block: bytes,
    source_format: bytes,
    target_format: bytes,
    account: bytes,
) -> bytes:
    check_translation(source_format, target_format)
    pin = deciphered_pin(source_key, block, source_format, account)
    if len(pin) > int(pin_length_max):
        raise Refused(Code.PIN_LENGTH)
    translated = enciphered_pin(target_key, pin, target_format, account)
    return b"00%02d%b%b" % (len(pin), in_hexadecimal(translated), target_format)


def pin_to_lmk(lmk: Lmk, zpk: bytes, block: bytes, number: bytes, account: bytes) -> bytes:
    key = lmk.key(zpk, PIN_SOURCE_ZPK, Code.SOURCE_PARITY)
    check_verification(number)
    pin = deciphered_pin(key, block, number, account)
    return Code.OK + pin_enciphered(lmk.pin_key, pin, account_12(account))


def _translation(block_at: int) -> tuple[Field, ...]:
    """Return the fields after the keys; the formats stand behind the block."""
    return (
        Digits("maximum PIN length", 2),
        PinBlock("PIN block"),
        Digits("source PIN block format", 2, Code.PIN_BLOCK_FORMAT),
        Digits("target PIN block format", 2, Code.PIN_BLOCK_FORMAT),
        Account("account number", (block_at + 1, block_at + 2)),
    )


_TRANSLATED: Final = (
    ("PIN length", "2 N"),
    ("PIN block", "16 H (32 H under an AES key)"),
    ("PIN block format", "2 N"),
)

COMMANDS: Final = (
    Command(
        "CA",
        "Translate a PIN from a TPK to a ZPK",
        (Key("source TPK"), ZpkOrBdk("target ZPK or BDK"), *_translation(5)),
        _TRANSLATED,
        translate_from_tpk,
    ),
    Command(
        "CC",
        "Translate a PIN from one ZPK to another",
        (Key("source ZPK"), Key("target ZPK"), *_translation(3)),
        _TRANSLATED,
        translate_from_zpk,
    ),
    Command(
        "JE",
        "Translate a PIN from a ZPK to the LMK",
        (
            Key("ZPK"),
            PinBlock("PIN block"),
            Digits("PIN block format", 2, Code.PIN_BLOCK_FORMAT),
            Account("account number", (2,)),
        ),
        (("PIN under the LMK", "5 to 13 N"),),
        pin_to_lmk,
    ),
)
