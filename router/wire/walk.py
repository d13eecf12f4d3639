"""The slow way through a message, element by element: taken once a scan has found it malformed,
to say where, and to save what stands before the fault.
"""
from collections.abc import Iterator, Mapping

from router.wire.element import UNREADABLE, Element
from router.wire.faults import MalformedMessage
from router.wire.head import Head


class Stretch:
    """The bytes of one element: its prefix from `start`, its content from `content` to `stop`."""

    __slots__ = ("content", "element", "is_odd", "start", "stop")

    def __init__(self, element: Element, start: int, content: int, stop: int, is_odd: bool) -> None:
        self.element = element
        self.start = start
        self.content = content
        self.stop = stop
        self.is_odd = is_odd


def walk(head: Head, elements: Mapping[int, Element], data: bytes) -> Iterator[Stretch]:
    """Each element in turn, up to the fault, which is raised."""
    numbers = head.numbers(data)
    position = head.bitmap_start + head.bitmap_widths[data[head.bitmap_start]]
    for number in numbers:
        if number not in elements:
            raise MalformedMessage(number, head.bitmap_start, "no such element in this dialect")
    last = 1
    for number in numbers:
        stretch = _stretch(elements[number], data, position)
        yield stretch
        position = stretch.stop
        last = number
    if position != len(data):
        raise MalformedMessage(last, position, "the end of the message",
                               f"{len(data) - position} more bytes")


def _stretch(element: Element, data: bytes, start: int) -> Stretch:
    content = start + element.prefix_bytes
    prefix = data[start:content]
    count = element.announced(data, content) if element.prefix_bytes else element.fixed_bytes
    if count == UNREADABLE:
        raise MalformedMessage(element.number, start, _prefix_expected(element),
                               _prefix_found(element, prefix))
    stop = content + count
    if stop > len(data):
        left = max(0, len(data) - content)
        raise MalformedMessage(element.number, content, f"{count} bytes", f"{left} bytes")
    is_odd = element.counts_nibbles and bool((prefix[-1] if prefix else element.units_max) & 1)
    if is_odd and not element.is_filled(data, content, stop):
        side = "right" if element.fills_right else "left"
        expected = f"an odd number of digits filled up with {element.pad} on the {side}"
        raise MalformedMessage(element.number, content, expected, "another digit there")
    return Stretch(element, start, content, stop, is_odd)


def _prefix_expected(element: Element) -> str:
    rule = element.rule
    return (f"a length in {rule.prefix_encoding} of {element.prefix_bytes} bytes,"
            f" at most {element.units_max} {rule.counts}")


def _prefix_found(element: Element, prefix: bytes) -> str:
    if len(prefix) < element.prefix_bytes:
        return "the end of the message"
    encoding = element.rule.prefix_encoding
    digits = prefix.hex() if encoding in ("bcd", "binary") else prefix.decode(
        "cp500" if encoding == "ebcdic" else "latin-1")
    if encoding == "binary":
        digits = str(int.from_bytes(prefix, "big"))
    return f"the length {digits}" if digits.isascii() and digits.isdigit() else "no number"
