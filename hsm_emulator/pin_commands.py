"""Commands that translate PIN blocks: from key to key and from format to format."""
import re
from typing import Final

from hsm_emulator.account_fields import Account, TwoAccounts
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Digits, Field
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.key_fields import Key, is_aes
from hsm_emulator.key_types import PIN_SOURCE_TPK, PIN_SOURCE_ZPK, PIN_TARGET_ZPK
from hsm_emulator.ksn_fields import Ksn
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_block_rules import check_pan_change, check_translation
from hsm_emulator.pin_blocks import ISO_0, ISO_4, deciphered_pin, enciphered_pin
from hsm_emulator.pin_fields import Bdk, PinBlock, PinKey, Usually
from hsm_emulator.pin_keys import source_key, target_key
from hsm_emulator.secret_key import SecretKey

_PIN_DIGITS_MAX: Final = b"12"


def translate_from_tpk(
    lmk: Lmk,
    source: bytes,
    source_flag: bytes,
    source_ksn: bytes,
    target: bytes,
    target_flag: bytes,
    target_ksn: bytes,
    longest: bytes,
    block: bytes,
    source_format: bytes,
    target_format: bytes,
    account: bytes,
) -> bytes:
    if source_flag:
        under = source_key(lmk, PIN_SOURCE_TPK, source, source_flag, source_ksn, source_format)
    else:
        under = lmk.key(source, PIN_SOURCE_TPK, Code.SOURCE_PARITY)
    if target_flag:
        towards = target_key(lmk, target, target_flag, target_ksn, target_format)
    else:
        towards = lmk.key(target, PIN_TARGET_ZPK, Code.TARGET_PARITY)
    return _translated(
        lmk, under, towards, longest, block, source_format, target_format, account, account
    )


def translate_from_zpk(
    lmk: Lmk,
    source: bytes,
    target: bytes,
    longest: bytes,
    block: bytes,
    source_format: bytes,
    target_format: bytes,
    account: bytes,
) -> bytes:
    under = lmk.key(source, PIN_SOURCE_ZPK, Code.SOURCE_PARITY)
    towards = lmk.key(target, PIN_TARGET_ZPK, Code.TARGET_PARITY)
    return _translated(
        lmk, under, towards, longest, block, source_format, target_format, account, account
    )


def translate_from_bdk(
    lmk: Lmk,
    bdk: bytes,
    flag: bytes,
    zpk: bytes,
    ksn: bytes,
    block: bytes,
    target_format: bytes,
    account: bytes,
) -> bytes:
    source_format = ISO_4 if is_aes(bdk) else ISO_0  # the command has no field for it
    under = source_key(lmk, PIN_SOURCE_ZPK, bdk, flag, ksn, source_format)
    towards = lmk.key(zpk, PIN_TARGET_ZPK, Code.TARGET_PARITY)
    return _translated(
        lmk, under, towards, _PIN_DIGITS_MAX, block, source_format, target_format, account, account
    )


def translate_from_terminal(
    lmk: Lmk,
    bdk: bytes,
    bdk_flag: bytes,
    target: bytes,
    target_flag: bytes,
    ksn: bytes,
    target_ksn: bytes,
    block: bytes,
    source_format: bytes,
    target_format: bytes,
    account: bytes,
    target_account: bytes,
) -> bytes:
    under = source_key(lmk, PIN_SOURCE_ZPK, bdk, bdk_flag, ksn, source_format)
    towards = target_key(lmk, target, target_flag, target_ksn, target_format)
    if target_account:
        check_pan_change(source_format, target_format, lmk.rules)
    return _translated(
        lmk,
        under,
        towards,
        _PIN_DIGITS_MAX,
        block,
        source_format,
        target_format,
        account,
        target_account or account,
    )


def _translated(
    lmk: Lmk,
    under: SecretKey,
    towards: SecretKey,
    longest: bytes,
    block: bytes,
    source_format: bytes,
    target_format: bytes,
    account: bytes,
    target_account: bytes,
) -> bytes:
    check_translation(source_format, target_format, lmk.rules)
    pin = deciphered_pin(under, block, source_format, account)
    if len(pin) > int(longest):
        raise Refused(Code.PIN_LENGTH)
    made = enciphered_pin(towards, pin, target_format, target_account)
    return b"00%02d%b%b" % (len(pin), in_hexadecimal(made), target_format)


# Double-length TDES keys, blocks of 8 bytes, twelve digits of the PAN.
_USUAL_KEY: Final = rb"(U.{32}|S00072(?!B0)..T.{64})"
_USUAL_REST: Final = rb"(\d\d)(.{16})(0[135]|47)(0[135]|47)(\d{12})"
_NO_BDK: Final = rb"()()"

_SOURCE_FORMAT: Final = Digits("source PIN block format", 2, Code.PIN_BLOCK_FORMAT)
_TARGET_FORMAT: Final = Digits("target PIN block format", 2, Code.PIN_BLOCK_FORMAT)
_LONGEST: Final = Digits("maximum PIN length", 2)
_TRANSLATED: Final = (
    ("PIN length", "2 N"),
    ("PIN block", "16 H (32 H under an AES key)"),
    ("PIN block format", "2 N"),
)


def _usually(pattern: bytes, block_at: int, *fields: Field) -> tuple[Field, ...]:
    return (Usually(b"", fields, usual=re.compile(pattern, re.DOTALL), block_at=block_at),)


COMMANDS: Final = (
    Command(
        "CA",
        "Translate a PIN from a TPK to a ZPK",
        _usually(
            _USUAL_KEY + _NO_BDK + _USUAL_KEY + _NO_BDK + _USUAL_REST,
            7,
            PinKey("source TPK or BDK"),
            Ksn("KSN of the source", key_at=0),
            PinKey("target ZPK or BDK"),
            Ksn("KSN of the target", key_at=3),
            _LONGEST,
            PinBlock("PIN block", bdk=True),
            _SOURCE_FORMAT,
            _TARGET_FORMAT,
            Account("account number", (8, 9), is_last=True),
        ),
        _TRANSLATED,
        translate_from_tpk,
    ),
    Command(
        "CC",
        "Translate a PIN from one ZPK to another",
        _usually(
            _USUAL_KEY + _USUAL_KEY + _USUAL_REST,
            3,
            Key("source ZPK"),
            Key("target ZPK"),
            _LONGEST,
            PinBlock("PIN block"),
            _SOURCE_FORMAT,
            _TARGET_FORMAT,
            Account("account number", (4, 5), is_last=True),
        ),
        _TRANSLATED,
        translate_from_zpk,
    ),
    Command(
        "CI",
        "Translate a PIN from a BDK to a ZPK",
        (
            Bdk("BDK"),
            Key("target ZPK"),
            Ksn("KSN", key_at=0),
            PinBlock("PIN block (format 01; 48 with an AES BDK)"),
            _TARGET_FORMAT,
            Account("account number", (5,), bdk_at=0, is_last=True),
        ),
        _TRANSLATED,
        translate_from_bdk,
    ),
    Command(
        "G0",
        "Translate a PIN from a BDK to a ZPK or another BDK",
        (
            Bdk("BDK"),
            PinKey("target ZPK or BDK"),
            Ksn("KSN", key_at=0),
            Ksn("KSN of the target", key_at=2),
            PinBlock("PIN block", bdk=True),
            _SOURCE_FORMAT,
            _TARGET_FORMAT,
            TwoAccounts("account number", "account number of the target", (7, 8)),
        ),
        _TRANSLATED,
        translate_from_terminal,
    ),
)
