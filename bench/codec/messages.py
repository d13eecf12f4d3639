"""One purchase with PIN and chip data, 21 elements, as two dialects write it."""

from dataclasses import dataclass
from typing import Any, Final

import iso8583

from router.wire.codec import Codec
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

PAN: Final = "4761739001010119"  # a published test card
DIALECTS: Final = {"ASCII": "national", "BCD": "iso87-binary"}
OTHER_PIN_BLOCK: Final = "8899AABBCCDDEEFF"


@dataclass(frozen=True, slots=True)
class Sample:
    """The bytes, as pyiso8583 writes them, and both codecs of the dialect."""

    name: str
    dialect: str
    data: bytes
    codec: Codec
    spec: dict[str, Any]


def samples() -> list[Sample]:
    return [_sample(name, dialect) for name, dialect in DIALECTS.items()]


def _sample(name: str, dialect_name: str) -> Sample:
    dialect = load_dialect(dialect_name)
    spec = pyiso8583_spec(dialect)
    data = bytes(iso8583.encode(_purchase("D" if name == "BCD" else "="), spec)[0])
    return Sample(name, dialect_name, data, Codec(dialect), spec)


def _purchase(separator: str) -> dict[str, str]:
    return {
        "t": "0100", "2": PAN, "3": "000000", "4": "000000012345", "7": "1124010203",
        "11": "000123", "12": "120000", "13": "1124", "14": "3012", "18": "5411", "19": "504",
        "22": "051", "25": "00", "32": "50477700001", "35": f"{PAN}{separator}30122010000012345678",
        "37": "123456789012", "41": "TERM0001", "42": "MERCHANT0000001",
        "43": f"{'EPICERIE DU PORT':<25}{'TANGER':<13}MA", "49": "504",
        "52": "0011223344556677", "55": "9F2608A1B2C3D4E5F60708" * 10 + "9F100700000000000000",
    }  # fmt: skip
