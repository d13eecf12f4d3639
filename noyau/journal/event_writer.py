"""Writes the log's `transaction` event from an answer as it lies in the journal: no object, no text
of it is made.

It writes what is plain, and says where something is not: text that JSON would escape, or that may
hold the digits of a card. Whoever asked has a way for these that knows everything.
"""

from typing import Final

from librt.strings import BytesWriter
from librt.vecs import vec
from mypy_extensions import i64, u8

from noyau.journal.walking import (
    ITS_ACQUIRER,
    ITS_AMOUNT,
    ITS_CURRENCY,
    ITS_PAN,
    ITS_RRN,
    ITS_STAN,
    Records,
    Span,
    bounds_in,
)
from router.net.card_data import NUMBER_MIN, PAN_DIGITS_MIN, may_look_like_card
from router.wire.octets import write_printable

HARMLESS_MAX: Final = 1024  # long names that are remembered
FIRST_SHOWN: Final = 6  # of a card's digits
LAST_SHOWN: Final = 4
STAR: Final = 0x2A
NOUGHT: Final = 0x30
PLAIN: Final = bytes(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in range(256))

_harmless: Final = set[bytes]()


class EventWriter:
    """Of the answers of one row."""

    __slots__ = ("_at", "_begin", "_data", "_lines", "_records")

    def __init__(self, lines: BytesWriter, records: Records, begin: bytes, at: bytes) -> None:
        """`begin`: of its id, which the place in the row follows; `at`: its time."""
        self._lines = lines
        self._records = records
        self._data = records.data
        self._begin = begin
        self._at = at

    def writes_event(self, place: i64) -> bool:
        """A line about the answer that the records are at; False: nothing, for it is not plain."""
        lines, records = self._lines, self._records
        began = i64(len(lines))
        lines.write(b'{"event":"transaction","id":"')
        lines.write(self._begin)
        write_number(lines, place)
        numbers_are_plain = (
            0 <= records.hsm_us < NUMBER_MIN
            and 0 <= records.issuer_us < NUMBER_MIN
            and 0 <= records.recorded_us < NUMBER_MIN
        )
        if not numbers_are_plain or not self._writes_texts(records):
            lines.truncate(began)
            return False
        lines.write(b'","hsm_us":')
        write_number(lines, records.hsm_us)
        lines.write(b',"issuer_us":')
        write_number(lines, records.issuer_us)
        lines.write(b',"recorded_us":')
        write_number(lines, records.recorded_us)
        lines.write(b',"level":"info","at":"')
        lines.write(self._at)
        lines.write(b'"}\n')
        return True

    def _writes_texts(self, records: Records) -> bool:
        about = bounds_in(self._data, records.about.start, records.about.stop)
        return (
            self._writes(b'","mti":"', records.mti)
            and self._writes_part(b'","stan":"', about, ITS_STAN)
            and self._writes(b'","issuer_stan":"', records.issuer_stan)
            and self._writes_part(b'","rrn":"', about, ITS_RRN)
            and self._writes_part(b'","acquirer":"', about, ITS_ACQUIRER)
            and self._writes(b'","issuer":"', records.issuer)
            and self._writes_pan(b'","pan_masked":"', about)
            and self._writes_amount(b'","amount_minor":', about)
            and self._writes_part(b',"currency":"', about, ITS_CURRENCY)
            and self._writes(b'","response_code":"', records.code)
            and self._writes(b'","decided_by":"', records.decided_by)
            and self._writes(b'","ended_in":"', records.ended_in)
        )

    def _writes(self, name: bytes, text: Span) -> bool:
        return self._writes_text(name, text.start, text.stop)

    def _writes_part(self, name: bytes, about: vec[i64], which: i64) -> bool:
        return self._writes_text(name, about[which], about[which + 1] - 1)

    def _writes_text(self, name: bytes, start: i64, stop: i64) -> bool:
        if not is_plain(self._data, start, stop):
            return False
        if stop - start >= PAN_DIGITS_MIN and not is_harmless(self._data[start:stop]):
            return False
        self._lines.write(name)
        write_printable(self._lines, self._data, start, stop)
        return True

    def _writes_pan(self, name: bytes, about: vec[i64]) -> bool:
        """First six and last four; of one too short to hide anything between them, nothing."""
        data, lines = self._data, self._lines
        start, stop = about[ITS_PAN], about[ITS_PAN + 1] - 1
        if not is_plain(data, start, stop):
            return False
        shown: i64 = FIRST_SHOWN if stop - start >= PAN_DIGITS_MIN else 0
        last: i64 = LAST_SHOWN if shown else 0
        lines.write(name)
        write_printable(lines, data, start, start + shown)
        for _ in range(start + shown, stop - last):
            lines.append(STAR)
        write_printable(lines, data, stop - last, stop)
        return True

    def _writes_amount(self, name: bytes, about: vec[i64]) -> bool:
        data, start, stop = self._data, about[ITS_AMOUNT], about[ITS_AMOUNT + 1] - 1
        amount: i64 = 0
        if stop - start >= PAN_DIGITS_MIN:
            return False
        for at in range(start, stop):
            digit = i64(data[at]) - NOUGHT
            if digit < 0 or digit > 9:
                return False
            amount = amount * 10 + digit
        self._lines.write(name)
        write_number(self._lines, amount)
        return True


def is_plain(data: bytes, start: i64, stop: i64) -> bool:
    """JSON has it as it stands there."""
    plain, at = PLAIN, start
    while at < stop and plain[data[at]]:
        at += 1
    return at >= stop


def is_harmless(text: bytes) -> bool:
    """It is long enough to hold a card's number, and does not. Names are: they are remembered."""
    if text in _harmless:
        return True
    if may_look_like_card(text):
        return False
    if len(_harmless) < HARMLESS_MAX:
        _harmless.add(text)
    return True


def write_number(there: BytesWriter, number: i64) -> None:
    """In decimal digits; it is not negative."""
    if number >= 10:
        write_number(there, number // 10)
    there.append(u8(NOUGHT + number % 10))
