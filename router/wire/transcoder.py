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
from router.wire.conversion import Conversion
from router.wire.element import DIGITS, TEXT, Element, Unwritable
from router.wire.given import Given
from router.wire.message import Message
from router.wire.octets import write_part
from router.wire.shape import PLANS_MAX, Extent, Shape
from router.wire.transcode import TRACKS
from specs.elements import DE
from specs.rules import ElementRule

NOT_PLAIN: Final = -1
SEGMENTS_EXPECTED: Final = 6  # there may be more
# Given to one message after another alike: what was written last is mostly what is to be written.
ALIKE: Final[tuple[int, ...]] = (
    DE.TRANSMISSION_TIME, DE.ACQUIRER_ID, DE.FORWARDER_ID, DE.RESPONSE_CODE)


class Step:
    """One piece of the message to be: a run of elements copied, or one element written."""

    __slots__ = ("conversion", "element", "extent", "is_alike", "is_prefixed", "last",
                 "last_written", "number", "text_size")

    def __init__(self, element: Element, extent: Extent | None = None,
                 conversion: Conversion | None = None) -> None:
        self.element = element  # of the target
        self.number: int = element.number
        self.extent = extent  # of what is copied
        self.conversion = conversion  # of what is converted; an element with neither is given
        self.is_prefixed: bool = element.prefix_bytes > 0
        # Of text in so many characters: as it is given, it is written.
        is_plain = element.reading == TEXT and not self.is_prefixed
        self.text_size: i64 = element.fixed_bytes if is_plain else NOT_PLAIN
        self.is_alike: bool = self.number in ALIKE
        self.last = ""  # text, where it `is_alike`,
        self.last_written = b""  # and how that is written


class Plan:
    """For messages of one shape: what the new one begins with, and what follows."""

    __slots__ = ("came", "given", "head", "mti", "shape", "steps")

    def __init__(self, came: Shape, mti: str, given: tuple[int, ...], head: bytes,
                 steps: list[Step]) -> None:
        self.came = came
        self.mti = mti
        self.given = given
        self.head = head
        self.steps = steps
        self.shape: Shape | None = None  # of all that are made so: known from the first one


class Transcoder:
    """From a codec to another of the same version. `only` these elements pass, all `but` those."""

    __slots__ = ("_but", "_count", "_last", "_only", "_plans", "_writer", "source", "target")

    def __init__(self, source: Codec, target: Codec, only: Collection[int] | None = None,
                 but: Collection[int] = ()) -> None:
        self.source = source
        self.target = target
        self._only = only
        self._but = but
        self._plans: dict[Shape, list[Plan]] = {}  # few of each shape: by MTI and what is given
        self._count = 0
        self._last: Plan | None = None  # mostly that of the next message, too
        self._writer = BytesWriter()  # one for all: nothing stays in it between two messages

    def transcoded(self, message: Message, mti: str, given: Given) -> Message | None:
        """A new message under that MTI: the elements that pass, and those given.
        None where a content does not fit as it stands: `fitted` knows more.
        """
        plan = self._plan(message.shape, mti, given.elements)
        data, ends, there = message.data, message.ends, self._writer
        there.truncate(0)
        there.write(plan.head)
        new_ends = append(vec[i64](capacity=SEGMENTS_EXPECTED), len(there))
        for step in plan.steps:
            extent, conversion = step.extent, step.conversion
            if extent is not None:
                start = extent.start_in(ends)
                moved = len(there) - start
                write_part(there, data, start, extent.stop_in(ends))
                for segment in range(extent.start_segment + 1, extent.stop_segment + 1):
                    new_ends = append(new_ends, ends[segment] + moved)
                continue
            if conversion is not None:
                if not conversion.write(message, there):
                    return None
            elif not write_given(step, given.text(step.number), there):
                return None
            if step.is_prefixed:
                new_ends = append(new_ends, len(there))
        if plan.shape is not None:
            return Message(there.getvalue(), self.target, mti, plan.shape, new_ends)
        scanned = self.target.scan(there.getvalue())
        plan.shape = scanned.shape
        return scanned

    def _plan(self, shape: Shape, mti: str, given: tuple[int, ...]) -> Plan:
        last = self._last
        if last is not None and last.came is shape and last.given is given and last.mti == mti:
            return last
        plans = self._plans.get(shape)
        if plans is not None:
            for plan in plans:
                if plan.given is given and plan.mti == mti:
                    self._last = plan
                    return plan
        planned = self._planned(shape, mti, given)
        if self._count < PLANS_MAX:
            self._count += 1
            self._plans.setdefault(shape, []).append(planned)
        return planned

    def _planned(self, shape: Shape, mti: str, given: tuple[int, ...]) -> Plan:
        numbers: list[int] = []
        steps: list[Step] = []
        run: Extent | None = None
        for number in sorted({*shape.numbers, *given}):
            element = self.target.element(number)
            place = shape.places[number]
            if number in given:
                run = None
                if element is not None:
                    numbers.append(number)
                    steps.append(Step(element))
            elif place is None or element is None or not self._passes(number):
                run = None
            else:
                numbers.append(number)
                if not self._is_alike(place.element.rule, element.rule):
                    run = None
                    conversion = Conversion(place.element, element)
                    steps.append(Step(element, conversion=conversion))
                elif run is not None:
                    run.reach(place)
                else:
                    run = Extent(place, with_prefix=True)
                    steps.append(Step(element, run))
        target = self.target.head
        head = target.before_bitmap(b"", mti) + target.bitmap(numbers, has_bit_1=False)
        return Plan(shape, mti, given, head, steps)

    def _passes(self, number: int) -> bool:
        return number not in self._but and (self._only is None or number in self._only)

    def _is_alike(self, came: ElementRule, leaves: ElementRule) -> bool:
        """Written the same way in both. Of tracks, peers differ about the separator."""
        if self.source is self.target:
            return True
        return came.number not in TRACKS and form(came) == form(leaves)


def write_given(step: Step, text: str, there: BytesWriter) -> bool:
    """An element that is given; False where it cannot be written as it is."""
    if step.is_alike:
        if text == step.last and text:
            there.write(step.last_written)
            return True
    elif step.text_size == len(text):
        try:
            there.write(text.encode("ascii"))
        except UnicodeEncodeError:
            return False
        return True
    element = step.element
    if element.reading == DIGITS and not text.isdigit():
        return False
    try:
        written = element.bytes_of(text)
    except Unwritable:
        return False
    if step.is_alike:
        step.last = text
        step.last_written = written
    there.write(written)
    return True


def form(rule: ElementRule) -> tuple[str | int, ...]:
    """How an element is written, its name apart."""
    return (
        rule.kind, rule.encoding, rule.length_max, rule.prefix_digits, rule.prefix_encoding,
        rule.counts, rule.odd, rule.pad,
    )
