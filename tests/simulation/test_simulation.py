"""The whole router on simulated time, network, disk and HSM: no seed breaks a promise.

The long form is `make simulate SEEDS=2000`; it prints how to replay what fails.
"""

import pytest

from router.form import form
from tests.simulation.bugs import BUGS
from tests.simulation.play import MIXES, Play

SEEDS_PER_MIX = 12
SEEDS_FOR_A_BUG = 200


@pytest.mark.parametrize("mix", list(MIXES))
def test_no_seed_breaks_a_promise(mix: str) -> None:
    for seed in range(SEEDS_PER_MIX):
        violations = Play(seed, mix).run()
        assert not violations, f"python -m tests.simulation.run 1 {seed} --mix {mix} --trace"


def test_one_seed_is_one_story() -> None:
    """A failing seed can be replayed: the same dice fall the same way."""
    one, other = Play(5, "all", tracing=True), Play(5, "all", tracing=True)
    one.run()
    other.run()
    assert one.world.transcript == other.world.transcript
    assert len(one.world.transcript) > 100


@pytest.mark.skipif(form() != "interpreted", reason="compiled functions cannot be replaced")
@pytest.mark.parametrize("name", list(BUGS))
def test_a_planted_bug_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulation that sees nothing would be green, too."""
    bug = BUGS[name]
    monkeypatch.setattr(bug.owner, bug.name, bug.broken(bug.owner.__dict__[bug.name]))
    assert any(Play(seed, bug.mix).run() for seed in range(SEEDS_FOR_A_BUG))
