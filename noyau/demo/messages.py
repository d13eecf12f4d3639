"""What the demo acquirer's terminals say: 1987 elements, as pyiso8583 takes them."""
import random
from datetime import UTC, datetime, tzinfo

from noyau.demo.day import CASH, REFUND, Wish
from noyau.demo.pin_pad import pin_block

DIRHAM = "504"
MOROCCO = "504"
ENTRY_MODES = {"chip": "051", "stripe": "021", "online": "012"}
E_COMMERCE = "59"

Elements = dict[str, str]


class Terminals:
    """All tills, cash machines and shops of one link; they share its key and its institution."""

    def __init__(self, institution_id: str, pin_key: str, zone: tzinfo, seed: int,
                 separator: str) -> None:
        self._institution_id = institution_id
        self._pin_key = pin_key
        self._zone = zone
        self._separator = separator  # in track 2: "=", or "D" where digits are packed
        self._chance = random.Random(seed)

    def request(self, wish: Wish, stan: str, rrn: str, at: datetime) -> Elements:
        """0100 at a till, 0200 where money moves at once."""
        local = at.astimezone(self._zone)
        card, merchant = wish.card, wish.merchant
        elements = {
            "t": "0200" if wish.processing_code in {CASH, REFUND} else "0100",
            "2": card.pan,
            "3": wish.processing_code,
            "4": f"{wish.amount_minor:012d}",
            "7": transmission_time(at),
            "11": stan,
            "12": local.strftime("%H%M%S"),
            "13": local.strftime("%m%d"),
            "14": card.expiry,
            "18": merchant.mcc,
            "19": MOROCCO,
            "22": ENTRY_MODES[wish.entry],
            "25": E_COMMERCE if wish.entry == "online" else "00",
            "32": self._institution_id,
            "37": rrn,
            "41": f"{merchant.mcc}{merchant.city[:2]}{wish.terminal:02d}",
            "42": f"{self._institution_id}{merchant.mcc}{wish.terminal:05d}",
            "43": f"{merchant.name:25}{merchant.city:13}MA",
            "49": DIRHAM,
        }
        if wish.pin:
            elements["52"] = pin_block(wish.pin, card.pan, self._pin_key)
        if wish.entry == "chip":
            elements["23"] = "001"
            elements["55"] = self._chip_data(wish, local)
        elif wish.entry == "stripe":
            del elements["2"], elements["14"]  # the stripe says both
            elements["35"] = f"{card.pan}{self._separator}{card.expiry}2011234567890"[:37]
        return elements

    def _chip_data(self, wish: Wish, local: datetime) -> str:
        """What a chip tells; the cryptogram is noise, the demo's issuers do not check it."""
        amount = f"{wish.amount_minor:012d}"
        return "".join((
            tlv("9F26", self._noise(8)),
            tlv("9F27", "80"),
            tlv("9F10", "06010A03A00000"),
            tlv("9F37", self._noise(4)),
            tlv("9F36", f"{self._chance.randrange(1, 0x7FFF):04X}"),
            tlv("95", "0000008000"),
            tlv("9A", local.strftime("%y%m%d")),
            tlv("9C", wish.processing_code[:2]),
            tlv("9F02", amount),
            tlv("9F03", "000000000000"),
            tlv("5F2A", f"0{DIRHAM}"),
            tlv("82", "3900"),
            tlv("9F1A", f"0{MOROCCO}"),
            tlv("9F33", "E0F8C8"),
            tlv("9F34", "020300" if wish.pin else "1F0302"),
            tlv("9F35", "14" if wish.merchant.kind == "atm" else "22"),
        ))

    def _noise(self, size: int) -> str:
        return self._chance.randbytes(size).hex().upper()


def reversal(request: Elements, pan: str, stan: str, at: datetime, authorization: str) -> Elements:
    """0420 of a request: all of it is taken back."""
    kept = ("3", "4", "12", "13", "18", "19", "22", "25", "32", "37", "41", "42", "43", "49")
    elements = {number: request[number] for number in kept}
    elements |= {
        "t": "0420",
        "2": pan,
        "7": transmission_time(at),
        "11": stan,
        "90": request["t"] + request["11"] + request["7"] + request["32"].zfill(11) + "0" * 11,
    }
    if authorization:
        elements["38"] = authorization
    return elements


def network(code: str, stan: str, at: datetime) -> Elements:
    """0800: sign-on, sign-off, echo."""
    return {"t": "0800", "7": transmission_time(at), "11": stan, "70": code}


def transmission_time(at: datetime) -> str:
    """DE 7 is UTC."""
    return at.astimezone(UTC).strftime("%m%d%H%M%S")


def tlv(tag: str, value: str) -> str:
    """One element of chip data, shorter than 128 bytes."""
    return f"{tag}{len(value) // 2:02X}{value}"
