"""Prepared purchases with a PIN: whole frames in which only STAN, DE 7 and DE 37 are patched.

With the chip data of an average card a purchase is message A or B of the budget: 21 elements, 351
bytes in ASCII with binary bitmaps (`national`), 285 in BCD (`iso87-binary`).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import iso8583
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

from bench.load.frames import PIN_BLOCK, PREFIX_BYTES, RRN, STAN, TIME, element_spans, framed
from bench.load.plan import CHIP_DATA_BYTES
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec
from specs.rules import EBCDIC

ACQUIRER_ZPK: Final = "0123456789ABCDEFFEDCBA9876543210"  # the field's published test key
CARDS: Final = 64
PIN_FIELD: Final = bytes.fromhex("041234FFFFFFFFFF")
STANS: Final = 1_000_000
RRNS: Final = 10**12
CHIP_TAGS: Final = bytes.fromhex(
    "9F2608A157C3D4E5F60708" "9F270180" "9F370411223344" "9F36020042" "95050000008000" "9A03261129"
    "9C0100" "9F0206000000012345" "5F2A020504" "82021980" "9F1A020504" "9F0306000000000000"
    "9F3303E0F0C8" "9F34030203009F3501" "22"
)  # fmt: skip
PRIVATE: Final = (63, 62, 61, 60)  # take what makes a message longer than its chip data can
PRIVATE_MAX: Final = 990

Written = Callable[[str], bytes]


def luhn_completed(digits: str) -> str:
    """The digits and their check digit (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return digits + str(-total % 10)


def pin_block(pan: str, zpk: str) -> str:
    """ISO-0 of PIN 1234 under a test key."""
    account = bytes.fromhex("0000" + pan[-13:-1])
    field = bytes(a ^ b for a, b in zip(PIN_FIELD, account, strict=True))
    key = bytes.fromhex(zpk)
    cipher = Cipher(TripleDES(key + key[:8]), ECB())  # noqa: S305 - one block, as ISO 9564 has it
    return cipher.encryptor().update(field).hex().upper()


def writer(encoding: str) -> Written:
    """How digits stand on the wire in an element so encoded."""
    if encoding == "bcd":
        return bytes.fromhex
    codec = EBCDIC if encoding == "ebcdic" else "ascii"
    return lambda digits: digits.encode(codec)


def card(number: int) -> str:
    """Of the 64 cards that are bought with."""
    return luhn_completed(f"9504{number * 257:05d}{number:06d}")


class Purchases:
    """One after another, round the cards; none is like another within a million.

    `first` is the number of the first. Two loads on one router that count from the same one look
    like one acquirer that repeats its requests with another DE 7.
    """

    def __init__(
        self, dialect: str, with_pin: bool = True, chip_data_bytes: int = CHIP_DATA_BYTES,
        private_bytes: int = 0, first: int = 0,
    ) -> None:  # fmt: skip
        known = load_dialect(dialect)
        spec = pyiso8583_spec(known)
        separator = "D" if known.elements[35].encoding == "bcd" else "="
        self._templates: list[bytearray] = []
        for number in range(CARDS):
            message = purchase(number, separator, chip_data_bytes, private_bytes)
            if not with_pin:
                del message[PIN_BLOCK]
            data = bytes(iso8583.encode(message, spec)[0])
            self._templates.append(bytearray(framed(data)))
        spans = element_spans(bytes(self._templates[0][PREFIX_BYTES:]), spec)
        self._stan, self._time, self._rrn = (
            slice(*(PREFIX_BYTES + end for end in spans[name])) for name in (STAN, TIME, RRN)
        )
        self._stan_of, self._time_of, self._rrn_of = (
            writer(known.elements[int(name)].encoding) for name in (STAN, TIME, RRN)
        )
        self._number = first

    @property
    def message_bytes(self) -> int:
        """Of one, without its length prefix."""
        return len(self._templates[0]) - PREFIX_BYTES

    def stamp(self) -> None:
        """DE 7 of now, once a second or so."""
        now = self._time_of(datetime.now(UTC).strftime("%m%d%H%M%S"))
        for template in self._templates:
            template[self._time] = now

    def take(self) -> tuple[bytes, bytes, bytes]:
        """The next frame, and the STAN and the RRN that its answer will carry."""
        number = self._number
        self._number = number + 1
        template = self._templates[number % CARDS]
        stan = self._stan_of(f"{number % STANS:06d}")
        rrn = self._rrn_of(f"{number % RRNS:012d}")
        template[self._stan] = stan
        template[self._rrn] = rrn
        return bytes(template), stan, rrn


def purchase(
    number: int, separator: str, chip_data_bytes: int, private_bytes: int
) -> dict[str, str]:
    """With that card; DE 55 and private elements as long as is asked for."""
    pan = card(number)
    message = {
        "t": "0100", "2": pan, "3": "000000", "4": "000000012345", "7": "0101000000",
        "11": "000000", "12": "120000", "13": "0101", "14": "3012", "18": "5411", "19": "504",
        "22": "051", "25": "00", "32": "50477700001", "35": f"{pan}{separator}30122010000012345678",
        "37": "000000000000", "41": f"BENCH{number:03d}", "42": "BENCH0000000001",
        "43": f"{'EPICERIE DU PORT':<25}{'TANGER':<13}MA", "49": "504",
        "52": pin_block(pan, ACQUIRER_ZPK),
    }  # fmt: skip
    if chip_data_bytes:
        message["55"] = chip_data(chip_data_bytes)
    for element in PRIVATE:
        if private_bytes > 0:
            message[str(element)] = "X" * min(private_bytes, PRIVATE_MAX)
            private_bytes -= PRIVATE_MAX
    return message


def chip_data(size: int) -> str:
    """So many bytes, as a card and a terminal make them; issuer application data fills it up.

    The cryptogram has digits 57 in it, as most chip data has somewhere: who looks for the tag of
    that number by its digits finds them.
    """
    rest = size - len(CHIP_TAGS) - 3
    length = bytes([rest]) if rest < 128 else bytes([0x81, rest - 1])
    return (CHIP_TAGS + b"\x9f\x10" + length + bytes(rest + 1 - len(length))).hex().upper()
