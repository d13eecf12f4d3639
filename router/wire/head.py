"""What stands before the elements: the header, the MTI, and the bitmap that says what follows."""
import binascii
from collections.abc import Iterable
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from router.wire.element import Unwritable
from router.wire.faults import MalformedMessage
from specs.rules import EBCDIC, Dialect

BITS: Final = 64
TERTIARY: Final = 65
MTIS_MAX: Final = 64


class Head:
    __slots__ = ("_mtis", "bitmap_start", "bitmap_widths", "codec_name", "default_header", "is_bcd",
                 "is_binary", "is_ebcdic", "is_sixteen", "mti_start")

    def __init__(self, dialect: Dialect) -> None:
        self.default_header = dialect.default_header
        self.mti_start: i64 = dialect.header_bytes
        self.is_bcd: bool = dialect.mti_encoding == "bcd"
        self.is_ebcdic: bool = dialect.mti_encoding == "ebcdic"
        self.bitmap_start: i64 = self.mti_start + (2 if self.is_bcd else 4)
        self.is_binary: bool = dialect.bitmap_encoding == "binary"
        self.codec_name: str = EBCDIC if dialect.bitmap_encoding == "hex-ebcdic" else "latin-1"
        self.is_sixteen: bool = dialect.secondary_bitmap_always
        self._mtis: dict[bytes, str] = {}  # those that were read, each a text that is there once
        # By the bitmap's first byte, which holds bit 1: the bytes of all bitmaps. 0: no bitmap.
        self.bitmap_widths = vec[i64]([self._width(first) for first in range(256)])

    def _width(self, first: int) -> int:
        if self.is_binary:
            return 16 if self.is_sixteen or first & 0x80 else 8
        digit = bytes([first]).decode(self.codec_name)
        if digit not in "0123456789ABCDEFabcdef":
            return 0
        return 32 if self.is_sixteen or int(digit, 16) & 8 else 16

    def numbers(self, data: bytes) -> list[int]:
        """The elements that the bitmap announces; bit 1 is not one, and bit 65 is refused."""
        start = self.bitmap_start
        if len(data) <= start:
            raise MalformedMessage(0 if len(data) < start else 1, len(data),
                                   f"{start} bytes before the bitmap, and a bitmap",
                                   f"{len(data)} bytes in all")
        width = self.bitmap_widths[data[start]]
        bitmap = data[start:start + width]
        bits = self.bits(bitmap)
        if not width or bits is None:
            raise MalformedMessage(1, start, "hexadecimal digits", "something else")
        if len(bitmap) < width:
            raise MalformedMessage(1, start, f"a bitmap of {width} bytes", f"{len(bitmap)} bytes")
        count = int(4 * width if not self.is_binary else 8 * width)  # the bits are too many for i64
        numbers = [n for n in range(2, count + 1) if bits >> (count - n) & 1]
        if TERTIARY in numbers:
            raise MalformedMessage(TERTIARY, start, "no tertiary bitmap (elements 129 to 192)")
        return numbers

    def bits(self, bitmap: bytes) -> int | None:
        """The bitmap as a number; None when it is not written in hexadecimal digits."""
        if self.is_binary:
            return int.from_bytes(bitmap, "big")
        try:
            return int.from_bytes(binascii.a2b_hex(bitmap.decode(self.codec_name)), "big")
        except ValueError:
            return 0 if len(bitmap) & 1 else None  # an odd digit is left by a cut: too short

    def bitmap_text(self, data: bytes) -> str:
        """The bitmaps of a scanned message as hexadecimal digits, in the case they are sent in."""
        stop = self.bitmap_start + self.bitmap_widths[data[self.bitmap_start]]
        bitmap = data[self.bitmap_start:stop]
        return bitmap.hex().upper() if self.is_binary else bitmap.decode(self.codec_name)

    def with_bitmap_text(self, data: bytes, text: str) -> bytes:
        """The same message with its bitmap in these hexadecimal digits, which mean the same."""
        bitmap = bytes.fromhex(text) if self.is_binary else text.encode(self.codec_name)
        start = self.bitmap_start
        return data[:start] + bitmap + data[start + len(bitmap):]

    def mti(self, data: bytes) -> str:
        written = data[self.mti_start:self.bitmap_start]
        known = self._mtis.get(written)
        if known is None:
            if self.is_bcd:
                known = written.hex().upper()
            else:
                known = written.decode(EBCDIC if self.is_ebcdic else "latin-1")
            if len(self._mtis) < MTIS_MAX:
                self._mtis[written] = known
        return known

    def before_bitmap(self, header: bytes, mti: str) -> bytes:
        """Header, the dialect's own where there is none, and MTI."""
        header = header or self.default_header
        if len(header) != self.mti_start:
            raise Unwritable(0, f"a header of {len(header)} bytes, exactly {self.mti_start}")
        return header + self.mti_bytes(mti)

    def bitmap(self, numbers: Iterable[int], has_bit_1: bool) -> bytes:
        """It has a second half where it must or `has_bit_1`."""
        bits = 0
        for number in numbers:
            bits |= 1 << (2 * BITS - number)
        has_second = self.is_sixteen or has_bit_1 or bits & ((1 << BITS) - 1) != 0
        if has_bit_1 or (has_second and not self.is_sixteen):
            bits |= 1 << (2 * BITS - 1)
        bitmap = bits.to_bytes(16, "big") if has_second else (bits >> BITS).to_bytes(8, "big")
        return bitmap if self.is_binary else bitmap.hex().upper().encode(self.codec_name)

    def mti_bytes(self, mti: str) -> bytes:
        if len(mti) != 4:
            raise Unwritable(0, "an MTI has four digits")
        try:
            if self.is_bcd:
                return binascii.a2b_hex(mti)
            return mti.encode(EBCDIC if self.is_ebcdic else "ascii")
        except ValueError:
            pass
        raise Unwritable(0, "an MTI has four digits")
