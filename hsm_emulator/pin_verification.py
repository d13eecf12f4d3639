"""What an issuer keeps instead of a PIN: the Visa PVV and the IBM 3624 offset."""
from typing import Final

from hsm_emulator.errors import Code, Refused
from hsm_emulator.secret_key import SecretKey

_LETTERS_TO_DIGITS: Final = str.maketrans("abcdef", "012345")


def pvv(pvk: SecretKey, pin: str, account: bytes, key_index: bytes) -> str:
    """Return the PVV of the leftmost four digits of `pin` (Visa; any PIN of 4 to 12 digits)."""
    security_parameter = account[-11:].decode("ascii") + key_index.decode("ascii") + pin[:4]
    return decimal_digits(pvk.encrypt(bytes.fromhex(security_parameter)).hex(), 4)


def decimal_digits(hexadecimal: str, wanted: int) -> str:
    """Take the digits from left to right, then the letters, each less ten."""
    digits = [symbol for symbol in hexadecimal if symbol.isdecimal()]
    letters = [symbol for symbol in hexadecimal if not symbol.isdecimal()]
    return "".join(digits + letters)[:wanted].translate(_LETTERS_TO_DIGITS)


def natural_pin(pvk: SecretKey, table: str, validation_data: str, length: int) -> str:
    """Return the IBM 3624 natural PIN: the enciphered validation data through the table."""
    enciphered = pvk.encrypt(bytes.fromhex(validation_data)).hex()
    return "".join([table[int(symbol, 16)] for symbol in enciphered])[:length]


def pin_at_offset(natural: str, offset: str) -> str:
    """Return the PIN that the offset leads to: digit by digit, without carry."""
    pairs = zip(natural, offset, strict=True)
    return "".join([str((int(given) + int(added)) % 10) for given, added in pairs])


def offset_of(natural: str, pin: str) -> str:
    """Return the offset that leads from the natural PIN to `pin`: without borrow."""
    pairs = zip(natural, pin, strict=True)
    return "".join([str((int(chosen) - int(given)) % 10) for given, chosen in pairs])


def check_table(table: str) -> None:
    """Refuse tables that let PINs be guessed: at least 8 digits, none more than 4 times."""
    if not table.isdecimal() or len(set(table)) < 8 or max(map(table.count, set(table))) > 4:
        raise Refused(Code.DECIMALISATION_TABLE)
