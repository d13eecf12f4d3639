"""One data element of a dialect: its length prefix, its bytes, its canonical text.

Canonical text is what every dialect agrees on: text as text, BCD as its digits without the filling
one, binary as upper-case hexadecimal. Elements written as hexadecimal digits show them as they are.
"""
import binascii
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, u8

from router.wire.octets import write_hexadecimal, write_printable
from specs.rules import EBCDIC, ElementRule

TEXT: Final = 0
TEXT_EBCDIC: Final = 1
DIGITS: Final = 2  # BCD
BYTES: Final = 3
SIGNED_DIGITS: Final = 4  # one character, then BCD

ZERO: Final = {"ascii": 0x30, "ebcdic": 0xF0, "bcd": 0, "binary": 0}  # in a length prefix
UNREADABLE: Final = -1
UNHEXLIFIED: Final = binascii.a2b_hex
HEXADECIMAL: Final = bytes.hex  # found once: a method is looked up at each call

# EBCDIC and Latin-1 have the same 256 characters. Python's own codec is slow.
FROM_EBCDIC: Final = bytes(range(256)).decode(EBCDIC).encode("latin-1")
TO_EBCDIC: Final = bytes(range(256)).decode("latin-1").encode(EBCDIC)

READING: Final = {"ascii": TEXT, "hex": TEXT, "ebcdic": TEXT_EBCDIC, "hex-ebcdic": TEXT_EBCDIC,
                  "bcd": DIGITS, "binary": BYTES}


class Unwritable(Exception):
    """A value that the dialect cannot write. Says which element and why, never the value."""

    def __init__(self, element: int, reason: str) -> None:
        super().__init__(f"element {element}: {reason}")
        self.element = element
        self.reason = reason


class Element:
    """A rule made ready: the conversions both ways, and what a length prefix announces."""

    __slots__ = (
        "_half_bytes", "_halves_more", "_prefix_step", "_prefix_zero", "_prefixes", "counts_halves",
        "counts_hexadecimal", "counts_nibbles", "fills_right", "fixed_bytes", "has_ascii_prefix",
        "is_hexadecimal_text", "number", "pad", "pad_nibble", "prefix_bytes", "reading", "rule",
        "units_max",
    )

    def __init__(self, rule: ElementRule) -> None:
        self.rule = rule
        self.number: int = rule.number
        self.reading: i64 = SIGNED_DIGITS if rule.kind == "x+n" and rule.encoding == "bcd" else (
            READING[rule.encoding])
        self.prefix_bytes: i64 = rule.prefix_bytes
        self.units_max: i64 = rule.prefix_max
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
        self.pad_nibble: i64 = int(rule.pad, 16) if self.counts_nibbles else 0
        # The bytes of so many units: half of `units * _half_bytes + _halves_more`.
        self._half_bytes: i64 = 2
        self._halves_more: i64 = 0
        if self.counts_halves or self.counts_nibbles or self.reading == SIGNED_DIGITS:
            self._half_bytes = 1
            self._halves_more = 2 if self.reading == SIGNED_DIGITS else int(self.counts_nibbles)
        elif self.counts_hexadecimal:
            self._half_bytes = 4
        self._prefix_zero: i64 = ZERO[rule.prefix_encoding]
        # What one byte of a prefix counts more than the next.
        self._prefix_step: i64 = {"binary": 256, "bcd": 100}.get(rule.prefix_encoding, 10)
        self.fixed_bytes: i64 = self.byte_count(self.units_max)
        self._prefixes: dict[int, bytes] = {}  # those written so far; as many as there are lengths

    def byte_count(self, units: i64) -> i64:
        """The bytes of so many units of what the prefix counts."""
        return (units * self._half_bytes + self._halves_more) >> 1

    def announced(self, data: bytes, content: i64) -> i64:
        """The bytes that the length prefix before `content` announces; UNREADABLE: it is none."""
        if content > len(data):
            return UNREADABLE
        units: i64 = 0
        step = self._prefix_step
        for at in range(content - self.prefix_bytes, content):
            digit: i64 = data[at]
            if step == 10:
                digit -= self._prefix_zero
                if digit < 0 or digit > 9:
                    return UNREADABLE
            elif step == 100:
                if digit & 0x0F > 9 or digit > 0x99:
                    return UNREADABLE
                digit = (digit >> 4) * 10 + (digit & 0x0F)
            units = units * step + digit
        if units > self.units_max or (self.counts_halves and units & 1):
            return UNREADABLE
        return (units * self._half_bytes + self._halves_more) >> 1

    def prefix(self, units: int) -> bytes:
        """How so many units are announced."""
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

    def is_filled(self, data: bytes, start: i64, stop: i64) -> bool:
        """Whether an odd number of digits is filled up as the dialect says."""
        filling: i64 = data[stop - 1] & 0x0F if self.fills_right else data[start] >> 4
        return filling == self.pad_nibble

    def text_of(self, written: bytes, is_odd: bool) -> str:
        """The canonical text of bytes without prefix. Never raises: content is judged elsewhere."""
        if self.reading == TEXT:
            return written.decode("latin-1")
        if self.reading == BYTES:
            return HEXADECIMAL(written).upper()
        if self.reading == TEXT_EBCDIC:
            return written.translate(FROM_EBCDIC).decode("latin-1")
        if self.reading == SIGNED_DIGITS:
            return written[:1].decode("latin-1") + written[1:].hex().upper()
        digits = HEXADECIMAL(written)
        if not digits.isdigit():
            digits = digits.upper()
        if not is_odd:
            return digits
        return digits[:-1] if self.fills_right else digits[1:]

    def write_text(self, there: BytesWriter, data: bytes, start: i64, stop: i64, is_odd: bool,
                   ) -> None:
        """The same in Latin-1, control characters as spaces, of bytes that lie in a message."""
        if self.reading not in (DIGITS, BYTES):
            text = self.text_of(data[start:stop], is_odd).encode("latin-1")
            write_printable(there, text, 0, len(text))
            return
        if not is_odd:
            write_hexadecimal(there, data, start, stop)
        elif self.fills_right:
            write_hexadecimal(there, data, start, stop)
            there.truncate(len(there) - 1)
        else:
            digit: i64 = data[start] & 0x0F
            there.append(u8(digit + 0x30 if digit < 10 else digit + 0x37))
            write_hexadecimal(there, data, start + 1, stop)

    def bytes_of(self, text: str) -> bytes:
        """The element as it stands on the wire, prefix and all."""
        written = self._encoded(text)
        units = self.announces(len(text), len(written))
        if not self.prefix_bytes:
            if units != self.units_max:
                raise self._of_wrong_length(units, "exactly")
            return written
        if units > self.units_max:
            raise self._of_wrong_length(units, "at most")
        return self.prefix(units) + written

    def _of_wrong_length(self, units: int, limit: str) -> Unwritable:
        reason = f"{units} {self.rule.counts}, expected {limit} {self.units_max}"
        return Unwritable(self.number, reason)

    def announces(self, characters: i64, size: i64) -> i64:
        """What its prefix says of so many characters or digits, which are so many bytes."""
        if self.reading == SIGNED_DIGITS or self.counts_nibbles:
            return characters
        if self.counts_hexadecimal:
            if size & 1:
                raise Unwritable(self.number, "an odd number of hexadecimal digits")
            return size >> 1
        return 2 * size if self.counts_halves else size

    def _encoded(self, text: str) -> bytes:
        reading = self.reading
        try:
            if reading == TEXT:
                return text.encode("ascii")
            if reading == TEXT_EBCDIC:
                return text.encode("latin-1").translate(TO_EBCDIC)
            if reading == SIGNED_DIGITS:
                return text[:1].encode("ascii") + UNHEXLIFIED(text[1:])
            if reading == DIGITS and len(text) & 1 and self.counts_nibbles:
                text = text + self.pad if self.fills_right else self.pad + text
            return UNHEXLIFIED(text)
        except UnicodeEncodeError:
            reason = f"has characters that {self.rule.encoding} cannot write"
        except ValueError:  # binascii.Error among them; its cause may quote the value
            reason = "expected an even number of hexadecimal digits"
            if self.counts_nibbles or reading == SIGNED_DIGITS:
                reason = "expected digits"
        raise Unwritable(self.number, reason)
