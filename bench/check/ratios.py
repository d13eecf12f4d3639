"""What is compared with the baseline: our figure over that of a peer in the same run.

Ratios of two programs that take turns on one machine hold, more or less, on another. All of them
grow when we become dearer.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from bench.codec.forms import here
from bench.stage.machine import commit, durable_folder
from bench.stage.programs import Stage, afternoon_stage, switch_stage
from bench.stage.setting import USUAL
from bench.studies.row import OWN, Load, row_of
from bench.studies.running import result_of
from router.form import form

GROWTH_MAX: Final = 0.15
TURNS: Final = 3
LOADS: Final = (Load(in_flight=256), Load(in_flight=1024))
BASELINE: Final = Path(__file__).with_name("baseline.json")


class Ratios(msgspec.Struct):
    """Of one commit, in one form."""

    commit: str
    form: str
    ratios: dict[str, float]


class Compared(msgspec.Struct):
    """One ratio, then and now."""

    what: str
    before: float
    now: float

    @property
    def growth(self) -> float:
        return self.now / self.before - 1

    @property
    def is_dearer(self) -> bool:
        return self.growth > GROWTH_MAX


def measured(seconds: float, progress: Callable[[str], None]) -> Ratios:
    """Router and afternoon side by side, in turns; the codec beside pyiso8583."""
    progress("codec")
    found = {
        f"codec: {row.job}, {row.message}": row.ours_us / row.reference_us
        for row in here(seconds / 4).rows
    }
    with (
        tempfile.TemporaryDirectory(prefix="noyau-check-", dir=durable_folder()) as name,
        switch_stage(Path(name) / "noyau") as ours,
        afternoon_stage(Path(name) / "afternoon") as theirs,
    ):
        for load in LOADS:
            least = {"noyau": float("inf"), "afternoon": float("inf")}
            for turn in range(TURNS):
                progress(f"{load.words}, turn {turn + 1} of {TURNS}")
                for through, stage in (("noyau", ours), ("afternoon", theirs)):
                    cost = least_cost(through, stage, load, seconds)
                    least[through] = min(least[through], cost)
            what = f"router CPU over plain pyiso8583, {load.words}"
            found[what] = least["noyau"] / least["afternoon"]
    return Ratios(commit(), form(), {what: round(ratio, 4) for what, ratio in found.items()})


class Wrong(Exception):
    """Answers that were not right: nothing is compared then."""


def least_cost(through: str, stage: Stage, load: Load, seconds: float) -> float:
    """Of the windows of a run the cheapest: what disturbs makes dearer."""
    row = row_of("check", through, load, 0, "", result_of(stage, USUAL, load, seconds))
    each = row.cpu_us_each[OWN[through]]
    if not row.is_right or not each:
        raise Wrong(f"{through}, {load.words}: {row.wrong or f'{row.lost} never answered'}")
    return min(each)


def compared(baseline: Ratios, now: Ratios) -> list[Compared]:
    """What both have."""
    return [
        Compared(what, before, now.ratios[what])
        for what, before in baseline.ratios.items()
        if what in now.ratios
    ]
