"""One data element of a dialect: its length prefix, its bytes, its canonical text.

Canonical text is what every dialect agrees on: text as text, BCD as its digits without the filling
one, binary as upper-case hexadecimal. Elements written as hexadecimal digits show them as they are.
"""
import binascii
from typing import Final

from specs.rules import EBCDIC, ElementRule

TEXT: Final = 0
TEXT_EBCDIC: Final = 1
DIGITS: Final = 2  # BCD
BYTES: Final = 3
SIGNED_DIGITS: Final = 4  # one character, then BCD

READING: Final = {"ascii": TEXT, "hex": TEXT, "ebcdic": TEXT_EBCDIC, "hex-ebcdic": TEXT_EBCDIC,
                  "bcd": DIGITS, "binary": BYTES}


class Unwritable(Exception):
    """A value that the dialect cannot write. Says which element and why, never the value."""

    def __init__(self, element: int, reason: str) -> None:
        super().__init__(f"element {element}: {reason}")
        self.element = element
        self.reason = reason


class Element:
    """A rule made ready: the conversions both ways, and every valid length prefix."""

    __slots__ = (
        "_prefixes", "byte_counts", "counts_halves", "counts_hexadecimal", "counts_nibbles",
        "fills_right", "fixed_bytes", "has_ascii_prefix", "is_hexadecimal_text", "number", "pad",
        "prefix_bytes", "reading", "rule", "units_max",
    )

    def __init__(self, rule: ElementRule, shared: dict[str, dict[bytes, int]]) -> None:
        """`shared` keeps the prefixes of elements whose prefixes are alike; a codec has one."""
        self.rule = rule
        self.number: int = rule.number
        self.reading: int = SIGNED_DIGITS if rule.kind == "x+n" and rule.encoding == "bcd" else (
            READING[rule.encoding])
        self.prefix_bytes: int = rule.prefix_bytes
        self.units_max: int = rule.prefix_max
        self.pad: str = rule.pad
        self.has_ascii_prefix: bool = not rule.prefix_digits or rule.prefix_encoding == "ascii"
        self.fills_right: bool = rule.odd == "right"
        in_nibbles = rule.counts == "nibbles"
        self.counts_nibbles: bool = in_nibbles and self.reading == DIGITS
        # A length in nibbles of what is no BCD: two for each byte, so never odd.
        self.counts_halves: bool = in_nibbles and self.reading not in (DIGITS, SIGNED_DIGITS)
        self.is_hexadecimal_text: bool = rule.kind == "b" and self.reading != BYTES
        self.counts_hexadecimal: bool = (
            rule.encoding in ("hex", "hex-ebcdic") and rule.counts == "bytes")
        self.fixed_bytes: int = self.byte_count(rule.prefix_max)
        alike = f"{rule.prefix_encoding} {rule.prefix_bytes} {rule.prefix_max}"
        alike += f" {rule.encoding} {rule.counts}"
        if alike not in shared:
            shared[alike] = self._all_byte_counts()
        self.byte_counts: dict[bytes, int] = shared[alike]
        self._prefixes: dict[int, bytes] = {}  # those written so far; as many as there are lengths

    def _all_byte_counts(self) -> dict[bytes, int]:
        """Every valid length prefix with the bytes it announces; any other is an error."""
        if not self.prefix_bytes:
            return {}
        step = 2 if self.counts_halves else 1
        return {self._prefix(n): self.byte_count(n) for n in range(0, self.units_max + 1, step)}

    def byte_count(self, units: int) -> int:
        """The bytes of so many units of what the prefix counts."""
        if self.counts_halves:
            return units // 2
        if self.reading == SIGNED_DIGITS:
            return 1 + units // 2
        if self.counts_nibbles:
            return (units + 1) // 2
        return 2 * units if self.counts_hexadecimal else units

    def prefix(self, units: int) -> bytes:
        known = self._prefixes.get(units)
        if known is None:
            known = self._prefixes[units] = self._prefix(units)
        return known

    def _prefix(self, units: int) -> bytes:
        encoding = self.rule.prefix_encoding
        if encoding == "binary":
            return units.to_bytes(self.prefix_bytes, "big")
        if encoding == "bcd":
            return bytes.fromhex(str(units).zfill(2 * self.prefix_bytes))
        digits = str(units).zfill(self.prefix_bytes)
        return digits.encode(EBCDIC if encoding == "ebcdic" else "ascii")

    def is_filled(self, first: int, last: int) -> bool:
        """Whether an odd number of digits, in these end bytes, is filled up as the dialect says."""
        filling = last & 0x0F if self.fills_right else first >> 4
        return filling == int(self.pad, 16)

    def text_of(self, written: bytes, is_odd: bool) -> str:
        """The canonical text of bytes without prefix. Never raises: content is judged elsewhere."""
        if self.reading == TEXT:
            return written.decode("latin-1")
        if self.reading == BYTES:
            return written.hex().upper()
        if self.reading == TEXT_EBCDIC:
            return written.decode(EBCDIC)
        if self.reading == SIGNED_DIGITS:
            return written[:1].decode("latin-1") + written[1:].hex().upper()
        digits = written.hex().upper()
        if not is_odd:
            return digits
        return digits[:-1] if self.fills_right else digits[1:]

    def bytes_of(self, text: str) -> bytes:
        """The element as it stands on the wire, prefix and all."""
        written = self._encoded(text)
        units = self._units(text, written)
        if self.prefix_bytes:
            if units > self.units_max:
                raise self._of_wrong_length(units, "at most")
            return self.prefix(units) + written
        if units != self.units_max:
            raise self._of_wrong_length(units, "exactly")
        return written

    def _of_wrong_length(self, units: int, limit: str) -> Unwritable:
        reason = f"{units} {self.rule.counts}, expected {limit} {self.units_max}"
        return Unwritable(self.number, reason)

    def _units(self, text: str, written: bytes) -> int:
        if self.reading == SIGNED_DIGITS or self.counts_nibbles:
            return len(text)
        if self.counts_hexadecimal:
            if len(written) & 1:
                raise Unwritable(self.number, "an odd number of hexadecimal digits")
            return len(written) // 2
        return 2 * len(written) if self.counts_halves else len(written)

    def _encoded(self, text: str) -> bytes:
        reading = self.reading
        try:
            if reading == TEXT:
                return text.encode("ascii")
            if reading == TEXT_EBCDIC:
                return text.encode(EBCDIC)
            if reading == SIGNED_DIGITS:
                return text[:1].encode("ascii") + binascii.a2b_hex(text[1:])
            if reading == DIGITS and len(text) & 1 and self.counts_nibbles:
                text = text + self.pad if self.fills_right else self.pad + text
            return binascii.a2b_hex(text)
        except UnicodeEncodeError:
            reason = f"has characters that {self.rule.encoding} cannot write"
        except ValueError:  # binascii.Error among them; its cause may quote the value
            reason = "expected an even number of hexadecimal digits"
            if self.counts_nibbles or reading == SIGNED_DIGITS:
                reason = "expected digits"
        raise Unwritable(self.number, reason)
