"""py-spy beside a load: a process of its own that looks into the router's."""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

import msgspec

from bench.profile.stacks import readable
from bench.stage.programs import Stage
from bench.stage.setting import USUAL, Setting
from bench.studies.row import Load
from bench.studies.running import result_of

RATE: Final = 100  # looks a second: each stops the router for some milliseconds
SETTLES_S: Final = 1.5


class CannotProfile(Exception):
    """py-spy is not there, or was not let in; says which, and what helps."""


class Profile(msgspec.Struct):
    """Samples by stack, and the load they were taken under."""

    load: str
    cpu_us: float  # per transaction, measured without the profiler, where it was
    stacks: dict[str, int]


def recorded(stage: Stage, load: Load, seconds: float, setting: Setting = USUAL) -> Profile:
    """The router under that load, for so long."""
    program = Path(sys.prefix) / "bin" / "py-spy"
    if not program.exists():
        raise CannotProfile("no profile: py-spy is not installed (make setup)")
    loading = threading.Thread(target=result_of, args=(stage, setting, load, seconds + SETTLES_S))
    loading.start()
    try:
        time.sleep(SETTLES_S)
        return Profile(load.words, 0.0, _samples(program, stage.pids()["router"][0], seconds))
    finally:
        loading.join()


def _samples(program: Path, pid: int, seconds: float) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        command = [
            str(program), "record", "--native", "--format", "raw", "--rate", str(RATE),
            "--duration", str(max(1, round(seconds))), "--output", str(raw), "--pid", str(pid),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode or not raw.exists():
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise CannotProfile(f"no profile: py-spy says: {said} (it needs root, or ptrace)")
        return readable(raw.read_text(encoding="utf-8", errors="replace").splitlines())
