"""The codec of one dialect: bytes to messages and back.

A scan slices the bitmap, looks up its Shape, and reads one length prefix per variable element;
every valid prefix is a key of a dictionary that holds the bytes it announces, so a prefix that is
too long, not a number, or cut off is simply not there. Whatever is wrong, the scan does not say
what: the slow walk goes over the message again and names element and byte.
"""
from collections.abc import Iterator, Mapping
from typing import Final

from router.wire.element import SIGNED_DIGITS, TEXT, Element, Unwritable
from router.wire.faults import MalformedMessage
from router.wire.head import Head
from router.wire.message import Message
from router.wire.shape import Shape
from router.wire.walk import Stretch, walk
from specs.rules import Dialect

__all__ = ["Codec", "MalformedMessage", "Message", "Unwritable"]

SHAPES_MAX: Final = 4096
STAN: Final = 11
MTIS_MAX: Final = 64


class Codec:
    __slots__ = ("_elements", "_shapes", "approvals", "dialect", "head", "version")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.version: int = dialect.version
        self.approvals: frozenset[str] = dialect.approvals
        self.head = Head(dialect)
        shared: dict[str, dict[bytes, int]] = {}
        self._elements: dict[int, Element] = {
            number: Element(rule, shared) for number, rule in dialect.elements.items()
        }
        self._shapes: dict[bytes, Shape] = {}

    def scan(self, data: bytes) -> Message:
        """The message, its layout judged in full."""
        head = self.head
        start = head.bitmap_start
        if len(data) <= start:
            raise self._fault(data)
        position = start + head.bitmap_widths[data[start]]
        shape = self._shapes.get(data[start:position])
        if shape is None:
            shape = self._laid_out(data, position)
        ends = [position]
        for variable in shape.variables:
            content = position + variable.gap + variable.prefix_bytes
            count = variable.byte_counts.get(data[content - variable.prefix_bytes:content])
            if count is None:
                raise self._fault(data)
            position = content + count
            if position > len(data):
                raise self._fault(data)
            is_odd = variable.is_filled_up and data[content - 1] & 1 == 1
            if is_odd and not variable.element.is_filled(data[content], data[position - 1]):
                raise self._fault(data)
            ends.append(position)
        if position + shape.tail_bytes != len(data):
            raise self._fault(data)
        for place in shape.filled_up:
            first = ends[place.segment] + place.offset
            if not place.element.is_filled(data[first], data[first + place.size - 1]):
                raise self._fault(data)
        return Message(data, self, shape, ends)

    def verify(self, message: Message) -> None:
        """Content: a text in ASCII holds ASCII. (Any byte is EBCDIC, and digits are not judged.)"""
        head = self.head
        if not head.is_ebcdic and not message.mti.isascii():
            raise MalformedMessage(0, head.mti_start, "an MTI in ASCII", "bytes above 7F")
        for extent in message.shape.texts:
            if not extent.bytes_in(message.data, message.ends).isascii():
                self._name_culprit(message)

    def _name_culprit(self, message: Message) -> None:
        for number in message.elements():
            element = self._elements[number]
            if element.reading == TEXT:
                judged = message.raw(number)
            elif element.reading == SIGNED_DIGITS:
                judged = message.raw(number)[:1]  # the sign; digits are not judged
            else:
                continue
            if not judged.isascii():
                start, _ = message.span(number)
                raise MalformedMessage(number, start, "ASCII characters", "bytes above 7F")

    def has_mandatory(self, message: Message, mti: str) -> bool:
        """All that the dialect demands of that MTI: "4", or of "2|35" one of them."""
        lacking = message.shape.lacking
        known = lacking.get(mti)
        if known is None:
            known = any(
                not any(message.has(int(number)) for number in expression.split("|"))
                for expression in self.dialect.mandatory.get(mti, ())
            )
            if len(lacking) < MTIS_MAX:
                lacking[mti] = known
        return not known

    def written(self, mti: str, values: Mapping[int, str], header: bytes = b"") -> Message:
        """A new message from canonical texts. A value for 1 asks for a secondary bitmap anyhow."""
        pieces: dict[int, bytes] = {}
        for number in sorted(values):
            if number != 1:
                pieces[number] = self._element(number).bytes_of(values[number])
        return self._joined(header, mti, pieces, has_bit_1=1 in values)

    def rewritten(self, message: Message, mti: str | None,
                  changes: Mapping[int, str | None]) -> Message:
        """A message with elements added, removed, or of other lengths; the rest byte for byte."""
        pieces: dict[int, bytes] = {}
        for number in sorted(set(message.elements()) | changes.keys()):
            if number not in changes:
                start, stop = message.span(number)
                pieces[number] = message.data[start - self._elements[number].prefix_bytes:stop]
            elif (text := changes[number]) is not None:
                pieces[number] = self._element(number).bytes_of(text)
        return self._joined(message.header, mti or message.mti, pieces, has_bit_1=False)

    def salvaged(self, data: bytes) -> dict[int, str] | None:
        """What stands before the fault, MTI as 0; None where MTI or STAN cannot be read."""
        if len(data) < self.head.bitmap_start:
            return None
        found = {0: self.head.mti(data)}
        try:
            for stretch in walk(self.head, self._elements, data):
                written = data[stretch.content:stretch.stop]
                found[stretch.element.number] = stretch.element.text_of(written, stretch.is_odd)
        except MalformedMessage:
            pass
        return found if STAN in found and _is_mti(found[0]) else None

    def stretches(self, data: bytes) -> Iterator[Stretch]:
        """The elements one by one, slowly, up to the fault, which is raised."""
        return walk(self.head, self._elements, data)

    def element(self, number: int) -> Element | None:
        """How the dialect writes it; None where it has no such element."""
        return self._elements.get(number)

    def _joined(self, header: bytes, mti: str, pieces: Mapping[int, bytes],
                has_bit_1: bool) -> Message:
        head = self.head.written(header, mti, pieces, has_bit_1)
        return self.scan(head + b"".join(pieces.values()))

    def _element(self, number: int) -> Element:
        element = self._elements.get(number)
        if element is None:
            raise Unwritable(number, f"the dialect {self.dialect.name} has no such element")
        return element

    def _laid_out(self, data: bytes, body: int) -> Shape:
        numbers = self.head.numbers(data)
        if any(number not in self._elements for number in numbers):
            raise self._fault(data)
        shape = Shape(numbers, self._elements)
        if len(self._shapes) < SHAPES_MAX:
            self._shapes[data[self.head.bitmap_start:body]] = shape
        return shape

    def _fault(self, data: bytes) -> MalformedMessage:
        try:
            for _ in walk(self.head, self._elements, data):
                pass
        except MalformedMessage as fault:
            return fault
        raise AssertionError("the scan refuses what the walk accepts")


def _is_mti(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit()
