"""What the router keeps in memory: at rest, per connection, in flight, per remembered request.

Each figure is the growth of its resident memory between two loads, divided by how many more there
were of what it is asked for; what the allocator keeps for later counts.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.load.plan import Result
from bench.stage.cores import resident_kb
from bench.stage.programs import Stage, switch_stage
from bench.stage.setting import USUAL
from bench.studies.row import Load
from bench.studies.running import result_of

LITTLE: Final = Load(rate=100, connections=10)
MANY: Final = Load(rate=100, connections=2_010)
REMEMBERING: Final = Load(in_flight=256)
WAITING: Final = Load(in_flight=10_000)
ISSUER_THINKS_S: Final = 7.0
WARM_UP_S: Final = 1.0


def memory(folder: Path, seconds: float) -> dict[str, float]:
    """In kilobytes."""
    found: dict[str, float] = {}
    with switch_stage(folder / "memory") as stage:
        found["at rest"] = router_kb(stage)
        little = _loaded(stage, LITTLE, 1.0)
        many = _loaded(stage, MANY, 1.0)
        more = MANY.connections - LITTLE.connections
        found["per connection"] = (of_router(many) - of_router(little)) / more
        before = router_kb(stage)
        remembering = _loaded(stage, REMEMBERING, seconds)
        found["remembered"] = remembering.sent
        found["per remembered"] = (router_kb(stage) - before) / max(1, remembering.sent)
    thinking = replace(USUAL, issuer_delay_s=ISSUER_THINKS_S)
    with switch_stage(folder / "in-flight", thinking) as stage:
        before = router_kb(stage)
        waiting = _loaded(stage, WAITING, ISSUER_THINKS_S - 2 * WARM_UP_S)
        found["in flight"] = waiting.in_flight
        found["per in flight"] = (of_router(waiting) - before) / max(1, waiting.in_flight)
    return {name: round(value, 3) for name, value in found.items()}


def _loaded(stage: Stage, load: Load, seconds: float) -> Result:
    return result_of(stage, USUAL, load, seconds)


def of_router(result: Result) -> int:
    return result.memory_kb["router"]


def router_kb(stage: Stage) -> int:
    return sum(resident_kb(pid) for pid in stage.pids()["router"])
