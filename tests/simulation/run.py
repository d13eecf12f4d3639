"""The simulation from the command line: `make simulate SEEDS=10000 [FIRST=K] [PROCESSES=2]`.

Seeds K, K+1 ...; without K one is drawn and printed. What fails is named with the command that
replays it to a readable transcript. Exit 1 when anything failed.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing import Pool
from typing import Final

from tests.simulation.bugs import BUGS, planted
from tests.simulation.faults import MIXES, mix_of
from tests.simulation.play import Play

CHUNK: Final = 50
FIRST_BELOW: Final = 1_000_000_000
# Compiled, a router that is killed with something in flight is never freed: what is in flight
# refers to itself in a circle that the collector is not told of, for in a real one it ends.
CHUNKS_OF_ONE_PROCESS: Final = 5
SHOWN: Final = 20  # failing seeds

Outcome = tuple[int, str, int, list[str]]  # seed, mix, kills, violations


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=1000)
    parser.add_argument("first", nargs="?", type=int, help="else drawn at random")
    parser.add_argument("--mix", choices=list(MIXES), help="else all in turn")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="print the transcript")
    parser.add_argument("--bug", choices=list(BUGS), help="with this fault planted in the router")
    options = parser.parse_args()
    first = options.first
    if first is None:
        first = random.SystemRandom().randrange(FIRST_BELOW)
        show(f"FIRST={first}")
    if options.trace:
        return replayed(range(first, first + options.seeds), options.mix, options.bug)
    failed = kills = done = 0
    begun = time.monotonic()
    for seed, mix, killed, violations in outcomes(
        range(first, first + options.seeds), options.mix, options.bug, options.processes
    ):
        done += 1
        kills += killed
        if violations:
            failed += 1
            if failed <= SHOWN:
                show_failed(seed, mix, violations, options.bug)
        progress(done, options.seeds, failed)
    took_s = time.monotonic() - begun
    show(
        f"{done} seeds from {first}: {failed} failed; {kills} kills;"
        f" {done / took_s:.0f} seeds/s on {options.processes} process(es), {took_s:.0f} s"
    )
    return 1 if failed else 0


def outcomes(seeds: range, mix: str | None, bug: str | None, processes: int) -> Iterator[Outcome]:
    """Of all seeds, in their order."""
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    work = partial(played, mix=mix, bug=bug)
    if len(chunks) <= CHUNKS_OF_ONE_PROCESS:
        for chunk in chunks:
            yield from work(chunk)
        return
    with Pool(processes, maxtasksperchild=CHUNKS_OF_ONE_PROCESS) as pool:
        for done in pool.imap(work, chunks):
            yield from done


def played(seeds: range, mix: str | None, bug: str | None) -> list[Outcome]:
    found: list[Outcome] = []
    with planted(bug):
        for seed in seeds:
            play = Play(seed, mix or mix_of(seed))
            violations = play.run()
            found.append((seed, mix or mix_of(seed), play.kills, violations))
    return found


def replayed(seeds: range, mix: str | None, bug: str | None) -> int:
    """With transcripts."""
    failed = 0
    with planted(bug):
        for seed in seeds:
            play = Play(seed, mix or mix_of(seed), tracing=True)
            failed += bool(play.run())
            show(*play.world.transcript)
    return 1 if failed else 0


def show_failed(seed: int, mix: str, violations: list[str], bug: str | None) -> None:
    progress(0, 0, 0)
    with_bug = f" --bug {bug}" if bug else ""
    show(
        f"seed {seed} ({mix}): {violations[0]}  (+{len(violations) - 1})",
        f'    {sys.executable} -m tests.simulation.run 1 {seed} --mix "{mix}" --trace{with_bug}',
    )


def progress(done: int, of: int, failed: int) -> None:
    """On a terminal; nothing in a pipe."""
    if sys.stderr.isatty() and done % CHUNK == 0:
        line = f"{done} of {of} seeds, {failed} failed" if of else ""
        sys.stderr.write(f"\r{line:<40}\r")
        sys.stderr.flush()


def show(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
