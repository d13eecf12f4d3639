"""Are these elements numbers? Planned once for each layout: what stands together is looked at once.

A dialect in BCD makes digits of anything but A to F; one in ASCII or EBCDIC lets letters pass.
"""
from collections.abc import Collection

from router.wire.element import TEXT
from router.wire.message import Message
from router.wire.octets import are_digits
from router.wire.shape import PLANS_MAX, Extent, Shape


class Plan:
    """What is looked at as it stands, and the elements whose texts are made first."""

    __slots__ = ("others", "texts")

    def __init__(self) -> None:
        self.texts: list[Extent] = []
        self.others: list[int] = []


class Digits:
    """Of a message that has them, these elements hold nothing but the digits 0 to 9."""

    __slots__ = ("_last_plan", "_last_shape", "_numbers", "_plans")

    def __init__(self, numbers: Collection[int]) -> None:
        self._numbers = sorted(numbers)
        self._plans: dict[Shape, Plan] = {}
        self._last_shape: Shape | None = None  # that was asked about, mostly the next one, too
        self._last_plan = Plan()

    def are_all(self, message: Message) -> bool:
        """An element that is there and empty holds none."""
        if message.shape is not self._last_shape:
            self._last_plan = self._plan_for(message.shape)
            self._last_shape = message.shape
        plan = self._last_plan
        data, ends = message.data, message.ends
        for extent in plan.texts:
            if not are_digits(data, extent.start_in(ends), extent.stop_in(ends)):
                return False
        for number in plan.others:
            text = message.text(number)
            if not text.isascii() or not text.isdigit():
                return False
        return True

    def _plan_for(self, shape: Shape) -> Plan:
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._planned(shape)
            if len(self._plans) < PLANS_MAX:
                self._plans[shape] = plan
        return plan

    def _planned(self, shape: Shape) -> Plan:
        plan = Plan()
        run: Extent | None = None
        for number in self._numbers:
            place = shape.places[number]
            if place is None:
                continue
            if place.element.reading != TEXT or place.size < 0:
                plan.others.append(number)
                run = None
            elif run is not None and run.ends_before(place):
                run.reach(place)
            else:
                run = Extent(place, with_prefix=False)
                plan.texts.append(run)
        return plan
