"""What the decisions alone cost: whole lives of purchases, sockets, disk and HSM left out.

`python -m bench.life [SECONDS]`: microseconds per purchase, arrival to answer, for a pair of peers
of one dialect and a pair that is translated, beside what pyiso8583 takes to decode one such message
and encode it again; the rest of a router's cost is input and output.
"""

import gc
import sys
import time
from typing import Final

import iso8583

from bench.load.purchases import Purchases
from router.form import form
from router.net.clock import SystemClock
from router.net.daemon import COLLECT_EVERY
from router.switching.commits import Commit, Journal
from router.switching.conductor import Conductor, Limits
from router.switching.exchange_counts import ExchangeCounts
from router.switching.needs import PinTranslated, TranslatePin, Verify
from router.switching.peers import Acquirer, AcquirerLink, Issuer, IssuerTerms
from router.switching.pending import IssuerPort, Line
from router.switching.pin_key import PinKey
from router.switching.ports import Hsm
from router.switching.routing import BinRange, BinTable
from router.switching.switch import Switch
from router.switching.transaction import Transaction
from router.switching.transaction_event import TransactionEvent
from router.wire.codec import Codec
from router.wire.message import Message
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

ZPK: Final = PinKey("zpk", "U" + "A" * 32, "000000", "01")
ACQUIRER_DIALECT: Final = "iso87-ascii"
IN_FLIGHT: Final = 256
PAIRS: Final = (("same dialect", "iso87-ascii"), ("translated", "national"))
ECHOED: Final = (2, 3, 4, 7, 11, 32, 37, 41, 49)


class Silence:
    """Sees nothing."""

    def __init__(self) -> None:
        self.exchanges = ExchangeCounts()

    def transaction(self, event: TransactionEvent) -> None: ...
    def counted(self, what: str, link: str, times: int = 1) -> None: ...
    def unmatched(self, what: str, line: str, differing: list[int]) -> None: ...
    def happened(self, what: str, **facts: str | int | float) -> None: ...
    def alarm(self, what: str, **facts: str | int | float) -> None: ...


class Disk(Journal):
    def __init__(self) -> None:
        self.commits: list[Commit] = []

    def append(self, commit: Commit) -> None:
        self.commits.append(commit)


class Translator(Hsm):
    def __init__(self) -> None:
        self.translations: list[tuple[TranslatePin, Transaction]] = []

    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        self.translations.append((need, owner))

    def verify(self, need: Verify, owner: Transaction) -> None:
        raise AssertionError


class Wire(IssuerPort):
    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, outbound: Message) -> bool:
        self.sent.append(outbound)
        return True


class World(AcquirerLink):
    """Everything outside, in memory: it takes what it is given and gives it back when asked.

    It is the acquirer's link, too.
    """

    is_signed_on = True

    def __init__(self, issuer_dialect: str) -> None:
        self.codec = Codec(load_dialect(ACQUIRER_DIALECT))
        self.issuer_codec = Codec(load_dialect(issuer_dialect))
        super().__init__(Acquirer("souk", "504777", self.codec, ZPK, 10.0, 100_000, 1e9, 1e9))
        self.disk, self.hsm, self.wire = Disk(), Translator(), Wire()
        terms = IssuerTerms("domestic", self.issuer_codec, ZPK, 6.0, 4, 1.0,
                            requests_per_s=1e9, requests_burst=1e9, in_flight_max=100_000)
        self.issuer = Issuer("atlas", terms)
        line = Line("atlas-1", "atlas", self.issuer.stans, self.issuer_codec.dialect.match_key,
                    100_000)
        line.port = self.wire
        line.carries_traffic = True
        self.line = line
        self.issuer.lines.append(line)
        ranges = [BinRange("9504", "9504", "atlas", 0, "domestic", "", "504", "debit", True)]
        clock = SystemClock()
        switch = Switch("950400", BinTable(ranges), {"atlas": self.issuer}, clock)
        limits = Limits(in_flight_max=100_000, repeats_max=50_000)
        self.conductor = Conductor(
            switch, clock, self.disk, self.hsm, Silence(), limits, told_by_follower=True
        )
        self.conductor.recover([])
        self.answers = 0

    def reply(self, response: Message, approval: object = None) -> bool:
        if response.text(39) == "00":
            self.answers += 1
        return True

    def land(self) -> None:
        group, self.disk.commits = self.disk.commits, []
        self.conductor.landed(group, True)

    def answered(self, sent: bytes) -> bytes:
        """What the issuer says."""
        message = self.issuer_codec.scan(sent)
        values = {n: message.text(n) for n in ECHOED if message.has(n)}
        values |= {38: "A00001", 39: "00"}
        return self.issuer_codec.written("0110", values).data


def measured(issuer_dialect: str, seconds: float) -> tuple[float, float]:
    """Microseconds of CPU per purchase: in all, and of these for reading messages."""
    world = World(issuer_dialect)
    purchases = Purchases(ACQUIRER_DIALECT)
    conductor, scan, issuer_scan = world.conductor, world.codec.scan, world.issuer_codec.scan
    hsm, wire = world.hsm, world.wire
    number, spent, reading = 0, 0.0, 0.0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        frames = [purchases.take()[0][2:] for _ in range(IN_FLIGHT)]
        began = time.process_time()
        messages = [scan(frame) for frame in frames]
        reading += time.process_time() - began
        for message in messages:
            conductor.arrive(world, message)
        translations, hsm.translations = hsm.translations, []
        for need, owner in translations:
            conductor.translated(owner, PinTranslated(need.pin_block))
        world.land()
        spent += time.process_time() - began
        sent, wire.sent = wire.sent, []
        answers = [world.answered(one.data) for one in sent]
        began = time.process_time()
        responses = [issuer_scan(answer) for answer in answers]
        reading += time.process_time() - began
        for response in responses:
            conductor.respond(world.line, response)
        world.land()
        conductor.tick()
        spent += time.process_time() - began
        number += IN_FLIGHT
    assert world.answers == number, "a purchase was not approved"
    return spent / number * 1e6, reading / number * 1e6


def yardstick() -> float:
    """Microseconds that pyiso8583 takes for a purchase, decoded and encoded."""
    spec = pyiso8583_spec(load_dialect(ACQUIRER_DIALECT))
    frame = Purchases(ACQUIRER_DIALECT).take()[0][2:]
    times = []
    for _ in range(2000):
        began = time.perf_counter()
        decoded, _ = iso8583.decode(frame, spec)
        iso8583.encode(decoded, spec)
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] * 1e6


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)  # as the daemon does
    print(f"router/wire and router/switching are {form()}")
    for name, dialect in PAIRS:
        whole, reading = measured(dialect, seconds)
        unit = yardstick()
        print(f"{name:>13} ({ACQUIRER_DIALECT} -> {dialect}): {whole:6.1f} us a purchase, of these "
              f"{reading:.1f} for reading; pyiso8583 {unit:.1f}, ratio {whole / unit:.3f}")


if __name__ == "__main__":
    main()
