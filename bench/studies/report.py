"""Everything that one run of the harness found out: what is stored, and read again."""

from pathlib import Path

import msgspec

from bench.codec.timing import Timings
from bench.peers.codecs import PeerCodec
from bench.profile.recording import Profile
from bench.stage.machine import Machine
from bench.studies.row import Row


class Report(msgspec.Struct):
    """The whole result."""

    at: str
    machine: Machine
    seconds: float  # of each run
    took_s: float
    rows: list[Row]
    codec: list[Timings]
    memory_kb: dict[str, float]
    peers: list[PeerCodec]
    profiles: list[Profile]
    notes: list[str]
    failures: list[str]  # what could not be measured, and why

    def of(self, study: str, through: str) -> list[Row]:
        """The rows of a study through one program, as they came."""
        return [row for row in self.rows if (row.study, row.through) == (study, through)]


def stored(report: Report, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def read(file: Path) -> Report:
    return msgspec.json.decode(file.read_bytes(), type=Report)


def results_folder() -> Path:
    """In the checkout where this is one, else here. (The compiled form lies two folders deeper.)"""
    here = Path.cwd()
    return here / "bench" / "results" if (here / "bench").is_dir() else here / "bench-results"
