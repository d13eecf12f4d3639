"""The acquirer's side under load. A process of its own: one JSON plan in, one JSON result out.

Open loop: a request is due at a fixed instant whatever became of those before it, and its latency
counts from that instant, so that a stall is seen by everybody it kept waiting (no coordinated
omission). Closed loop: so many requests are always in flight.
"""

import asyncio
import sys
import time
from typing import Final, cast

import iso8583
import msgspec
import uvloop
from hdrh.histogram import HdrHistogram

from bench.frames import CODE, STAN, Frames, element_spans
from bench.purchases import Purchases
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

LONGEST_US: Final = 60_000_000
DIGITS: Final = 3
TURN_S: Final = 0.001
DRAIN_S: Final = 10.0
APPROVED: Final = b"00"


class Plan(msgspec.Struct):
    """What to do. `rate` 0 means closed loop."""

    port: int
    dialect: str
    connections: int
    seconds: float
    warm_up_s: float
    rate: float
    in_flight: int


class Result(msgspec.Struct):
    """What came of it, the warm-up left out. Latencies in microseconds."""

    seconds: float
    answered: int
    wrong: int
    lost: int
    percentiles: dict[str, float]
    codes: dict[str, int]
    started_at: float  # on this machine's monotonic clock, as is what follows
    ended_at: float


class Link(asyncio.Protocol):
    """One connection; answers go to the load."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._frames = Frames()
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            self._load.heard(frame, self)
        self.flush()

    def put(self, frame: bytes) -> None:
        self._out.append(frame)

    def flush(self) -> None:
        if self._out:
            self.transport.write(b"".join(self._out))
            self._out.clear()


class Load:
    """Who is out since when, and the histogram."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._purchases = Purchases(plan.dialect)
        self._spec = pyiso8583_spec(load_dialect(plan.dialect))
        self._out: dict[bytes, float] = {}
        self._spans: dict[int, tuple[slice, slice]] = {}
        self._histogram = HdrHistogram(1, LONGEST_US, DIGITS)
        self._codes: dict[str, int] = {}
        self._answered = 0
        self._wrong = 0
        self._links: list[Link] = []
        self._measures_from = 0.0
        self._ends_at = 0.0

    async def run(self) -> Result:
        loop = asyncio.get_running_loop()
        for _ in range(self._plan.connections):
            _, link = await loop.create_connection(lambda: Link(self), "127.0.0.1", self._plan.port)
            self._links.append(link)
        self._purchases.stamp()
        began = time.monotonic()
        self._measures_from = began + self._plan.warm_up_s
        self._ends_at = self._measures_from + self._plan.seconds
        if self._plan.rate:
            await self._paced(began)
        else:
            await self._saturated()
        await self._drained()
        for link in self._links:
            link.transport.close()
        return self._result()

    def heard(self, frame: bytes, link: Link) -> None:
        """One answer: whose it is, whether it is right, how long it took."""
        now = time.monotonic()
        spans = self._spans.get(len(frame))
        if spans is None:
            found = element_spans(frame, self._spec)
            spans = self._spans[len(frame)] = (slice(*found[STAN]), slice(*found[CODE]))
        since = self._out.pop(frame[spans[0]], None)
        code = frame[spans[1]]
        if since is None or code != APPROVED or frame[:4] != b"0110":
            self._wrong += 1
            word = code.decode("latin-1") if since is not None else "unmatched"
            self._codes[word] = self._codes.get(word, 0) + 1
        if since is not None and self._measures_from <= since and now <= self._ends_at + DRAIN_S:
            self._answered += 1
            self._histogram.record_value(max(1, int((now - since) * 1_000_000)))
        if not self._plan.rate and now < self._ends_at:
            self._send(link, now)

    def _send(self, link: Link, since: float) -> None:
        frame, stan = self._purchases.take()
        self._out[stan] = since
        link.put(frame)

    async def _paced(self, began: float) -> None:
        gap = 1.0 / self._plan.rate
        due, number = began, 0
        stamped = began
        while due < self._ends_at:
            now = time.monotonic()
            while due <= now and due < self._ends_at:
                self._send(self._links[number % len(self._links)], due)
                number += 1
                due = began + number * gap
            for link in self._links:
                link.flush()
            if now - stamped > 1.0:
                self._purchases.stamp()
                stamped = now
            await asyncio.sleep(max(TURN_S, due - time.monotonic()))

    async def _saturated(self) -> None:
        now = time.monotonic()
        for number in range(self._plan.in_flight):
            self._send(self._links[number % len(self._links)], now)
        for link in self._links:
            link.flush()
        while (left := self._ends_at - time.monotonic()) > 0:
            await asyncio.sleep(min(1.0, left))
            self._purchases.stamp()

    async def _drained(self) -> None:
        until = time.monotonic() + DRAIN_S
        while self._out and time.monotonic() < until:  # noqa: ASYNC110 - the hot path sets no event
            await asyncio.sleep(0.01)

    def _result(self) -> Result:
        at = self._histogram.get_value_at_percentile
        return Result(
            seconds=self._plan.seconds,
            answered=self._answered,
            wrong=self._wrong,
            lost=len(self._out),
            percentiles={"p50": at(50.0), "p99": at(99.0), "p99.9": at(99.9)},
            codes=self._codes,
            started_at=self._measures_from,
            ended_at=self._ends_at,
        )


def main() -> None:
    plan = msgspec.json.decode(sys.argv[1].encode(), type=Plan)
    try:
        result = uvloop.run(Load(plan).run())
    except (OSError, iso8583.DecodeError) as error:
        sys.exit(f"bench.load: {type(error).__name__}")  # its text may quote a message
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")


if __name__ == "__main__":
    main()
