"""Virtual time, connections and a disk, all from one seed. What messages mean is not known here."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from router.switching.commits import Commit
from specs.journal_format import Record, group_bytes, group_records

Action = Callable[[], None]
NEVER = float("inf")


class Killed(Exception):
    """Raised out of a port of the router: the process is gone between two of its steps."""


@dataclass(frozen=True)
class Faults:
    """How often things go wrong: per message, per commit, per step of the router, or per second."""

    kill_per_step: float = 0.0
    kills_per_s: float = 0.0
    reloads_per_s: float = 0.0
    kill_in_trouble: float = 0.0  # a disk that stalls or refuses
    line_cuts_per_s: float = 0.0
    acquirer_cuts_per_s: float = 0.0
    issuer_restarts_per_s: float = 0.0
    disk_stalls: float = 0.0
    disk_refuses: float = 0.0
    network_slow: float = 0.0
    hsm_slow: float = 0.0
    hsm_away: float = 0.0
    issuer_silent: float = 0.0
    issuer_late: float = 0.0
    issuer_twice: float = 0.0
    issuer_busy: float = 0.0
    issuer_says_nonsense: float = 0.0


NONE = Faults()


class World:
    """The clock, the dice, and what was seen."""

    def __init__(self, seed: int, faults: Faults, tracing: bool) -> None:
        self.random = Random(seed)
        self.faults = faults
        self.now = 1000.0
        self.transcript: list[str] = []
        self.violations: list[str] = []
        self.on_kill: Action = lambda: None
        self.starts = 0  # of the router
        self._tracing = tracing
        self._agenda: list[tuple[float, int, Action]] = []
        self._order = count()

    def later(self, delay: float, action: Action) -> None:
        heapq.heappush(self._agenda, (self.now + delay, next(self._order), action))

    def run_until(self, end: float) -> None:
        agenda = self._agenda
        while agenda and agenda[0][0] <= end:
            self.now, _, action = heapq.heappop(agenda)
            try:
                action()
            except Killed:
                self.on_kill()
        self.now = end

    def chance(self, probability: float) -> bool:
        return probability > 0 and self.random.random() < probability

    def transmission_time(self) -> str:
        """DE 7 of now."""
        minutes, seconds = divmod(int(self.now), 60)
        return f"1124{minutes // 60 % 24:02d}{minutes % 60:02d}{seconds:02d}"

    def say(self, who: str, what: str) -> None:
        if self._tracing:
            self.transcript.append(f"{self.now - 1000:8.3f}  {who:<9} {what}")

    def violated(self, promise: str, what: str) -> None:
        self.violations.append(f"{promise}: {what}")
        self.say("CHECK", f"VIOLATION of {promise}: {what}")


class End:
    """One side of a connection. What it sends before it learns of the fall may be lost."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self.is_up = True
        self.is_listening = True
        self.peer = self
        self.hear: Callable[[bytes], None] = lambda data: None
        self.fell: Action = lambda: None
        self._world = world
        self._last_arrival = 0.0
        self._cut_at = NEVER

    def send(self, data: bytes) -> bool:
        """False: never left."""
        if not self.is_up:
            return False
        world = self._world
        if world.now >= self._cut_at:
            return True
        delay = world.random.uniform(0.001, 0.02)
        if world.chance(world.faults.network_slow):
            delay += world.random.uniform(0.1, 4.0)
        self._last_arrival = max(self._last_arrival, world.now + delay)
        sent_at = world.now
        world.later(self._last_arrival - world.now, lambda: self._arrive(data, sent_at))
        return True

    def cut(self) -> None:
        """Both ends fall, each in its own time; of what is under way a first part still arrives."""
        world = self._world
        for end in (self, self.peer):
            if end._cut_at == NEVER:
                end._cut_at = world.now - world.random.choice((-1e-9, 0.0, 0.05, 1.0))
                notices = (0.0, 0.0, 0.1, 3.0) if world.faults is not NONE else (0.0,)
                world.later(world.random.choice(notices), end.notice)

    def close(self) -> None:
        """Our own process ended: we hear nothing more; the other side reads what was sent."""
        self.is_listening = self.is_up = False
        self.cut()

    def notice(self) -> None:
        if self.is_up:
            self.is_up = False
            self.fell()

    def _arrive(self, data: bytes, sent_at: float) -> None:
        if sent_at < self._cut_at and self.peer.is_listening:
            self.peer.hear(data)


def connection(world: World, name: str) -> tuple[End, End]:
    near, far = End(world, name), End(world, name)
    near.peer, far.peer = far, near
    return near, far


class Disk:
    """Commits become durable in groups, in order; a group lands whole or not at all.

    After a refusal nobody knows: a kill before the next group may find the refused one there.
    """

    def __init__(self, world: World) -> None:
        self.groups: list[bytes] = []
        self.landed: Callable[[list[Commit], bool], None] = lambda commits, durable: None
        self._world = world
        self._waiting: list[Commit] = []
        self._writing: list[Commit] = []
        self._ghost: list[Commit] = []  # refused, and perhaps there when nothing overwrites it
        self._power = 0

    @property
    def records(self) -> list[Record]:
        return [record for group in self.groups for record in group_records(group)]

    def append(self, commit: Commit) -> None:
        self._waiting.append(commit)
        self._begin()

    def overwritten(self) -> None:
        """What was refused is gone for good."""
        self._ghost = []

    def power_cut(self) -> None:
        """Of the group under way nobody knows: it is there, or it is not."""
        self._power += 1
        if self._writing and self._world.random.random() < 0.5:
            self._write()
        elif self._ghost:
            self._write(self._ghost)
        self._ghost = []
        self._writing, self._waiting = [], []

    def _begin(self) -> None:
        if self._writing or not self._waiting:
            return
        self._writing, self._waiting = self._waiting, []
        world, power = self._world, self._power
        takes = world.random.uniform(0.001, 0.01)
        if world.chance(world.faults.disk_stalls):
            takes += world.random.uniform(1.0, 15.0)
            world.say("disk", f"stalls for {takes:.1f} s")
            if world.chance(world.faults.kill_in_trouble):
                world.later(world.random.uniform(0.7, 1.0) * takes, lambda: self._trouble(power))
        world.later(takes, lambda: self._end(power))

    def _end(self, power: int) -> None:
        if power != self._power:
            return
        durable = not self._world.chance(self._world.faults.disk_refuses)
        if durable:
            self._write()
            self._ghost = []
        else:
            self._world.say("disk", "refuses the group")
            self._ghost = self._writing if self._world.random.random() < 0.5 else []
            if self._world.chance(self._world.faults.kill_in_trouble):
                after = self._world.random.choice((0.005, 0.5)) * self._world.random.random()
                self._world.later(after, lambda: self._trouble(power))
        # The router hears of it in a later turn of its loop, and may die before it does.
        group, self._writing = self._writing, []
        self._world.later(0.0005, lambda: self._tell(group, durable, power))
        self._begin()

    def _trouble(self, power: int) -> None:
        """The most likely time for a kill: somebody saw that something is wrong."""
        if power == self._power and self._world.faults is not NONE:
            raise Killed

    def _tell(self, group: list[Commit], durable: bool, power: int) -> None:
        if power == self._power:
            self.landed(group, durable)

    def _write(self, group: list[Commit] | None = None) -> None:
        commits = self._writing if group is None else group
        self.groups.append(group_bytes([r for commit in commits for r in commit.records]))
