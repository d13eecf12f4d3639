"""One ISO 8583 message as it stands on the wire: read when asked for, edited as new bytes."""
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mypy_extensions import mypyc_attr

from router.wire.element import BYTES, TEXT
from router.wire.faults import MalformedMessage
from router.wire.shape import Place, Shape

if TYPE_CHECKING:
    from router.wire.codec import Codec

__all__ = ["MalformedMessage", "Message", "MissingElement"]


class MissingElement(Exception):
    """An element was asked for that the message does not have."""

    def __init__(self, element: int) -> None:
        super().__init__(element)
        self.element = element


@mypyc_attr(acyclic=True)
class Message:
    __slots__ = ("_characters", "_mti", "codec", "data", "ends", "shape")

    def __init__(self, data: bytes, codec: "Codec", shape: Shape, ends: list[int]) -> None:
        self.data = data
        self.codec = codec
        self.shape = shape
        self.ends = ends  # of the bitmap and of each variable element
        self._mti = ""
        self._characters = ""  # the bytes as Latin-1, once a text was asked for

    def __repr__(self) -> str:
        return f"<Message {self.mti} with {self.shape.numbers}>"

    def __reduce__(self) -> str:
        raise TypeError("a message is not pickled: it holds card data in clear")

    @property
    def mti(self) -> str:
        if not self._mti:
            self._mti = self.codec.head.mti(self.data)
        return self._mti

    @property
    def header(self) -> bytes:
        return self.data[:self.codec.head.mti_start]

    @property
    def spare_bitmap(self) -> str:
        """The secondary bitmap, where one was announced by bit 1 although no element needed it."""
        bitmap = self.codec.head.bitmap_text(self.data)
        is_announced = int(bitmap[0], 16) & 8 != 0
        is_needed = self.shape.numbers[-1:] > [64] and not self.codec.head.is_sixteen
        return bitmap[16:] if is_announced and not is_needed else ""

    def has(self, element: int) -> bool:
        return self.shape.places[element] is not None

    def is_binary(self, element: int) -> bool:
        """It is there, and its bytes stand as they are: `raw` has what `text` says in hex."""
        place = self.shape.places[element]
        return place is not None and place.element.reading == BYTES

    def elements(self) -> list[int]:
        return list(self.shape.numbers)

    def values(self) -> dict[int, str]:
        return {number: self.text(number) for number in self.shape.numbers}

    def get(self, element: int) -> str:
        """The canonical text, empty where the element is absent."""
        return self.text(element) if self.shape.places[element] is not None else ""

    def text(self, element: int) -> str:
        """The canonical text. Never raises for content: `Codec.verify` judges that."""
        place = self._place(element)
        start = self._start(place)
        stop = self._stop(place, start)
        ready = place.element
        if ready.reading == TEXT:
            if not self._characters:
                self._characters = self.data.decode("latin-1")
            return self._characters[start:stop]
        is_odd = ready.counts_nibbles and bool(
            (self.data[start - 1] if place.size < 0 else ready.units_max) & 1)
        return ready.text_of(self.data[start:stop], is_odd)

    def waits(self) -> None:
        """Nothing will be asked of it for a while: what can be made again is let go."""
        self._characters = ""

    def raw(self, element: int) -> bytes:
        """The element's bytes, without its length prefix."""
        start, stop = self.span(element)
        return self.data[start:stop]

    def span(self, element: int) -> tuple[int, int]:
        """Where the element's content stands; its length prefix, if any, lies right before it."""
        place = self._place(element)
        start = self._start(place)
        return start, self._stop(place, start)

    def replacing(self, mti: str | None, changes: Mapping[int, str | None]) -> "Message":
        """The same message with other canonical texts in some elements; None removes one."""
        edited = bytearray(self.data)
        for number, text in changes.items():
            place = self.shape.places[number]
            if place is None and text is None:
                continue
            if place is None or text is None:
                return self.codec.rewritten(self, mti, changes)
            written = place.element.bytes_of(text)
            content = self._start(place)
            start = content - place.element.prefix_bytes
            stop = self._stop(place, content)
            if len(written) != stop - start:
                return self.codec.rewritten(self, mti, changes)
            edited[start:stop] = written
        if mti is not None:
            head = self.codec.head
            edited[head.mti_start:head.bitmap_start] = head.mti_bytes(mti)
        return Message(bytes(edited), self.codec, self.shape, self.ends)

    def _place(self, element: int) -> Place:
        place = self.shape.places[element]
        if place is None:
            raise MissingElement(element)
        return place

    def _start(self, place: Place) -> int:
        return self.ends[place.segment] + place.offset

    def _stop(self, place: Place, start: int) -> int:
        return self.ends[place.segment + 1] if place.size < 0 else start + place.size
