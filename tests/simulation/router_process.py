"""The real conductor with simulated ports: one process, from its start to its kill or its stop.

The ports watch what the router does from its own side: nothing leaves after its deadline, nothing
secret is told, no table grows beyond its limit.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from router.switching.clock import Clock
from router.switching.commits import Commit, Journal
from router.switching.conductor import Conductor, Limits
from router.switching.exchange_counts import ExchangeCounts
from router.switching.needs import PinRefused, PinTranslated, TranslatePin, Verified, Verify
from router.switching.peers import Acquirer, Issuer, IssuerTerms
from router.switching.pending import Line
from router.switching.pin_key import PinKey
from router.switching.ports import Hsm
from router.switching.routing import BinTable
from router.switching.switch import Switch
from router.switching.transaction import Transaction
from router.switching.transaction_event import TransactionEvent
from router.wire.message import Message
from specs.elements import DE
from tests.builders import card, codec
from tests.simulation.disk import Disk
from tests.simulation.links import LinePort, LinkPort
from tests.simulation.setting import (
    CARDS_EACH,
    ISSUERS,
    STAND_IN_COUNT,
    STAND_IN_TOTAL,
    AcquirerSetting,
    IssuerSetting,
    Setting,
)
from tests.simulation.world import End, Killed, World
from tests.switching import standing

TICK_S: Final = 0.125
GO_ON_S: Final = 0.01
SESSIONS_TICK_S: Final = 0.5
IDLE_TICK_S: Final = 1.0  # while a tick would find nothing
ZPK = PinKey("zpk", "U" + "A" * 32, "000000", "01")
PIN_BLOCK: Final = "0123456789ABCDEF"  # as acquirers encrypt it, and as issuers get it
TRANSLATED: Final = "FEDCBA9876543210"
CARDS: Final = [card(one + str(n)) for one in ISSUERS.values() for n in range(CARDS_EACH)]
PVVS: Final = standing.cards(dict.fromkeys(CARDS, "11234"))
RULES: Final = replace(
    standing.RULES,
    limits=standing.limited(count_max=STAND_IN_COUNT, total_max_minor=STAND_IN_TOTAL),
    pin_check=replace(standing.pin_check(), cards=PVVS),
)
RULES_WITH_DECLINES: Final = replace(RULES, advise_declines=True)


class Time(Clock):
    def __init__(self, process: "RouterProcess") -> None:
        self._process = process

    def now(self) -> float:
        return self._process.now()

    def wall(self) -> float:
        return self._process.wall()

    def transmission_time(self) -> str:
        return self._process.transmission_time()


class Paper(Journal):
    def __init__(self, process: "RouterProcess") -> None:
        self._process = process

    def append(self, commit: Commit) -> None:
        self._process.append(commit)


class Pins(Hsm):
    def __init__(self, process: "RouterProcess") -> None:
        self._process = process

    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        self._process.translate_pin(need, owner)

    def verify(self, need: Verify, owner: Transaction) -> None:
        self._process.verify(need, owner)


class RouterProcess:
    """The world of one conductor: its observer, and behind its other ports."""

    def __init__(
        self, world: World, disk: Disk, setting: Setting, connect: Callable[[str, str], End | None]
    ) -> None:
        self.world = world
        self.setting = setting
        self.connect = connect
        self.is_alive = True
        self.is_draining = False
        self.is_hsm_dead = False
        self.issuers: dict[str, Issuer] = {}
        self._clock = Time(self)
        self.exchanges = ExchangeCounts()  # of the port Observer
        self._disk = disk
        self._links: list[LinkPort] = []
        self._lines: list[LinePort] = []
        self._numbers: dict[str, int] = {}
        self._may_leave_until: dict[tuple[str, str], float] = {}
        self._heard: dict[str, int] = {}  # approvals of a purchase, on how many links
        self._turn = 0  # of the ticks
        self._is_idle = False
        self._sessions_due = 0.0
        for one in setting.issuers:
            self.issuers[one.name] = new_issuer(one)
        limits = Limits(setting.in_flight_max, setting.repeats_max, given_up_at_once=1)
        self.conductor = Conductor(
            self._switch(), self._clock, Paper(self), Pins(self), self, limits)
        disk.landed = self._landed

    def start(self) -> None:
        self.conductor.recover(self._disk.platter.begin())
        for one in self.setting.issuers:
            self._open_lines(one)
        self._tick(self._turn)

    def die(self) -> None:
        self.is_alive = False
        for line in self._lines:
            if line.end is not None:
                line.end.close()
        for link in self._links:
            link.end.close()

    def step(self) -> None:
        """The process may die before anything it does."""
        if self.world.chance(self.world.faults.kill_per_step):
            raise Killed

    @property
    def is_busy(self) -> bool:
        """A tick may find something."""
        return (
            bool(self.conductor.in_flight)
            or not self.conductor.is_idle
            or not all(issuer.is_idle for issuer in self.issuers.values())
        )

    # Acquirers.

    def accept(self, acquirer: str, end: End) -> None:
        one = next(one for one in self.setting.acquirers if one.name == acquirer)
        self._links.append(LinkPort(self, new_acquirer(one), one.signs_on, end))

    def arrived(self, link: LinkPort, message: Message) -> None:
        """A message of this purchase: until when may one of its kind leave?"""
        terms = [issuer.terms.timeout_s for issuer in self.issuers.values()]
        may_leave_s = min(max(terms, default=0.0), link.acquirer.answer_within_s)
        kind = (message.get(DE.RRN), message.mti[1])
        self._may_leave_until[kind] = self.now() + may_leave_s
        self.wake()
        if self.is_draining and self.conductor.is_new(link, message):
            link.refuse(message)
        else:
            self.conductor.arrive(link, message)

    def heard(self, response: Message, approval: object, change: int) -> None:
        """As far as this process knows."""
        if approval is not None:
            purchase = response.get(DE.RRN)
            self._heard[purchase] = max(0, self._heard.get(purchase, 0) + change)

    def is_settled(self, purchase: str) -> bool:
        """Its approval was heard, and no reversal of it came."""
        return bool(self._heard.get(purchase)) and (purchase, "4") not in self._may_leave_until

    @property
    def unheard(self) -> set[str]:
        """Approvals of this process that it knows nobody heard."""
        return {purchase for purchase, times in self._heard.items() if not times}

    def left(self, message: Message) -> None:
        """Promise 4, of everything that is not stored."""
        if message.mti[2] == "2":
            return
        until = self._may_leave_until.get((message.get(DE.RRN), message.mti[1]))
        if until is None or self.now() > until:
            self.world.violated("4, nothing stale", f"{message.mti} left after its deadline")

    # A reload: as router.net's Reload, IssuerSide and AcquirerSide do it.

    def configure(self, setting: Setting) -> None:
        """What is in flight keeps the issuer it was routed to."""
        self.setting = setting
        for acquirer in setting.acquirers:
            for link in self._links:
                if link.acquirer.name == acquirer.name:
                    link.acquirer = new_acquirer(acquirer)
        for one in setting.issuers:
            issuer = self.issuers.get(one.name) or self.conductor.former_issuer(one.name)
            if issuer is None:
                issuer = new_issuer(one)
            issuer.terms = terms_of(one)
            self.issuers[one.name] = issuer
        self.conductor.use(self._switch())
        for one in setting.issuers:
            self._open_lines(one)

    def renew_lines(self, issuer: str) -> None:
        """The endpoints changed: new lines, the old ones retire."""
        for port in self._lines:
            if port.line.issuer_name == issuer:
                port.retire()
        for one in self.setting.issuers:
            if one.name == issuer:
                self._open_lines(one)

    def ended(self, port: LinePort) -> None:
        """A retired line is gone."""
        if port in self._lines:
            self._lines.remove(port)
            issuer = self.issuers.get(port.line.issuer_name)
            if issuer is not None:
                issuer.lines.remove(port.line)

    def _open_lines(self, one: IssuerSetting) -> None:
        issuer = self.issuers[one.name]
        there = [p for p in self._lines if p.line.issuer_name == one.name and not p.is_retired]
        for _ in range(one.lines - len(there)):
            number = self._numbers[one.name] = self._numbers.get(one.name, 0) + 1
            matched = (DE.TRANSMISSION_TIME, DE.STAN) if one.echoes_time else (DE.STAN,)
            name = f"{one.name}-{number}"
            line = Line(name, one.name, issuer.stans, matched, pending_max=one.pending_max)
            issuer.lines.append(line)
            port = LinePort(self, line, issuer)
            self._lines.append(port)
            port.connect()

    def _retire_lines_of_removed(self) -> None:
        wanted = {one.name for one in self.setting.issuers}
        for name in [name for name in self.issuers if name not in wanted]:
            issuer = self.issuers[name]
            if issuer.is_idle:
                for port in self._lines:
                    if port.line.issuer_name == name and not port.is_retired:
                        port.retire()
                if not issuer.lines:
                    del self.issuers[name]
                    self.conductor.use(self._switch())

    def _switch(self) -> Switch:
        return Switch("950400", BinTable(self.setting.ranges), self.issuers, self._clock)

    # The ports.

    def now(self) -> float:
        return self.world.now

    def wall(self) -> float:
        return self.world.wall + self.world.router_clock_is_ahead_s

    def transmission_time(self) -> str:
        return self.world.transmission_time(self.world.router_clock_is_ahead_s)

    def append(self, commit: Commit) -> None:
        self.step()
        self._disk.append(commit)

    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        world = self.world
        away = self.is_hsm_dead or world.chance(world.faults.hsm_away)
        event = PinRefused("") if away else PinTranslated(TRANSLATED)
        slow = world.chance(world.faults.hsm_slow)
        takes = world.random.uniform(1.0, 14.0) if slow else 1.0 if self.is_hsm_dead else 0.002
        self.later(takes, lambda: self.conductor.translated(owner, event))

    def verify(self, need: Verify, owner: Transaction) -> None:
        """A PIN: mostly it is right."""
        away = self.is_hsm_dead or self.world.chance(self.world.faults.hsm_away)
        drawn = self.world.random.random()
        event = Verified("" if away else "01" if drawn < 0.2 else "00")
        self.later(1.0 if away else 0.002, lambda: self.conductor.translated(owner, event))

    def transaction(self, event: TransactionEvent) -> None:
        if event.pan_masked.isdigit():
            self.world.violated("5, no secrets", "a card's number in an event")
        if event.response_code == "" and event.ended_in == "journal":
            self.world.say("router", "   says nothing to %s %s", event.mti, event.rrn[-6:])
            for link in self._links:
                link.excuse(event.mti, event.stan, event.rrn)

    def counted(self, what: str, link: str, times: int = 1) -> None:
        self.world.say("router", "   %s", what)

    def unmatched(self, what: str, line: str, differing: list[int]) -> None:
        self.world.say("router", "   %s on %s", what, line)

    def alarm(self, what: str, **facts: str | int | float) -> None:
        self._check_secrets(str(facts))
        self.world.say("router", "   ALARM %s %s", what, facts)

    def _check_secrets(self, told: str) -> None:
        for secret in (*CARDS, PIN_BLOCK, TRANSLATED):
            if secret in told:
                self.world.violated("5, no secrets", "a card or PIN block in an alarm or the log")

    def happened(self, what: str, **facts: str | int | float) -> None:
        self._check_secrets(str(facts))
        self.world.say("router", "   %s %s", what, facts)

    # Its own turns.

    def later(self, delay: float, action: Callable[[], None]) -> None:
        self.world.later(delay, lambda: action() if self.is_alive else None)

    def wake(self) -> None:
        """Something arrived: ticks follow each other closely again."""
        if self._is_idle:
            self._is_idle = False
            self._turn += 1
            turn = self._turn
            self.later(TICK_S, lambda: self._tick(turn))

    def _tick(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._is_idle = not self.is_busy
        self.later(IDLE_TICK_S if self._is_idle else TICK_S, lambda: self._tick(turn))
        self.conductor.tick()
        self._go_on_soon()
        now = self.now()
        if now >= self._sessions_due:
            self._sessions_due = now + SESSIONS_TICK_S
            for port in list(self._lines):
                port.tick(now)
            if len(self.issuers) > len(self.setting.issuers):
                self._retire_lines_of_removed()

    def _go_on_soon(self) -> None:
        """As the daemon does; a tick may begin another row of these."""
        if self.conductor.is_behind:
            self.later(GO_ON_S, self._go_on)

    def _go_on(self) -> None:
        self.conductor.go_on()
        self._go_on_soon()

    def _landed(self, commits: list[Commit], durable: bool) -> None:
        if self.is_alive:
            self.conductor.landed(commits, durable)


def new_issuer(one: IssuerSetting) -> Issuer:
    issuer = Issuer(one.name, terms_of(one))
    issuer.stans.space = one.stan_space
    if one.lends:
        issuer.stand_in.rules = RULES if not one.wants_declines else RULES_WITH_DECLINES
    return issuer


def terms_of(one: IssuerSetting) -> IssuerTerms:
    return IssuerTerms(
        region="domestic",
        codec=codec(one.dialect),
        pin_key=ZPK,
        timeout_s=one.timeout_s,
        saf_window=one.saf_window,
        saf_retry_s=one.saf_retry_s,
        saf_entries_max=one.saf_entries_max,
        saf_per_s=one.saf_per_s,
        requests_per_s=one.requests_per_s,
        requests_burst=one.requests_per_s,
        in_flight_max=one.in_flight_max,
        breaker_after=one.breaker_after,
        breaker_wait_s=1.0,
    )


def new_acquirer(one: AcquirerSetting) -> Acquirer:
    return Acquirer(
        name=one.name,
        institution_id="1001",
        codec=codec(one.dialect),
        pin_key=ZPK,
        answer_within_s=one.answer_within_s,
        in_flight_max=one.in_flight_max,
        requests_per_s=one.requests_per_s,
        requests_burst=one.requests_per_s,
    )
