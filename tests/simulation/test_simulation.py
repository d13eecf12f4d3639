"""The whole router on simulated time, network, disk and HSM: no seed breaks a promise.

The long form is `make simulate SEEDS=10000`, and `make mutations` for the planted bugs; what fails
names the command that replays it.
"""

import random
import sys

import pytest

from router.form import form
from tests.simulation.bugs import BUGS, planted
from tests.simulation.faults import MIXES
from tests.simulation.play import Play

SEEDS_PER_MIX = 8
RANDOM_SEEDS_PER_MIX = 4
SOON = 100  # seeds: the others are left to `make mutations`


@pytest.mark.parametrize("mix", list(MIXES))
def test_no_seed_breaks_a_promise(mix: str) -> None:
    """The same seeds each time, and some that nobody has seen."""
    unseen = random.SystemRandom().randrange(1_000_000_000)
    for seed in (*range(SEEDS_PER_MIX), *range(unseen, unseen + RANDOM_SEEDS_PER_MIX)):
        violations = Play(seed, mix).run()
        replay = f'{sys.executable} -m tests.simulation.run 1 {seed} --mix "{mix}" --trace'
        assert not violations, f"{violations[0]}; {replay}"


def test_one_seed_is_one_story() -> None:
    """A failing seed can be replayed: the same dice fall the same way."""
    one, other = Play(5, "all", tracing=True), Play(5, "all", tracing=True)
    one.run()
    other.run()
    assert one.world.transcript == other.world.transcript
    assert len(one.world.transcript) > 100


@pytest.mark.skipif(form() != "interpreted", reason="compiled functions cannot be replaced")
@pytest.mark.parametrize("name", [name for name, bug in BUGS.items() if bug.within <= SOON])
def test_a_planted_bug_is_seen(name: str) -> None:
    """A simulation that sees nothing would be green, too."""
    with planted(name):
        assert any(Play(seed, BUGS[name].mix).run() for seed in range(BUGS[name].within))
