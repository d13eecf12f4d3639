"""[journal]: business days and what becomes of old ones; its mistakes are told like all others."""

from datetime import date
from pathlib import Path

import pytest

from tests.settings.folders import ROUTER, said, settings


def test_without_the_table_days_are_those_of_utc_and_everything_is_kept(tmp_path: Path) -> None:
    journal = settings(tmp_path).journal
    assert journal.old_segments == "keep"
    assert journal.business_days.begins_at(date(1970, 1, 2)) == 86_400_000
    assert journal.archive_of(tmp_path) is None


def test_the_zone_and_the_cutover_say_when_a_day_begins(tmp_path: Path) -> None:
    """Half past eleven in the evening begins the day after; Morocco is an hour ahead of UTC."""
    table = '[journal]\ntime_zone = "Africa/Casablanca"\ncutover = "23:30"\n'
    journal = settings(tmp_path, router=ROUTER + table).journal
    begins = journal.business_days.begins_at(date(2026, 11, 25))
    assert begins == 1_795_559_400_000  # 2026-11-24 22:30 UTC


def test_an_archive_is_beside_the_segments_or_elsewhere(tmp_path: Path) -> None:
    for name, where in (("archive", tmp_path / "archive"), ("/var/lib/old", Path("/var/lib/old"))):
        table = f'[journal]\nold_segments = "archive"\narchive = "{name}"\n'
        place = tmp_path / where.name
        place.mkdir()
        assert settings(place, router=ROUTER + table).journal.archive_of(tmp_path) == where


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'time_zone = "Africa/Casbalanca"',
            '[journal]: time_zone: this machine knows no time zone "Africa/Casbalanca"',
        ),
        ('cutover = "24:00"', "[journal]: cutover: is '24:00'; a local time"),
        ('old_segments = "burn"', "[journal]: old_segments: is 'burn'"),
        ("keep_days = 0", "[journal]: keep_days: is 0; a whole number, 1 to 36500"),
        ("keep = 9", "[journal]: keep: unknown key"),
    ],
)
def test_a_mistake_names_the_key_and_the_remedy(tmp_path: Path, line: str, expected: str) -> None:
    (mistake,) = said(tmp_path, router=f"{ROUTER}[journal]\n{line}\n")
    assert expected in mistake
