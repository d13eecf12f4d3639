"""A day that went wrong: a folder of `config/scenarios/`, with its timetable and what is added to
the configuration for that day.
"""
import shutil
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

FOLDER = "scenarios"
TIMETABLE = "scenario.toml"
ADDED = "stand_in.toml"

Instant = Annotated[float, Meta(ge=0, le=86_400)]


class BadScenario(Exception):
    """There is none of that name, or it cannot be played; the text says what to do."""


class Timetable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """scenario.toml. Seconds of the traffic."""

    title: str
    unreachable: Annotated[list[str], Meta(min_length=1)]
    begins_at_s: Instant
    ends_at_s: Instant
    for_s: Instant


def scenario(folder: Path, name: str, issuers: set[str]) -> Timetable:
    """The timetable of that name. Raises BadScenario."""
    there = sorted(path.parent.name for path in (folder / FOLDER).glob(f"*/{TIMETABLE}"))
    if name not in there:
        known = f"there are: {', '.join(there)}" if there else f"{folder} has none"
        raise BadScenario(f"--scenario {name}: no such scenario; {known}")
    path = folder / FOLDER / name / TIMETABLE
    try:
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Timetable)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadScenario(f"{path}: {error}") from None
    if not table.begins_at_s < table.ends_at_s < table.for_s:
        raise BadScenario(f"{path}: begins_at_s, ends_at_s and for_s must follow one another")
    if unknown := sorted(set(table.unreachable) - issuers):
        raise BadScenario(f"{path}: unreachable: no issuer is named {', '.join(unknown)}")
    return table


def lasts(table: Timetable, for_s: float | None) -> float:
    """Seconds of traffic: what was asked for, where it is long enough. Raises BadScenario."""
    if for_s is not None and for_s <= table.ends_at_s:
        raise BadScenario(
            f"--for {for_s:g} ends before the issuers are back at {table.ends_at_s:g} s; give more")
    return for_s or table.for_s


def laid_over(folder: Path, name: str, place: Path) -> Path:
    """The configuration of that day: the usual one, and what the scenario adds to it."""
    whole = place / "config"
    shutil.copytree(folder, whole, dirs_exist_ok=True)
    added = folder / FOLDER / name / ADDED
    if added.is_file():
        usual = whole / ADDED
        before = usual.read_text(encoding="utf-8") if usual.is_file() else ""
        usual.write_text(f"{before}\n{added.read_text(encoding='utf-8')}", encoding="utf-8")
    return whole
