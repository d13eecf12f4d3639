"""What `noyau send` fills in: STAN, times and RRN that say "auto", and PIN blocks under a test key.

A PIN in clear is for test keys only: a real one is encrypted in the terminal and nowhere else.
"""
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from noyau.demo.pin_pad import pin_block
from specs.dialect import Dialect
from specs.elements import DE

AUTO: Final = "auto"
PIN: Final = "pin:"
STANS: Final = 999_999
LOCAL_SHAPES: Final = {  # by element and its length: 1987, 1993 and 2003 write them differently
    (DE.LOCAL_TIME, 6): "%H%M%S",
    (DE.LOCAL_TIME, 12): "%y%m%d%H%M%S",
    (DE.LOCAL_TIME, 14): "%Y%m%d%H%M%S",
    (DE.LOCAL_DATE, 4): "%m%d",
}


class CannotFill(Exception):
    """An element's "auto" or "pin:" that has no value here."""

    def __init__(self, element: int, reason: str) -> None:
        super().__init__(f"element {element}: {reason}")
        self.element = element
        self.reason = reason


class Stamps:
    """Numbers and times for messages that leave them to the tool."""

    def __init__(
        self,
        dialect: Dialect,
        zpk: str = "",
        first_stan: int | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._dialect = dialect
        self._zpk = zpk
        # Not from 1: a second run within the second would send the match keys of the first again.
        self._next = secrets.randbelow(STANS) + 1 if first_stan is None else first_stan
        self._now = now

    def filled(self, values: Mapping[int, str]) -> dict[int, str]:
        """The values as they are sent."""
        filled = dict(values)
        for element in (DE.TRANSMISSION_TIME, DE.STAN):
            if element in self._dialect.elements:
                filled.setdefault(element, AUTO)
        if AUTO in filled.values():
            self._number(filled)
        if filled.get(DE.PIN_BLOCK, "").startswith(PIN):
            filled[DE.PIN_BLOCK] = self._pin_block(filled)
        return filled

    def _number(self, filled: dict[int, str]) -> None:
        now = self._now()
        if filled.get(DE.STAN) == AUTO:
            filled[DE.STAN] = str(self._next).zfill(self._dialect.elements[DE.STAN].length_max)
            self._next = self._next % STANS + 1
        for element, value in filled.items():
            if value == AUTO:
                filled[element] = self._timed(element, now, filled.get(DE.STAN, "000000"))

    def _timed(self, element: int, now: datetime, stan: str) -> str:
        if element == DE.TRANSMISSION_TIME:
            return now.strftime("%m%d%H%M%S")
        if element == DE.RRN:
            return now.strftime("%Y%j%H")[3:] + stan[-6:]
        rule = self._dialect.elements.get(element)
        shape = LOCAL_SHAPES.get((element, rule.length_max if rule else 0))
        if shape is None:
            raise CannotFill(element, 'cannot be "auto": only 7, 11, 12, 13 and 37 can')
        return now.astimezone().strftime(shape)

    def _pin_block(self, filled: Mapping[int, str]) -> str:
        if not self._zpk:
            raise CannotFill(DE.PIN_BLOCK, '"pin:" needs the clear test key: --zpk HEX')
        pin = filled[DE.PIN_BLOCK].removeprefix(PIN)
        if not (pin.isascii() and pin.isdecimal() and 4 <= len(pin) <= 12):
            raise CannotFill(DE.PIN_BLOCK, "a PIN has 4 to 12 digits")
        track_2 = filled.get(DE.TRACK_2, "").replace("D", "=").partition("=")[0]
        pan = filled.get(DE.PAN, track_2)
        if not (pan.isascii() and pan.isdecimal() and len(pan) >= 13):
            raise CannotFill(DE.PIN_BLOCK, "a PIN block needs the PAN, in element 2 or 35")
        return pin_block(pin, pan, self._zpk)
