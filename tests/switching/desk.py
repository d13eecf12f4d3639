"""A conductor with everything around it in memory: hand-written ports, a clock set by hand."""

from dataclasses import dataclass, field

from router.switching.clock import Clock
from router.switching.commits import Commit, Journal
from router.switching.conductor import Conductor, Limits
from router.switching.exchange_counts import ExchangeCounts
from router.switching.needs import PinRefused, PinTranslated, TranslatePin, Verified, Verify
from router.switching.peers import Acquirer, AcquirerLink, Issuer, IssuerTerms
from router.switching.pending import IssuerPort, Line
from router.switching.pin_key import PinKey
from router.switching.ports import Hsm
from router.switching.routing import BinRange, BinTable
from router.switching.switch import Switch
from router.switching.transaction import Transaction
from router.switching.transaction_event import TransactionEvent
from router.wire.message import Message
from specs.elements import DE
from specs.journal_format import Record, Stored
from tests.builders import codec

ZPK = PinKey("zpk", "U" + "A" * 32, "000000", "01")


class HandClock(Clock):
    def __init__(self) -> None:
        self.seconds = 1000.0
        self.date = "1124"
        self.wall_seconds = 1_795_500_000.0  # at 0 of `seconds`; 2026-11-24, 06:00 UTC

    def now(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return self.wall_seconds + self.seconds

    def transmission_time(self) -> str:
        minutes, seconds = divmod(int(self.seconds), 60)
        return f"{self.date}{minutes // 60 % 24:02d}{minutes % 60:02d}{seconds:02d}"


class Disk(Journal):
    """What the router wrote. `refuses` and `stalls` are its bad days."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.waiting: list[Commit] = []
        self.refuses = False
        self.stalls = False
        self.conductor: Conductor | None = None

    def append(self, commit: Commit) -> None:
        self.waiting.append(commit)

    def work(self) -> bool:
        """One group; False when there was nothing to do."""
        if self.stalls or not self.waiting or self.conductor is None:
            return False
        group, self.waiting = self.waiting, []
        if not self.refuses:
            for commit in group:
                self.records.extend(commit.records)
        self.conductor.landed(group, not self.refuses)
        return not self.refuses

    def land_unheard(self) -> None:
        """The last thing before a kill: what was under way is on the disk, and nobody was told."""
        for commit in self.waiting:
            self.records.extend(commit.records)
        self.waiting = []

    @property
    def entries(self) -> list[Stored]:
        """Store-and-forward entries, ended or not."""
        return [record for record in self.records if isinstance(record, Stored)]


class Translator(Hsm):
    """The HSM: says `error`, or marks the block as translated."""

    def __init__(self) -> None:
        self.error: str | None = None
        self.is_slow = False
        self.waiting: list[tuple[TranslatePin | Verify, Transaction]] = []
        self.verifies: dict[str, str] = {}  # how commands begin -> error; "00" for all others
        self.asked: list[bytes] = []  # to verify
        self.conductor: Conductor | None = None

    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        self.waiting.append((need, owner))

    def verify(self, need: Verify, owner: Transaction) -> None:
        self.asked.append(need.command)
        self.waiting.append((need, owner))

    def work(self) -> bool:
        if self.is_slow or not self.waiting or self.conductor is None:
            return False
        need, owner = self.waiting.pop(0)
        if isinstance(need, Verify):
            named = [one for one in self.verifies if need.command.startswith(one.encode())]
            error = self.verifies[max(named, key=len)] if named else "00"
            self.conductor.translated(owner, Verified(error))
            return True
        translated = "EE" + need.pin_block[2:]
        event = PinTranslated(translated) if self.error is None else PinRefused(self.error)
        self.conductor.translated(owner, event)
        return True


@dataclass(eq=False)  # a link is itself, whatever it has heard
class Terminal(AcquirerLink):
    """An acquirer's link, and what it heard."""

    acquirer: Acquirer
    is_signed_on: bool = True
    is_open: bool = True
    heard: list[Message] = field(default_factory=list)
    approvals: list[object] = field(default_factory=list)  # what the conductor wants back

    def reply(self, response: Message, approval: object = None) -> bool:
        if self.is_open:
            self.heard.append(response)
            self.approvals += [approval] if approval is not None else []
        return self.is_open

    @property
    def codes(self) -> list[str]:
        return [response.text(DE.RESPONSE_CODE) for response in self.heard]


@dataclass
class Wire(IssuerPort):
    """The socket of an issuer's line, and what went out on it."""

    takes: bool = True
    sent: list[Message] = field(default_factory=list)

    @property
    def mtis(self) -> list[str]:
        return [message.mti for message in self.sent]

    def send(self, outbound: Message) -> bool:
        if self.takes:
            self.sent.append(outbound)
        return self.takes


@dataclass
class Watcher:
    events: list[TransactionEvent] = field(default_factory=list)
    exchanges: ExchangeCounts = field(default_factory=ExchangeCounts)
    counts: list[tuple[str, str]] = field(default_factory=list)
    differences: list[list[int]] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    told: list[tuple[str, dict[str, str | int | float]]] = field(default_factory=list)

    def transaction(self, event: TransactionEvent) -> None:
        self.events.append(event)

    def counted(self, what: str, link: str, times: int = 1) -> None:
        self.counts += [(what, link)] * times

    def unmatched(self, what: str, line: str, differing: list[int]) -> None:
        self.counts.append((what, line))
        self.differences.append(differing)

    def alarm(self, what: str, **facts: str | int | float) -> None:
        self.alarms.append(what)

    def happened(self, what: str, **facts: str | int | float) -> None:
        self.told.append((what, facts))


def bank(
    name: str,
    lines: int = 1,
    timeout_s: float = 6.0,
    dialect: str = "national",
    pending_max: int = 100,
) -> Issuer:
    """An issuer whose lines are up."""
    terms = IssuerTerms("domestic", codec(dialect), ZPK, timeout_s, saf_window=4, saf_retry_s=1.0)
    issuer = Issuer(name, terms)
    match_elements = codec(dialect).dialect.match_key
    for number in range(1, lines + 1):
        line = Line(f"{name}-{number}", name, issuer.stans, match_elements, pending_max=pending_max)
        line.port = Wire()
        line.carries_traffic = True
        issuer.lines.append(line)
    return issuer


def bins(first: str, issuer: str, e_commerce: bool = True) -> BinRange:
    return BinRange(first, first, issuer, 0, "domestic", "", "504", "debit", e_commerce)


class Desk:
    """One router's decisions under test. `settle` lets everything happen that is due now."""

    def __init__(
        self,
        *issuers: Issuer,
        ranges: list[BinRange] | None = None,
        records: list[Record] | None = None,
        clock: HandClock | None = None,
        limits: Limits | None = None,
        told_by_follower: bool = False,
    ) -> None:
        self.clock = clock or HandClock()
        self.disk = Disk()
        self.disk.records = list(records or [])
        self.hsm = Translator()
        self.watcher = Watcher()
        self.issuers = issuers or (bank("atlas"),)
        chosen = ranges if ranges is not None else [bins("950401", self.issuers[0].name)]
        switch = Switch("950400", BinTable(chosen), {i.name: i for i in self.issuers}, self.clock)
        self.conductor = Conductor(
            switch, self.clock, self.disk, self.hsm, self.watcher, limits or Limits(),
            told_by_follower,
        )  # fmt: skip
        self.disk.conductor = self.hsm.conductor = self.conductor
        self.conductor.recover(list(self.disk.records))

    def terminal(
        self,
        name: str = "souk",
        answer_within_s: float = 10.0,
        in_flight_max: int = 100,
        dialect: str = "iso87-ascii",
    ) -> Terminal:
        return Terminal(Acquirer(name, "1001", codec(dialect), ZPK, answer_within_s, in_flight_max))

    def wire(self, line: int = 0, issuer: int = 0) -> Wire:
        port = self.issuers[issuer].lines[line].port
        assert isinstance(port, Wire)
        return port

    def arrive(self, terminal: Terminal, message: Message) -> None:
        self.conductor.arrive(terminal, message)
        self.settle()

    def answer(
        self, sent: Message, code: str, line: int = 0, issuer: int = 0, amount: str | None = None
    ) -> None:
        """The issuer answers what it got."""
        values = {
            n: sent.text(n)
            for n in sent.elements()
            if n not in (DE.PIN_BLOCK, DE.TRACK_2, DE.CHIP_DATA)
        }
        values[DE.RESPONSE_CODE] = code
        if code == "00":
            values[DE.AUTHORIZATION_CODE] = "A00001"
        if amount is not None:
            values[DE.AMOUNT] = amount
        mti = sent.mti[:2] + str(int(sent.mti[2]) + 1) + "0"
        response = sent.codec.written(mti, values)
        self.conductor.respond(self.issuers[issuer].lines[line], response)
        self.settle()

    def buy(
        self, terminal: Terminal, message: Message, code: str = "00", amount: str | None = None
    ) -> Message:
        """The whole of a purchase; what the issuer got."""
        self.arrive(terminal, message)
        sent = self.wire().sent[-1]
        self.answer(sent, code, amount=amount)
        return sent

    def pass_time(self, seconds: float) -> None:
        """In steps of a tick, and in smaller ones while a tick leaves something over, as the daemon
        does."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            next_tick = self.clock.seconds + 0.05
            while self.conductor.is_behind and self.clock.seconds + 0.005 < next_tick:
                self.clock.seconds += 0.005
                self.conductor.go_on()
                self.settle()
            self.clock.seconds = next_tick
            self.conductor.tick()
            self.settle()

    def settle(self) -> None:
        while self.hsm.work() or self.disk.work():
            pass

    def reload(self, *ranges: BinRange, issuers: tuple[Issuer, ...] | None = None) -> None:
        """A new BIN table, and perhaps other issuers; terms are those of the issuers given."""
        named = {issuer.name: issuer for issuer in (issuers or self.issuers)}
        self.conductor.use(Switch("950400", BinTable(ranges), named, self.clock))

    def line_falls(self, line: int = 0, issuer: int = 0) -> None:
        self.conductor.line_fell(self.issuers[issuer].lines[line])
        self.settle()

    def line_returns(self, line: int = 0, issuer: int = 0) -> None:
        self.conductor.line_up(self.issuers[issuer].lines[line])
        self.settle()

    def restarted(self, *issuers: Issuer) -> "Desk":
        """kill -9, and a new process with the same disk."""
        desk = Desk(*issuers, records=self.disk.records, clock=self.clock)
        desk.settle()
        return desk
