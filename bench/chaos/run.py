"""`python -m bench.chaos.run`: so many kills under so much load, then the books are compared.

Exit code 0: what the issuers hold is what the acquirer heard approved and did not reverse, to the
purchase. 1: it is not, or something is left open. The folder with journals, ledgers and logs is
kept then, and named.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import uvloop

from bench.chaos.acquirer import Acquirer
from bench.chaos.book import added_up
from bench.chaos.stage import ISSUERS, Stage
from issuers.holds import holds
from issuers.state import ledger_path

SETTLE_WITHIN_S: Final = 120.0
WORKER: Final = "worker"
WORKER_WEIGHT: Final = 10
NUMBERS_EACH: Final = 10_000_000  # purchases of one acquirer
WEIGHTS: Final = {"router": 4, "hsm": 2, **dict.fromkeys(ISSUERS, 2)}


async def kill_again_and_again(
    stage: Stage, kills: int, every_s: float, dice: random.Random, say: bool
) -> None:
    """One program at a time; it is started again at once."""
    often = WEIGHTS | ({WORKER: WORKER_WEIGHT} if stage.workers > 1 else {})
    names, weights = list(often), list(often.values())
    for number in range(1, kills + 1):
        await asyncio.sleep(dice.uniform(0.5, 1.5) * every_s)
        name = dice.choices(names, weights)[0]
        if name == WORKER:
            await stage.kill_worker(dice)
        else:
            await stage.programs[name].kill()
            await stage.start(name)
        if say:
            sys.stderr.write(f"\r{number} of {kills} kills ")
            sys.stderr.flush()


async def drained(stage: Stage, within_s: float) -> str:
    """Empty when nothing is in flight or stored for an issuer; else what is."""
    until = time.monotonic() + within_s
    while True:
        status = await stage.status()
        left = {name: status[name] for name in ("in_flight", "saf_open") if status[name]}
        if not left:
            parked = status["saf_parked"]
            return f"{parked} parked" if parked else ""
        if time.monotonic() > until:
            return str(left)
        await asyncio.sleep(0.2)


def held(stage: Stage) -> set[int]:
    """The numbers (DE 37) of all purchases that issuers hold."""
    return {
        int(hold["rrn"])
        for name in ISSUERS
        for hold in holds(ledger_path(stage.state, name), everything=False)["holds"]
    }


async def chaos(
    folder: Path, kills: int, rate: float, every_s: float, seed: int, workers: int
) -> bool:
    """The whole run; prints what came of it."""
    dice = random.Random(seed)
    stop = asyncio.Event()
    async with Stage(folder, workers) as stage, asyncio.TaskGroup() as tasks:
        acquirers = [
            Acquirer(port, 8, first_number=place * NUMBERS_EACH)
            for place, port in enumerate(stage.ports)
        ]
        links = [tasks.create_task(one.keep_links()) for one in acquirers]
        await asyncio.sleep(0.5)
        began = time.monotonic()
        trading = [tasks.create_task(one.trade(rate / workers, stop)) for one in acquirers]
        await kill_again_and_again(stage, kills, every_s, dice, sys.stderr.isatty())
        await asyncio.sleep(every_s)
        stop.set()
        await asyncio.wait(trading)
        took_s = time.monotonic() - began
        is_settled = all([await one.settle(SETTLE_WITHIN_S) for one in acquirers])
        left = await drained(stage, SETTLE_WITHIN_S)
        for one in links:
            one.cancel()
        programs = stage.programs
    book = added_up([one.book for one in acquirers])
    holding = held(stage)
    orphans, missing = holding - book.approved, book.approved - holding
    result = {
        "seed": seed,
        "seconds": round(took_s, 1),
        "sent": book.counts["sent"],
        "sent_per_s": round(book.counts["sent"] / took_s),
        "counts": dict(book.counts),
        "answers": dict(book.answers),
        "kills": {
            **{name: program.kills for name, program in programs.items()},
            **({WORKER: stage.worker_kills} if workers > 1 else {}),
        },
        "restart_s_max": {
            **{
                name: round(max(program.restarts_s, default=0.0), 2)
                for name, program in programs.items()
            },
            **({WORKER: round(max(stage.workers_back_s, default=0.0), 2)} if workers > 1 else {}),
        },
        "approved_and_not_reversed": len(book.approved),
        "held": len(holding),
        "orphan_holds": sorted(orphans)[:20],
        "approvals_without_hold": sorted(missing)[:20],
        "unanswered_at_the_end": len(book.open) + len(book.reversals),
        "left_in_the_router": left,
    }
    print(json.dumps(result, indent=2))
    return is_settled and not left and not orphans and not missing


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rate", type=float, default=2000.0, help="purchases a second")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between kills, about")
    parser.add_argument("--workers", type=int, default=1, help="of the router, killed too")
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    folder = Path(tempfile.mkdtemp(prefix="noyau-chaos-"))
    work = chaos(folder, asked.kills, asked.rate, asked.every, seed, asked.workers)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        is_well = runner.run(work)
    if is_well:
        shutil.rmtree(folder)
    else:
        print(f"NOT the same; journals, ledgers and logs are in {folder}", file=sys.stderr)
    raise SystemExit(0 if is_well else 1)


if __name__ == "__main__":
    main()
