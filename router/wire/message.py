"""One ISO 8583 message as it stands on the wire: read when asked for, edited as new bytes."""
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from librt.strings import BytesWriter, read_i16_le
from librt.vecs import vec
from mypy_extensions import i64, mypyc_attr

from router.wire.element import BYTES, DIGITS, TEXT
from router.wire.faults import MalformedMessage
from router.wire.octets import small_number, write_printable
from router.wire.shape import Place, Shape
from specs.elements import DE

if TYPE_CHECKING:
    from router.wire.codec import Codec

__all__ = ["MalformedMessage", "Message", "MissingElement"]

CODE_BYTES: Final = 2  # of DE 39, mostly
NO_NUMBER: Final = -1
NUMBER_DIGITS: Final = 18  # that 64 bits hold
SMALL_DIGITS: Final = 8
DIGITS_AT_ONCE: Final = 4  # so many elements in digits, and the whole message is made digits


class MissingElement(Exception):
    """An element was asked for that the message does not have."""

    def __init__(self, element: int) -> None:
        super().__init__(element)
        self.element = element


@mypyc_attr(acyclic=True, free_list_len=1)
class Message:
    __slots__ = ("codec", "data", "ends", "mti", "shape")

    def __init__(self, data: bytes, codec: "Codec", mti: str, shape: Shape, ends: vec[i64]) -> None:
        self.data = data
        self.codec = codec
        self.mti = mti
        self.shape = shape
        self.ends = ends  # of the bitmap and of each variable element

    def __repr__(self) -> str:
        return f"<Message {self.mti} with {self.shape.numbers}>"

    def __reduce__(self) -> str:
        raise TypeError("a message is not pickled: it holds card data in clear")

    @property
    def header(self) -> bytes:
        return self.data[:self.codec.head.mti_start]

    @property
    def spare_bitmap(self) -> str:
        """The secondary bitmap, where one was announced by bit 1 although no element needed it."""
        bitmap = self.codec.head.bitmap_text(self.data)
        is_announced = int(bitmap[0], 16) & 8 != 0
        is_needed = self.shape.numbers[-1:] > [64] and not self.codec.head.is_sixteen
        return bitmap[16:] if is_announced and not is_needed else ""

    def has(self, element: int) -> bool:
        return self.shape.places[element] is not None

    def is_binary(self, element: int) -> bool:
        """It is there, and its bytes stand as they are: `raw` has what `text` says in hex."""
        place = self.shape.places[element]
        return place is not None and place.element.reading == BYTES

    def elements(self) -> list[int]:
        return list(self.shape.numbers)

    def values(self) -> dict[int, str]:
        shape = self.shape
        found = shape.blank.copy()
        if shape.in_digits < DIGITS_AT_ONCE:
            characters = self.data.decode("latin-1")
            for number in shape.numbers:
                place = self._place(number)
                if place.element.reading == TEXT:
                    found[number] = characters[place.start_in(self.ends):place.stop_in(self.ends)]
                else:
                    found[number] = self._text_at(place)
            return found
        digits = self.data.hex().upper()
        for number in shape.numbers:
            place = self._place(number)
            if place.element.reading not in (DIGITS, BYTES):
                found[number] = self._text_at(place)
                continue
            first, last = 2 * place.start_in(self.ends), 2 * place.stop_in(self.ends)
            if self.is_odd(place):
                if place.element.fills_right:
                    last -= 1
                else:
                    first += 1
            found[number] = digits[first:last]
        return found

    def get(self, element: int) -> str:
        """The canonical text, empty where the element is absent."""
        place = self.shape.places[element]
        return self._text_at(place) if place is not None else ""

    def code(self) -> str:
        """DE 39, empty where it is absent: nearly always what the message before said, and then
        its text is not made anew.
        """
        shape = self.shape
        place = shape.places[DE.RESPONSE_CODE]
        if place is None:
            return ""
        if place.element.reading != TEXT or place.size != CODE_BYTES:
            return self._text_at(place)
        word = read_i16_le(self.data, place.start_in(self.ends))
        if word != shape.code_word or not shape.code:
            shape.code_word = word
            shape.code = self._text_at(place)
        return shape.code

    def text(self, element: int) -> str:
        """The canonical text. Never raises for content: `Codec.verify` judges that."""
        place = self.shape.places[element]
        if place is None:
            raise MissingElement(element)
        return self._text_at(place)

    def _text_at(self, place: Place) -> str:
        ends = self.ends
        start = ends[place.segment] + place.offset
        stop = ends[place.segment + 1] if place.size < 0 else start + place.size
        ready = place.element
        if ready.reading == TEXT:
            return self.data[start:stop].decode("latin-1")
        return ready.text_of(self.data[start:stop], self.is_odd(place))

    def write(self, element: int, there: BytesWriter) -> None:
        """The canonical text in Latin-1, and what is no character in it as a space."""
        place = self.shape.places[element]
        if place is None:
            return
        ends = self.ends
        start = ends[place.segment] + place.offset
        stop = ends[place.segment + 1] if place.size < 0 else start + place.size
        if place.element.reading == TEXT:
            write_printable(there, self.data, start, stop)
        else:
            place.element.write_text(there, self.data, start, stop, self.is_odd(place))

    def is_odd(self, place: Place) -> bool:
        """An odd number of digits, filled up to whole bytes."""
        if not place.element.counts_nibbles:
            return False
        units = place.element.units_max
        if place.size < 0:
            units = self.data[place.start_in(self.ends) - 1]
        return units & 1 == 1

    def raw(self, element: int) -> bytes:
        """The element's bytes, without its length prefix."""
        place = self._place(element)
        return self.data[place.start_in(self.ends):place.stop_in(self.ends)]

    def written(self, element: int) -> bytes:
        """The element as it stands on the wire, length prefix and all; empty where it is absent."""
        place = self.shape.places[element]
        if place is None:
            return b""
        ends = self.ends
        return self.data[place.start_in(ends) - place.element.prefix_bytes:place.stop_in(ends)]

    def number(self, element: int) -> i64:
        """What its digits say; -1 where it is absent, or is no number of at most 18 digits."""
        place = self.shape.places[element]
        if place is None:
            return NO_NUMBER
        start, stop = place.start_in(self.ends), place.stop_in(self.ends)
        if place.element.reading == DIGITS and not self.is_odd(place):
            return packed_number(self.data, start, stop)
        if place.element.reading != TEXT:
            text = self._text_at(place)
            if len(text) > NUMBER_DIGITS or not (text.isascii() and text.isdigit()):
                return NO_NUMBER
            return int(text)
        if stop == start or stop - start > NUMBER_DIGITS:
            return NO_NUMBER
        if stop - start <= SMALL_DIGITS:
            return small_number(self.data, start, stop)
        data = self.data
        number: i64 = 0
        for at in range(start, stop):
            digit: i64 = data[at] - 0x30
            if digit < 0 or digit > 9:
                return NO_NUMBER
            number = number * 10 + digit
        return number

    def units(self, place: Place) -> i64:
        """The length of its canonical text, of text and of digits."""
        size = place.stop_in(self.ends) - place.start_in(self.ends)
        if place.element.reading != DIGITS:
            return size
        return 2 * size - 1 if self.is_odd(place) else 2 * size

    def span(self, element: int) -> tuple[int, int]:
        """Where the element's content stands; its length prefix, if any, lies right before it."""
        place = self._place(element)
        return place.start_in(self.ends), place.stop_in(self.ends)

    def replacing(self, mti: str | None, changes: Mapping[int, str | None]) -> "Message":
        """The same message with other canonical texts in some elements; None removes one."""
        edited = BytesWriter()
        edited.write(self.data)
        for number in changes:
            place, text = self.shape.places[number], changes[number]
            if place is None and text is None:
                continue
            if place is None or text is None:
                return self.codec.rewritten(self, mti, changes)
            written = place.element.bytes_of(text)
            start = place.start_in(self.ends) - place.element.prefix_bytes
            if len(written) != place.stop_in(self.ends) - start:
                return self.codec.rewritten(self, mti, changes)
            overwrite(edited, start, written)
        if mti is not None:
            head = self.codec.head
            overwrite(edited, head.mti_start, head.mti_bytes(mti))
        data = edited.getvalue()
        return Message(data, self.codec, self.codec.mti(data, self.shape), self.shape, self.ends)

    def _place(self, element: int) -> Place:
        place = self.shape.places[element]
        if place is None:
            raise MissingElement(element)
        return place


def overwrite(there: BytesWriter, start: i64, written: bytes) -> None:
    """From `start` on, as far as it goes."""
    for at in range(i64(len(written))):
        there[start + at] = written[at]


def packed_number(data: bytes, start: i64, stop: i64) -> i64:
    """Of digits, two in a byte; -1 where one is none."""
    if stop == start or 2 * (stop - start) > NUMBER_DIGITS:
        return NO_NUMBER
    number: i64 = 0
    for at in range(start, stop):
        pair: i64 = data[at]
        if pair > 0x99 or pair & 0x0F > 9:
            return NO_NUMBER
        number = number * 100 + (pair >> 4) * 10 + (pair & 0x0F)
    return number
