"""The studies: what is varied, what is kept as it is.

A study is a list of points; points one after another that share a stage run on the same one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from bench.stage.setting import USUAL, Setting
from bench.studies.row import Load

BESIDE: Final = ("noyau", "relay", "afternoon")
RATES: Final = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000)
IN_FLIGHT: Final = (1, 8, 64, 256, 1024, 4096, 10_000)
CONNECTIONS: Final = (1, 10, 100, 1_000, 2_000, 5_000)
RANGES: Final = (100, 20_000, 1_000_000)
SIZES: Final = ((0, 0), (120, 0), (250, 0), (250, 500), (250, 1_500), (250, 3_500))
PAIRS: Final = (
    ("national", "national"),
    ("iso87-binary", "iso87-binary"),
    ("iso87-ascii", "national"),
    ("national", "iso87-binary"),
    ("national", "mastercard-like"),
    ("national", "visa-like"),
)
QUICK: Final[dict[str, set[float]]] = {
    "rates": {1_000, 10_000},
    "in flight": {64, 1024},
    "connections": {10, 2_000},
    "ranges": {100, 20_000},
    "dialects": {0, 3},
}
CALM: Final = Load(rate=5_000)
BUSY: Final = Load(in_flight=256)


@dataclass(frozen=True, slots=True)
class Point:
    """One run: through what, on which stage, under which load; x is where it stands in a plot."""

    through: str
    setting: Setting
    load: Load
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Study:
    name: str
    points: list[Point]
    stops_when_full: bool = False  # higher rates through the same are left out then


def chosen_loads(rates: Iterable[float], in_flight: Iterable[int]) -> Study:
    """What the caller asked for, beside relay and afternoon."""
    loads = [*(Load(rate=one) for one in rates), *(Load(in_flight=one) for one in in_flight)]
    points = [
        Point(through, USUAL, load, load.rate or load.in_flight, load.words)
        for through, load in product(BESIDE, loads)
    ]
    heaviest = max(loads, key=lambda load: load.in_flight)
    return Study("loads", [*points, Point("nothing", USUAL, heaviest, 0, heaviest.words)])


def all_studies(quick: bool = False) -> list[Study]:
    """In the order in which they run; quickly, a few points of each."""
    studies = [
        rates(), in_flight(), connections(), sizes(), ranges(), pairs(), pin(), workers(),
    ]  # fmt: skip
    return [_few(study) for study in studies] if quick else studies


def _few(study: Study) -> Study:
    """Every program that takes part keeps its points that matter to a first look."""
    kept = [point for point in study.points if point.x in QUICK.get(study.name, {point.x})]
    return replace(study, points=kept)


def rates() -> Study:
    """Offered load up to saturation, open loop."""
    points = [
        Point(through, USUAL, Load(rate=rate), rate, f"{rate:,}/s")
        for through, rate in product(BESIDE, RATES)
    ]
    return Study("rates", points, stops_when_full=True)


def in_flight() -> Study:
    points = [
        Point(through, USUAL, Load(in_flight=count), count, f"{count:,}")
        for through, count in product(BESIDE, IN_FLIGHT)
    ]
    return Study("in flight", [*points, Point("nothing", USUAL, Load(in_flight=1024), 0, "")])


def connections() -> Study:
    """The load is the same; with many connections each read brings one message."""
    points = [
        Point(through, USUAL, replace(CALM, connections=count), count, f"{count:,}")
        for through, count in product(("noyau", "relay"), CONNECTIONS)
    ]
    return Study("connections", points)


def sizes() -> Study:
    settings = [replace(USUAL, chip_data_bytes=chip, private_bytes=more) for chip, more in SIZES]
    return Study("sizes", [Point("noyau", setting, BUSY, 0, "") for setting in settings])


def ranges() -> Study:
    """Small and large tables take turns, so that a slow minute meets both."""
    points = [
        Point("noyau", replace(USUAL, ranges=count), BUSY, count, f"{count:,}")
        for count in RANGES * 2
    ]
    return Study("ranges", points)


def pairs() -> Study:
    points = []
    for place, (acquirer, issuer) in enumerate(PAIRS):
        setting = replace(USUAL, acquirer_dialect=acquirer, issuer_dialect=issuer)
        points.append(Point("noyau", setting, BUSY, place, f"{acquirer} to {issuer}"))
    return Study("dialects", points)


def workers() -> Study:
    """Four acquirers, so that two workers have two each; they take turns twice."""
    points = [
        Point("noyau", setting, CALM, setting.workers, f"workers = {setting.workers}")
        for setting in [replace(USUAL, acquirers=4, workers=count) for count in (1, 2) * 2]
    ]
    return Study("workers", points)


def pin() -> Study:
    return Study(
        "pin",
        [
            Point("noyau", replace(USUAL, with_pin=with_pin), BUSY, int(with_pin), words)
            for with_pin, words in ((True, "with PIN"), (False, "without PIN"))
        ],
    )
