"""An acquirer host as real ones are: it repeats, reverses what it did not hear, or just stops."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from specs.elements import DE
from tests.builders import card
from tests.simulation.plain import (
    APPROVALS,
    ECHO,
    INQUIRY,
    SIGN_OFF,
    SIGN_ON,
    Plain,
    network,
    read,
)
from tests.simulation.router_process import PIN_BLOCK
from tests.simulation.setting import NO_ROUTE, UNASSIGNED, AcquirerSetting
from tests.simulation.world import End, World, connection

TIMEOUT_S: Final = 12.0
BAD_CARDS: Final = (NO_ROUTE, card(UNASSIGNED), "9504010000000000")
OVER: Final = ("approved", "declined", "reversed", "stopped")
TRY_AGAIN: Final = ("90", "91", "92", "96")  # what a reversal or an advice hears is not the end


@dataclass
class Purchase:
    """One customer at one terminal, and what the acquirer makes of the answers."""

    name: str  # its RRN
    request: Plain
    repeats_left: int
    restamps: bool  # repeats carry a new DE 7
    stops: bool  # never reverses
    patience_s: float  # how long its last request waits before it is reversed
    reversal_mti: str
    regrets: bool  # reverses what was approved, a while later
    keeps: int  # ... but for this much (DE 95)
    state: str = "waiting"  # waiting, approved, declined, reversing, reversed, stopped
    begun_in: int = 0  # which process of the router
    approved: int = 0  # what it heard: perhaps a part of what it asked for
    stays: int = 0  # what the issuer should hold for it in the end
    may_come: int = 0  # what it still has in mind
    last: Plain = field(default_factory=lambda: Plain("0000", {}))
    last_request: Plain = field(default_factory=lambda: Plain("0000", {}))
    codes: set[str] = field(default_factory=set)  # DE 38 of its approvals


class Link:
    """One connection to the router, made again when it falls."""

    def __init__(self, end: End, is_ready: bool) -> None:
        self.end = end
        self.is_ready = is_ready
        self.heard_at = 0.0
        self.asked: set[str] = set()  # network messages without an answer yet


class AcquirerHost:
    """All of an acquirer's links, and its purchases."""

    def __init__(self, world: World, setting: AcquirerSetting, cards: list[str]) -> None:
        self.name = setting.name
        self.purchases: dict[str, Purchase] = {}
        self.router_accepts: Callable[[str, End], bool] = lambda acquirer, end: False
        self._world = world
        self._setting = setting
        self._cards = cards
        self._links: list[Link | None] = [None] * setting.links
        self._stan = 0

    @property
    def is_over(self) -> bool:
        return all(one.state in OVER and not one.may_come for one in self.purchases.values())

    def connect(self) -> None:
        for place in range(len(self._links)):
            self._connect(place)

    def cut_a_link(self) -> None:
        up = self._up()
        if up:
            self._world.say(self.name, "a link is cut")
            self._world.random.choice(up).end.cut()

    def lose_a_link(self) -> None:
        up = self._up()
        if up:
            self._world.say(self.name, "a link is half-open")
            self._world.random.choice(up).end.go_dead()

    def say(self, code: str) -> None:
        """An echo; or a sign-off, and a sign-on soon after."""
        up = [link for link in self._up() if link.is_ready]
        if up:
            link = self._world.random.choice(up)
            self._ask(link, code)
            if code == SIGN_OFF:
                link.is_ready = False
                back = self._world.random.uniform(0.1, 3.0)
                self._world.later(back, lambda: self._ask(link, SIGN_ON))

    def buy(self, number: int, clashes_with: Purchase | None = None) -> Purchase:
        chance, draw = self._world.chance, self._world.random
        often = (12, 6, self._world.faults.advices, self._world.faults.advices)
        mti = draw.choices(("0100", "0200", "0220", "0120"), often)[0]
        is_inquiry = mti in ("0100", "0200") and chance(0.1)
        name = f"{self.name}{number:06d}".rjust(12, "0")
        values = {
            DE.PAN: draw.choice(self._cards),
            DE.PROCESSING_CODE: INQUIRY if is_inquiry else "000000",
            DE.AMOUNT: f"{0 if is_inquiry else draw.randrange(10, 100) * 2:012d}",
            DE.TRANSMISSION_TIME: self._world.transmission_time(),
            DE.STAN: self._next_stan(),
            DE.ACQUIRER_ID: "1001",
            DE.RRN: name,
            DE.TERMINAL_ID: f"TERM{self.name}".ljust(8, "0"),
            DE.CURRENCY: "504",
        }
        if mti[2] == "0":
            if chance(0.02):
                values[DE.PAN] = draw.choice(BAD_CARDS)
            if chance(0.3):
                values[DE.PIN_BLOCK] = PIN_BLOCK
            if chance(0.3):
                values[DE.TRACK_2] = values[DE.PAN] + "=29121010000000000"
        purchase = Purchase(
            name=name,
            request=Plain(mti, values),
            repeats_left=draw.choice((0, 1, 2)),
            restamps=chance(self._world.faults.restamps),
            stops=chance(self._world.faults.walk_away),
            patience_s=draw.uniform(0.0, 4.0)
            if chance(self._world.faults.impatient)
            else TIMEOUT_S,
            reversal_mti=draw.choice(("0400", "0420")),
            regrets=chance(self._world.faults.regrets),
            keeps=5 if chance(0.2) else 0,
        )
        if clashes_with is not None:
            same = {n: clashes_with.request.values[n] for n in (DE.STAN, DE.TRANSMISSION_TIME)}
            odd = {DE.AMOUNT: f"{draw.randrange(11, 200, 2):012d}", DE.PROCESSING_CODE: "000000"}
            purchase.request = Plain(clashes_with.request.mti, {**values, **same, **odd})
            purchase.restamps = clashes_with.restamps = False
            mti = purchase.request.mti
        purchase.begun_in = self._world.starts
        if mti[2] == "2":
            purchase.repeats_left, purchase.stops, purchase.reversal_mti = 1000, False, "0420"
        self.purchases[name] = purchase
        self._send(purchase, purchase.request)
        return purchase

    def _up(self) -> list[Link]:
        return [link for link in self._links if link is not None and link.end.is_up]

    def _connect(self, place: int) -> None:
        world = self._world
        far, near = connection(world, f"{self.name}.{place}")
        if not self.router_accepts(self.name, far):
            self._links[place] = None
            world.later(world.random.uniform(0.1, 1.0), lambda: self._connect(place))
            return
        link = self._links[place] = Link(near, is_ready=not self._setting.signs_on)
        near.hear = lambda data: self._heard(link, read(data, self._setting.dialect))
        near.fell = lambda: world.later(
            world.random.uniform(0.05, 2.0), lambda: self._connect(place)
        )
        if self._setting.signs_on:
            self._ask(link, SIGN_ON)

    def _ask(self, link: Link, code: str) -> None:
        """No answer in time, and the link is made again."""
        if not link.end.is_up:
            return
        stan = self._next_stan()
        message = network(code, stan, self._world.transmission_time())
        link.asked.add(stan)
        link.end.send(message.data(self._setting.dialect))

        def overdue() -> None:
            if link.end.is_up and stan in link.asked:
                link.end.abort()

        self._world.later(5.0, overdue)

    def _next_stan(self) -> str:
        self._stan += 1
        return f"{self._stan:06d}"

    def _send(self, purchase: Purchase, message: Plain) -> None:
        world = self._world
        purchase.last = message
        if not message.is_reversal:
            purchase.last_request = message
        up = [link for link in self._up() if link.is_ready]
        link = world.random.choice(up) if up else None
        if link is not None:
            self._write(link, message)
            if world.chance(world.faults.acquirer_copies):
                self._write(world.random.choice(up), message)
        if world.chance(world.faults.acquirer_echoes):
            world.later(world.random.uniform(0.5, 8.0), lambda: self._echo(message))
        is_last = purchase.state == "waiting" and not purchase.repeats_left
        wait_s = purchase.patience_s if is_last else self._setting.repeats_after_s
        sent_at = world.now
        world.later(wait_s, lambda: self._timed_out(purchase, message, link, sent_at))

    def _echo(self, message: Plain) -> None:
        """A message that lay in a queue of its own."""
        up = [link for link in self._up() if link.is_ready]
        if up:
            self._write(self._world.random.choice(up), message)

    def _write(self, link: Link, message: Plain) -> None:
        self._world.say(self.name, "-> %s  %s", link.end.name, message)
        link.end.send(message.data(self._setting.dialect))

    def _timed_out(
        self, purchase: Purchase, message: Plain, link: Link | None, sent_at: float
    ) -> None:
        if purchase.last is not message or purchase.state not in ("waiting", "reversing"):
            return
        if link is not None and link.end.is_up and link.heard_at < sent_at:
            self._ask(link, ECHO)  # is anybody there?
        if purchase.state == "reversing" or purchase.repeats_left:
            purchase.repeats_left -= purchase.state == "waiting"
            again = message.repeated()
            if purchase.restamps:
                now = self._world.transmission_time()
                again = again.but(again.mti, {DE.TRANSMISSION_TIME: now})
            self._send(purchase, again)
        elif purchase.stops:
            purchase.state = "stopped"
            self._world.say(self.name, "stops (%s)", purchase.name[-6:])
        else:
            self._reverse(purchase, stays=0)

    def _reverse(self, purchase: Purchase, stays: int) -> None:
        purchase.state, purchase.stays = "reversing", stays
        known = purchase.request
        if purchase.restamps:
            known = self._world.random.choice((purchase.request, purchase.last_request))
        changes: dict[int, str | None] = {
            DE.STAN: self._next_stan(),
            DE.TRANSMISSION_TIME: self._world.transmission_time(),
            DE.ORIGINAL_DATA: known.name + "0" * 11,
            DE.REPLACEMENT_AMOUNTS: f"{stays:012d}" + "0" * 30 if stays else None,
            DE.PIN_BLOCK: None,
            DE.TRACK_2: None,
        }
        if purchase.approved and self._world.chance(0.5):
            changes[DE.AMOUNT] = f"{purchase.approved:012d}"
        self._send(purchase, known.but(purchase.reversal_mti, changes))

    def _heard(self, link: Link, response: Plain) -> None:
        self._world.say(self.name, "<- %s  %s", link.end.name, response)
        link.heard_at = self._world.now
        if response.is_network:
            link.asked.discard(response.values[DE.STAN])
            if response.values.get(DE.NETWORK_CODE) == SIGN_ON:
                link.is_ready = True
            return
        purchase = self.purchases[response.purchase]
        if response.code in APPROVALS and not response.is_reversal:
            self._check_code(purchase, response)
        is_of_last = response.values[DE.STAN] == purchase.last.values[DE.STAN]
        if purchase.state == "reversing" and response.is_reversal and is_of_last:
            is_hopeless = response.code == "92" and response.values.get(DE.PAN) in BAD_CARDS
            if response.code not in TRY_AGAIN or is_hopeless:
                self._settle(purchase, "reversed", purchase.stays)
        elif purchase.state == "waiting" and not response.is_reversal:
            self._answered(purchase, response)
        elif purchase.state == "declined" and response.code in APPROVALS:
            self._did_not_expect(purchase)
        elif (
            purchase.state == "approved"
            and response.code not in APPROVALS
            and not purchase.request.is_advice  # those are kept, and repeated
            and purchase.begun_in == self._world.starts  # a kill forgets an unrecorded decline
        ):
            self._world.violated("1, one answer", f"{response} comes behind an approval")

    def _check_code(self, purchase: Purchase, response: Plain) -> None:
        """DE 38 says whose answer this is: the issuer's names the purchase, the stand-in's is S."""
        code = response.values.get(DE.AUTHORIZATION_CODE, "")
        if code:
            purchase.codes.add(code)
        if code not in ("", purchase.name[-6:]) and code[0] != "S":
            self._world.violated("1, one answer", f"{response} has another purchase's answer")
        if len(purchase.codes) > 1:
            self._world.violated("1, one answer", f"{response} has a second approval")

    def _answered(self, purchase: Purchase, response: Plain) -> None:
        if response.values[DE.STAN] != purchase.request.values[DE.STAN]:
            self._world.violated("1, one answer", f"{response} has another DE 11")
        elif response.code in APPROVALS:
            purchase.approved = response.amount
            self._settle(purchase, "approved", response.amount)
            self._perhaps_regret(purchase)
        elif purchase.request.is_advice and response.code in TRY_AGAIN:
            return  # an advice is repeated until it is taken
        elif response.code in ("91", "96") and purchase.regrets:
            self._reverse(purchase, stays=0)  # some reverse what was declined, to be sure
        else:
            self._settle(purchase, "declined", 0)

    def _did_not_expect(self, purchase: Purchase) -> None:
        """An approval behind a decline: reversed, as any host does.

        A decline that needed no record is forgotten by a kill, and so is one by overload at once: a
        repeat that crossed it is a new request. Else it must not happen, and is not forgiven.
        """
        may_be = purchase.begun_in != self._world.starts or self._world.is_tight
        if may_be and not purchase.request.is_inquiry:
            self._reverse(purchase, 0)

    def _settle(self, purchase: Purchase, state: str, stays: int) -> None:
        purchase.state = state
        purchase.stays = 0 if purchase.request.is_inquiry else stays
        self._world.say(self.name, "takes %s as %s, %s stays", purchase.name[-6:], state, stays)

    def _perhaps_regret(self, purchase: Purchase) -> None:
        if not purchase.regrets or purchase.request.is_inquiry:
            return
        world, keeps = self._world, purchase.keeps

        def regret(stays: int, only_if: str) -> None:
            purchase.may_come -= 1
            if purchase.state == only_if:
                self._reverse(purchase, stays)

        purchase.may_come += 1
        world.later(world.random.uniform(0.01, 3.0), lambda: regret(keeps, "approved"))
        if keeps:
            purchase.may_come += 1
            world.later(40.0, lambda: regret(0, "reversed"))
