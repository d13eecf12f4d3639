"""The one way in which bytes are refused."""


class MalformedMessage(Exception):
    """The bytes do not follow the dialect. Carries where and in what way, never the bytes.

    Element 0 is header and MTI, 1 the bitmap; `found` is the kind of thing met: a count, a class.
    """

    def __init__(self, element: int, offset: int, expected: str, found: str = "") -> None:
        super().__init__(element, offset, expected, found)
        self.element = element
        self.offset = offset
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        found = f", found {self.found}" if self.found else ""
        return f"{part_name(self.element)} at byte {self.offset}: expected {self.expected}{found}"


def part_name(element: int) -> str:
    if element == 0:
        return "the head of the message"
    return "the bitmap" if element == 1 else f"element {element}"
