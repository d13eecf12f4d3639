"""Commands that verify the PIN of a DUKPT terminal: GO by its IBM 3624 offset, GQ by its PVV.

Behind a PIN that is right, the MAC that came beside it is judged, or the one to go back is made.
"""
from typing import Final

from hsm_emulator.account_fields import Account, OtherAccount
from hsm_emulator.errors import Code
from hsm_emulator.fields import Characters
from hsm_emulator.key_types import PIN_SOURCE_ZPK, PVK_IBM_VERIFY, PVK_VISA_VERIFY
from hsm_emulator.ksn_fields import Ksn
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.offset_commands import CHECK_LENGTH, IBM_PVK, OFFSET, TABLE, VALIDATION
from hsm_emulator.offset_pvk import OffsetPvk, check_digits, offset_digits
from hsm_emulator.pin_block_rules import received_pin
from hsm_emulator.pin_fields import PIN_BLOCK_FORMAT, Bdk, PinBlock
from hsm_emulator.pin_keys import source_key
from hsm_emulator.pin_mac_fields import MacAndMessage, MacOptions
from hsm_emulator.pvv_commands import KEY_INDEX, PVK_PAIR, PVV
from hsm_emulator.terminal_mac_commands import terminal_mac
from hsm_emulator.visa_pvk import VisaPvk, judged_account


def verify_by_offset(
    lmk: Lmk,
    _mode: bytes,
    mac_options: bytes,
    bdk: bytes,
    flag: bytes,
    pvk: bytes,
    ksn: bytes,
    block: bytes,
    number: bytes,
    check_length: bytes,
    account: bytes,
    table: bytes,
    validation: bytes,
    offset: bytes,
    mac: bytes,
    message: bytes,
) -> bytes:
    under = source_key(lmk, PIN_SOURCE_ZPK, bdk, flag, ksn, number)
    verifying = OffsetPvk(lmk, pvk, PVK_IBM_VERIFY, Code.TARGET_PARITY)
    verifying.validates(lmk, table, validation, account)
    digits = offset_digits(offset, check_digits(check_length))
    verdict = verifying.verdict(received_pin(under, block, number, account, lmk.rules), digits)
    return verdict + _judged_mac(lmk, verdict, mac_options, bdk, flag, ksn, mac, message)


def verify_by_pvv(
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
    verifying = VisaPvk(lmk, pvk, PVK_VISA_VERIFY, Code.TARGET_PARITY)
    judged = judged_account(lmk, account, verified_account)
    pin = received_pin(under, block, number, account, lmk.rules)
    verdict = verifying.verdict(pin, judged, key_index, expected)
    return verdict + _judged_mac(lmk, verdict, mac_options, bdk, flag, ksn, mac, message)


def _judged_mac(
    lmk: Lmk,
    verdict: bytes,
    mac_options: bytes,
    bdk: bytes,
    flag: bytes,
    ksn: bytes,
    mac: bytes,
    message: bytes,
) -> bytes:
    """Return what GW would say of the MAC; nothing without options or behind a wrong PIN."""
    if not mac_options or verdict == Code.NOT_VERIFIED:
        return b""
    mode, method = mac_options[:1], mac_options[1:]
    return terminal_mac(lmk, mode, method, bdk, flag, ksn, mac, message)


_MAC_ANSWER: Final = (
    ("verdict on the MAC", "2 N, with MAC options and a verified PIN"),
    ("MAC", "8 H, 16 H or 32 H, where the MAC mode makes one"),
)
_MODE: Final = Characters("mode (0; 1 with a MAC)", 1, b"01")
_OPTIONS: Final = MacOptions("MAC mode and method")
_BDK: Final = Bdk("BDK")
_KSN: Final = Ksn("KSN", key_at=2)
_BLOCK: Final = PinBlock("PIN block", key_at=2, bdk=True)
_ACCOUNT: Final = Account("account number", (7,))
_MAC_AND_MESSAGE: Final = MacAndMessage(options_at=1)

COMMANDS: Final = (
    Command(
        "GO",
        "Verify a DUKPT PIN by its IBM 3624 offset",
        (
            _MODE,
            _OPTIONS,
            _BDK,
            IBM_PVK,
            _KSN,
            _BLOCK,
            PIN_BLOCK_FORMAT,
            CHECK_LENGTH,
            _ACCOUNT,
            TABLE,
            VALIDATION,
            OFFSET,
            _MAC_AND_MESSAGE,
        ),
        _MAC_ANSWER,
        verify_by_offset,
        judges_pin=True,
    ),
    Command(
        "GQ",
        "Verify a DUKPT PIN by its PVV",
        (
            _MODE,
            _OPTIONS,
            _BDK,
            PVK_PAIR,
            _KSN,
            _BLOCK,
            PIN_BLOCK_FORMAT,
            _ACCOUNT,
            OtherAccount("account number of the PVV"),
            KEY_INDEX,
            PVV,
            _MAC_AND_MESSAGE,
        ),
        _MAC_ANSWER,
        verify_by_pvv,
        judges_pin=True,
    ),
)
