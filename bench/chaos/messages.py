"""What the acquirer under chaos sends: purchases from templates, reversals through pyiso8583."""

from datetime import UTC, datetime
from typing import Final

import iso8583

from bench.load.frames import PREFIX_BYTES, RRN, STAN, TIME, element_spans, framed
from bench.load.purchases import ACQUIRER_ZPK, luhn_completed, pin_block
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

CARDS: Final = 200
DIALECT: Final = "iso87-ascii"
ACQUIRER_ID: Final = "504777"
AMOUNT: Final = 100  # minor units
WITH_PIN_EVERY: Final = 4  # one purchase in so many has a PIN


def card_numbers() -> list[str]:
    """All that are used: national use, country 504."""
    return [luhn_completed(f"9504{number * 257:05d}{number:06d}") for number in range(CARDS)]


def elements_of(number: int, time: str) -> dict[str, str]:
    """The number-th purchase; its number is in DE 11 and DE 37."""
    pan = card_numbers()[number % CARDS]
    elements = {
        "t": "0100", "2": pan, "3": "000000", "4": f"{AMOUNT:012d}", "7": time,
        "11": f"{number % 1_000_000:06d}", "12": "120000", "13": "0101", "14": "3012",
        "18": "5411", "22": "051", "25": "00", "32": ACQUIRER_ID, "37": f"{number:012d}",
        "41": f"CHAOS{number % CARDS:03d}", "42": "CHAOS0000000001", "49": "504",
    }  # fmt: skip
    if has_pin(number):
        elements["52"] = pin_block(pan, ACQUIRER_ZPK)
    return elements


def has_pin(number: int) -> bool:
    return number % WITH_PIN_EVERY == 0


def time_now() -> str:
    """DE 7."""
    return datetime.now(UTC).strftime("%m%d%H%M%S")


class Purchases:
    """Frames, patched at DE 7, 11 and 37."""

    def __init__(self) -> None:
        self._spec = pyiso8583_spec(load_dialect(DIALECT))
        self._templates: list[bytearray] = []
        self._spans: list[tuple[slice, slice, slice]] = []
        for number in range(CARDS):  # CARDS is a multiple of WITH_PIN_EVERY: the PINs fit
            data = self.encoded(elements_of(number, "0101000000"))
            spans = element_spans(data, self._spec)
            time, stan, rrn = (
                slice(*(PREFIX_BYTES + end for end in spans[name])) for name in (TIME, STAN, RRN)
            )
            self._templates.append(bytearray(framed(data)))
            self._spans.append((time, stan, rrn))

    def encoded(self, elements: dict[str, str]) -> bytes:
        return bytes(iso8583.encode(elements, self._spec)[0])

    def decoded(self, data: bytes) -> dict[str, str]:
        return iso8583.decode(data, self._spec)[0]

    def frame(self, number: int, time: bytes) -> bytes:
        template, (at_time, at_stan, at_rrn) = (
            self._templates[number % CARDS], self._spans[number % CARDS],
        )  # fmt: skip
        template[at_time] = time
        template[at_stan] = b"%06d" % (number % 1_000_000)
        template[at_rrn] = b"%012d" % number
        return bytes(template)

    def reversal(self, mti: str, number: int, sent_at: str, stan: str, reversed_at: str) -> bytes:
        """0420, or 0421 with the numbers of the first one."""
        original = elements_of(number, sent_at)
        kept = ("2", "3", "4", "12", "13", "18", "32", "37", "41", "42", "49")
        elements = {name: original[name] for name in kept}
        elements |= {
            "t": mti, "7": reversed_at, "11": stan,
            "90": "0100" + original["11"] + sent_at + ACQUIRER_ID.zfill(11) + "0" * 11,
        }  # fmt: skip
        return framed(self.encoded(elements))
