"""When a business day begins, in a zone whose offset changes."""
from datetime import UTC, date, datetime, time, timedelta

import pytest

from router.net.business_day import BusinessDays, UnknownZone, zone_named


def at(text: str) -> int:
    """Milliseconds since 1970 of an instant in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(("cutover", "instant", "day"), [
    ("00:00", "2026-11-24T22:59:59", "2026-11-24"),  # Morocco is an hour ahead of UTC
    ("00:00", "2026-11-24T23:00:00", "2026-11-25"),
    ("02:30", "2026-11-24T01:29:59", "2026-11-23"),
    ("02:30", "2026-11-24T01:30:00", "2026-11-24"),
    ("23:30", "2026-11-24T22:29:59", "2026-11-24"),
    ("23:30", "2026-11-24T22:30:00", "2026-11-25"),
    ("23:30", "2026-12-31T22:30:00", "2027-01-01"),
])
def test_an_instant_belongs_to_one_business_day(cutover: str, instant: str, day: str) -> None:
    days = BusinessDays(zone_named("Africa/Casablanca"), time.fromisoformat(cutover))
    assert days.date_at(at(instant)) == date.fromisoformat(day)


@pytest.mark.parametrize("cutover", ["00:00", "02:30", "12:00", "23:30"])
def test_days_follow_each_other_through_ramadan(cutover: str) -> None:
    """The offset goes an hour back in February 2027 and forth in March, at 03:00 and 02:00."""
    days = BusinessDays(zone_named("Africa/Casablanca"), time.fromisoformat(cutover))
    day, lengths = date(2027, 2, 1), set()
    while day < date(2027, 4, 1):
        begins, ends = days.begins_at(day), days.begins_at(day + timedelta(days=1))
        lengths.add((ends - begins) // 3_600_000)
        assert days.date_at(begins) == days.date_at(ends - 1) == day
        assert days.date_at(begins - 1) == day - timedelta(days=1)
        day += timedelta(days=1)
    assert lengths == {23, 24, 25}


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownZone):
        zone_named("Africa/Casbalanca")
