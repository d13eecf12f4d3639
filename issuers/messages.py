"""Messages as an issuer host reads and writes them: pyiso8583 on a dialect, and nothing leaked.

pyiso8583's exceptions carry the frame and the decoded PAN; none leaves this module.
"""
from collections.abc import Mapping
from typing import Final

import iso8583

from specs.action_codes import action_code
from specs.dialect import Dialect
from specs.elements import DE
from specs.pyiso import pyiso8583_spec
from specs.versions import translate


class Message:
    """One message, in canonical texts. Its repr lists element numbers, no values.

    `mti`, `get` and `has` speak the words of 1987 whatever the dialect's version; `wire_mti` and
    `said` are the dialect's own, and answers are made from those.
    """

    __slots__ = ("_said", "_values", "header", "mti", "wire_mti")

    def __init__(self, wire_mti: str, said: Mapping[str, str], header: str = "") -> None:
        self.mti = self.wire_mti = wire_mti
        self.header = header
        self._said = self._values = said

    def in_words_of_1987(self, version: int) -> "Message":
        """The same message, of a later version, understood."""
        numbered = {int(number): text for number, text in self._said.items()}
        self.mti, values = translate(numbered, self.wire_mti, version, 1987)
        self._values = {str(number): text for number, text in values.items()}
        return self

    def get(self, element: int) -> str:
        """The element's text, empty when it is absent."""
        return self._values.get(str(element), "")

    def has(self, element: int) -> bool:
        return str(element) in self._values

    def said(self, element: int) -> str:
        """The element's text as the dialect has it, empty when it is absent."""
        return self._said.get(str(element), "")

    def lacks(self, needed: tuple[str, ...]) -> str:
        """The first of these that is absent ("2|35": one of them is enough), or nothing."""
        for expression in needed:
            if not any(number in self._said for number in expression.split("|")):
                return expression
        return ""

    def response(self, echoed: tuple[int, ...], own: Mapping[int, str]) -> "Message":
        """The answer: elements of this request that are echoed, and the issuer's own."""
        said = {str(element): self._said[str(element)] for element in echoed
                if str(element) in self._said}
        said.update((str(element), text) for element, text in own.items() if text)
        return Message(response_mti(self.wire_mti), said, self.header)

    def but(self, element: int, text: str) -> "Message":
        """The same message with one element changed."""
        return Message(self.wire_mti, {**self._said, str(element): text}, self.header)

    def elements(self) -> dict[str, str]:
        """A copy of the elements by number, as the dialect has them."""
        return dict(self._said)

    def __repr__(self) -> str:
        return f"<{self.wire_mti} with {', '.join(self._said)}>"


class MalformedMessage(Exception):
    """What arrived cannot be read; `salvaged` is what stood before the fault, when an answer can be
    made from it."""

    def __init__(self, element: str, offset: int, salvaged: Message | None) -> None:
        self.element = element
        self.offset = offset
        self.salvaged = salvaged
        super().__init__(f"element {element} at byte {offset}")


class Unwritable(Exception):
    """The dialect has no room for an element of the answer."""


def response_mti(mti: str) -> str:
    """0100 -> 0110, and the answer to a repeat is that to its original: 0421 -> 0430."""
    return f"{mti[:2]}{int(mti[2]) + 1}{int(mti[3]) & ~1}"


INTERNAL: Final = ("p", "1", "t", "h")


class Codec:
    """Bytes to messages and back, in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._spec = pyiso8583_spec(dialect)
        self._default_header = dialect.default_header.hex().upper()

    def read(self, payload: bytes) -> Message:
        """The message in these bytes, or `MalformedMessage`."""
        try:
            values, _ = iso8583.decode(payload, self._spec)
        except iso8583.DecodeError as error:
            # The element at fault is in doc_dec too, as far as it went.
            before = {number: text for number, text in error.doc_dec.items()
                      if number != error.field}
            salvaged = self._message(before) if str(DE.STAN) in before else None
            raise MalformedMessage(error.field, error.pos, salvaged) from None
        return self._message(values)

    def write(self, message: Message) -> bytes:
        """The bytes of this message, or `Unwritable`."""
        values = message.elements()
        values["t"] = message.wire_mti
        if self.dialect.header_bytes:
            values["h"] = message.header or self._default_header
        try:
            payload, _ = iso8583.encode(values, self._spec)
        except iso8583.EncodeError as error:
            raise Unwritable(f"element {error.field}") from None
        return bytes(payload)

    def response_code(self, code: str, message_class: str) -> str:
        """A response code of 1987 as the dialect's version has it."""
        return code if self.dialect.version == 1987 else action_code(code, message_class)

    def _message(self, decoded: dict[str, str]) -> Message:
        said = {number: text for number, text in decoded.items() if number not in INTERNAL}
        message = Message(decoded["t"], said, decoded.get("h", ""))
        if self.dialect.version == 1987:
            return message
        return message.in_words_of_1987(self.dialect.version)
