"""The whole router on simulated time, network, disk and HSM: no seed breaks a promise.

The long form is `make simulate SEEDS=10000`, and `make mutations` counts how many seeds see each
planted bug; what fails names the command that replays it.
"""

import random
import sys

import pytest

from router.form import form
from tests.simulation.bugs import BUGS, planted
from tests.simulation.faults import MIXES, mix_of
from tests.simulation.play import Play

SEEDS_PER_MIX = 8
RANDOM_SEEDS_PER_MIX = 4
ENOUGH = 400
SEEN = (
    "KILLED", "drains", "reloads", "clock steps", "stalls", "refuses the group", "is silent",
    "half-open", "late_response", "undeliverable_approval", "turned_away", "saf_entry_parked",
    "saf_entry_retried", "line_breaker_opened", "reversal_of_unknown_original", "says nothing",
    "original not found", " 0120 ", "0421", "0401", "de95=", "code=10", "code=15", "code=55",
    "code=86", "code=90", "code=91", "code=92", "code=94", "code=96", "de70=002", "de70=301",
)  # fmt: skip


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
@pytest.mark.parametrize("name", list(BUGS))
def test_a_planted_bug_is_seen(name: str) -> None:
    """A simulation that sees nothing would be green, too."""
    with planted(name):
        assert any(Play(seed, BUGS[name].mix).run() for seed in range(BUGS[name].within))


def test_what_the_mixes_are_for_happens() -> None:
    """A simulation in which nothing goes wrong would be green, too."""
    missing = set(SEEN)
    for seed in range(ENOUGH):
        play = Play(seed, mix_of(seed), tracing=True)
        play.run()
        transcript = "\n".join(play.world.transcript)
        missing = {what for what in missing if what not in transcript}
        if not missing:
            return
    pytest.fail(f"never seen in {ENOUGH} seeds: {sorted(missing)}")
