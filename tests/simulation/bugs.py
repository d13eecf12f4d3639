"""All faults that can be planted in the router: the simulation must see each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.simulation.broken_delivery import DELIVERY
from tests.simulation.broken_life import LIFE
from tests.simulation.broken_memory import MEMORY
from tests.simulation.bug import Bug

BUGS: Final[dict[str, Bug]] = {**LIFE, **MEMORY, **DELIVERY}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """With this fault in the router; without a name, with none."""
    if name is None:
        yield
        return
    bug = BUGS[name]
    sound = bug.owner.__dict__[bug.name]
    setattr(bug.owner, bug.name, bug.broken(sound))
    try:
        yield
    finally:
        setattr(bug.owner, bug.name, sound)
