"""The planned way from messages of one codec to those of another, or of the same.

Theory. What becomes of each element depends on the layout of the message, on the two dialects and
on which elements are given anew, and not on the message: so it is planned once for each layout.
Elements that both dialects write alike are copied as they came, in one slice for as many as stand
together; what is written differently is converted; what is given is written. Between two peers of
one dialect forwarding is so an edit of a few bytes.
"""
from collections.abc import Collection
from typing import Final

from librt.strings import BytesWriter
from librt.vecs import append, vec
from mypy_extensions import i64

from router.wire.codec import Codec
from router.wire.element import DIGITS, Element, Unwritable
from router.wire.message import Message
from router.wire.shape import PLANS_MAX, Extent, Shape
from router.wire.transcode import TRACKS, fitted_text
from specs.rules import ElementRule

COPIED: Final = 0
GIVEN: Final = 1
CONVERTED: Final = 2
SEGMENTS_EXPECTED: Final = 6  # there may be more


class Step:
    """One piece of the message to be: a run of elements copied, or one element written."""

    __slots__ = ("element", "extent", "kind", "number")

    def __init__(self, kind: int, element: Element, extent: Extent | None) -> None:
        self.kind = kind
        self.element = element  # of the target
        self.number: int = element.number
        self.extent = extent  # of what is copied


class Plan:
    """For messages of one shape: what the new one begins with, and what follows."""

    __slots__ = ("given", "head", "mti", "shape", "steps")

    def __init__(self, mti: str, given: list[int], head: bytes, steps: list[Step]) -> None:
        self.mti = mti
        self.given = given
        self.head = head
        self.steps = steps
        self.shape: Shape | None = None  # of all that are made so: known from the first one

    def is_for(self, mti: str, given: dict[int, str]) -> bool:
        if mti != self.mti or len(given) != len(self.given):
            return False
        for number in self.given:  # noqa: SIM110 - a loop is compiled, a generator is an object
            if number not in given:
                return False
        return True


class Transcoder:
    """From a codec to another of the same version. `only` these elements pass, all `but` those."""

    __slots__ = ("_but", "_last", "_only", "_plans", "_source", "_target")

    def __init__(self, source: Codec, target: Codec, only: Collection[int] | None = None,
                 but: Collection[int] = ()) -> None:
        self._source = source
        self._target = target
        self._only = only
        self._but = but
        self._plans: dict[tuple[Shape, str, tuple[int, ...]], Plan] = {}
        self._last: dict[Shape, Plan] = {}  # mostly right, and found without making a key

    def transcoded(self, message: Message, mti: str, given: dict[int, str]) -> Message | None:
        """A new message under that MTI: the elements that pass, and those given, which are
        canonical texts. None where a content does not fit as it stands: `fitted` knows more.
        """
        plan = self._last.get(message.shape)
        if plan is None or not plan.is_for(mti, given):
            plan = self._plan(message.shape, mti, given)
        data, ends = message.data, message.ends
        writer = BytesWriter()
        writer.write(plan.head)
        new_ends = append(vec[i64](capacity=SEGMENTS_EXPECTED), len(writer))
        for step in plan.steps:
            extent = step.extent
            if extent is not None:
                start, stop = extent.start_in(ends), extent.stop_in(ends)
                moved = len(writer) - start
                writer.write(data[start:stop])
                for segment in range(extent.start_segment + 1, extent.stop_segment + 1):
                    new_ends = append(new_ends, ends[segment] + moved)
                continue
            written = written_anew(step, message, given)
            if written is None:
                return None
            writer.write(written)
            if step.element.prefix_bytes:
                new_ends = append(new_ends, len(writer))
        if plan.shape is not None:
            return Message(writer.getvalue(), self._target, plan.shape, new_ends)
        scanned = self._target.scan(writer.getvalue())
        plan.shape = scanned.shape
        return scanned

    def _plan(self, shape: Shape, mti: str, given: dict[int, str]) -> Plan:
        key = (shape, mti, tuple(given))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._planned(shape, mti, given)
            if len(self._plans) < PLANS_MAX:
                self._plans[key] = plan
        if shape in self._last or len(self._last) < PLANS_MAX:
            self._last[shape] = plan
        return plan

    def _planned(self, shape: Shape, mti: str, given: dict[int, str]) -> Plan:
        numbers: list[int] = []
        steps: list[Step] = []
        run: Extent | None = None
        for number in sorted({*shape.numbers, *given}):
            element = self._target.element(number)
            place = shape.places[number]
            if number in given:
                run = None
                if element is not None:
                    numbers.append(number)
                    steps.append(Step(GIVEN, element, None))
            elif place is None or element is None or not self._passes(number):
                run = None
            else:
                numbers.append(number)
                if not self._is_alike(place.element.rule, element.rule):
                    run = None
                    steps.append(Step(CONVERTED, element, None))
                elif run is not None:
                    run.reach(place)
                else:
                    run = Extent(place, with_prefix=True)
                    steps.append(Step(COPIED, element, run))
        target = self._target.head
        head = target.before_bitmap(b"", mti) + target.bitmap(numbers, has_bit_1=False)
        return Plan(mti, list(given), head, steps)

    def _passes(self, number: int) -> bool:
        return number not in self._but and (self._only is None or number in self._only)

    def _is_alike(self, came: ElementRule, leaves: ElementRule) -> bool:
        """Written the same way in both. Of tracks, peers differ about the separator."""
        if self._source is self._target:
            return True
        return came.number not in TRACKS and form(came) == form(leaves)


def written_anew(step: Step, message: Message, given: dict[int, str]) -> bytes | None:
    """An element that is given, or converted; None where that does not fit."""
    if step.kind == GIVEN:
        text = given[step.number]
        if step.element.reading == DIGITS and not text.isdigit():
            return None
    else:
        fits = fitted_text(step.element.rule, message.text(step.number))
        if fits is None:
            return None
        text = fits
    try:
        return step.element.bytes_of(text)
    except Unwritable:
        return None


def form(rule: ElementRule) -> tuple[str | int, ...]:
    """How an element is written, its name apart."""
    return (
        rule.kind, rule.encoding, rule.length_max, rule.prefix_digits, rule.prefix_encoding,
        rule.counts, rule.odd, rule.pad,
    )
