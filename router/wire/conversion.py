"""One element as another dialect writes it, from bytes to bytes.

Theory. Most elements that two dialects write differently hold the same characters, digits or bytes,
as many as came: how these are written is planned once for each pair of elements, and no text is
made of them. What is more than that (text to be cut or filled up, a track with the other separator,
digits that are none) goes by its canonical text, which knows every case.
"""
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, u8

from router.wire.element import (
    BYTES,
    DIGITS,
    FROM_EBCDIC,
    TEXT,
    TEXT_EBCDIC,
    TO_EBCDIC,
    UNHEXLIFIED,
    Element,
    Unwritable,
)
from router.wire.message import Message
from router.wire.octets import (
    are_ascii,
    are_packed_digits,
    has_one_of,
    write_hexadecimal,
    write_part,
)
from router.wire.transcode import TRACKS, fitted_text

BY_TEXT: Final = 0
COPIED: Final = 1
TRANSLATED: Final = 2  # by a table, between ASCII and EBCDIC
PACKED: Final = 3  # digits of text, two in a byte
UNPACKED: Final = 4
HEXADECIMAL: Final = 5  # bytes as digits of text
UNHEXADECIMAL: Final = 6
D_IN_TEXT: Final = {TEXT: 0x44, TEXT_EBCDIC: 0xC4}
SEPARATOR: Final = 0xD  # of a track in digits; as text it is =, which has D in its low nibble
ZERO: Final = 0x30


class Conversion:
    """From an element of a source to that of a target, which has the same number."""

    __slots__ = ("_are_digits", "_d", "_is_fixed", "_is_text", "_is_track", "_last_prefix",
                 "_last_units", "_number", "_source", "_table", "_target", "_units_max", "_way")

    def __init__(self, source: Element, target: Element) -> None:
        self._number: int = target.number
        self._source = source
        self._target = target
        self._way: i64 = way(source, target)
        self._units_max: i64 = target.rule.length_max
        self._is_fixed: bool = target.rule.is_fixed
        self._is_track: bool = target.number in TRACKS
        self._is_text: bool = target.reading == TEXT
        self._are_digits: bool = target.reading == DIGITS
        self._d: i64 = D_IN_TEXT.get(source.reading, 0)
        self._table: bytes = FROM_EBCDIC if source.reading == TEXT_EBCDIC else TO_EBCDIC
        self._last_units: i64 = -1
        self._last_prefix = b""  # of so many: mostly those of the next one, too

    def write(self, message: Message, there: BytesWriter) -> bool:
        """Prefix and content; False where it does not fit."""
        began: i64 = len(there)
        if self._way != BY_TEXT:
            if self._is_written(message, there):
                return True
            there.truncate(began)
        fits = fitted_text(self._target.rule, message.text(self._number))
        if fits is None:
            return False
        try:
            there.write(self._target.bytes_of(fits))
        except Unwritable:
            return False
        return True

    def _is_written(self, message: Message, there: BytesWriter) -> bool:
        """False: that cannot be done without a text, and a part of it may be written."""
        place = message.shape.places[self._number]
        assert place is not None
        data = message.data
        start, stop = place.start_in(message.ends), place.stop_in(message.ends)
        units = message.units(place)
        if self._way == UNHEXADECIMAL:
            units = (units + 1) >> 1
        if units > self._units_max or (self._is_fixed and units != self._units_max):
            return False
        if self._are_digits and units & 1 and not self._target.counts_nibbles:
            return False
        if not self._is_fixed:
            self._write_prefix(units, there)
        return self._is_content_written(data, start, stop, units, there)

    def _write_prefix(self, units: i64, there: BytesWriter) -> None:
        if units != self._last_units:
            size = units
            if self._are_digits:
                size = (units + 1) >> 1
            elif self._way == HEXADECIMAL:
                size = 2 * units
            self._last_prefix = self._target.prefix(self._target.announces(units, size))
            self._last_units = units
        there.write(self._last_prefix)

    def _is_content_written(
        self, data: bytes, start: i64, stop: i64, units: i64, there: BytesWriter
    ) -> bool:
        which = self._way
        if which == HEXADECIMAL:
            write_hexadecimal(there, data, start, stop)
            return True
        if which == UNHEXADECIMAL:
            try:
                there.write(UNHEXLIFIED(data[start:stop]))
            except ValueError:
                return False
            return True
        if which == PACKED:
            return self._is_packed(data, start, stop, there)
        if which == UNPACKED:
            return self._is_unpacked(data, start, units, there)
        if self._is_track and has_one_of(data, start, stop, self._d, self._d):
            return False
        if which == TRANSLATED:
            written = data[start:stop].translate(self._table)
            there.write(written)
            return not self._is_text or are_ascii(written, 0, len(written))
        if self._are_digits and not (units & 1 == 0 and are_packed_digits(data, start, stop)):
            return False
        write_part(there, data, start, stop)
        return not self._is_text or are_ascii(data, start, stop)

    def _is_packed(self, data: bytes, start: i64, stop: i64, there: BytesWriter) -> bool:
        target = self._target
        high: i64 = -1
        if (stop - start) & 1 and not target.fills_right:
            high = target.pad_nibble
        for at in range(start, stop):
            character: i64 = data[at]
            digit = character & 0x0F
            if character >> 4 != ZERO >> 4 or not self._is_digit(digit):
                return False
            if high < 0:
                high = digit
            else:
                there.append(u8(high << 4 | digit))
                high = -1
        if high >= 0:
            there.append(u8(high << 4 | target.pad_nibble))
        return True

    def _is_unpacked(self, data: bytes, start: i64, units: i64, there: BytesWriter) -> bool:
        first = 2 * start
        if units & 1 and not self._source.fills_right:
            first += 1
        for at in range(first, first + units):
            digit: i64 = data[at >> 1]
            digit = digit & 0x0F if at & 1 else digit >> 4
            if not self._is_digit(digit):
                return False
            there.append(u8(ZERO | digit))
        return True

    def _is_digit(self, digit: i64) -> bool:
        return digit <= 9 or (self._is_track and digit == SEPARATOR)


def way(source: Element, target: Element) -> i64:
    """From the one to the other."""
    came, leaves = source.reading, target.reading
    if (source.rule.kind == "b") != (target.rule.kind == "b"):
        return BY_TEXT
    if source.rule.kind == "b":
        if came == BYTES:
            return COPIED if leaves == BYTES else HEXADECIMAL if leaves == TEXT else BY_TEXT
        return UNHEXADECIMAL if came == TEXT and leaves == BYTES else BY_TEXT
    if came == leaves and came in (TEXT, TEXT_EBCDIC, DIGITS):
        return COPIED
    if came in (TEXT, TEXT_EBCDIC) and leaves in (TEXT, TEXT_EBCDIC):
        return TRANSLATED
    if came == TEXT and leaves == DIGITS:
        return PACKED
    return UNPACKED if came == DIGITS and leaves == TEXT else BY_TEXT
