"""Between a peer's dialect and the canonical texts that decisions are made on (ISO 8583:1987)."""

from typing import Final

from router.switching import message_types
from router.switching.outbound import NEVER_FORWARDED
from router.switching.request import Request
from router.switching.told import PARTIAL_APPROVAL, Told
from router.wire.codec import Codec
from router.wire.element import Unwritable
from router.wire.given import Given, GivenTexts
from router.wire.message import Message
from router.wire.transcode import fitted
from router.wire.transcoder import Transcoder
from specs.elements import DE
from specs.versions import translate

CANONICAL: Final = 1987
ASCII_END: Final = 0x80


def canonical(message: Message) -> tuple[str, dict[int, str] | None]:
    """The MTI and values of a message as those of 1987; no values where it is of that version."""
    version = message.codec.version
    if version == CANONICAL:
        return message.mti, None
    return translate(message.values(), message.mti, version, CANONICAL)


class Translation:
    """From peer to peer. Keeps what it planned for the pairs of dialects that it met, and knows the
    pair that it met last: mostly it is that of the next message, too.
    """

    __slots__ = ("_back", "_last_back", "_last_onward", "_onward")

    def __init__(self) -> None:
        self._onward: dict[Codec, dict[Codec, Transcoder]] = {}  # by source, then by target
        self._back: dict[Codec, Transcoder] = {}
        self._last_onward: Transcoder | None = None
        self._last_back: Transcoder | None = None

    def forwarded(self, request: Request, codec: Codec, mti: str, given: Given) -> Message:
        """The request in its issuer's dialect, with what is given in it. Raises Unwritable."""
        message = request.message
        if message.codec.version == CANONICAL and codec.version == CANONICAL:
            sent = self._to(message.codec, codec).transcoded(message, mti, given)
            if sent is not None:
                return sent
        values = {n: text for n, text in request.values.items() if n not in NEVER_FORWARDED}
        return written_for(codec, mti, {**values, **given.values})

    def response_to(self, request: Request, told: Told) -> Message:
        """Made from the request's own elements as it sent them: DE 35, 45, 52 never travel back."""
        message = request.message
        codec, mti = message.codec, message_types.response_to(message.mti)
        answer: Given = told
        if codec.version != CANONICAL:
            answer = translated(told.values, message_types.response_to(request.mti), codec)
        response = self._echoing(codec).transcoded(message, mti, answer)
        return response if response is not None else fitted_response(message, mti, answer.values)

    def decline(self, message: Message, told: Told) -> Message:
        """As `response_to`, of a message that no request was made of; no elements go with it."""
        codec, mti = message.codec, message_types.response_to(message.mti)
        answer: Given = told
        if codec.version != CANONICAL:
            as_1987 = message_types.response_to(canonical(message)[0])
            answer = translated(told.values, as_1987, codec)
        response = self._echoing(codec).transcoded(message, mti, answer)
        return response if response is not None else fitted_response(message, mti, answer.values)

    def _to(self, source: Codec, target: Codec) -> Transcoder:
        last = self._last_onward
        if last is not None and last.source is source and last.target is target:
            return last
        onward = self._onward.get(source)
        if onward is None:
            onward = self._onward[source] = {}
        found = onward.get(target)
        if found is None:
            found = onward[target] = Transcoder(source, target, but=NEVER_FORWARDED)
        self._last_onward = found
        return found

    def _echoing(self, codec: Codec) -> Transcoder:
        last = self._last_back
        if last is not None and last.source is codec:
            return last
        found = self._back.get(codec)
        if found is None:
            found = self._back[codec] = Transcoder(codec, codec, only=codec.dialect.echoed)
        self._last_back = found
        return found


def translated(answer: dict[int, str], mti: str, codec: Codec) -> Given:
    """An answer in the version of that codec; the MTI is that of 1987."""
    return GivenTexts(translate(answer, mti, CANONICAL, codec.version)[1])


def fitted_response(message: Message, mti: str, answer: dict[int, str]) -> Message:
    """Where something of the answer does not fit the acquirer's dialect as it stands."""
    codec = message.codec
    echoed = {n: message.text(n) for n in codec.dialect.echoed if message.has(n)}
    try:
        return codec.written(mti, {**echoed, **fitted(answer, codec)})
    except Unwritable:
        # What an issuer adds may not fit at all; the code does.
        bare = {n: text for n, text in answer.items() if n == DE.RESPONSE_CODE}
        return codec.written(mti, {**echoed, **bare})


def written_for(codec: Codec, mti: str, values: dict[int, str]) -> Message:
    """A message in a peer's dialect; what that does not know is left out. Raises Unwritable."""
    version = codec.version
    if version != CANONICAL:
        mti, values = translate(values, mti, CANONICAL, version)
    return codec.written(mti, fitted(values, codec))


def demands(codec: Codec, mti: str, element: int) -> bool:
    """Must a message of that kind have the element, in the peer's dialect?"""
    for native, expressions in codec.dialect.mandatory.items():
        if native[1:] == mti[1:]:
            return str(element) in expressions
    return False


def answer_of(response: Message) -> Told | None:
    """What an issuer's response says; None where it says nothing that can be used."""
    codec = response.codec
    if codec.version != CANONICAL:
        return answer_in(canonical(response)[1] or {}, response)
    code = response.code()
    if not is_code(code):
        return None
    return Told(
        code,
        codec.approves(code),
        "issuer",
        "issuer",
        response.get(DE.AUTHORIZATION_CODE),
        response.get(DE.ADDITIONAL_RESPONSE),
        response.get(DE.ADDITIONAL_AMOUNTS),
        response.get(DE.CHIP_DATA),
        response.get(DE.AMOUNT) if code == PARTIAL_APPROVAL else "",
    )


def answer_in(values: dict[int, str], response: Message) -> Told | None:
    """The same, where these are what the response says in the elements of 1987."""
    code = values.get(DE.RESPONSE_CODE, "")
    if not is_code(code):
        return None
    return Told(
        code,
        response.codec.approves(response.code()),
        "issuer",
        "issuer",
        values.get(DE.AUTHORIZATION_CODE, ""),
        values.get(DE.ADDITIONAL_RESPONSE, ""),
        values.get(DE.ADDITIONAL_AMOUNTS, ""),
        values.get(DE.CHIP_DATA, ""),
        values.get(DE.AMOUNT, "") if code == PARTIAL_APPROVAL else "",
    )


def is_code(text: str) -> bool:
    """Two letters or digits, and those of ASCII."""
    if len(text) != 2 or not text.isalnum():
        return False
    return ord(text[0]) < ASCII_END and ord(text[1]) < ASCII_END
