"""PIN blocks of ISO 9564-1, formats 0 to 4: checked in full on the way in, made on the way out.

Formats carry the host interface's numbers. An account is the twelve digits of the PAN before its
check digit; format 4 binds the whole PAN. Digits are handled as hexadecimal text.
"""
import secrets
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.secret_key import AES_, SecretKey

ISO_0: Final = b"01"
ISO_1: Final = b"05"
ISO_2: Final = b"34"
ISO_3: Final = b"47"
ISO_4: Final = b"48"

# Docutel, Diebold, Plus, Mastercard pay now, Visa new PIN (two), AS 2805: no place in interchange.
_DISABLED: Final = frozenset((b"02", b"03", b"04", b"35", b"41", b"42", b"46"))
_TRANSLATIONS: Final = {
    ISO_0: frozenset((ISO_0, ISO_3, ISO_4)),
    ISO_3: frozenset((ISO_0, ISO_3, ISO_4)),
    ISO_4: frozenset((ISO_0, ISO_3, ISO_4)),
    ISO_1: frozenset((ISO_0, ISO_1, ISO_3, ISO_4)),
    ISO_2: frozenset[bytes](),  # made for the card's chip, never an input of interchange
}

_LENGTHS: Final = {f"{length:x}": length for length in range(4, 13)}
_FILLED: Final = {length: "f" * (14 - length) for length in range(4, 13)}
_HEXADECIMAL_LETTERS: Final = "abcdef"


def check_translation(source_format: bytes, target_format: bytes) -> None:
    """Refuse what PCI PIN 3-3 forbids: weakening the binding to the PAN, or another PAN."""
    if target_format not in _TRANSLATIONS.get(source_format, ()):
        for number in (source_format, target_format):
            if number in _DISABLED:
                raise Refused(Code.FORMAT_DISABLED)
        raise Refused(Code.PIN_BLOCK_FORMAT)


def check_verification(number: bytes) -> None:
    """Refuse formats that a PIN to verify cannot come in."""
    if number in _DISABLED:
        raise Refused(Code.FORMAT_DISABLED)
    if number not in _TRANSLATIONS or number == ISO_2:
        raise Refused(Code.PIN_BLOCK_FORMAT)


def deciphered_pin(key: SecretKey, block: bytes, number: bytes, account: bytes) -> str:
    """Return the PIN of an enciphered block, or refuse: 24 for its length, 20 for all the rest."""
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
    return block.to_bytes(8)


_CONTROL: Final = {ISO_0: "0", ISO_1: "1", ISO_2: "2", ISO_3: "3"}


def account_12(account: bytes) -> bytes:
    """Return the digits that formats 0 and 3 bind; a whole PAN was given where format 4 is near."""
    return account if len(account) == 12 else account[:-1][-12:].rjust(12, b"0")


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
