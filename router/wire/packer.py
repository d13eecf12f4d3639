"""Elements of a message packed as `specs.packed` has it, planned once for each layout.

Elements of fixed length that a dialect writes as text and that stand together are one run: one
slice of the message.
"""
from collections.abc import Collection

from librt.strings import BytesWriter

from router.wire.element import TEXT
from router.wire.message import Message
from router.wire.shape import PLANS_MAX, Extent, Place, Shape
from specs.packed import write_run


class Run:
    """What is packed as one run: `head` says what it is, or is empty where that depends."""

    __slots__ = ("extent", "head", "is_text", "number")

    def __init__(self, place: Place) -> None:
        self.is_text: bool = place.element.reading == TEXT
        self.number: int = place.element.number  # its last element
        self.extent = Extent(place, with_prefix=False)
        self.head = b"\x01" + named(place) if is_plain(place) else b""

    def takes(self, place: Place) -> bool:
        """It stands right behind, as text of fixed length, as all of this run."""
        return bool(self.head) and self.extent.ends_before(place) and is_plain(place)

    def add(self, place: Place) -> None:
        self.head = bytes((self.head[0] + 1,)) + self.head[1:] + named(place)
        self.number = place.element.number
        self.extent.reach(place)


class Packer:
    """Packs these elements of a message, as far as it has them."""

    __slots__ = ("_numbers", "_plans")

    def __init__(self, numbers: Collection[int]) -> None:
        self._numbers = sorted(numbers)
        self._plans: dict[Shape, list[Run]] = {}

    def pack(self, message: Message, writer: BytesWriter) -> None:
        plan = self._plans.get(message.shape)
        if plan is None:
            plan = self._planned(message.shape)
            if len(self._plans) < PLANS_MAX:
                self._plans[message.shape] = plan
        data, ends = message.data, message.ends
        for run in plan:
            if run.head:
                writer.write(run.head)
                writer.write(run.extent.bytes_in(data, ends))
                continue
            piece = run.extent.bytes_in(data, ends) if run.is_text else (
                message.text(run.number).encode("latin-1"))
            if piece:
                write_run(writer, run.number, piece)

    def _planned(self, shape: Shape) -> list[Run]:
        plan: list[Run] = []
        for number in self._numbers:
            place = shape.places[number]
            if place is None:
                continue
            if plan and plan[-1].takes(place):
                plan[-1].add(place)
            else:
                plan.append(Run(place))
        return plan


def is_plain(place: Place) -> bool:
    """Text of a fixed length, as the canonical text is."""
    return place.size >= 0 and place.element.reading == TEXT


def named(place: Place) -> bytes:
    return bytes((place.element.number, place.size))
