"""The real conductor with simulated ports: one process, from its start to its kill.

The ports watch what the router does from its own side: each request is answered once, in time, and
nothing leaves after its deadline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Final

from router.switching.commits import Commit
from router.switching.conductor import Conductor, Limits
from router.switching.needs import PinRefused, PinTranslated, TranslatePin, Verified, Verify
from router.switching.peers import Acquirer, Issuer, IssuerTerms
from router.switching.pending import Line
from router.switching.pin_key import PinKey
from router.switching.routing import BinRange, BinTable
from router.switching.switch import Switch
from router.switching.transaction import Transaction
from router.switching.transaction_event import TransactionEvent
from router.wire.message import Message
from specs.elements import DE
from tests.builders import codec
from tests.simulation.plain import Plain, read
from tests.simulation.world import Disk, End, Killed, World

TICK_S: Final = 0.1
SILENT_WITHIN_S: Final = 0.3  # of the deadline: until then the disk may yet go on
ZPK = PinKey("zpk", "U" + "A" * 32, "000000", "01")
OUR_BINS = BinRange("950401", "950401", "bank", 0, "domestic", "", "504", "", True)
Owed = tuple[str, str, str]  # MTI class, DE 11, DE 7


@dataclass(frozen=True)
class Setting:
    """How this seed's router is configured."""

    lines: int
    stan_space: int
    issuer_echoes_time: bool
    answer_within_s: float = 10.0
    issuer_timeout_s: float = 6.0


@dataclass
class Asked:
    """A request on a link, and whether it heard its answer."""

    request: Plain
    deadline: float
    is_answered: bool = False
    may_stay_silent: bool = False


class LinkPort:
    """An acquirer's link, and every answer that is owed on it."""

    def __init__(self, process: "RouterProcess", acquirer: Acquirer, end: End) -> None:
        self.acquirer = acquirer
        self.is_signed_on = True
        self.end = end
        self._process = process
        self.owed: dict[Owed, list[Asked]] = {}

    def hear(self, data: bytes) -> None:
        process = self._process
        if not process.is_alive:
            return
        asked = Asked(read(data, "iso87-ascii"), process.now() + self.acquirer.answer_within_s)
        self.owed.setdefault(key_of(asked.request), []).append(asked)
        process.asked(asked.request)
        process.world.later(self.acquirer.answer_within_s + 0.01, lambda: self._check(asked))
        process.conductor.arrive(self, codec("iso87-ascii").scan(data))

    def reply(self, response: Message) -> bool:
        process, world = self._process, self._process.world
        process.step()
        answer = read(response.data, "iso87-ascii")
        waiting = [one for one in self.owed.get(key_of(answer), []) if not one.is_answered]
        in_time = [one for one in waiting if world.now < one.deadline]
        if not self.end.is_up:
            return False
        if not waiting:
            world.violated("1, one answer", f"{answer} answers nothing, or for the second time")
        elif not in_time:
            world.violated("4, nothing stale", f"{answer} after its deadline")
        else:
            min(in_time, key=lambda one: one.may_stay_silent).is_answered = True
        world.say("router", f"-> {self.end.name}  {answer}")
        return self.end.send(response.data)

    def _check(self, asked: Asked) -> None:
        is_owed = not asked.is_answered and not asked.may_stay_silent
        if self._process.is_alive and self.end.is_up and is_owed:
            self._process.world.violated("1, one answer", f"none for {asked.request}")


def key_of(message: Plain) -> Owed:
    """Of a request and of its answer alike."""
    kind = message.mti[1] + str(int(message.mti[2]) // 2)
    return (kind, message.values[DE.STAN], message.values[DE.TRANSMISSION_TIME])


class LinePort:
    """The socket of a line to the issuer."""

    def __init__(self, process: "RouterProcess", end: End) -> None:
        self.end = end
        self._process = process

    def send(self, outbound: Message) -> bool:
        process = self._process
        process.step()
        if not self.end.send(outbound.data):
            return False
        message = read(outbound.data, "national")
        process.world.say("router", f"-> {self.end.name}  {message}")
        process.left(message)
        return True


class RouterProcess:
    """Clock, journal, HSM and observer of one conductor."""

    def __init__(
        self, world: World, disk: Disk, setting: Setting, connect: Callable[[str], End | None]
    ) -> None:
        self.world = world
        self.is_alive = True
        self.setting = setting
        self._disk = disk
        self._connect = connect
        self._links: list[LinkPort] = []
        self._ends: list[End] = []
        self._may_leave_until: dict[tuple[str, str], float] = {}
        issuer_terms = IssuerTerms("domestic", codec("national"), ZPK, setting.issuer_timeout_s,
                                   saf_window=4, saf_retry_s=0.5)  # fmt: skip
        self.issuer = Issuer("bank", issuer_terms)
        self.issuer.stans.space = setting.stan_space
        matched = (DE.TRANSMISSION_TIME, DE.STAN) if setting.issuer_echoes_time else (DE.STAN,)
        for number in range(1, setting.lines + 1):
            line = Line(f"bank-{number}", "bank", self.issuer.stans, matched, pending_max=100)
            self.issuer.lines.append(line)
        switch = self._switch([OUR_BINS], [self.issuer])
        self.conductor = Conductor(switch, self, self, self, self, Limits())
        disk.landed = self._landed

    def start(self) -> None:
        self.conductor.recover(self._disk.records)
        for line in self.issuer.lines:
            self._bring_up(line)
        self._tick()

    def die(self) -> None:
        self.is_alive = False
        for end in [*self._ends, *(link.end for link in self._links)]:
            end.close()

    def reload(self) -> None:
        """For a moment the bank is not configured, nor are its cards."""
        self.world.say("router", "reloads")
        self.conductor.use(self._switch([], []))
        self._later(0.5, lambda: self.conductor.use(self._switch([OUR_BINS], [self.issuer])))

    def _switch(self, bins: list[BinRange], issuers: list[Issuer]) -> Switch:
        return Switch("950400", BinTable(bins), {one.name: one for one in issuers}, self)

    def step(self) -> None:
        """The process may die before anything it does."""
        if self.world.chance(self.world.faults.kill_per_step):
            raise Killed

    def accept(self, acquirer: str, end: End) -> None:
        terms = Acquirer(acquirer, "1001", codec(), ZPK, self.setting.answer_within_s, 100)
        link = LinkPort(self, terms, end)
        end.hear = link.hear
        self._links.append(link)

    def asked(self, request: Plain) -> None:
        """A message of this purchase arrived: until when may one of its kind leave?"""
        may_leave_s = min(self.setting.issuer_timeout_s, self.setting.answer_within_s)
        self._may_leave_until[request.purchase, request.mti[1]] = self.now() + may_leave_s

    def left(self, message: Plain) -> None:
        """Promise 4, of everything that is not stored."""
        until = self._may_leave_until.get((message.purchase, message.mti[1]))
        if not message.is_advice and (until is None or self.now() > until):
            self.world.violated("4, nothing stale", f"{message} left after its deadline")

    # The ports.

    def now(self) -> float:
        return self.world.now

    def transmission_time(self) -> str:
        return self.world.transmission_time()

    def append(self, commit: Commit) -> None:
        self.step()
        self._disk.append(commit)

    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        world = self.world
        away = world.chance(world.faults.hsm_away)
        event = PinRefused("") if away else PinTranslated(need.pin_block)
        slow = world.chance(world.faults.hsm_slow)
        takes = world.random.uniform(1.0, 14.0) if slow else 0.002
        self._later(takes, lambda: self.conductor.translated(owner, event))

    def verify(self, need: Verify, owner: Transaction) -> None:
        """Every PIN and every CVV is right."""
        self._later(0.002, lambda: self.conductor.translated(owner, Verified("00")))

    def transaction(self, event: TransactionEvent) -> None:
        """Silence is allowed while an approval, or what overrides it, is under way to the disk."""
        if event.response_code == "" and event.ended_in == "journal":
            self.world.say("router", f"   says nothing to {event.mti} {event.rrn[-6:]}")
            what = (event.rrn, event.stan, event.mti)
            for link in self._links:
                for one in chain.from_iterable(link.owed.values()):
                    request = one.request
                    is_due = one.deadline - self.now() < SILENT_WITHIN_S
                    is_it = (request.purchase, request.values[DE.STAN], request.mti) == what
                    one.may_stay_silent |= is_due and is_it

    def counted(self, what: str, link: str) -> None:
        self.world.say("router", f"   {what}")

    def unmatched(self, what: str, line: str, differing: list[int]) -> None:
        self.world.say("router", f"   {what} on {line}")

    def alarm(self, what: str, **facts: str | int | float) -> None:
        self.world.say("router", f"   ALARM {what} {facts}")

    # Its own turns.

    def _later(self, delay: float, action: Callable[[], None]) -> None:
        self.world.later(delay, lambda: action() if self.is_alive else None)

    def _tick(self) -> None:
        self._later(TICK_S, self._tick)
        self.conductor.tick()

    def _landed(self, commits: list[Commit], durable: bool) -> None:
        if self.is_alive:
            self.conductor.landed(commits, durable)

    def _bring_up(self, line: Line) -> None:
        end = self._connect(line.name)
        if end is None:
            self._later(self.world.random.uniform(0.2, 2.0), lambda: self._bring_up(line))
            return
        self._ends.append(end)
        line.port = LinePort(self, end)
        end.hear = lambda data: self._response(line, data)
        end.fell = lambda: self._fell(line)
        self.conductor.line_up(line)

    def _fell(self, line: Line) -> None:
        if self.is_alive:
            self.world.say("router", f"line {line.name} fell")
            self._later(self.world.random.uniform(0.2, 2.0), lambda: self._bring_up(line))
            self.conductor.line_fell(line)

    def _response(self, line: Line, data: bytes) -> None:
        if self.is_alive:
            self.conductor.respond(line, codec("national").scan(data))
