"""One load on one stage, in a process of its own."""

import subprocess
import sys
from typing import Final

import msgspec

from bench.load.plan import Plan, Result
from bench.stage.cores import on_cores_of
from bench.stage.programs import Stage
from bench.stage.setting import Setting
from bench.studies.row import Load

WARM_UP_MAX_S: Final = 1.0


class LoadFailed(Exception):
    """The load process ended without a result; says why."""


def result_of(stage: Stage, setting: Setting, load: Load, seconds: float) -> Result:
    """What the load process says."""
    plan = Plan(
        ports=stage.ports,
        dialect=setting.acquirer_dialect,
        connections=max(load.connections, len(stage.ports)),
        seconds=seconds,
        warm_up_s=min(WARM_UP_MAX_S, seconds),
        rate=load.rate,
        in_flight=load.in_flight,
        pids=stage.pids(),
        with_pin=setting.with_pin,
        chip_data_bytes=setting.chip_data_bytes,
        private_bytes=setting.private_bytes,
    )
    command = [sys.executable, "-m", "bench.load.generator", msgspec.json.encode(plan).decode()]
    with on_cores_of("load"):
        process = subprocess.Popen(  # noqa: S603 - ours
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
    try:
        out, said = process.communicate(timeout=2 * seconds + 60)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        reason = said.decode(errors="replace").strip().splitlines()[-1:]
        raise LoadFailed(f"{load.words}: {reason[0] if reason else 'the load process was ended'}")
    return msgspec.json.decode(out, type=Result)
