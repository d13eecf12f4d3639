"""Which card a message is about, wherever it says so."""

from typing import Final

from librt.strings import BytesWriter

from router.switching.elements import Elements
from router.wire.chip_data import may_name_card
from router.wire.octets import write_printable
from router.wire.tracks import is_track_of_card
from specs import tlv
from specs.elements import DE

NO_CARDS: Final = list[str]()  # never changed


def write_card(elements: Elements, there: BytesWriter) -> None:
    """The PAN from DE 2, tracks or chip data; nothing where there is none or they disagree."""
    others = other_cards(elements)
    if not others:
        elements.write(DE.PAN, there)  # no text is made of it
        return
    card = elements.text(DE.PAN)
    for digits in others:
        card = card or digits
        if digits and digits != card:
            return
    written = card.encode("latin-1")
    write_printable(there, written, 0, len(written))


def other_cards(elements: Elements) -> list[str]:
    """What tracks and chip data say, but for a track that says the same as DE 2."""
    found = NO_CARDS
    message = elements.as_it_came
    if elements.has(DE.TRACK_2) and not (message is not None and is_track_of_card(message)):
        found = [track_2_pan(elements.text(DE.TRACK_2))]
    if elements.has(DE.TRACK_1):
        found = [*found, track_1_pan(elements.text(DE.TRACK_1))]
    if elements.has(DE.CHIP_DATA):
        chip = chip_pans(elements)
        if chip:
            found = [*found, *chip]
    return found


def track_2_pan(track: str) -> str:
    """The digits before the separator (ISO/IEC 7813): = as text writes it, D as digits do."""
    end = track.find("=")
    if end < 0:
        end = track.find("D")
    return track[:end].lstrip(";") if end >= 0 else ""


def track_1_pan(track: str) -> str:
    """The digits between the format code and the first separator (ISO/IEC 7813)."""
    return (
        track.lstrip("%")[1 : track.lstrip("%").index("^")].replace(" ", "") if "^" in track else ""
    )


def chip_pans(elements: Elements) -> list[str]:
    """Tags 5A and 57 of DE 55; unreadable chip data names no card."""
    message = elements.as_it_came
    if message is not None and message.is_binary(DE.CHIP_DATA):
        start, stop = message.span(DE.CHIP_DATA)
        if not may_name_card(message.data, start, stop):
            return NO_CARDS
        data = message.data[start:stop]
    else:
        chip_data = elements.text(DE.CHIP_DATA)
        if "5A" not in chip_data and "57" not in chip_data:
            return []
        try:
            data = bytes.fromhex(chip_data)
        except ValueError:
            return []
        if not may_name_card(data, 0, len(data)):
            return []
    pan, track = tlv.first(data, "5A"), tlv.first(data, "57")
    found: list[str] = []
    if pan is not None:
        found.append(pan.hex().upper().rstrip("F"))
    if track is not None:
        found.append(track_2_pan(track.hex().upper()))
    return found
