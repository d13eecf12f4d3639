"""Network management messages (08xx) as one peer's dialect writes them: ours, and our answers.

Also the bare refusals that are made before a transaction exists.
"""

from collections.abc import Mapping
from typing import Final

from router.wire.codec import Codec
from router.wire.element import Unwritable
from router.wire.message import Message
from specs.elements import DE

ACCEPTED_1987: Final = "00"
ACCEPTED: Final = "800"  # 1993 and 2003
INVALID: Final = "12"
FORMAT_ERROR: Final = "30"
KEY_REFUSED: Final = "63"
DRAINING: Final = "90"
SINCE_1993: Final = {INVALID: "902", FORMAT_ERROR: "904", KEY_REFUSED: "919", DRAINING: "906"}
NETWORK_CLASS: Final = "8"
KEY_MESSAGES: Final = ("new_key", "key_request")


def is_network_management(mti: str) -> bool:
    """0800, 0810, 1804 ..."""
    return mti[1] == NETWORK_CLASS


def is_request(mti: str) -> bool:
    """The function digit is even: an answer is expected."""
    return mti[2] in "024"


class NetworkMessages:
    """Made for one dialect."""

    __slots__ = ("_codec", "_element", "_institution_id", "_key_element", "_names", "_version")

    def __init__(self, codec: Codec, institution_id: str) -> None:
        dialect = codec.dialect
        self._codec = codec
        self._element = dialect.network_element
        self._institution_id = institution_id
        self._names = {code: name for name, code in dialect.network_codes.items()}
        self._key_element = dialect.key_element
        self._version = dialect.version

    def asked_for(self, message: Message) -> str:
        """sign_on, sign_off, echo, cutover ...; empty where the dialect knows no such code.

        Where one code stands for both, a new key is the one that comes with a key.
        """
        name = self._names.get(message.get(self._element), "")
        if name in KEY_MESSAGES:
            return "new_key" if message.has(self._key_element) else "key_request"
        return name

    def key_in(self, message: Message) -> str:
        """Of a new_key: the key under the ZMK and its KCV, as the peer wrote them."""
        return message.get(self._key_element)

    def request(self, what: str, stan: str, transmission_time: str, key: str = "") -> Message:
        """Our own sign-on, sign-off, echo, key request, or a new key.

        DE 33 goes with it where the dialect wants it.
        """
        dialect = self._codec.dialect
        mti = self._first_digit + "800"
        code = dialect.network_codes[what]
        values = {DE.TRANSMISSION_TIME: transmission_time, DE.STAN: stan, self._element: code}
        if str(DE.FORWARDER_ID) in dialect.mandatory_for(mti):
            values[DE.FORWARDER_ID] = self._institution_id
        if key:
            values[self._key_element] = key
        return self._codec.written(mti, values)

    def accepted(self, request: Message) -> Message:
        """What was asked for is done."""
        return self._answer(request, ACCEPTED_1987 if self._version == 1987 else ACCEPTED)

    def key_refused(self, request: Message) -> Message:
        """A new key that cannot be taken: unreadable, or its KCV is another."""
        return self._answer(request, code_in(self._codec, KEY_REFUSED))

    def refused(self, request: Message) -> Message:
        """Its code is missing (format error), or is none that is known here."""
        if not request.has(self._element):
            return self._answer(request, code_in(self._codec, FORMAT_ERROR))
        return self._answer(request, code_in(self._codec, INVALID))

    def accepts(self, response: Message) -> bool:
        """Of a response to one of ours."""
        code = response.get(DE.RESPONSE_CODE)
        return code in (ACCEPTED_1987, ACCEPTED) or code in self._codec.dialect.approvals

    def _answer(self, request: Message, code: str) -> Message:
        mti = response_mti(request.mti)
        numbers = {*self._codec.dialect.echoed, DE.TRANSMISSION_TIME, DE.STAN, self._element}
        values = {number: request.text(number) for number in numbers if request.has(number)}
        values[DE.RESPONSE_CODE] = code
        return self._codec.written(mti, values, request.header)

    @property
    def _first_digit(self) -> str:
        return {1987: "0", 1993: "1", 2003: "2"}[self._version]


def refusal(codec: Codec, asked: Mapping[int, str], code: str, header: bytes = b"") -> Message:
    """The answer to a request of which only some elements (MTI as 0) are known, or wanted.

    What of it cannot be written (it may be just what was wrong) is left out. Raises Unwritable when
    MTI or STAN cannot.
    """
    mti = response_mti(asked[0])
    numbers = {*codec.dialect.echoed, DE.STAN}
    values = {number: asked[number] for number in numbers if number in asked}
    values[DE.RESPONSE_CODE] = code_in(codec, code)
    while True:
        try:
            return codec.written(mti, values, header)
        except Unwritable as fault:
            if fault.element in (DE.STAN, DE.RESPONSE_CODE) or fault.element not in values:
                raise
            del values[fault.element]


def response_mti(mti: str) -> str:
    """The function digit says response; of the origin digit only "repeat" goes."""
    return mti[:2] + str(int(mti[2]) + 1) + str(int(mti[3]) & ~1)


def code_in(codec: Codec, code: str) -> str:
    """A code of 1987 as this dialect's version writes it."""
    return code if codec.dialect.version == 1987 else SINCE_1993[code]
