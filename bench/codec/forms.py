"""The codec's timings in both of its forms, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from bench.codec.timing import Timings, timings
from bench.stage.cores import on_cores_of
from router.form import form

COMPILED: Final = Path("build/compiled")


class CodecsDisagree(Exception):
    """Ours and pyiso8583 made different things of one message; says at which job."""


def here(seconds: float) -> Timings:
    """The form that this Python finds."""
    with on_cores_of("codec"):
        return timings(form(), seconds)


def both(seconds: float, compiled: Path = COMPILED) -> list[Timings]:
    """Compiled first, which is left out where it was not built."""
    found = []
    if (compiled / "router").is_dir():
        place = {"PYTHONPATH": str(compiled.resolve()), "PYTHONSAFEPATH": "1"}
        found.append(_there(seconds, os.environ | place))
    elsewhere = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return [*found, _there(seconds, elsewhere)]


def _there(seconds: float, environment: dict[str, str]) -> Timings:
    again = [sys.executable, "-m", "bench.codec", "--here", "--json", "--seconds", str(seconds)]
    done = subprocess.run(  # noqa: S603 - ourselves
        again, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CodecsDisagree(done.stderr.strip())
    return msgspec.json.decode(done.stdout, type=list[Timings])[0]
