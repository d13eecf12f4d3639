"""What overload costs those who were let in: `python -m bench.costs.overload [SECONDS]`.

Two stories on the real processes. More than there is room for: the capacity is found in a closed
loop, then half of it is offered, then three times as much, or as much as the load can send beside
HSM and issuer on their core. A silent issuer: two thirds of what is
offered go to a bank that signs on and answers nothing else; the other third is watched. Latencies
are those of approved requests, from when each was due.
"""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
from array import array
from collections import Counter
from pathlib import Path
from typing import Any, Final

import uvloop

from bench.load.generator import Load
from bench.load.latencies import histogram_of
from bench.load.plan import Plan
from bench.load.purchases import CARDS
from bench.load.responder import Issuer, Responder
from bench.stage.configuration import ISSUER_ZPK, LIMIT, Ports, write_configuration
from bench.stage.cores import HARNESS, on_cores_of
from bench.stage.machine import durable_folder
from bench.stage.programs import (
    NOYAU,
    Stage,
    a_stage,
    free_ports,
    is_ready,
    start_hsm,
    start_responder,
)
from bench.stage.setting import NATIONAL, USUAL

CONNECTIONS: Final = 8
SILENT_CARDS: Final = 42  # of 64: the largest issuer
CAPACITY_IN_FLIGHT: Final = 256
OFFERED_MAX: Final = 120_000.0  # a second; far above that the load falls behind, and gives up
TIMEOUT_S: Final = 2.5
TURN_MAX_S: Final = "0.002"


class Watched(Load):
    """Latencies of approved requests of the cards from `first` on; other answers by their code."""

    def __init__(self, plan: Plan, first: int) -> None:
        super().__init__(plan)
        self._first = first
        self._good = array("L")
        self._away = array("L")
        self.codes: Counter[str] = Counter()

    def _heard(self, frame: bytes, link: Any, now: float) -> None:
        layout = (len(frame), frame[: self._layout_bytes])
        stan, _, code = self._spans.get(layout) or self._read(layout, frame)
        asked = self._out.pop(frame[stan], None)
        if asked is None:
            return
        since, _ = asked
        self._answered += 1
        if since >= self._measures_from and int(frame[stan]) % CARDS >= self._first:
            self.codes[frame[code].decode("latin-1")] += 1
            took = self._good if frame[code] == self._approved else self._away
            took.append(int((now - since) * 1e6))
        if not self._plan.rate and now < self._ends_at:
            self._send(link, now)

    def told(self) -> dict[str, Any]:
        result = self.run()
        return {
            "per_s": round(self.codes["00"] / self._plan.seconds),
            "answered_per_s": round(result.answered / result.window_s),
            "codes": dict(self.codes),
            "approved_ms": in_ms(self._good),
            "turned_away_ms": in_ms(self._away),
            "lost": result.lost,
            "sent_late_p99_ms": round(result.sent_late_us / 1000, 1),
            "router_core": round(result.cpu_us["router"] / result.window_s / 1e6, 2),
            "harness_core": round(
                sum(result.cpu_us.get(name, 0) for name in HARNESS) / result.window_s / 1e6, 2
            ),
        }


def in_ms(microseconds: "array[int]") -> dict[str, float]:
    histogram = histogram_of(microseconds)
    at = histogram.get_value_at_percentile
    return {name: round(at(share) / 1000, 1) for name, share in (("p50", 50.0), ("p99", 99.0))}


def loaded(
    stage: Stage, seconds: float, rate: float = 0.0, in_flight: int = 0, first: int = 0
) -> dict[str, Any]:
    """One run of the load, in a process of its own."""
    pids = {name: pids for name, pids in stage.pids().items() if name in ("router", *HARNESS)}
    plan = [stage.ports, seconds, rate, in_flight, pids, first]
    command = (sys.executable, "-m", "bench.costs.overload", "load", json.dumps(plan))
    with on_cores_of("load"):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def load(plan: str) -> None:
    """In the load's process."""
    ports, seconds, rate, in_flight, pids, first = json.loads(plan)
    plan_of = Plan(
        ports=ports, dialect=NATIONAL, connections=CONNECTIONS, seconds=seconds, warm_up_s=1.0,
        rate=rate, in_flight=in_flight, pids=pids, drain_s=5.0,
    )  # fmt: skip
    print(json.dumps(Watched(plan_of, first).told()))


def opened(stage: Stage, two_issuers: bool, **router: str) -> None:
    """HSM, responder, perhaps a silent bank, and the router; keys of `router` replace others."""
    hsm_port, http_port, *stage.ports = free_ports(3)
    start_hsm(stage, hsm_port)
    responder_port = start_responder(stage, USUAL)
    config = stage.folder / "config"
    write_configuration(config, Ports(stage.ports, hsm_port, http_port, responder_port))
    changed(config / "issuers.toml", {"issuer_timeout_s": str(TIMEOUT_S)})
    changed(config / "acquirers.toml", {"answer_within_s": "4.0"})
    changed(config / "router.toml", router)
    if two_issuers:
        deaf = stage.start("silent", sys.executable, "-m", "bench.costs.overload", "silent")
        assert deaf.stdout is not None
        port = deaf.stdout.readline().strip()
        text = (config / "issuers.toml").read_text()
        second = text.replace('"approving"', '"silent"').replace(f":{responder_port}", f":{port}")
        second = second.replace(f"in_flight_max = {LIMIT}", "in_flight_max = 4096")
        (config / "issuers.toml").write_text(text + second)
        rows = (config / "bins.csv").read_text().splitlines()
        last = 1 + SILENT_CARDS * 257 - 257 // 2
        rows[1:last] = [row.replace("approving", "silent") for row in rows[1:last]]
        (config / "bins.csv").write_text("\n".join(rows) + "\n")
    state = str(stage.folder / "state")
    stage.start("router", *NOYAU, "router", "--config", str(config), "--state", state)
    stage.wait_until("router", lambda: is_ready(http_port))


def changed(file: Path, keys: dict[str, str]) -> None:
    """Values of keys that are there."""
    text = file.read_text()
    for key, value in keys.items():
        text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert count, key
    file.write_text(text)


def too_much(folder: Path, seconds: float) -> dict[str, Any]:
    """Half of the capacity, then three times as much, if that can be sent."""
    report: dict[str, Any] = {}
    with a_stage(folder / "capacity") as stage:
        opened(stage, two_issuers=False)
        report["capacity"] = loaded(stage, seconds, in_flight=CAPACITY_IN_FLIGHT)
    capacity = report["capacity"]["per_s"]
    with a_stage(folder / "overload") as stage:
        opened(stage, two_issuers=False, turn_max_s=TURN_MAX_S)
        report["half"] = loaded(stage, seconds, rate=capacity / 2)
        rate = min(3 * capacity, OFFERED_MAX)
        report[f"{rate / capacity:.1f} times"] = loaded(stage, seconds, rate=rate)
        report["half again"] = loaded(stage, seconds, rate=capacity / 2)
    return report


def one_silent(folder: Path, seconds: float, rate: float) -> dict[str, Any]:
    """The third that goes to the other bank, beside a bank that answers and one that does not."""
    report: dict[str, Any] = {}
    with a_stage(folder / "answering") as stage:
        opened(stage, two_issuers=False)
        report["all answer"] = loaded(stage, seconds, rate=rate, first=SILENT_CARDS)
    with a_stage(folder / "silent") as stage:
        opened(stage, two_issuers=True, in_flight_max="4096")
        report["one is silent"] = loaded(stage, seconds, rate=rate, first=SILENT_CARDS)
    return report


class Deaf(Responder):
    """Signs on, and says nothing else."""

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            if b"0800" in frame[:24]:
                self._transport.write(self._issuer.answered(frame))


async def serve_silence() -> None:
    """Until killed."""
    issuer = Issuer(NATIONAL, ISSUER_ZPK)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Deaf(issuer, 0.0), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["load"]:
        load(words[1])
    elif words[:1] == ["silent"]:
        uvloop.run(serve_silence())
    else:
        seconds = float(words[0]) if words else 8.0
        with tempfile.TemporaryDirectory(prefix="noyau-overload-", dir=durable_folder()) as name:
            report = too_much(Path(name), seconds)
            rate = report["capacity"]["per_s"] / 2
            report |= one_silent(Path(name), seconds, rate)
        for story, result in report.items():
            print(f"{story:14} {json.dumps(result)}")


if __name__ == "__main__":
    main()
