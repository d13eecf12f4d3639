"""Commands about the Visa PVV: verified (DC, EC, GQ), made (DG, FW), changed with its PIN (CU)."""
import hmac
from typing import Final

from hsm_emulator.account_fields import Account, OtherAccount, TwoAccounts
from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, Digits, Hexadecimal
from hsm_emulator.key_fields import Key
from hsm_emulator.key_types import (
    PIN_SOURCE_TPK,
    PIN_SOURCE_ZPK,
    PVK_VISA_CHANGE,
    PVK_VISA_GENERATE,
    PVK_VISA_VERIFY,
    KeyRole,
)
from hsm_emulator.ksn_fields import Ksn
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_block_rules import check_verification
from hsm_emulator.pin_blocks import account_12, deciphered_pin
from hsm_emulator.pin_fields import Bdk, MacAndMessage, MacOptions, PinBlock, PinUnderLmk
from hsm_emulator.pin_keys import key_of_type, source_key
from hsm_emulator.pin_under_lmk import pin_deciphered
from hsm_emulator.pin_verification import pvv
from hsm_emulator.secret_key import TDES, SecretKey
from hsm_emulator.terminal_mac_commands import terminal_mac

_PVK_BYTES: Final = 16


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
    verifying = _pvk(lmk, pvk, PVK_VISA_VERIFY, Code.TARGET_PARITY)
    pin = _received(lmk, key, block, number, account)
    return _verdict(verifying, pin, account, key_index, expected)


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
    verifying = _pvk(lmk, pvk, PVK_VISA_VERIFY, Code.TARGET_PARITY)
    judged = _account_judged(lmk, account, verified_account)
    pin = _received(lmk, key, block, number, account)
    return _verdict(verifying, pin, judged, key_index, expected)


def verify_dukpt_pvv(
    lmk: Lmk,
    _mode: bytes,
    mac_options: bytes,
    bdk: bytes,
    flag: bytes,
    pvk: bytes,
    ksn: bytes,
    block: bytes,
    number: bytes,
    account: bytes,
    verified_account: bytes,
    key_index: bytes,
    expected: bytes,
    mac: bytes,
    message: bytes,
) -> bytes:
    under = source_key(lmk, PIN_SOURCE_ZPK, bdk, flag, ksn, number)
    verifying = _pvk(lmk, pvk, PVK_VISA_VERIFY, Code.TARGET_PARITY)
    judged = _account_judged(lmk, account, verified_account)
    pin = _received(lmk, under, block, number, account)
    verdict = _verdict(verifying, pin, judged, key_index, expected)
    if not mac_options or verdict != Code.OK:
        return verdict
    return verdict + terminal_mac(
        lmk, mac_options[:1], mac_options[1:], bdk, flag, ksn, mac, message
    )


def make_pvv(lmk: Lmk, pvk: bytes, pin_field: bytes, account: bytes, key_index: bytes) -> bytes:
    making = _pvk(lmk, pvk, PVK_VISA_GENERATE, Code.SOURCE_PARITY)
    pin = pin_deciphered(lmk.pin_key, pin_field, account)
    return Code.OK + pvv(making, pin, account, key_index).encode("ascii")


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
    making = _pvk(lmk, pvk, PVK_VISA_GENERATE, Code.TARGET_PARITY)
    pin = _received(lmk, under, block, number, account)
    return Code.OK + pvv(making, pin, account_12(account), key_index).encode("ascii")


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
    changing = _pvk(lmk, pvk, PVK_VISA_CHANGE, Code.TARGET_PARITY)
    pin = _received(lmk, under, block, number, account)
    verdict = _verdict(changing, pin, account, key_index, expected)
    if verdict != Code.OK:
        return verdict
    new_pin = deciphered_pin(under, new_block, number, account)
    return Code.OK + pvv(changing, new_pin, account_12(account), key_index).encode("ascii")


def _pvk(lmk: Lmk, cryptogram: bytes, role: KeyRole, parity_code: bytes) -> SecretKey:
    key = lmk.key(cryptogram, role, parity_code)
    if key.algorithm != TDES or len(key.clear) != _PVK_BYTES:
        raise Refused(Code.KEY_LENGTH)
    return key


def _account_judged(lmk: Lmk, account: bytes, other: bytes) -> bytes:
    """Return the account that the PVV is of: the one that is named, where tokens are in use."""
    if other and not lmk.rules.tokens_in_verification:
        raise Refused(Code.NOT_PERMITTED)
    return other or account


def _received(lmk: Lmk, key: SecretKey, block: bytes, number: bytes, account: bytes) -> str:
    check_verification(number, lmk.rules)
    return deciphered_pin(key, block, number, account)


def _verdict(
    verifying: SecretKey, pin: str, account: bytes, key_index: bytes, expected: bytes
) -> bytes:
    made = pvv(verifying, pin, account_12(account), key_index).encode("ascii")
    return Code.OK if hmac.compare_digest(made, expected) else Code.NOT_VERIFIED


_PVK: Final = Key("PVK pair", untagged=32)
_MAC_ANSWER: Final = (
    ("verdict on the MAC", "2 N, with MAC options and a verified PIN"),
    ("MAC", "8 H, 16 H or 32 H, where the MAC mode makes one"),
)
_FORMAT: Final = Digits("PIN block format", 2, Code.PIN_BLOCK_FORMAT)
_KEY_INDEX: Final = Digits("PVKI", 1)
_PVV: Final = Digits("PVV", 4)
_MADE: Final = (("PVV", "4 N"),)
_BLOCK_BY_KEY_TYPE: Final = (
    Hexadecimal("key type (001 ZPK, 002 TPK, FFF)", 3, Code.KEY_TYPE),
    Key("ZPK or TPK"),
    _PVK,
    PinBlock("PIN block", key_at=1),
    _FORMAT,
    Account("account number", (4,)),
    _KEY_INDEX,
)

COMMANDS: Final = (
    Command(
        "DC",
        "Verify a terminal PIN by its PVV",
        (
            Key("TPK"),
            _PVK,
            PinBlock("PIN block"),
            _FORMAT,
            Account("account number", (3,)),
            _KEY_INDEX,
            _PVV,
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
            _PVK,
            PinBlock("PIN block"),
            _FORMAT,
            TwoAccounts("account number", "account number of the PVV", (3,), after=5),
            _KEY_INDEX,
            _PVV,
        ),
        (),
        verify_zone_pvv,
        judges_pin=True,
    ),
    Command(
        "GQ",
        "Verify a DUKPT PIN by its PVV",
        (
            Characters("mode (0; 1 with a MAC)", 1, b"01"),
            MacOptions("MAC mode and method"),
            Bdk("BDK"),
            _PVK,
            Ksn("KSN", key_at=2),
            PinBlock("PIN block", key_at=2, bdk=True),
            _FORMAT,
            Account("account number", (7,)),
            OtherAccount("account number of the PVV"),
            _KEY_INDEX,
            _PVV,
            MacAndMessage(options_at=1),
        ),
        _MAC_ANSWER,
        verify_dukpt_pvv,
        judges_pin=True,
    ),
    Command(
        "DG",
        "Generate a PVV",
        (_PVK, PinUnderLmk("PIN under the LMK", after=13), Account("account number"), _KEY_INDEX),
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
        (*_BLOCK_BY_KEY_TYPE, _PVV, PinBlock("new PIN block", key_at=1)),
        _MADE,
        change_pvv,
        judges_pin=True,
    ),
)
