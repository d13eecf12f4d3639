"""Virtual time, dice and connections, all from one seed. What messages mean is not known here."""

import heapq
import time
from collections.abc import Callable
from itertools import count
from random import Random

from tests.simulation.faults import Faults

Action = Callable[[], None]
NEVER = float("inf")
BEGINNING = 1000.0  # on the monotonic clock
DAYS = (1_795_514_400.0, 1_795_514_400.0, 1_798_761_570.0)  # 2026-11-24 10:00; before New Year


class Killed(Exception):
    """Raised out of a port of the router: the process is gone between two of its steps."""


class World:
    """The clock, the dice, and what was seen."""

    def __init__(self, seed: int, faults: Faults, tracing: bool) -> None:
        self.random = Random(seed)
        self.faults = faults
        self.are_faults_over = False
        self.is_tight = faults.is_tight
        self.now = BEGINNING
        self.router_clock_is_ahead_s = 0.0
        self.transcript: list[str] = []
        self.violations: list[str] = []
        self.on_kill: Action = lambda: None
        self.starts = 0  # of the router
        self.tracing = tracing
        self._day = self.random.choice(DAYS)
        self._said: dict[int, str] = {}  # DE 7 of each second
        self._agenda: list[tuple[float, int, Action]] = []
        self._order = count()

    @property
    def wall(self) -> float:
        """Seconds since 1970, by the clock that everybody but the router goes by."""
        return self._day + self.now - BEGINNING

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

    def transmission_time(self, ahead_s: float = 0.0) -> str:
        """DE 7 of now."""
        second = int(self.wall + ahead_s)
        said = self._said.get(second)
        if said is None:
            said = self._said[second] = time.strftime("%m%d%H%M%S", time.gmtime(second))
        return said

    def say(self, who: str, what: str, *parts: object) -> None:
        if self.tracing:
            self.transcript.append(f"{self.now - BEGINNING:8.3f}  {who:<9} {what % parts}")

    def violated(self, promise: str, what: str) -> None:
        self.violations.append(f"{promise}: {what}")
        self.say("CHECK", "VIOLATION of %s: %s", promise, what)


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

    @property
    def is_deaf(self) -> bool:
        """What is sent now goes nowhere, and we do not know yet."""
        return self._world.now >= self._cut_at

    def cut(self) -> None:
        """Both ends fall, each in its own time; of what is under way a first part still arrives."""
        world = self._world
        for end in (self, self.peer):
            if end._cut_at == NEVER:
                end._cut_at = world.now - world.random.choice((-1e-9, 0.0, 0.05, 1.0))
                notices = (0.0,) if world.are_faults_over else (0.0, 0.0, 0.1, 3.0)
                world.later(world.random.choice(notices), end.notice)

    def go_dead(self) -> None:
        """Half-open: nothing passes any more, one way or both, and nobody is told."""
        world = self._world
        for end in world.random.choice(((self,), (self.peer,), (self, self.peer))):
            end._cut_at = min(end._cut_at, world.now)

    def close(self) -> None:
        """Our own process ended: we hear nothing more; the other side reads what was sent."""
        self.is_listening = self.is_up = False
        self.cut()

    def abort(self) -> None:
        """We give it up; our own owner hears of the fall in a later turn."""
        self.is_listening = False
        self.cut()
        self._world.later(0.0, self.notice)

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
