"""PIN blocks: checked in full on the way in, made on the way out.

Formats carry the host interface's numbers: those of ISO 9564-1, and three that old terminals
still send (IBM's CCA manual has their shapes: Visa format 2, IBM 3624, Visa format 4). Digits are
handled as hexadecimal text. An account is the twelve digits of the PAN before its check digit, or
the whole PAN where format 4 needs it, or, marked with F, all of it without the check digit, where
Plus does.
"""
import secrets
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.secret_key import AES_, SecretKey

ISO_0: Final = b"01"
DOCUTEL: Final = b"02"
DIEBOLD: Final = b"03"
PLUS: Final = b"04"
ISO_1: Final = b"05"
ISO_2: Final = b"34"
VIS: Final = b"41"  # for a chip, made in `emv`: bound to a key of its card
VIS_WITH_CURRENT: Final = b"42"  # and to the PIN that the card has now
ISO_3: Final = b"47"
ISO_4: Final = b"48"

WITHOUT_CHECK_DIGIT: Final = b"F"  # before the digits of an account that has no check digit

_LENGTHS: Final = {f"{length:x}": length for length in range(4, 13)}
_FILLED: Final = {length: "f" * (14 - length) for length in range(4, 13)}
_HEXADECIMAL_LETTERS: Final = "abcdef"
_CONTROL: Final = {ISO_0: "0", PLUS: "0", ISO_1: "1", ISO_2: "2", ISO_3: "3"}
_DOCUTEL_LENGTH_MAX: Final = 6


def deciphered_pin(key: SecretKey, block: bytes, number: bytes, account: bytes) -> str:
    """Return the PIN of an enciphered block, or refuse: 24 for its length, 20 for all the rest."""
    if len(block) != key.block_bytes:  # contexts are kept: part of a block would stay in them
        raise Refused(Code.PIN_BLOCK)
    if number == ISO_4:
        return _pin_of_format_4(key, block, account)
    if key.algorithm == AES_:
        raise Refused(Code.KEY_ALGORITHM)
    return pin_of(key.decrypt(block), number, account)


def enciphered_pin(key: SecretKey, pin: str, number: bytes, account: bytes) -> bytes:
    """Return the block of `pin` enciphered under `key`."""
    if number == ISO_4:
        return format_4_of(key, pin, account, secrets.token_bytes(8))
    if key.algorithm == AES_:
        raise Refused(Code.KEY_ALGORITHM)
    return key.encrypt(block_of(pin, number, account))


def pin_of(block: bytes, number: bytes, account: bytes) -> str:
    """Return the PIN in a clear 8-byte block."""
    if number in (ISO_0, ISO_3):
        text = (int.from_bytes(block) ^ int(account_12(account), 16)).to_bytes(8).hex()
    elif number == PLUS:
        text = (int.from_bytes(block) ^ int(_leftmost_12(account), 16)).to_bytes(8).hex()
    elif number == DIEBOLD:
        return _pin_of_diebold(block.hex())
    elif number == DOCUTEL:
        return _pin_of_docutel(block.hex())
    else:
        text = block.hex()
    if text[0] != _CONTROL[number]:
        raise Refused(Code.PIN_BLOCK)
    length = _LENGTHS.get(text[1])
    if length is None:
        raise Refused(Code.PIN_LENGTH)
    pin, fill = text[2 : 2 + length], text[2 + length :]
    if not pin.isdecimal():
        raise Refused(Code.PIN_BLOCK)
    if number == ISO_3:
        if fill.strip(_HEXADECIMAL_LETTERS):
            raise Refused(Code.PIN_BLOCK)
    elif number != ISO_1 and fill != _FILLED[length]:
        raise Refused(Code.PIN_BLOCK)
    return pin


def block_of(pin: str, number: bytes, account: bytes, random: bytes = b"") -> bytes:
    """Return the clear 8-byte block of `pin`; formats 1 and 3 fill it from `random`, if given."""
    length = len(pin)
    if number == DIEBOLD:
        return bytes.fromhex(pin.ljust(16, "f"))
    if number == DOCUTEL:
        return _docutel_of(pin)
    if number == ISO_1:
        fill = (random or secrets.token_bytes(8)).hex()[: 14 - length]
    elif number == ISO_3:
        letters = (random or secrets.token_bytes(14 - length))[: 14 - length]
        fill = "".join([_HEXADECIMAL_LETTERS[byte % 6] for byte in letters])
    else:
        fill = _FILLED[length]
    block = int(f"{_CONTROL[number]}{length:x}{pin}{fill}", 16)
    if number in (ISO_0, ISO_3):
        block ^= int(account_12(account), 16)
    elif number == PLUS:
        block ^= int(_leftmost_12(account), 16)
    return block.to_bytes(8)


def account_12(account: bytes) -> bytes:
    """Return the digits that formats 0 and 3 bind: the last twelve before the check digit."""
    if len(account) == 12:
        return account
    without = account if account[:1] == WITHOUT_CHECK_DIGIT else account[:-1]
    return without[-12:].rjust(12, b"0")


def _leftmost_12(account: bytes) -> bytes:
    """Return the digits that Plus binds: the first twelve of the PAN."""
    if len(account) == 12:
        return account
    without = account[1:] if account[:1] == WITHOUT_CHECK_DIGIT else account[:-1]
    return without[:12].rjust(12, b"0")


def _pin_of_diebold(text: str) -> str:
    """Read a PIN filled with F: there is no length, so noise shows in its first letter."""
    pin = text.rstrip("f")
    if not pin.isdecimal():
        raise Refused(Code.PIN_BLOCK)
    if not 4 <= len(pin) <= 12:
        raise Refused(Code.PIN_LENGTH)
    return pin


def _pin_of_docutel(text: str) -> str:
    """Read length, PIN with zeros up to six digits, nine digits that mean nothing."""
    length = _LENGTHS.get(text[0], 0)
    if not 4 <= length <= _DOCUTEL_LENGTH_MAX:
        raise Refused(Code.PIN_LENGTH)
    if not text.isdecimal() or text[1 + length : 7].strip("0"):
        raise Refused(Code.PIN_BLOCK)
    return text[1 : 1 + length]


def _docutel_of(pin: str) -> bytes:
    if len(pin) > _DOCUTEL_LENGTH_MAX:
        raise Refused(Code.PIN_LENGTH)
    return bytes.fromhex(f"{len(pin)}{pin}".ljust(16, "0"))


def _pin_of_format_4(key: SecretKey, block: bytes, pan: bytes) -> str:
    if key.algorithm != AES_:
        raise Refused(Code.KEY_ALGORITHM)
    field = key.decrypt(_exclusive_or(key.decrypt(block), _pan_field(pan))).hex()
    if field[0] != "4":
        raise Refused(Code.PIN_BLOCK)
    length = _LENGTHS.get(field[1])
    if length is None:
        raise Refused(Code.PIN_LENGTH)
    pin = field[2 : 2 + length]
    if not pin.isdecimal() or field[2 + length : 16] != "a" * (14 - length):
        raise Refused(Code.PIN_BLOCK)
    return pin


def format_4_of(key: SecretKey, pin: str, pan: bytes, random: bytes) -> bytes:
    """Return the enciphered format 4 block, its second half being `random`."""
    if key.algorithm != AES_:
        raise Refused(Code.KEY_ALGORITHM)
    field = bytes.fromhex(f"4{len(pin):x}{pin}".ljust(16, "a")) + random
    return key.encrypt(_exclusive_or(key.encrypt(field), _pan_field(pan)))


def _pan_field(pan: bytes) -> bytes:
    """Lay out the PAN as format 4 does: how many digits beyond twelve, the digits, zeros."""
    digits = pan.decode("ascii").rjust(12, "0")
    return bytes.fromhex(f"{len(digits) - 12}{digits}".ljust(32, "0"))


def _exclusive_or(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))
