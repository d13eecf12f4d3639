"""Prepared purchases with a PIN: whole frames in which only STAN, DE 7 and DE 37 are patched."""

from datetime import UTC, datetime
from typing import Final

import iso8583
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

from bench.frames import PREFIX_BYTES, RRN, STAN, TIME, element_spans, framed
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

ACQUIRER_ZPK: Final = "0123456789ABCDEFFEDCBA9876543210"  # the field's published test key
CARDS: Final = 64
PIN_FIELD: Final = bytes.fromhex("041234FFFFFFFFFF")
STANS: Final = 1_000_000


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


class Purchases:
    """One after another, round the cards; none is like another within a million."""

    def __init__(self, dialect: str) -> None:
        spec = pyiso8583_spec(load_dialect(dialect))
        self._templates: list[bytearray] = []
        for number in range(CARDS):
            pan = luhn_completed(f"9504{number * 257:05d}{number:06d}")
            message = {
                "t": "0100", "2": pan, "3": "000000", "4": "000000012345", "7": "0101000000",
                "11": "000000", "12": "120000", "13": "0101", "14": "3012", "18": "5411",
                "22": "051", "25": "00", "32": "504777", "35": f"{pan}=30122011234",
                "37": "000000000000", "41": f"BENCH{number:03d}", "42": "BENCH0000000001",
                "49": "504", "52": pin_block(pan, ACQUIRER_ZPK),
            }  # fmt: skip
            data = bytes(iso8583.encode(message, spec)[0])
            self._templates.append(bytearray(framed(data)))
        spans = element_spans(bytes(self._templates[0][PREFIX_BYTES:]), spec)
        self._stan = slice(*(PREFIX_BYTES + end for end in spans[STAN]))
        self._time = slice(*(PREFIX_BYTES + end for end in spans[TIME]))
        self._rrn = slice(*(PREFIX_BYTES + end for end in spans[RRN]))
        self._number = 0

    def stamp(self) -> None:
        """DE 7 of now, once a second or so."""
        now = datetime.now(UTC).strftime("%m%d%H%M%S").encode()
        for template in self._templates:
            template[self._time] = now

    def take(self) -> tuple[bytes, bytes]:
        """The next frame, and the STAN its answer will carry."""
        number = self._number
        self._number = number + 1
        template = self._templates[number % CARDS]
        stan = b"%06d" % (number % STANS)
        template[self._stan] = stan
        template[self._rrn] = b"%012d" % number
        return bytes(template), stan
