"""The simulation from the command line: `make simulate SEEDS=200 [FIRST=0]`.

`python -m tests.simulation.run 1 37 --trace` replays seed 37 with its transcript.
"""

import argparse
import sys
import time

from tests.simulation.bugs import BUGS
from tests.simulation.play import MIXES, Play, mix_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=200)
    parser.add_argument("first", nargs="?", type=int, default=0)
    parser.add_argument("--mix", choices=list(MIXES), help="else all in turn")
    parser.add_argument("--trace", action="store_true", help="print the transcript")
    parser.add_argument("--bug", choices=list(BUGS), help="with this fault planted in the router")
    options = parser.parse_args()
    failed = kills = 0
    begun = time.process_time()
    if options.bug:
        bug = BUGS[options.bug]
        setattr(bug.owner, bug.name, bug.broken(bug.owner.__dict__[bug.name]))
    for seed in range(options.first, options.first + options.seeds):
        mix = options.mix or mix_of(seed)
        play = Play(seed, mix, options.trace)
        violations = play.run()
        kills += play.kills
        if options.trace:
            show(*play.world.transcript)
        if violations:
            failed += 1
            show(f"seed {seed} ({mix}): {violations[0]}  (+{len(violations) - 1})")
            planted = f" --bug {options.bug}" if options.bug else ""
            replay = f"{sys.executable} -m tests.simulation.run 1 {seed} --mix {mix} --trace"
            show(f"    {replay}{planted}")
    rate = options.seeds / (time.process_time() - begun)
    show(f"{options.seeds} seeds, {failed} failed, {kills} kills, {rate:.0f} seeds/s")
    return 1 if failed else 0


def show(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
