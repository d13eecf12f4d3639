"""The answer to a message, made from what it said and what was decided. Pure."""
from collections.abc import Mapping

from issuers.codes import ResponseCode
from issuers.entry import Entry
from issuers.messages import Codec, Message
from specs.elements import DE


class Answers:
    """Answers in one dialect."""

    def __init__(self, codec: Codec) -> None:
        dialect = codec.dialect
        self._codec = codec
        self._network_element = dialect.network_element
        self._elements = dialect.elements
        self._echoed = (*dialect.echoed, *dialect.match_key)

    def decided(self, request: Message, entry: Entry) -> Message:
        """What the ledger says of this message."""
        in_part = entry.response_code == ResponseCode.APPROVED_IN_PART
        return self._answer(request, entry.response_code, {
            DE.AMOUNT: f"{entry.moved_minor:012d}" if in_part else "",
            DE.AUTHORIZATION_CODE: entry.authorization_code,
            DE.ADDITIONAL_AMOUNTS: entry.balances,
        })

    def coded(self, request: Message, code: str) -> Message:
        """A response code and nothing else."""
        return self._answer(request, code, {})

    def network(self, request: Message, code: str) -> Message:
        """A response code with the network element of the request."""
        element = self._network_element
        return self._answer(request, code, {element: request.said(element)})

    def _answer(self, request: Message, code: str, own: Mapping[int, str]) -> Message:
        said = {element: text for element, text in own.items() if element in self._elements}
        said[DE.RESPONSE_CODE] = self._codec.response_code(code, request.mti[1])
        return request.response(self._echoed, said)
