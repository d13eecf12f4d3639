"""How long a drain takes: a bank of the demo is away, advices are stored, it comes back.

`python -m bench.costs.drain [ADVICES]`: HSM, router and issuer host of the demo on free ports, real
sockets and disk. While the drain goes on an acquirer buys something every 20 ms: the latencies of
these requests, beside those from before, say what the drain costs live traffic.
"""

import csv
import json
import re
import shutil
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import iso8583

from bench.load.frames import Frames, framed
from bench.stage.programs import NOYAU, Stage, a_stage, free_ports, is_listening
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

CONFIG: Final = Path("config").resolve()  # of the checkout it is run in
ADDRESS: Final = re.compile(r"127\.0\.0\.1:(\d+)")
BUY_EVERY_S: Final = 0.02
CALM_S: Final = 5.0
OUT_MAX: Final = 200
STORED_PER_S: Final = 4_000.0  # below requests_per_s
WITHIN_S: Final = 120.0


class Acquirer:
    """One connection to the demo's listener `medina`."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 5)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._frames = Frames()
        self._spec = pyiso8583_spec(load_dialect("iso87-ascii"))
        with (CONFIG / "hosts" / "atlas-cards.csv").open(encoding="utf-8") as file:
            self._pans = [row["pan"] for row in csv.DictReader(file) if row["status"] == "active"]
        self._number = 0
        self.out: dict[str, float] = {}
        self.codes: Counter[str] = Counter()
        self.latencies: list[float] = []

    def send(self, mti: str) -> None:
        """An advice (0220) or a purchase (0100) without PIN, each with numbers of its own."""
        self._number += 1
        stan, now = f"{self._number % 1_000_000:06d}", datetime.now(UTC)
        message = {
            "t": mti, "2": self._pans[self._number % len(self._pans)], "3": "000000",
            "4": "000000000100", "7": now.strftime("%m%d%H%M%S"), "11": stan,
            "12": now.strftime("%H%M%S"), "13": now.strftime("%m%d"), "14": "3008", "18": "5411",
            "22": "812", "25": "59", "32": "504001", "37": f"{self._number:012d}",
            "41": "DRAIN001", "42": "DRAIN0000000001", "49": "504",
        }  # fmt: skip
        self.out[stan] = time.monotonic()
        self._socket.sendall(framed(iso8583.encode(message, self._spec)[0]))

    def hear(self, patience_s: float) -> None:
        """Whatever comes meanwhile."""
        self._socket.settimeout(max(0.0005, patience_s))
        try:
            received = self._socket.recv(1 << 16)
        except TimeoutError:
            return
        if not received:
            raise ConnectionResetError
        now = time.monotonic()
        for frame in self._frames.feed(received):
            answer, _ = iso8583.decode(frame, self._spec)
            self.codes[f"{answer['t']} {answer['39']}"] += 1
            self.latencies.append(now - self.out.pop(answer["11"]))

    def buy_until(self, is_over: Callable[[], bool], within_s: float) -> dict[str, Any]:
        """One every so often, on time whatever comes back."""
        self.latencies.clear()
        self.codes.clear()
        began = due = time.monotonic()
        while not is_over() and time.monotonic() - began < within_s:
            if time.monotonic() >= due:
                self.send("0100")
                due += BUY_EVERY_S
            self.hear(due - time.monotonic())
        return {"seconds": round(time.monotonic() - began, 2), "answers": dict(self.codes),
                **in_ms(self.latencies)}  # fmt: skip


def in_ms(latencies: list[float]) -> dict[str, float]:
    """Percentiles."""
    ordered = sorted(latencies) or [0.0]
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)
        for name, share in shares.items()
    }


def moved(target: Path) -> dict[str, int]:
    """The demo's configuration on free ports; new port by old one."""
    shutil.copytree(CONFIG, target)
    files = list(target.rglob("*.toml"))
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    known = sorted({port for text in texts.values() for port in ADDRESS.findall(text)})
    ports = dict(zip(known, free_ports(len(known)), strict=True))
    for path, text in texts.items():
        changed = ADDRESS.sub(lambda found: f"127.0.0.1:{ports[found[1]]}", text)
        path.write_text(changed, encoding="utf-8")
    return ports


def run(stage: Stage, advices: int) -> dict[str, Any]:
    """The whole story."""
    config, state = stage.folder / "config", stage.folder / "state"
    ports = moved(config)
    at = ("--config", str(config), "--state", str(state))
    stage.start("hsm", *NOYAU, "hsm", "--port", str(ports["1500"]))
    stage.wait_until("hsm", lambda: is_listening(ports["1500"]))
    stage.start("router", *NOYAU, "router", *at)
    stage.wait_until("router", lambda: is_listening(ports["8583"]))

    def stored() -> dict[str, Any]:
        with urlopen(f"http://127.0.0.1:{ports['9583']}/status", timeout=5) as answer:
            rows: list[dict[str, Any]] = json.load(answer)["saf"]
        return next(row for row in rows if row["issuer"] == "atlas")

    acquirer = Acquirer(ports["8583"])
    began = time.monotonic()
    for number in range(advices):
        acquirer.send("0220")
        while len(acquirer.out) >= OUT_MAX or time.monotonic() < began + number / STORED_PER_S:
            acquirer.hear(1.0 / STORED_PER_S)
    while acquirer.out:
        acquirer.hear(1.0)
    report: dict[str, Any] = {
        "stored": {"seconds": round(time.monotonic() - began, 2), "answers": dict(acquirer.codes)},
        "left": stored()["open"],
    }
    began = time.monotonic()
    stage.start("atlas", *NOYAU, "issuer", "run", "atlas", *at)
    looked, left, rates = 0.0, advices, []

    def is_drained() -> bool:
        nonlocal looked, left
        if time.monotonic() - looked >= 1.0:
            looked = time.monotonic()
            row = stored()
            left = row["open"]
            rates.append(row["per_s"])
        return not left

    report["drain"] = acquirer.buy_until(is_drained, WITHIN_S)
    report["drain"] |= {"left": left, "per_s": rates, "parked": stored()["parked"]}
    report["calm"] = acquirer.buy_until(lambda: False, CALM_S)
    return report


def main() -> None:
    advices = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder, a_stage(Path(folder) / "stage") as stage:
        print(json.dumps(run(stage, advices), indent=1))


if __name__ == "__main__":
    main()
