"""A worker's place among the workers of one router: which it is, and what is its own.

Workers share nothing but the journal's folder. Each has a journal of its own, a part of every
issuer's numbers (DE 11), and all connections of the acquirers that are its own. The only worker of
a router has everything.
"""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from router.switching.stans import STAN_MAX

WORKERS_MAX: Final = 16  # 62,499 numbers of each issuer are left to each


@dataclass(frozen=True, slots=True)
class Place:
    """One of `count`. `held` are numbers of stored entries that others may own, by issuer."""

    number: int = 0
    count: int = 1
    journal: str = "0"  # STATE/router/worker-0
    held: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_alone(self) -> bool:
        return self.count == 1

    @property
    def stan_first(self) -> int:
        """The first number that it may give, of each issuer."""
        return 1 + self.number * self.stans

    @property
    def stans(self) -> int:
        """How many there are. Nobody gives the few that are left over."""
        return STAN_MAX // self.count

    def has(self, stan: str) -> bool:
        """Is this number its own to give?"""
        return 0 <= int(stan) - self.stan_first < self.stans

    def part_of(self, limit: int) -> int:
        """Of a limit of the whole router: all parts together are the limit."""
        return limit // self.count + (self.number < limit % self.count)


ALONE: Final = Place()
