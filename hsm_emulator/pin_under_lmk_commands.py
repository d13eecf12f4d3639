"""Commands on PINs under the LMK: made (JA, BA), kept (JC, JE), sent (JG), compared (BC, BE)."""
import hmac
import secrets
from typing import Final

from hsm_emulator.account_fields import Account
from hsm_emulator.errors import Code, Refused
from hsm_emulator.hexadecimal import in_hexadecimal
from hsm_emulator.key_fields import Key
from hsm_emulator.key_types import PIN_SOURCE_TPK, PIN_SOURCE_ZPK, PIN_TARGET_ZPK, KeyRole
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_block_rules import check_made, received_pin
from hsm_emulator.pin_blocks import account_12, enciphered_pin
from hsm_emulator.pin_fields import PIN_BLOCK_FORMAT, ClearPin, LastDigits, PinBlock, PinUnderLmk
from hsm_emulator.pin_under_lmk import pin_deciphered, pin_enciphered

PIN_LENGTHS: Final = range(4, 13)
_PIN_LENGTH: Final = b"04"  # of a random PIN, when the request names none


def random_pin(lmk: Lmk, account: bytes, length: bytes) -> bytes:
    digits = int(length or _PIN_LENGTH)
    if digits not in PIN_LENGTHS:
        raise Refused(Code.PIN_LENGTH)
    pin = f"{secrets.randbelow(10**digits):0{digits}d}"
    return Code.OK + pin_enciphered(lmk.pin_key, pin, account)


def clear_pin_to_lmk(lmk: Lmk, pin: bytes, account: bytes) -> bytes:
    if not lmk.rules.clear_pins:
        raise Refused(Code.COMMAND_DISABLED)
    if len(pin) not in PIN_LENGTHS:
        raise Refused(Code.PIN_LENGTH)
    return Code.OK + pin_enciphered(lmk.pin_key, pin.decode("ascii"), account)


def terminal_pin_to_lmk(
    lmk: Lmk, tpk: bytes, block: bytes, number: bytes, account: bytes
) -> bytes:
    pin = _received(lmk, PIN_SOURCE_TPK, tpk, block, number, account)
    return Code.OK + pin_enciphered(lmk.pin_key, pin, account_12(account))


def zone_pin_to_lmk(lmk: Lmk, zpk: bytes, block: bytes, number: bytes, account: bytes) -> bytes:
    pin = _received(lmk, PIN_SOURCE_ZPK, zpk, block, number, account)
    return Code.OK + pin_enciphered(lmk.pin_key, pin, account_12(account))


def pin_to_zone(lmk: Lmk, zpk: bytes, number: bytes, account: bytes, pin_field: bytes) -> bytes:
    key = lmk.key(zpk, PIN_TARGET_ZPK, Code.TARGET_PARITY)
    check_made(number, lmk.rules)
    pin = pin_deciphered(lmk.pin_key, pin_field, account_12(account))
    return Code.OK + in_hexadecimal(enciphered_pin(key, pin, number, account))


def compare_terminal_pin(
    lmk: Lmk, tpk: bytes, block: bytes, number: bytes, account: bytes, kept: bytes
) -> bytes:
    pin = _received(lmk, PIN_SOURCE_TPK, tpk, block, number, account)
    return _compared(lmk, pin, account, kept)


def compare_zone_pin(
    lmk: Lmk, zpk: bytes, block: bytes, number: bytes, account: bytes, kept: bytes
) -> bytes:
    pin = _received(lmk, PIN_SOURCE_ZPK, zpk, block, number, account)
    return _compared(lmk, pin, account, kept)


def _received(
    lmk: Lmk, role: KeyRole, cryptogram: bytes, block: bytes, number: bytes, account: bytes
) -> str:
    key = lmk.key(cryptogram, role, Code.SOURCE_PARITY)
    return received_pin(key, block, number, account, lmk.rules)


def _compared(lmk: Lmk, pin: str, account: bytes, kept: bytes) -> bytes:
    expected = pin_deciphered(lmk.pin_key, kept, account_12(account))
    matches = hmac.compare_digest(pin.encode("ascii"), expected.encode("ascii"))
    return Code.OK if matches else Code.NOT_VERIFIED


_BLOCK: Final = (
    PinBlock("PIN block"),
    PIN_BLOCK_FORMAT,
)
_ACCOUNT: Final = Account("account number", (2,))
_LAST_ACCOUNT: Final = Account("account number", (2,), is_last=True)
_PIN_UNDER_LMK: Final = (("PIN under the LMK", "5 to 13 N"),)

COMMANDS: Final = (
    Command(
        "JA",
        "Generate a random PIN",
        (Account("account number"), LastDigits("PIN length (04 when absent)", 2)),
        _PIN_UNDER_LMK,
        random_pin,
    ),
    Command(
        "BA",
        "Encipher a clear PIN",
        (ClearPin("clear PIN", after=12), Account("account number")),
        _PIN_UNDER_LMK,
        clear_pin_to_lmk,
        activity=lambda _values: "pin.clear",
    ),
    Command(
        "JC",
        "Translate a PIN from a TPK to the LMK",
        (Key("TPK"), *_BLOCK, _LAST_ACCOUNT),
        _PIN_UNDER_LMK,
        terminal_pin_to_lmk,
    ),
    Command(
        "JE",
        "Translate a PIN from a ZPK to the LMK",
        (Key("ZPK"), *_BLOCK, _LAST_ACCOUNT),
        _PIN_UNDER_LMK,
        zone_pin_to_lmk,
    ),
    Command(
        "JG",
        "Translate a PIN from the LMK to a ZPK",
        (
            Key("ZPK"),
            PIN_BLOCK_FORMAT,
            Account("account number", (1,)),
            PinUnderLmk("PIN under the LMK"),
        ),
        (("PIN block", "16 H (32 H under an AES key)"),),
        pin_to_zone,
    ),
    Command(
        "BC",
        "Verify a terminal PIN by comparison",
        (Key("TPK"), *_BLOCK, _ACCOUNT, PinUnderLmk("PIN under the LMK")),
        (),
        compare_terminal_pin,
        judges_pin=True,
    ),
    Command(
        "BE",
        "Verify a PIN in interchange by comparison",
        (Key("ZPK"), *_BLOCK, _ACCOUNT, PinUnderLmk("PIN under the LMK")),
        (),
        compare_zone_pin,
        judges_pin=True,
    ),
)
