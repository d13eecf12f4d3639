"""Commands that judge a PIN for its issuer: EC by PVV, EA by IBM offset; DG makes the PVV."""
import hmac
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.fields import Characters, Digits, Hexadecimal
from hsm_emulator.hexadecimal import from_hexadecimal
from hsm_emulator.key_fields import Account, Key, PinBlock, PinUnderLmk
from hsm_emulator.key_types import (
    PIN_SOURCE_ZPK,
    PVK_IBM_VERIFY,
    PVK_VISA_GENERATE,
    PVK_VISA_VERIFY,
)
from hsm_emulator.layout import Command
from hsm_emulator.lmk import Lmk
from hsm_emulator.pin_blocks import account_12, check_verification, deciphered_pin
from hsm_emulator.pin_under_lmk import pin_deciphered
from hsm_emulator.pin_verification import natural_pin, pin_at_offset, pvv


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
    made = pvv(verifying, pin, account_12(account), key_index).encode("ascii")
    return Code.OK if hmac.compare_digest(made, expected) else Code.NOT_VERIFIED


def verify_offset(
    lmk: Lmk,
    zpk: bytes,
    pvk: bytes,
    pin_length_max: bytes,
    block: bytes,
    number: bytes,
    check_length: bytes,
    account: bytes,
    table_field: bytes,
    validation_field: bytes,
    offset_field: bytes,
) -> bytes:
    source = lmk.key(zpk, PIN_SOURCE_ZPK, Code.SOURCE_PARITY)
    verifying = lmk.key(pvk, PVK_IBM_VERIFY, Code.TARGET_PARITY)
    check_verification(number)
    table = lmk.decimalisation_table(table_field)
    validation_data = _validation_data(validation_field, account_12(account))
    length = int(check_length)
    digits, fill = offset_field[:length].decode("latin-1"), offset_field[length:]
    if not 4 <= length <= 12 or not digits.isdecimal() or fill.strip(b"F"):
        raise Refused(Code.INPUT)
    pin = deciphered_pin(source, block, number, account)
    if len(pin) > int(pin_length_max):
        raise Refused(Code.PIN_LENGTH)
    natural = natural_pin(verifying, table, validation_data, length)
    made = pin_at_offset(natural, digits).encode("ascii")
    matches = hmac.compare_digest(made, pin[:length].encode("ascii"))
    return Code.OK if matches else Code.NOT_VERIFIED


def _validation_data(field: bytes, account: bytes) -> str:
    """Put the last five account digits where N stands: sixteen hexadecimal digits."""
    text = field.decode("latin-1").replace("N", account[-5:].decode("ascii"), 1)
    if len(from_hexadecimal(text.encode("latin-1"))) != 8:
        raise Refused(Code.INPUT)
    return text


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
        "EA",
        "Verify a PIN in interchange by its IBM 3624 offset",
        (
            Key("ZPK"),
            Key("PVK"),
            Digits("maximum PIN length", 2),
            PinBlock("PIN block"),
            Digits("PIN block format", 2, Code.PIN_BLOCK_FORMAT),
            Digits("check length", 2),
            Account("account number", (4,)),
            Hexadecimal("decimalisation table", 16, Code.DECIMALISATION_TABLE),
            Characters("PIN validation data (N for the last 5 account digits)", 12),
            Characters("offset (F to the right)", 12),
        ),
        (),
        verify_offset,
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
