"""Which card a message is about, wherever it says so."""

from typing import Final

from router.switching.elements import Elements
from router.wire.chip_data import may_name_card
from router.wire.pan import Pan
from specs import tlv
from specs.elements import DE

SEPARATORS: Final = "=D"


def card_of(elements: Elements) -> Pan | None:
    """The PAN from DE 2, tracks or chip data; None where there is none or they disagree."""
    card = elements.text(DE.PAN)
    others: list[str] = []
    if elements.has(DE.TRACK_2):
        others.append(track_2_pan(elements.text(DE.TRACK_2)))
    if elements.has(DE.TRACK_1):
        others.append(track_1_pan(elements.text(DE.TRACK_1)))
    if elements.has(DE.CHIP_DATA):
        others += chip_pans(elements.text(DE.CHIP_DATA))
    for digits in others:
        card = card or digits
        if digits and digits != card:
            return None
    return Pan(card) if card else None


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
    if not may_name_card(data):
        return []
    pan, track = tlv.first(data, "5A"), tlv.first(data, "57")
    found: list[str] = []
    if pan is not None:
        found.append(pan.hex().upper().rstrip("F"))
    if track is not None:
        found.append(track_2_pan(track.hex().upper()))
    return found
