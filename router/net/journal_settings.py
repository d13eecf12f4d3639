"""[journal] in router.toml: when a business day begins, and what becomes of old segments."""

from dataclasses import dataclass
from datetime import time, tzinfo
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.net.business_day import BusinessDays, UnknownZone, zone_named
from router.net.mistakes import Wrong

ZoneName = Annotated[str, Meta(description='a time zone, such as "Africa/Casablanca", or "UTC"')]
LocalTime = Annotated[
    str,
    Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description='a local time, such as "23:30"'),
]


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """In force from the next start on."""

    time_zone: ZoneName = "UTC"
    cutover: LocalTime = "00:00"  # from noon on it begins the day after
    keep_days: Annotated[int, Meta(ge=1, le=36_500)] = 400  # business days
    old_segments: Literal["keep", "archive", "delete"] = "keep"
    archive: str = "archive"  # a folder; relative to the one that the segments are in
    linger_ms: Annotated[float, Meta(ge=0, le=20)] = 1.0  # small groups begin so far apart
    follow: bool = True  # the router starts the follower: events of the log, index for searching

    @property
    def zone(self) -> tzinfo:
        """Raises UnknownZone."""
        return zone_named(self.time_zone)

    @property
    def business_days(self) -> BusinessDays:
        """Raises UnknownZone."""
        return BusinessDays(self.zone, time.fromisoformat(self.cutover))

    def archive_of(self, folder: Path) -> Path | None:
        """Where a worker's old segments go; None: nowhere."""
        return folder / self.archive if self.old_segments == "archive" else None


def check_zone(name: str) -> None:
    """Raises Wrong."""
    try:
        zone_named(name)
    except UnknownZone:
        raise Wrong(
            f'this machine knows no time zone "{name}"',
            'a name such as "Africa/Casablanca"; Debian, Ubuntu: apt install tzdata',
        ) from None
