"""Host commands of the HSM as bytes, and its answers read. Layouts only: no socket, no decision.

A frame is 4 header characters that the HSM echoes, 2 of command, then the body; an answer carries
the command's second character plus one, and 2 characters of error. Length prefixes are the link's.
"""
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from router.wire.octets import are_hexadecimal

HEADER_BYTES: Final = 4
ACCEPTED: Final = "00"
NOUGHT: Final = 0x30
PIN_DIGITS_MAX: Final = b"12"
ISO_4: Final = "48"
BODY: Final = 8  # where an answer's body begins: header, response code, error

DIAGNOSE: Final = b"NC"

_DIGITS: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-+"
_VALUES: Final = bytes(max(0, _DIGITS.find(byte)) for byte in range(256))
HEADERS: Final = 64 ** 4  # sixteen million: a late answer's header is not soon used again


class MalformedAnswer(Exception):
    """The HSM sent something that is no answer to what it was asked. Holds no key and no block."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


class KeyForm:
    """A key of PIN blocks, as the commands that translate from or to it name it."""

    __slots__ = ("as_destination", "as_source", "block_digits", "block_format", "command")

    def __init__(self, kind: str, under_lmk: str, block_format: str) -> None:
        self.command = b"CA" if kind == "tpk" else b"CC"  # from a terminal key, from a zone key
        self.as_source = self.command + under_lmk.encode()
        self.as_destination = under_lmk.encode() + PIN_DIGITS_MAX
        self.block_format = block_format.encode()
        self.block_digits: i64 = 32 if block_format == ISO_4 else 16


def write_header(writer: BytesWriter, number: i64) -> None:
    """A number below HEADERS as four printable characters."""
    digits = _DIGITS
    writer.append(digits[number >> 18])
    writer.append(digits[number >> 12 & 63])
    writer.append(digits[number >> 6 & 63])
    writer.append(digits[number & 63])


def number_in(frame: bytes) -> i64:
    """That of its header, if it is one of ours; -1: it is too short to have one."""
    if len(frame) < HEADER_BYTES:
        return -1
    values = _VALUES
    number: i64 = 0
    for at in range(HEADER_BYTES):
        number = number << 6 | values[frame[at]]
    return number


def write_keys(writer: BytesWriter, source: KeyForm, destination: KeyForm) -> None:
    """CA or CC, the PIN block under another key: what comes before the block."""
    writer.write(source.as_source)
    writer.write(destination.as_destination)


def write_formats(writer: BytesWriter, source: KeyForm, destination: KeyForm) -> None:
    """What comes behind it, before the account."""
    writer.write(source.block_format)
    writer.write(destination.block_format)


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
    if len(frame) < BODY or frame[4] != command[0] or frame[5] != command[1] + 1:
        raise MalformedAnswer(f"{command.decode()}'s response code and an error")
    if frame[6] == NOUGHT and frame[7] == NOUGHT:
        return ACCEPTED
    return frame[6:BODY].decode("latin-1")


def pin_block_of(frame: bytes, digits: i64) -> str:
    """Of an accepted CA or CC: the block under the destination key, of so many digits."""
    start: i64 = BODY + 2
    if len(frame) != start + digits + 2 or not are_hexadecimal(frame, start, start + digits):
        raise MalformedAnswer(f"a PIN length, {digits} hexadecimal digits and a format")
    return frame[start:start + digits].decode("ascii")


def enciphered_of(frame: bytes) -> str:
    """Of an accepted M0 or M2: the data, as hexadecimal digits."""
    digits = frame[BODY + 4:]
    length = frame[BODY:BODY + 4]
    is_number = len(length) == 4 and are_hexadecimal(length, 0, 4)
    announced = int(length, 16) if is_number else -1
    if announced != len(digits) or not are_hexadecimal(digits, 0, len(digits)):
        raise MalformedAnswer("four digits of length and as many hexadecimal digits")
    return digits.decode()


def _data_command(command: bytes, key_under_lmk: str, digits: str) -> bytes:
    key_type = "FFF" if key_under_lmk.startswith("S") else "00B"
    return command + f"0011{key_type}{key_under_lmk}{len(digits):04X}{digits}".encode()
