"""Elements of a message packed as `specs.packed` has it, planned once for each layout.

Elements of fixed length that a dialect writes as text and that stand together are one run: one
slice of the message.
"""
from collections.abc import Collection
from typing import Final

from router.wire.element import TEXT
from router.wire.message import Message
from router.wire.shape import Place, Shape
from specs.packed import run_of

PLANS_MAX: Final = 4096


class Run:
    """What is packed as one run: `head` says what it is, or is empty where that depends."""

    __slots__ = ("head", "number", "segment", "start", "stop")

    def __init__(self, number: int, head: bytes, segment: int, start: int, stop: int) -> None:
        self.number = number  # its last element
        self.head = head
        self.segment = segment
        self.start = start  # behind the end of the variable element before it
        self.stop = stop

    def takes(self, place: Place) -> bool:
        """It stands right behind, as text of fixed length, as all of this run."""
        return (
            bool(self.head)
            and place.segment == self.segment
            and place.offset == self.stop
            and is_plain(place)
        )

    def add(self, place: Place) -> None:
        self.head = bytes((self.head[0] + 1,)) + self.head[1:] + named(place)
        self.number = place.element.number
        self.stop += place.size


class Packer:
    """Packs these elements of a message, as far as it has them."""

    __slots__ = ("_numbers", "_plans")

    def __init__(self, numbers: Collection[int]) -> None:
        self._numbers = sorted(numbers)
        self._plans: dict[Shape, list[Run]] = {}

    def packed(self, message: Message) -> list[bytes]:
        """Pieces to join."""
        plan = self._plans.get(message.shape)
        if plan is None:
            plan = self._planned(message.shape)
            if len(self._plans) < PLANS_MAX:
                self._plans[message.shape] = plan
        data, ends = message.data, message.ends
        pieces: list[bytes] = []
        for run in plan:
            if run.head:
                start = ends[run.segment]
                pieces.append(run.head)
                pieces.append(data[start + run.start:start + run.stop])
            else:
                text = message.text(run.number)
                if text:
                    pieces.append(run_of(run.number, text.encode("latin-1")))
        return pieces

    def _planned(self, shape: Shape) -> list[Run]:
        plan: list[Run] = []
        for number in self._numbers:
            place = shape.places[number]
            if place is None:
                continue
            if plan and plan[-1].takes(place):
                plan[-1].add(place)
            elif is_plain(place):
                stop = place.offset + place.size
                plan.append(Run(number, b"\x01" + named(place), place.segment, place.offset, stop))
            else:
                plan.append(Run(number, b"", 0, 0, 0))
        return plan


def is_plain(place: Place) -> bool:
    """Text of a fixed length, as the canonical text is."""
    return place.size >= 0 and place.element.reading == TEXT


def named(place: Place) -> bytes:
    return bytes((place.element.number, place.size))
