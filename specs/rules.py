"""What a dialect consists of, once its file is read: rules per element, framing, conduct."""
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KINDS: Final = ("n", "a", "an", "ans", "as", "ns", "s", "b", "z", "x+n")
ENCODINGS: Final = ("ascii", "ebcdic", "bcd", "binary", "hex", "hex-ebcdic")
PREFIX_ENCODINGS: Final = ("ascii", "ebcdic", "bcd", "binary")
COUNTS: Final = ("bytes", "nibbles", "characters")

EBCDIC: Final = "cp500"
"""The code page meant by "ebcdic": digits and letters are the same in 037, 500 and 1047."""


class DialectError(Exception):
    """A dialect that cannot be used. Says which file, which key, and why."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}" if key else f"{file}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ElementRule:
    """How one element is written.

    `length_max` counts what its canonical text shows: bytes of a binary element (kind b),
    digits or characters of any other. `counts` says what its length prefix counts.
    """

    number: int
    name: str
    kind: str
    encoding: str
    length_max: int
    prefix_digits: int  # 0: always of full length; 2: LL; 3: LLL
    prefix_encoding: str
    counts: str
    odd: str  # where an odd number of digits is filled up to whole bytes: "left" or "right"
    pad: str  # with which digit
    tlv: bool

    @property
    def is_fixed(self) -> bool:
        return self.prefix_digits == 0

    @property
    def prefix_bytes(self) -> int:
        if self.prefix_encoding in ("ascii", "ebcdic"):
            return self.prefix_digits
        return (self.prefix_digits + 1) // 2

    @property
    def prefix_max(self) -> int:
        """The greatest value that the length prefix may have."""
        if self.encoding in ("hex", "hex-ebcdic") and self.counts == "characters":
            return 2 * self.length_max
        if self.encoding == "bcd" and self.counts == "bytes":
            return (self.length_max + 1) // 2
        if self.encoding != "bcd" and self.counts == "nibbles":
            return 2 * self.length_max
        return self.length_max


@dataclass(frozen=True, slots=True)
class Framing:
    """How messages are told apart in a byte stream."""

    kind: str  # "binary-2", "binary-4", "ascii-4", "bcd-2"
    includes_itself: bool = False
    tpdu: bool = False

    def __str__(self) -> str:
        return self.kind + "+self" * self.includes_itself + "+tpdu" * self.tpdu


def parse_framing(text: str) -> Framing:
    """`binary-2`, `ascii-4`, `bcd-2+tpdu`, `binary-2+self` ...; ValueError says what is allowed."""
    found = re.fullmatch(r"(binary-2|binary-4|ascii-4|bcd-2)((?:\+(?:self|tpdu))*)", text)
    if found is None:
        raise ValueError(
            "a framing is binary-2, binary-4, ascii-4 or bcd-2,"
            " with +self where the length counts itself and +tpdu where a TPDU leads the message"
        )
    return Framing(found[1], "+self" in found[2], "+tpdu" in found[2])


@dataclass(frozen=True, slots=True)
class Dialect:
    """A peer's ISO 8583."""

    name: str
    title: str
    version: int  # 1987, 1993, 2003
    header_bytes: int
    default_header: bytes
    mti_encoding: str  # "ascii", "ebcdic", "bcd"
    bitmap_encoding: str  # "binary", "hex", "hex-ebcdic"
    secondary_bitmap_always: bool  # sixteen bytes of bitmap, bit 1 not set
    elements: Mapping[int, ElementRule]
    framing: Framing
    match_key: tuple[int, ...]  # of a response, besides its MTI
    mandatory: Mapping[str, tuple[str, ...]]  # "0100": ("2|35", "3", ...)
    echoed: tuple[int, ...]  # what a response made by the router takes from its request
    approvals: frozenset[str]
    network_element: int  # 70, in 1993 24
    network_codes: Mapping[str, str]  # sign_on, sign_off, echo, cutover, new_key, key_request
    key_element: int  # of a new_key: the key under the ZMK and its KCV

    def mandatory_for(self, mti: str) -> tuple[str, ...]:
        """What a message of this MTI must have; a repeat needs what the first did."""
        asked = self.mandatory.get(mti)
        return asked if asked is not None else self.mandatory.get(mti[:3] + "0", ())
