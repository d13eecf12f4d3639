"""The canonical texts (ISO 8583:1987) of one message, read from it when they are asked for.

A message of another version is translated as a whole before.
"""

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from router.wire.message import Message
from router.wire.octets import write_printable


@mypyc_attr(acyclic=True)
class Elements:
    """Of a message as it came, or of a translated one: then these are its values."""

    __slots__ = ("_values", "as_it_came")

    def __init__(self, message: Message | None, values: dict[int, str] | None) -> None:
        """Its values, where they are not those that stand in it."""
        assert message is not None or values is not None
        self.as_it_came = message if values is None else None  # None: translated
        self._values = values

    def has(self, number: int) -> bool:
        if self.as_it_came is not None:
            return self.as_it_came.has(number)
        return self._values is not None and number in self._values

    def text(self, number: int) -> str:
        """Empty where the element is absent."""
        if self.as_it_came is not None:
            return self.as_it_came.get(number)
        return self._values.get(number, "") if self._values is not None else ""

    def write(self, number: int, there: BytesWriter) -> None:
        """In Latin-1, control characters as spaces; nothing where the element is absent."""
        if self.as_it_came is not None:
            self.as_it_came.write(number, there)
        elif self._values is not None and number in self._values:
            written = self._values[number].encode("latin-1")
            write_printable(there, written, 0, len(written))

    @property
    def values(self) -> dict[int, str]:
        """All of them, number -> text; kept once they were asked for."""
        if self._values is None:
            assert self.as_it_came is not None
            self._values = self.as_it_came.values()
        return self._values
