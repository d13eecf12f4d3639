"""The business day: from one cutover to the next, in the configured time zone.

A cutover in the afternoon or evening begins the day after; one before noon begins its own.
"""
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NOON: Final = time(12)
ONE_DAY: Final = timedelta(days=1)


class UnknownZone(Exception):
    """The machine's time zone data has no such zone."""


def zone_named(name: str) -> tzinfo:
    """Raises UnknownZone."""
    if name == "UTC":
        return UTC  # needs no data
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name) from None


class BusinessDays:
    """`cutover` is a local time."""

    __slots__ = ("_cutover", "_zone")

    def __init__(self, zone: tzinfo = UTC, cutover: time = time(0)) -> None:
        self._zone = zone
        self._cutover = cutover

    def begins_at(self, day: date) -> int:
        """Milliseconds since 1970."""
        begins_on = day if self._cutover < NOON else day - ONE_DAY
        return int(datetime.combine(begins_on, self._cutover, self._zone).timestamp() * 1000)

    def date_at(self, at: int) -> date:
        """The day that an instant, in milliseconds since 1970, belongs to."""
        day = datetime.fromtimestamp(at / 1000, self._zone).date() + ONE_DAY
        while self.begins_at(day) > at:  # twice at most: a change of the offset may add one
            day -= ONE_DAY
        return day
