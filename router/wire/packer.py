"""Elements of a message packed as `specs.packed` has it, planned once for each layout.

All that a dialect writes as text is one run: what it begins with is the same for all messages of a
layout but for the lengths of variable elements, and texts that stand together are one slice.
"""
from collections.abc import Collection

from librt.strings import BytesWriter
from mypy_extensions import i64, u8

from router.wire.element import TEXT
from router.wire.message import Message
from router.wire.shape import PLANS_MAX, Extent, Place, Shape
from specs.packed import TEXT_MAX, write_run


class Packing:
    """Of one layout: the run of texts, and the elements that are converted, a run each."""

    __slots__ = ("converted", "head", "texts", "variable")

    def __init__(self, shape: Shape, numbers: list[int]) -> None:
        self.texts: list[Extent] = []
        self.variable: list[Length] = []
        self.converted: list[int] = []
        named: list[int] = []
        for number in numbers:
            place = shape.places[number]
            if place is None:
                continue
            if place.element.reading != TEXT:
                self.converted.append(number)
                continue
            if place.size < 0:
                self.variable.append(Length(place, len(named) + 2))
            named += [number, max(0, place.size)]
            if self.texts and self.texts[-1].ends_before(place):
                self.texts[-1].reach(place)
            else:
                self.texts.append(Extent(place, with_prefix=False))
        self.head = bytes([len(named) // 2, *named]) if named else b""


class Length:
    """Of a variable element, and where the head has it."""

    __slots__ = ("at", "number", "place")

    def __init__(self, place: Place, at: i64) -> None:
        self.number: int = place.element.number
        self.place = place
        self.at = at


class Packer:
    """Packs these elements of a message, as far as it has them and they are not empty."""

    __slots__ = ("_numbers", "_plans")

    def __init__(self, numbers: Collection[int]) -> None:
        self._numbers = sorted(numbers)
        self._plans: dict[Shape, Packing] = {}

    def pack(self, message: Message, writer: BytesWriter) -> None:
        plan = self._plans.get(message.shape)
        if plan is None:
            plan = Packing(message.shape, self._numbers)
            if len(self._plans) < PLANS_MAX:
                self._plans[message.shape] = plan
        data, ends = message.data, message.ends
        began: i64 = len(writer)
        writer.write(plan.head)
        for length in plan.variable:
            size = length.place.stop_in(ends) - length.place.start_in(ends)
            if size == 0 or size > TEXT_MAX:
                writer.truncate(began)
                self._pack_singly(message, writer)
                return
            writer[began + length.at] = u8(size)
        for extent in plan.texts:
            writer.write(extent.bytes_in(data, ends))
        for number in plan.converted:
            self._pack_one(message, number, writer)

    def _pack_singly(self, message: Message, writer: BytesWriter) -> None:
        """Where an element is empty: each a run of its own."""
        for number in self._numbers:
            if message.has(number):
                self._pack_one(message, number, writer)

    def _pack_one(self, message: Message, number: int, writer: BytesWriter) -> None:
        text = message.text(number)
        if text:
            write_run(writer, number, text.encode("latin-1"))
