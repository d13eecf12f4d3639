"""A scenario as it is played beside the traffic, told phase by phase.

The run is the usual one, and so is its comparison at the end. What is stored and stood in for is
the router's word; what was heard is the acquirer's.
"""
import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from noyau.demo.feed import Feed
from noyau.demo.scenario import Timetable

LOOK_S = 0.25

Say = Callable[[str], None]


class Issuers(Protocol):
    """Who can make issuers unreachable, and knows what is stored for them."""

    async def take_away(self, names: list[str]) -> None: ...
    async def bring_back(self, names: list[str]) -> None: ...
    async def status(self) -> Any: ...


@dataclass(slots=True)
class Phase:
    """One part of the run."""

    name: str
    began_s: float
    ended_s: float
    heard: Counter[str] = field(default_factory=Counter)  # DE 39
    stood_in: int = 0  # approvals


class ScenarioPlay:
    """One run of a scenario."""

    def __init__(self, timetable: Timetable, issuers: Issuers, feed: Feed, say: Say) -> None:
        self.timetable = timetable
        self.phases: list[Phase] = []
        self.are_away = False
        self.stored = 0  # for the issuers that were taken away, now
        self.stored_on_return = 0
        self.delivered_after_s: float | None = None  # what was stored on their return
        self._issuers = issuers
        self._feed = feed
        self._say = say
        self._began = 0.0
        self._returned_s: float | None = None
        self._heard_before: Counter[str] = Counter()  # the phase of now
        self._stood_in_before = 0

    async def run(self) -> None:
        """Until cancelled."""
        self._began = asyncio.get_running_loop().time()
        table = self.timetable
        await self._look()
        self._enter("as any day")
        await self._until(table.begins_at_s)
        self._enter(f"{self.who} out of reach")
        self.are_away = True
        await self._issuers.take_away(table.unreachable)
        await self._until(table.ends_at_s)
        await self.bring_back()
        await self.watch()

    async def bring_back(self) -> None:
        """Whoever was taken away; also when the traffic ends before its time."""
        await self._issuers.bring_back(self.timetable.unreachable)
        await self._look()
        self.are_away = False
        self._returned_s = self._elapsed_s()
        self.stored_on_return = self.stored
        self._enter("they are back, delivery")

    async def watch(self) -> None:
        """Until cancelled: what is still stored, and heard."""
        while True:
            await self._look()
            await asyncio.sleep(LOOK_S)

    @property
    def who(self) -> str:
        return " and ".join(self.timetable.unreachable)

    async def _until(self, at_s: float) -> None:
        while (left_s := at_s - self._elapsed_s()) > 0:
            await self._look()
            await asyncio.sleep(min(LOOK_S, left_s))

    def _elapsed_s(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def _enter(self, name: str) -> None:
        """What is heard from now on is this phase's."""
        if self.phases:
            self._heard_before += self.phases[-1].heard
            self._stood_in_before += self.phases[-1].stood_in
        now_s = self._elapsed_s()
        self.phases.append(Phase(name, now_s, now_s))
        self._say(f"{now_s:5.1f} s  {name}")

    async def _look(self) -> None:
        """Where the router does not say, everything is as it was before."""
        status = await self._issuers.status()
        if not isinstance(status, dict):
            return
        if self.phases:
            phase = self.phases[-1]
            phase.ended_s = self._elapsed_s()
            phase.heard = self._feed.codes - self._heard_before
            approvals = sum(one["approvals"] for one in status["stand_in"])
            phase.stood_in = approvals - self._stood_in_before
        saf = [one for one in status["saf"] if one["issuer"] in self.timetable.unreachable]
        self.stored = sum(one["open"] for one in saf)
        self._look_whether_delivered(saf)

    def _look_whether_delivered(self, saf: list[Mapping[str, Any]]) -> None:
        """Entries of the day itself come and go: only those of the outage count."""
        if self._returned_s is None or self.delivered_after_s is not None:
            return
        back_s = self._elapsed_s() - self._returned_s
        if all(not one["open"] or one["oldest_s"] + 1 < back_s for one in saf):
            self.delivered_after_s = back_s
            self._enter("as any day again")
