"""Elements of a message packed as `specs.packed` has it, planned once for each layout.

All texts and digits are one run: what it begins with is the same for all messages of a layout but
for the lengths of variable elements, and what is written alike and stands together is one piece.
"""
from collections.abc import Collection

from librt.strings import BytesWriter
from mypy_extensions import i64, u8

from router.wire.element import BYTES, DIGITS, FROM_EBCDIC, SIGNED_DIGITS, TEXT
from router.wire.message import Message
from router.wire.octets import write_part
from router.wire.shape import PLANS_MAX, Extent, Place, Shape
from specs.packed import TEXT_MAX, write_run


class Piece:
    """Elements that are written alike and stand together; digits that are filled up stand alone."""

    __slots__ = ("extent", "is_filled_up", "place", "reading")

    def __init__(self, place: Place) -> None:
        self.place = place  # the first one
        self.extent = Extent(place, with_prefix=False)
        self.reading: i64 = place.element.reading
        self.is_filled_up: bool = place.element.counts_nibbles and (
            place.size < 0 or place.element.units_max & 1 == 1)

    @property
    def text_size(self) -> int:
        """Of one element of fixed length."""
        size = self.place.size
        return int(2 * size - self.is_filled_up if self.reading == DIGITS else size)

    def takes(self, other: "Piece") -> bool:
        """It goes on with this one."""
        alike = other.reading == self.reading
        whole = not self.is_filled_up and not other.is_filled_up
        return alike and whole and self.extent.ends_before(other.place)


class Length:
    """Of a variable element, and where the head has it."""

    __slots__ = ("at", "place")

    def __init__(self, place: Place, at: i64) -> None:
        self.place = place
        self.at = at


class Packing:
    """Of one layout: the one run, and the elements that are converted, a run each."""

    __slots__ = ("converted", "head", "pieces", "variable")

    def __init__(self, shape: Shape, numbers: list[int]) -> None:
        self.pieces: list[Piece] = []
        self.variable: list[Length] = []
        self.converted: list[int] = []
        named: list[int] = []
        for number in numbers:
            place = shape.places[number]
            if place is None:
                continue
            if place.element.reading in (BYTES, SIGNED_DIGITS):
                self.converted.append(number)
                continue
            piece = Piece(place)
            if place.size < 0:
                self.variable.append(Length(place, len(named) + 2))
                named += [number, 0]
            else:
                named += [number, piece.text_size]
            if self.pieces and self.pieces[-1].takes(piece):
                self.pieces[-1].extent.reach(place)
            else:
                self.pieces.append(piece)
        self.head = bytes([len(named) // 2, *named]) if named else b""


class Packer:
    """Packs these elements of a message, as far as it has them and they are not empty."""

    __slots__ = ("_last_plan", "_last_shape", "_numbers", "_plans")

    def __init__(self, numbers: Collection[int]) -> None:
        self._numbers = sorted(numbers)
        self._plans: dict[Shape, Packing] = {}
        self._last_shape: Shape | None = None  # mostly the next one's, too
        self._last_plan: Packing | None = None

    def pack(self, message: Message, writer: BytesWriter) -> None:
        plan = self._last_plan
        if plan is None or message.shape is not self._last_shape:
            plan = self._plan_of(message.shape)
            self._last_shape, self._last_plan = message.shape, plan
        data, ends = message.data, message.ends
        began: i64 = len(writer)
        writer.write(plan.head)
        for length in plan.variable:
            size = message.units(length.place)
            if size == 0 or size > TEXT_MAX:
                writer.truncate(began)
                self._pack_singly(message, writer)
                return
            writer[began + length.at] = u8(size)
        for piece in plan.pieces:
            start, stop = piece.extent.start_in(ends), piece.extent.stop_in(ends)
            if piece.reading == TEXT:
                write_part(writer, data, start, stop)
            elif piece.reading == DIGITS:
                first = piece.place
                is_odd = piece.is_filled_up and message.is_odd(first)
                first.element.write_text(writer, data, start, stop, is_odd)
            else:
                writer.write(data[start:stop].translate(FROM_EBCDIC))
        for number in plan.converted:
            self._pack_one(message, number, writer)

    def _plan_of(self, shape: Shape) -> Packing:
        plan = self._plans.get(shape)
        if plan is None:
            plan = Packing(shape, self._numbers)
            if len(self._plans) < PLANS_MAX:
                self._plans[shape] = plan
        return plan

    def _pack_singly(self, message: Message, writer: BytesWriter) -> None:
        """Where an element is empty: each a run of its own."""
        for number in self._numbers:
            if message.has(number):
                self._pack_one(message, number, writer)

    def _pack_one(self, message: Message, number: int, writer: BytesWriter) -> None:
        text = message.text(number)
        if text:
            write_run(writer, number, text.encode("latin-1"))
