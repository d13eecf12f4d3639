"""Between a peer's dialect and the canonical texts that decisions are made on (ISO 8583:1987)."""

from typing import Final

from router.switching import message_types
from router.switching.request import Request
from router.switching.told import CARRIED, Told
from router.wire.codec import Codec
from router.wire.element import Unwritable
from router.wire.message import Message
from router.wire.pan import Pan
from router.wire.transcode import fitted
from specs import tlv
from specs.elements import DE
from specs.versions import translate

CANONICAL: Final = 1987
PARTIAL_APPROVAL: Final = "10"
SEPARATORS: Final = "=D"


def canonical(message: Message) -> tuple[str, dict[int, str]]:
    """The MTI and elements of a message, whatever its version, as those of 1987."""
    version = message.codec.dialect.version
    if version == CANONICAL:
        return message.mti, message.values()
    return translate(message.values(), message.mti, version, CANONICAL)


def written_for(codec: Codec, mti: str, values: dict[int, str]) -> Message:
    """A message in a peer's dialect; what that does not know is left out. Raises Unwritable."""
    version = codec.dialect.version
    if version != CANONICAL:
        mti, values = translate(values, mti, CANONICAL, version)
    return codec.written(mti, fitted(values, codec))


def demands(codec: Codec, mti: str, element: int) -> bool:
    """Must a message of that kind have the element, in the peer's dialect?"""
    for native, expressions in codec.dialect.mandatory.items():
        if native[1:] == mti[1:]:
            return str(element) in expressions
    return False


def response_to(request: Request, told: Told) -> Message:
    """Made from the request's own elements as it sent them: DE 35, 45 and 52 never travel back."""
    codec = request.message.codec
    dialect = codec.dialect
    echoed = {n: request.message.text(n) for n in dialect.echoed if request.message.has(n)}
    mti = message_types.response_to(request.message.mti)
    answer = {DE.RESPONSE_CODE: told.code}
    for number in CARRIED:
        if number in told.elements:
            answer[number] = told.elements[number]
    if told.code == PARTIAL_APPROVAL and DE.AMOUNT in told.elements:
        answer[DE.AMOUNT] = told.elements[DE.AMOUNT]
    if dialect.version != CANONICAL:
        _, answer = translate(
            answer, message_types.response_to(request.mti), CANONICAL, dialect.version
        )
    try:
        return codec.written(mti, {**echoed, **fitted(answer, codec)})
    except Unwritable:
        # What an issuer adds may not fit the acquirer's dialect; the code does.
        bare = {n: text for n, text in answer.items() if n == DE.RESPONSE_CODE}
        return codec.written(mti, {**echoed, **bare})


def answer_of(response: Message) -> Told | None:
    """What an issuer's response says; None where it says nothing that can be used."""
    _, values = canonical(response)
    code = values.get(DE.RESPONSE_CODE, "")
    if len(code) != 2 or not code.isascii() or not code.isalnum():
        return None
    elements: dict[int, str] = {n: values[n] for n in CARRIED if n in values}
    if code == PARTIAL_APPROVAL and DE.AMOUNT in values:
        elements[DE.AMOUNT] = values[DE.AMOUNT]
    approves = response.text(DE.RESPONSE_CODE) in response.codec.dialect.approvals
    return Told(code, approves, elements, "issuer", "issuer")


def card_of(values: dict[int, str]) -> Pan | None:
    """The PAN from DE 2, tracks or chip data; None where there is none or they disagree."""
    found: set[str] = set()
    for digits in (
        values.get(DE.PAN, ""),
        track_2_pan(values.get(DE.TRACK_2, "")),
        track_1_pan(values.get(DE.TRACK_1, "")),
        *chip_pans(values.get(DE.CHIP_DATA, "")),
    ):
        if digits:
            found.add(digits)
    return Pan(found.pop()) if len(found) == 1 else None


def track_2_pan(track: str) -> str:
    """The digits before the separator (ISO/IEC 7813)."""
    for separator in SEPARATORS:
        if separator in track:
            return track[: track.index(separator)].lstrip(";")
    return ""


def track_1_pan(track: str) -> str:
    """The digits between the format code and the first separator (ISO/IEC 7813)."""
    return (
        track.lstrip("%")[1 : track.lstrip("%").index("^")].replace(" ", "") if "^" in track else ""
    )


def chip_pans(chip_data: str) -> list[str]:
    """Tags 5A and 57 of DE 55; unreadable chip data names no card."""
    if "5A" not in chip_data and "57" not in chip_data:
        return []
    try:
        data = bytes.fromhex(chip_data)
    except ValueError:
        return []
    pan, track = tlv.first(data, "5A"), tlv.first(data, "57")
    found: list[str] = []
    if pan is not None:
        found.append(pan.hex().upper().rstrip("F"))
    if track is not None:
        found.append(track_2_pan(track.hex().upper()))
    return found
