"""The codec of one dialect: bytes to messages and back.

A scan looks up the Shape of the bitmap, and reads one length prefix per variable element; a prefix
that is too long, not a number, or cut off announces nothing. Whatever is wrong, the scan does not
say what: the slow walk goes over the message again and names element and byte.
"""
from collections.abc import Iterator, Mapping
from typing import Final

from librt.strings import BytesWriter, read_i32_le
from librt.vecs import append, vec
from mypy_extensions import i64

from router.wire.element import SIGNED_DIGITS, TEXT, Element, Unwritable
from router.wire.faults import MalformedMessage
from router.wire.head import Head
from router.wire.message import Message
from router.wire.octets import are_ascii
from router.wire.shape import PLANS_MAX, Shape
from router.wire.shapes import Shapes
from router.wire.walk import Stretch, walk
from specs.rules import Dialect

__all__ = ["Codec", "MalformedMessage", "Message", "Unwritable"]

STAN: Final = 11
MTIS_MAX: Final = 64


class Layout:
    """How messages of certain elements are written."""

    __slots__ = ("bitmap", "elements", "shape")

    def __init__(self, bitmap: bytes, elements: list[Element], shape: Shape) -> None:
        self.bitmap = bitmap
        self.elements = elements
        self.shape = shape


class Codec:
    __slots__ = (
        "_approvals", "_elements", "_is_approval", "_judged_code", "_layouts", "_shapes", "dialect",
        "head", "is_binary", "version",
    )

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.version: int = dialect.version
        self._approvals: frozenset[str] = dialect.approvals
        self._judged_code = ""  # the one that was asked about last, and what was said
        self._is_approval = False
        self.head = Head(dialect)
        # A bitmap of bytes is hardly ever ASCII: nobody need ask of the message whether it is.
        self.is_binary: bool = self.head.is_binary
        self._elements: dict[int, Element] = {
            number: Element(rule) for number, rule in dialect.elements.items()
        }
        self._shapes = Shapes()
        self._layouts: dict[tuple[int, ...], Layout] = {}  # by the elements in the order given

    def scan(self, data: bytes) -> Message:
        """The message, its layout judged in full."""
        size: i64 = len(data)
        start = self.head.bitmap_start
        if size <= start:
            raise self._fault(data)
        width = self.head.bitmap_widths[data[start]]
        position = start + width
        if not width or position > size:
            raise self._fault(data)
        shape = self._shapes.find(data, start, width)
        if shape is None:
            shape = self._laid_out(data, position)
        variables = shape.variables
        ends = append(vec[i64](capacity=len(variables) + 1), position)
        for variable in variables:
            element = variable.element
            content = position + variable.gap
            position = content + element.announced(data, content)
            if position < content or position > size:
                raise self._fault(data)
            is_odd = variable.is_filled_up and data[content - 1] & 1 == 1
            if is_odd and not element.is_filled(data, content, position):
                raise self._fault(data)
            ends = append(ends, position)
        if position + shape.tail_bytes != size:
            raise self._fault(data)
        for place in shape.filled_up:
            if not place.element.is_filled(data, place.start_in(ends), place.stop_in(ends)):
                raise self._fault(data)
        return Message(data, self, self.mti(data, shape), shape, ends)

    def mti(self, data: bytes, shape: Shape) -> str:
        """Nearly always that of the message before of that shape."""
        head = self.head
        word = read_i32_le(data, head.mti_start)
        if word != shape.mti_word or not shape.mti:
            shape.mti = head.mti(data)
            shape.mti_word = word
        return shape.mti

    def verify(self, message: Message) -> None:
        """Content: a text in ASCII holds ASCII. (Any byte is EBCDIC, and digits are not judged.)"""
        head = self.head
        data, ends = message.data, message.ends
        is_text = not (head.is_ebcdic or head.is_bcd)
        if is_text and not are_ascii(data, head.mti_start, head.bitmap_start):
            raise MalformedMessage(0, head.mti_start, "an MTI in ASCII", "bytes above 7F")
        for extent in message.shape.texts:
            if not are_ascii(data, extent.start_in(ends), extent.stop_in(ends)):
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

    def has_mandatory(self, message: Message) -> bool:
        """All that the dialect demands of its MTI: "4", or of "2|35" one of them."""
        shape, mti = message.shape, message.mti
        if shape.judged_mti != mti:
            known = shape.complete.get(mti)
            if known is None:
                known = all(
                    any(message.has(int(number)) for number in expression.split("|"))
                    for expression in self.dialect.mandatory_for(mti)
                )
                if len(shape.complete) < MTIS_MAX:
                    shape.complete[mti] = known
            shape.is_complete = known
            shape.judged_mti = mti
        return shape.is_complete

    def approves(self, code: str) -> bool:
        """Is this DE 39 an approval?"""
        if code != self._judged_code:
            self._judged_code = code
            self._is_approval = code in self._approvals
        return self._is_approval

    def written(self, mti: str, values: Mapping[int, str], header: bytes = b"") -> Message:
        """A new message from canonical texts. A value for 1 asks for a secondary bitmap anyhow."""
        numbers = tuple(values)
        layout = self._layouts.get(numbers)
        if layout is None:
            layout = self._layout(numbers)
        writer = BytesWriter()
        writer.write(self.head.before_bitmap(header, mti))
        writer.write(layout.bitmap)
        ends = append(vec[i64](capacity=len(layout.shape.variables) + 1), len(writer))
        for element in layout.elements:
            writer.write(element.bytes_of(values[element.number]))
            if element.prefix_bytes:
                ends = append(ends, len(writer))
        data = writer.getvalue()
        return Message(data, self, self.mti(data, layout.shape), layout.shape, ends)

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
        head = self.head
        before = head.before_bitmap(message.header, mti or message.mti)
        bitmap = head.bitmap(pieces, has_bit_1=False)
        return self.scan(before + bitmap + b"".join(pieces.values()))

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

    def _layout(self, numbers: tuple[int, ...]) -> Layout:
        """Raises Unwritable for an element that the dialect does not have."""
        elements = [self._element(number) for number in sorted(numbers) if number != 1]
        there = [element.number for element in elements]
        bitmap = self.head.bitmap(there, has_bit_1=1 in numbers)
        shape = self._shapes.find(bitmap, 0, len(bitmap))
        if shape is None:
            shape = self._kept(bitmap, there)
        layout = Layout(bitmap, elements, shape)
        if len(self._layouts) < PLANS_MAX:
            self._layouts[numbers] = layout
        return layout

    def _element(self, number: int) -> Element:
        element = self._elements.get(number)
        if element is None:
            raise Unwritable(number, f"the dialect {self.dialect.name} has no such element")
        return element

    def _laid_out(self, data: bytes, body: int) -> Shape:
        numbers = self.head.numbers(data)
        if any(number not in self._elements for number in numbers):
            raise self._fault(data)
        return self._kept(data[self.head.bitmap_start:body], numbers)

    def _kept(self, bitmap: bytes, numbers: list[int]) -> Shape:
        shape = Shape(numbers, self._elements)
        self._shapes.keep(bitmap, shape)
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
