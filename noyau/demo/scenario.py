"""A day that went wrong: issuers that cannot be reached for a while, told phase by phase.

A scenario is a folder of `config/scenarios/`: its timetable, and what is added to the configuration
for that day. The run itself is the usual one, and so is its comparison at the end.
"""
import asyncio
import shutil
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta

from noyau.demo.feed import Feed

FOLDER = "scenarios"
ADDED = "stand_in.toml"
LOOK_S = 0.25

Instant = Annotated[float, Meta(ge=0, le=86_400)]


class BadScenario(Exception):
    """There is none of that name, or its file is not good; the text says what to do."""


class Timetable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """scenario.toml. Seconds of the traffic."""

    title: str
    unreachable: Annotated[list[str], Meta(min_length=1)]
    begins_at_s: Instant
    ends_at_s: Instant
    for_s: Instant


class Issuers(Protocol):
    """Who can make issuers unreachable, and knows what is stored for them."""

    async def take_away(self, names: list[str]) -> None: ...
    async def bring_back(self, names: list[str]) -> None: ...
    async def status(self) -> Any: ...


@dataclass(slots=True)
class Phase:
    """One part of the run, by what the acquirer heard in it."""

    name: str
    began_s: float
    ended_s: float = 0.0
    heard: Counter[str] = field(default_factory=Counter)  # DE 39
    stood_in: int = 0  # approvals, the router's word


def scenario(folder: Path, name: str, issuers: set[str]) -> Timetable:
    """The timetable of that name. Raises BadScenario."""
    there = sorted(path.name for path in (folder / FOLDER).glob("*") if path.is_dir())
    path = folder / FOLDER / name / "scenario.toml"
    if name not in there:
        known = f"there are: {', '.join(there)}" if there else f"{folder} has none"
        raise BadScenario(f"--scenario {name}: no such scenario; {known}")
    try:
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Timetable)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadScenario(f"{path}: {error}") from None
    if not table.begins_at_s < table.ends_at_s < table.for_s:
        raise BadScenario(f"{path}: begins_at_s, ends_at_s and for_s must follow one another")
    if unknown := sorted(set(table.unreachable) - issuers):
        raise BadScenario(f"{path}: unreachable: no issuer is named {', '.join(unknown)}")
    return table


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


class Play:
    """One run of a scenario, beside its traffic."""

    def __init__(self, timetable: Timetable, issuers: Issuers, feed: Feed) -> None:
        self.timetable = timetable
        self.phases: list[Phase] = []
        self.stored = 0  # for the issuers, now
        self.stored_max = 0
        self.drained_after_s: float | None = None  # of their return
        self._issuers = issuers
        self._feed = feed
        self._began = 0.0
        self._heard: Counter[str] = Counter()
        self._stood_in = 0

    @property
    def phase(self) -> str:
        """What happens just now."""
        return self.phases[-1].name if self.phases else ""

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        names, table = self.timetable.unreachable, self.timetable
        who = " and ".join(names)
        await self._enter("every issuer answers")
        await self._until(table.begins_at_s)
        await self._issuers.take_away(names)
        await self._enter(f"{who} cannot be reached")
        await self._until(table.ends_at_s)
        await self._issuers.bring_back(names)
        back = loop.time()
        await self._enter(f"{who} are back, what was stored is delivered")
        while await self._stored_now():  # noqa: ASYNC110 - another process is asked
            await asyncio.sleep(LOOK_S)
        self.drained_after_s = loop.time() - back
        await self._enter("every issuer answers again")
        while True:
            await self._until(loop.time() - self._began + 1.0)

    async def end(self) -> None:
        """The traffic is over."""
        await self._close()

    def figures(self) -> dict[str, Any]:
        """For the closing report."""
        drained = self.drained_after_s
        return {
            "title": self.timetable.title,
            "unreachable": self.timetable.unreachable,
            "phases": [
                {"name": one.name, "from_s": round(one.began_s, 1), "to_s": round(one.ended_s, 1),
                 "answers": dict(one.heard.most_common()), "stood_in": one.stood_in}
                for one in self.phases
            ],
            "stored_max": self.stored_max,
            "drained_after_s": round(drained, 1) if drained is not None else None,
        }

    async def _until(self, at_s: float) -> None:
        loop = asyncio.get_running_loop()
        while (left_s := self._began + at_s - loop.time()) > 0:
            await self._stored_now()
            await asyncio.sleep(min(LOOK_S, left_s))

    async def _enter(self, name: str) -> None:
        await self._close()
        self.phases.append(Phase(name, asyncio.get_running_loop().time() - self._began))

    async def _close(self) -> None:
        """What was heard since the last phase was closed is this one's."""
        status = await self._issuers.status()
        stood_in = self._stood_in
        if isinstance(status, dict):
            stood_in = sum(one["approvals"] for one in status.get("stand_in", ()))
        if self.phases:
            phase = self.phases[-1]
            phase.ended_s = asyncio.get_running_loop().time() - self._began
            phase.heard = self._feed.codes - self._heard
            phase.stood_in = stood_in - self._stood_in
        self._heard, self._stood_in = Counter(self._feed.codes), stood_in

    async def _stored_now(self) -> int:
        """Entries that wait for an issuer; where the router does not say, as many as before."""
        status = await self._issuers.status()
        if isinstance(status, dict):
            self.stored = status["saf_open"]
            self.stored_max = max(self.stored_max, self.stored)
        return self.stored
