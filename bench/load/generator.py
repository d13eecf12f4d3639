"""The acquirer's side under load. A process of its own: one JSON plan in, one JSON result out.

Open loop: a request is due at a fixed instant whatever became of those before it, and its latency
counts from that instant, so that a stall is seen by everybody it kept waiting (no coordinated
omission). Closed loop: so many requests are always in flight.

One plain loop over select(): its timeout is precise to some 50 us, where an event loop's timers
are to 1 ms, which would be most of what is measured. The one descriptor it waits for is an epoll's,
so that five thousand connections cost what eight do.
"""

import os
import select
import socket
import sys
import time
from array import array
from collections import Counter
from typing import Final

import iso8583
import msgspec

from bench.load.frames import CODE, RRN, STAN, Frames, element_spans, layout_bytes, mti_span
from bench.load.latencies import histogram_of
from bench.load.plan import Plan, Result
from bench.load.purchases import Purchases, writer
from bench.load.readings import Reading, each, memory_kb, others_share, reading, used
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

OUT_MAX: Final = 50_000
TURN_S: Final = 0.05
BLOCKED_TURN_S: Final = 0.001
RECEIVE_BYTES: Final = 1 << 18
PERCENTILES: Final = (50.0, 90.0, 99.0, 99.9)


class Link:
    """One connection."""

    __slots__ = ("frames", "out", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.frames = Frames()
        self.out = bytearray()

    def write(self) -> None:
        try:
            del self.out[: self.socket.send(self.out)]
        except BlockingIOError:
            return


class Load:
    """Who is out since when, and what they took."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._pids = plan.pids | {"load": [os.getpid()]}
        self._purchases = Purchases(
            plan.dialect, plan.with_pin, plan.chip_data_bytes, plan.private_bytes,
            first=time.time_ns() // 1_000,  # which no load counts as fast as
        )
        dialect = load_dialect(plan.dialect)
        self._spec = pyiso8583_spec(dialect)
        self._layout_bytes = layout_bytes(dialect)
        self._mti = mti_span(dialect)
        self._right_mti = writer(dialect.mti_encoding)("0110")
        self._approved = writer(dialect.elements[int(CODE)].encoding)("00")
        self._out: dict[bytes, tuple[float, bytes]] = {}  # due time and RRN, by STAN
        self._spans: dict[tuple[int, bytes], tuple[slice, slice, slice]] = {}
        self._latencies = array("L")
        self._sent_late = array("L")
        self._wrong: Counter[str] = Counter()
        self._answered = 0
        self._sent = 0
        self._measures_from = 0.0
        self._ends_at = 0.0
        self._due = 0.0
        self._epoll = select.epoll()
        self._links = [
            Link(plan.ports[number % len(plan.ports)]) for number in range(plan.connections)
        ]
        self._by_descriptor = {link.socket.fileno(): link for link in self._links}
        for descriptor in self._by_descriptor:
            self._epoll.register(descriptor, select.EPOLLIN)
        self._unwritten: list[Link] = []

    def run(self) -> Result:
        """Warm up, measure, wait for what is still out."""
        plan = self._plan
        began = self._due = time.monotonic()
        self._measures_from = began + plan.warm_up_s
        self._ends_at = self._measures_from + plan.seconds
        if not plan.rate:
            for number in range(plan.in_flight):
                self._send(self._links[number % len(self._links)], began)
        self._turns_until(self._measures_from)
        readings = [reading(self._pids, self._answered)]
        for window in range(1, plan.windows + 1):
            self._turns_until(self._measures_from + plan.seconds * window / plan.windows)
            readings.append(reading(self._pids, self._answered))
        memory, in_flight = memory_kb(self._pids), len(self._out)
        until = time.monotonic() + plan.drain_s
        while self._out and time.monotonic() < until:
            self._turn(until)
        for link in self._links:
            link.socket.close()
        self._epoll.close()
        return self._result(readings, memory, in_flight)

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
        writing, self._unwritten = self._unwritten, []
        for link in writing:
            link.write()
            if link.out:
                self._unwritten.append(link)
        patience_s = min(BLOCKED_TURN_S if self._unwritten else TURN_S, until - time.monotonic())
        if patience_s > 0:
            select.select((self._epoll,), (), (), patience_s)
        for descriptor, _ in self._epoll.poll(0):
            link = self._by_descriptor[descriptor]
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
        asked = self._out.pop(frame[stan], None)
        if asked is None:
            self._wrong["STAN of no request"] += 1
            return
        since, asked_rrn = asked
        if frame[code] != self._approved:
            self._wrong[f"response code {self._text_of(frame, CODE)}"] += 1
        if frame[self._mti] != self._right_mti:
            self._wrong[f"MTI {self._text_of(frame, 't')}"] += 1
        if frame[rrn] != asked_rrn:
            self._wrong["RRN of another request"] += 1
        self._answered += 1
        if self._measures_from <= since:
            self._latencies.append(int((now - since) * 1e6))
        if not self._plan.rate and now < self._ends_at:
            self._send(link, now)

    def _text_of(self, frame: bytes, name: str) -> str:
        """Slowly, for what is wrong."""
        return str(iso8583.decode(frame, self._spec)[0].get(name, "absent"))

    def _read(self, layout: tuple[int, bytes], frame: bytes) -> tuple[slice, slice, slice]:
        """Once per layout: where STAN, RRN and response code stand (an absent one is empty)."""
        found = element_spans(frame, self._spec)
        stan, rrn, code = (slice(*found.get(name, (0, 0))) for name in (STAN, RRN, CODE))
        self._spans[layout] = (stan, rrn, code)
        return stan, rrn, code

    def _send(self, link: Link, since: float) -> None:
        frame, stan, rrn = self._purchases.take()
        self._out[stan] = (since, rrn)
        self._sent += 1
        if not link.out:
            self._unwritten.append(link)
        link.out += frame

    def _is_overloaded(self) -> bool:
        return len(self._out) > OUT_MAX

    def _result(self, readings: list[Reading], memory: dict[str, int], in_flight: int) -> Result:
        first, last = readings[0], readings[-1]
        latencies = histogram_of(self._latencies)
        at = latencies.get_value_at_percentile
        return Result(
            window_s=last.at - first.at,
            answered=last.answered - first.answered,
            sent=self._sent,
            wrong=dict(self._wrong),
            lost=len(self._out),
            overloaded=self._is_overloaded(),
            message_bytes=self._purchases.message_bytes,
            latencies={f"p{percentile:g}": at(percentile) for percentile in PERCENTILES},
            sent_late_us=histogram_of(self._sent_late).get_value_at_percentile(99.0),
            cpu_us=used(first, last),
            cpu_us_each=each(readings),
            memory_kb=memory,
            in_flight=in_flight,
            others_share=others_share(first, last),
            histogram=latencies.encode().decode(),
        )


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
