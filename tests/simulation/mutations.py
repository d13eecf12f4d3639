"""`make mutations`: each planted bug, and how many seeds of its mix see it.

Seeds 0, 1 ... of the bug's mix until ten saw it, at most so many as are stated. Exit 1 when one is
seen by none within what is stated for it, or where a seed that saw it fails without it, too.
"""

import argparse
import sys

from tests.simulation.bugs import BUGS, planted
from tests.simulation.play import Play

CATCHES = 10
ENOUGH = 100  # seeds, when it was caught at all


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutations", description=__doc__)
    parser.add_argument("names", nargs="*", help="else all of them")
    options = parser.parse_args()
    missed = 0
    show(f"{'bug':<44} {'mix':<16} {'first':>6} {'caught':>12} {'stated':>7}  promise")
    for name in options.names or BUGS:
        bug = BUGS[name]
        caught, tried, promise = hunted(name, bug.within)
        first = str(caught[0] + 1) if caught else "-"
        rate = f"{len(caught)} of {tried}"
        show(f"{name:<44} {bug.mix:<16} {first:>6} {rate:>12} {bug.within:>7}  {promise}")
        missed += not caught
        if caught and Play(caught[0], bug.mix).run():
            show(f"    seed {caught[0]} fails without it, too")
            missed += 1
    show(f"{len(options.names or BUGS)} bugs, {missed} not caught")
    return 1 if missed else 0


def hunted(name: str, within: int) -> tuple[list[int], int, str]:
    """Seeds that saw it, seeds tried, the promise that broke first."""
    caught: list[int] = []
    promise = ""
    with planted(name):
        for seed in range(within):
            violations = Play(seed, BUGS[name].mix).run()
            if violations:
                caught.append(seed)
                promise = promise or violations[0].split(":")[0]
            if len(caught) == CATCHES or (caught and seed + 1 >= ENOUGH):
                return caught, seed + 1, promise
    return caught, within, promise


def show(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
