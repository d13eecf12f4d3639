"""The router's disk: commits in groups, slow, refusing, or cut off by a power failure."""

from collections.abc import Callable
from typing import Final

from router.switching.commits import Commit, Written, entries_of, group_of
from specs.journal_format import Record
from tests.simulation.platter import Platter
from tests.simulation.world import Killed, World

STALLED_AFTER_S: Final = 2.0
SECRETS: Final = (b"0123456789ABCDEF", b"FEDCBA9876543210", b"=2912", b"D2912")


class Disk:
    """Commits become durable in groups, in order; a group lands whole or not at all.

    After a refusal nobody knows: a kill before the next group may find the refused one there.
    """

    def __init__(self, world: World, platter: Platter, waiting_max: int) -> None:
        self.landed: Callable[[list[Commit], bool], None] = lambda commits, durable: None
        self.platter = platter
        self._world = world
        self._waiting_max = waiting_max
        self._waiting: list[Commit] = []
        self._writing: list[Commit] = []
        self._ghost: list[Commit] = []  # refused, and perhaps there when nothing overwrites it
        self._is_stalled = False
        self._power = 0

    @property
    def is_idle(self) -> bool:
        return not self._writing and not self._waiting

    def append(self, commit: Commit) -> None:
        if self._is_stalled or len(self._waiting) >= self._waiting_max:
            power = self._power
            self._world.later(0.0, lambda: self._tell([commit], False, power))
            return
        self._waiting.append(commit)
        self._begin()

    def overwritten(self) -> None:
        """What was refused is gone for good."""
        self._ghost = []

    def power_cut(self) -> None:
        """Of the group under way nobody knows: there, not there, or a part of it."""
        self._power += 1
        draw = self._world.random
        last = self._ghost if self._ghost and draw.random() < 0.5 else self._writing
        if last:
            self.platter.tear(self._records(last), draw)
        self._ghost = []
        self._writing, self._waiting = [], []
        self._is_stalled = False

    def _begin(self) -> None:
        if self._writing or not self._waiting:
            return
        self._writing, self._waiting = self._waiting, []
        world, power = self._world, self._power
        takes = world.random.uniform(0.001, 0.01)
        if world.chance(world.faults.disk_stalls):
            lasts = world.faults.stalls_last_s or world.random.choice((3.0, 13.0))
            takes += lasts * world.random.uniform(0.3, 1.2)
            world.say("disk", "stalls for %.1f s", takes)
            world.later(STALLED_AFTER_S, lambda: self._stalls(power))
            if world.chance(world.faults.kill_in_trouble):
                world.later(world.random.uniform(0.8, 1.0) * takes, lambda: self._trouble(power))
        world.later(takes, lambda: self._end(power))

    def _stalls(self, power: int) -> None:
        """What the disk was not given is refused, until it answers for what it was given."""
        if power == self._power and self._writing:
            self._is_stalled = True
            refused, self._waiting = self._waiting, []
            self._tell(refused, False, power)

    def _end(self, power: int) -> None:
        if power != self._power:
            return
        self._is_stalled = False
        durable = not self._world.chance(self._world.faults.disk_refuses)
        if durable:
            self.platter.write(self._records(self._writing))
            self._ghost = []
        else:
            self._world.say("disk", "refuses the group")
            is_there = self._world.chance(self._world.faults.is_told_wrong)
            self._ghost = self._writing if is_there else []
            if self._world.chance(self._world.faults.kill_in_trouble):
                after = self._world.random.choice((0.005, 0.005, 0.5)) * self._world.random.random()
                self._world.later(after, lambda: self._trouble(power))
        # The router hears of it in a later turn of its loop, and may die before it does.
        group, self._writing = self._writing, []
        self._world.later(0.0005, lambda: self._tell(group, durable, power))
        self._begin()

    def _trouble(self, power: int) -> None:
        """The most likely time for a kill: somebody saw that something is wrong."""
        if power == self._power and not self._world.are_faults_over:
            raise Killed

    def _tell(self, group: list[Commit], durable: bool, power: int) -> None:
        if power == self._power:
            self.landed(group, durable)

    def _records(self, group: list[Commit]) -> list[Record | Written]:
        records = entries_of(group)
        data = group_of(records)
        for secret in SECRETS:
            if secret in data:
                self._world.violated("5, no secrets", f"{secret!r} is in the journal")
        return records
