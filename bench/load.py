"""The acquirer's side under load. A process of its own: one JSON plan in, one JSON result out.

Open loop: a request is due at a fixed instant whatever became of those before it, and its latency
counts from that instant, so that a stall is seen by everybody it kept waiting (no coordinated
omission). Closed loop: so many requests are always in flight.

One plain loop over select(): its timeout is precise to some 50 us, where an event loop's timers
are to 1 ms, which would be most of what is measured.
"""

import os
import select
import socket
import sys
import time
from array import array
from collections import Counter
from typing import Any, Final

import iso8583
import msgspec
from hdrh.histogram import HdrHistogram

from bench.cores import cpu_us
from bench.frames import CODE, RRN, STAN, Frames, element_spans, layout_bytes
from bench.purchases import Purchases
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

LONGEST_US: Final = 60_000_000
DIGITS: Final = 3
OUT_MAX: Final = 50_000
TURN_S: Final = 0.05
RECEIVE_BYTES: Final = 1 << 18
ANSWER: Final = b"0110"
APPROVED: Final = b"00"


class Plan(msgspec.Struct):
    """What to do. `rate` 0 means closed loop; `pids` are the programs whose CPU time is read."""

    port: int
    dialect: str
    connections: int
    seconds: float
    warm_up_s: float
    rate: float
    in_flight: int
    pids: dict[str, int]
    drain_s: float = 10.0  # how long the last answers are waited for


class Result(msgspec.Struct):
    """What came of it, the warm-up left out. Latencies in microseconds."""

    window_s: float  # between the two readings of CPU time
    answered: int  # within the window
    wrong: dict[str, int]  # answers that were not right, in the warm-up too, by what was wrong
    lost: int  # never answered
    overloaded: bool  # so many were out that the run was given up
    percentiles: dict[str, float]
    sent_late_us: float  # p99 of how long after its due time a request was written
    cpu_us: dict[str, float]  # within the window
    histogram: str  # the latencies, as HdrHistogram encodes them


class Link:
    """One connection."""

    __slots__ = ("frames", "out", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.frames = Frames()
        self.out = bytearray()

    def fileno(self) -> int:
        return self.socket.fileno()

    def write(self) -> None:
        try:
            del self.out[: self.socket.send(self.out)]
        except BlockingIOError:
            return


class Load:
    """Who is out since when, and what they took."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._purchases = Purchases(plan.dialect)
        dialect = load_dialect(plan.dialect)
        self._spec = pyiso8583_spec(dialect)
        self._layout_bytes = layout_bytes(dialect)
        self._out: dict[bytes, float] = {}
        self._spans: dict[tuple[int, bytes], tuple[slice, slice, slice]] = {}
        self._latencies = array("L")
        self._sent_late = array("L")
        self._wrong: Counter[str] = Counter()
        self._answered = 0
        self._sent = 0
        self._measures_from = 0.0
        self._ends_at = 0.0
        self._due = 0.0
        self._links = [Link(plan.port) for _ in range(plan.connections)]

    def run(self) -> Result:
        """Warm up, measure, wait for what is still out."""
        began = self._due = time.monotonic()
        self._measures_from = began + self._plan.warm_up_s
        self._ends_at = self._measures_from + self._plan.seconds
        if not self._plan.rate:
            for number in range(self._plan.in_flight):
                self._send(self._links[number % len(self._links)], began)
        self._turns_until(self._measures_from)
        before, first, answered = self._cpu(), time.monotonic(), self._answered
        self._turns_until(self._ends_at)
        after, last = self._cpu(), time.monotonic()
        answered = self._answered - answered
        until = time.monotonic() + self._plan.drain_s
        while self._out and time.monotonic() < until:
            self._turn(until)
        for link in self._links:
            link.socket.close()
        cpu = {name: after[name] - before[name] for name in after}
        return self._result(last - first, answered, cpu)

    def _cpu(self) -> dict[str, float]:
        pids = self._plan.pids | {"load": os.getpid()}
        return {name: cpu_us(pid) for name, pid in pids.items()}

    def _turns_until(self, end: float) -> None:
        stamped = 0.0
        while (now := time.monotonic()) < end and not self._is_overloaded():
            if now - stamped > 1.0:
                self._purchases.stamp()
                stamped = now
            if self._plan.rate:
                self._send_due(now)
            self._turn(min(end, self._due if self._plan.rate else end))

    def _send_due(self, now: float) -> None:
        gap = 1 / self._plan.rate
        count = len(self._links)
        while self._due <= now:
            self._send(self._links[self._sent % count], self._due)
            self._sent_late.append(int((now - self._due) * 1e6))
            self._due += gap

    def _turn(self, until: float) -> None:
        """Write what is to be written, then wait for answers, or until the next request is due."""
        blocked = []
        for link in self._links:
            if link.out:
                link.write()
                if link.out:
                    blocked.append(link)
        patience_s = min(TURN_S, max(0.0, until - time.monotonic()))
        readable, _, _ = select.select(self._links, blocked, (), patience_s)
        for link in readable:
            received = link.socket.recv(RECEIVE_BYTES)
            if not received:
                raise ConnectionResetError
            now = time.monotonic()
            for frame in link.frames.feed(received):
                self._heard(frame, link, now)

    def _heard(self, frame: bytes, link: Link, now: float) -> None:
        """One answer: whose it is, whether it is right, how long it took."""
        layout = (len(frame), frame[: self._layout_bytes])
        stan, rrn, code = self._spans.get(layout) or self._read(layout, frame)
        since = self._out.pop(frame[stan], None)
        if since is None:
            self._wrong["STAN of no request"] += 1
            return
        if frame[code] != APPROVED:
            self._wrong[f"response code {frame[code].decode('latin-1')}"] += 1
        if frame[:4] != ANSWER:
            self._wrong[f"MTI {frame[:4].decode('latin-1')}"] += 1
        if frame[rrn][-6:] != frame[stan]:
            self._wrong["RRN of another request"] += 1
        self._answered += 1
        if self._measures_from <= since:
            self._latencies.append(int((now - since) * 1e6))
        if not self._plan.rate and now < self._ends_at:
            self._send(link, now)

    def _read(self, layout: tuple[int, bytes], frame: bytes) -> tuple[slice, slice, slice]:
        """Once per layout: where STAN, RRN and response code stand (an absent one is empty)."""
        found = element_spans(frame, self._spec)
        stan, rrn, code = (slice(*found.get(name, (0, 0))) for name in (STAN, RRN, CODE))
        self._spans[layout] = (stan, rrn, code)
        return stan, rrn, code

    def _send(self, link: Link, since: float) -> None:
        frame, stan = self._purchases.take()
        self._out[stan] = since
        self._sent += 1
        link.out += frame

    def _is_overloaded(self) -> bool:
        return len(self._out) > OUT_MAX

    def _result(self, window_s: float, answered: int, cpu: dict[str, float]) -> Result:
        latencies = histogram_of(self._latencies)
        at = latencies.get_value_at_percentile
        return Result(
            window_s=window_s,
            answered=answered,
            wrong=dict(self._wrong),
            lost=len(self._out),
            overloaded=self._is_overloaded(),
            percentiles={"p50": at(50.0), "p99": at(99.0), "p99.9": at(99.9)},
            sent_late_us=histogram_of(self._sent_late).get_value_at_percentile(99.0),
            cpu_us=cpu,
            histogram=latencies.encode().decode(),
        )


def histogram_of(microseconds: "array[int]") -> Any:
    """Filled afterwards: recording a value costs more than everything else a request needs."""
    histogram = HdrHistogram(1, LONGEST_US, DIGITS)
    for value, count in Counter(microseconds).items():
        histogram.record_value(min(max(1, value), LONGEST_US), count)
    return histogram


def main() -> None:
    plan = msgspec.json.decode(sys.argv[1].encode(), type=Plan)
    try:
        result = Load(plan).run()
    except ConnectionError:
        sys.exit("the connection was closed under load")
    except iso8583.DecodeError:
        sys.exit("an answer could not be read")  # its text would quote the message
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")


if __name__ == "__main__":
    main()
