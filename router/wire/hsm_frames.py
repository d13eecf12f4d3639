"""Host commands of the HSM as bytes, and its answers read. Layouts only: no socket, no decision.

A frame is 4 header characters that the HSM echoes, 2 of command, then the body; an answer carries
the command's second character plus one, and 2 characters of error. Length prefixes are the link's.
"""
from typing import Final

HEADER_BYTES: Final = 4
ACCEPTED: Final = "00"
PIN_DIGITS_MAX: Final = b"12"
ISO_4: Final = "48"
BODY: Final = 8  # where an answer's body begins: header, response code, error

HEXADECIMAL: Final = b"0123456789ABCDEF"
DIAGNOSE: Final = b"NC"

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-+"
_PAIRS: Final = [(a + b).encode() for a in _DIGITS for b in _DIGITS]
HEADERS: Final = len(_PAIRS) ** 2  # sixteen million: a late answer's header is not soon used again


class MalformedAnswer(Exception):
    """The HSM sent something that is no answer to what it was asked. Holds no key and no block."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


def header(number: int) -> bytes:
    """A number below HEADERS as four printable characters."""
    return _PAIRS[number >> 12] + _PAIRS[number & 0xFFF]


def translate_pin(
    kind: str,
    source_under_lmk: str,
    destination_under_lmk: str,
    pin_block: str,
    source_format: str,
    destination_format: str,
    account: str,
) -> bytes:
    """CA from a terminal key, CC from a zone key: the PIN block under another key."""
    command = b"CA" if kind == "tpk" else b"CC"
    keys = source_under_lmk + destination_under_lmk
    block = pin_block + source_format + destination_format + account
    return b"".join((command, keys.encode(), PIN_DIGITS_MAX, block.encode()))


def verify_pvv(
    kind: str,
    pin_key_under_lmk: str,
    pvk_under_lmk: str,
    pin_block: str,
    block_format: str,
    account: str,
    pvki_and_pvv: str,
) -> bytes:
    """DC under a terminal key, EC under a zone key: is the PIN the one that the PVV was made of?"""
    keys = pin_key_under_lmk + pvk_under_lmk
    body = keys + pin_block + block_format + account + pvki_and_pvv
    return (b"DC" if kind == "tpk" else b"EC") + body.encode()


def verify_offset(
    kind: str,
    pin_key_under_lmk: str,
    pvk_under_lmk: str,
    pin_block: str,
    block_format: str,
    account: str,
    decimalisation_table: str,
    first_of_pan: str,
    offset: str,
) -> bytes:
    """DA under a terminal key, EA under a zone key: the PIN against its IBM 3624 offset.

    The offset is as long as the PIN: check length and maximum, so that no digit is left out. The
    validation data is the PAN's first eleven digits, then N: the last five of the account.
    """
    keys = pin_key_under_lmk + pvk_under_lmk
    digits = f"{len(offset):02d}"
    body = digits + pin_block + block_format + digits + account + decimalisation_table
    return (b"DA" if kind == "tpk" else b"EA") + (
        keys + body + first_of_pan + "N" + offset.ljust(12, "F")
    ).encode()


def verify_cvv(cvk_under_lmk: str, cvv: str, pan: str, expiry: str, service_code: str) -> bytes:
    """CY: is this the card's CVV?"""
    return f"CY{cvk_under_lmk}{cvv}{pan};{expiry}{service_code}".encode()


def wrap_key(data_key_under_lmk: str, clear: bytes) -> bytes:
    """M0, ECB, hexadecimal in and out: the data is random, so nothing repeats in it."""
    return _data_command(b"M0", data_key_under_lmk, clear.hex().upper())


def unwrap_key(data_key_under_lmk: str, wrapped: str) -> bytes:
    """M2, the other way round."""
    return _data_command(b"M2", data_key_under_lmk, wrapped)


def error_of(frame: bytes, command: bytes) -> str:
    """The two-character error of an answer to this command."""
    code = frame[HEADER_BYTES:BODY]
    if len(code) != 4 or code[0] != command[0] or code[1] != command[1] + 1:
        raise MalformedAnswer(f"{command.decode()}'s response code and an error")
    return code[2:].decode("latin-1")


def pin_block_of(frame: bytes, destination_format: str) -> str:
    """Of an accepted CA or CC: the block under the destination key."""
    digits = 32 if destination_format == ISO_4 else 16
    block = frame[BODY + 2:BODY + 2 + digits]
    if len(frame) != BODY + 2 + digits + 2 or not _is_hexadecimal(block):
        raise MalformedAnswer(f"a PIN length, {digits} hexadecimal digits and a format")
    return block.decode()


def enciphered_of(frame: bytes) -> str:
    """Of an accepted M0 or M2: the data, as hexadecimal digits."""
    digits = frame[BODY + 4:]
    length = frame[BODY:BODY + 4]
    if not _is_hexadecimal(length) or int(length, 16) != len(digits) or not _is_hexadecimal(digits):
        raise MalformedAnswer("four digits of length and as many hexadecimal digits")
    return digits.decode()


def _data_command(command: bytes, key_under_lmk: str, digits: str) -> bytes:
    key_type = "FFF" if key_under_lmk.startswith("S") else "00B"
    return command + f"0011{key_type}{key_under_lmk}{len(digits):04X}{digits}".encode()


def _is_hexadecimal(digits: bytes) -> bool:
    return len(digits) > 0 and not digits.strip(HEXADECIMAL)
