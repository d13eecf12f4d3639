"""An acquirer host as real ones are: it repeats, reverses what it did not hear, or just stops."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from specs.elements import DE
from tests.builders import card
from tests.simulation.plain import APPROVALS, INQUIRY, Plain, read
from tests.simulation.world import End, World, connection

DIALECT = "iso87-ascii"
TIMEOUT_S: Final = 12.0
CARDS: Final = tuple(card(f"950401{number}") for number in range(4))


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
    last: Plain = field(default_factory=lambda: Plain("0000", {}))
    last_request: Plain = field(default_factory=lambda: Plain("0000", {}))


class AcquirerHost:
    """Its links are made again when they fall."""

    def __init__(self, world: World, name: str, links: int, repeats_after_s: float) -> None:
        self.name = name
        self.purchases: dict[str, Purchase] = {}
        self.router_accepts: Callable[[str, End], bool] = lambda acquirer, end: False
        self._world = world
        self._repeats_after_s = repeats_after_s
        self._links: list[End | None] = [None] * links
        self._stan = 0

    def connect(self) -> None:
        for place in range(len(self._links)):
            self._connect(place)

    def cut_a_link(self) -> None:
        up = [end for end in self._links if end is not None and end.is_up]
        if up:
            self._world.say(self.name, "a link is cut")
            self._world.random.choice(up).cut()

    def buy(self, number: int) -> Purchase:
        chance, draw = self._world.chance, self._world.random
        mti = draw.choices(("0100", "0200", "0220"), (6, 3, 1))[0]
        is_inquiry = mti == "0200" and chance(0.2)
        name = f"{self.name}{number:06d}".rjust(12, "0")
        values = {
            DE.PAN: draw.choice(CARDS),
            DE.PROCESSING_CODE: INQUIRY if is_inquiry else "000000",
            DE.AMOUNT: f"{0 if is_inquiry else draw.randrange(10, 100) * 2:012d}",
            DE.TRANSMISSION_TIME: self._world.transmission_time(),
            DE.STAN: self._next_stan(),
            DE.ACQUIRER_ID: "1001",
            DE.RRN: name,
            DE.TERMINAL_ID: f"TERM{self.name}".ljust(8, "0"),
            DE.CURRENCY: "504",
        }
        if chance(0.3) and mti != "0220":
            values[DE.PIN_BLOCK] = "0123456789ABCDEF"
        purchase = Purchase(
            name=name,
            request=Plain(mti, values),
            repeats_left=draw.choice((0, 1, 2)),
            restamps=chance(0.4),
            stops=chance(0.1),
            patience_s=draw.uniform(0.0, 4.0) if chance(0.15) else TIMEOUT_S,
            reversal_mti=draw.choice(("0400", "0420")),
            regrets=chance(0.3),
            keeps=5 if chance(0.2) else 0,
        )
        purchase.begun_in = self._world.starts
        if mti == "0220":
            purchase.repeats_left, purchase.stops, purchase.reversal_mti = 1000, False, "0420"
        self.purchases[name] = purchase
        self._send(purchase, purchase.request)
        return purchase

    def _connect(self, place: int) -> None:
        world = self._world
        far, near = connection(world, f"{self.name}.{place}")
        if not self.router_accepts(self.name, far):
            self._links[place] = None
            world.later(world.random.uniform(0.1, 1.0), lambda: self._connect(place))
            return
        near.hear = lambda data: self._heard(read(data, DIALECT))
        near.fell = lambda: world.later(
            world.random.uniform(0.05, 2.0), lambda: self._connect(place)
        )
        self._links[place] = near

    def _next_stan(self) -> str:
        self._stan += 1
        return f"{self._stan:06d}"

    def _send(self, purchase: Purchase, message: Plain) -> None:
        purchase.last = message
        if not message.is_reversal:
            purchase.last_request = message
        up = [end for end in self._links if end is not None and end.is_up]
        if up:
            self._world.say(self.name, f"-> {message}")
            self._world.random.choice(up).send(message.data(DIALECT))
        is_last = purchase.state == "waiting" and not purchase.repeats_left
        wait_s = purchase.patience_s if is_last else self._repeats_after_s
        self._world.later(wait_s, lambda: self._timed_out(purchase, message))

    def _timed_out(self, purchase: Purchase, message: Plain) -> None:
        if purchase.last is not message or purchase.state not in ("waiting", "reversing"):
            return
        if purchase.state == "reversing" or purchase.repeats_left:
            purchase.repeats_left -= purchase.state == "waiting"
            again = message.repeated()
            if purchase.restamps:
                now = self._world.transmission_time()
                again = again.but(again.mti, {DE.TRANSMISSION_TIME: now})
            self._send(purchase, again)
        elif purchase.stops:
            purchase.state = "stopped"
            self._world.say(self.name, f"stops ({purchase.name[-6:]})")
        else:
            self._reverse(purchase, stays=0)

    def _reverse(self, purchase: Purchase, stays: int) -> None:
        purchase.state, purchase.stays = "reversing", stays
        known = purchase.request
        if purchase.restamps:
            known = self._world.random.choice((purchase.request, purchase.last_request))
        changes = {
            DE.STAN: self._next_stan(),
            DE.TRANSMISSION_TIME: self._world.transmission_time(),
            DE.ORIGINAL_DATA: known.name,
            DE.REPLACEMENT_AMOUNTS: f"{stays:012d}" + "0" * 30 if stays else None,
            DE.PIN_BLOCK: None,
        }
        if purchase.approved and self._world.chance(0.5):
            changes[DE.AMOUNT] = f"{purchase.approved:012d}"
        self._send(purchase, known.but(purchase.reversal_mti, changes))

    def _heard(self, response: Plain) -> None:
        self._world.say(self.name, f"<- {response}")
        purchase = self.purchases[response.purchase]
        authorized = response.values.get(DE.AUTHORIZATION_CODE, purchase.name[-6:])
        if authorized != purchase.name[-6:]:
            self._world.violated("1, one answer", f"{response} has the answer of {authorized}")
        if purchase.state == "reversing" and response.is_reversal:
            if response.code not in ("91", "92", "96"):
                self._settle(purchase, "reversed", purchase.stays)
        elif purchase.state == "waiting" and not response.is_reversal:
            self._answered(purchase, response)
        elif purchase.state == "declined" and response.code in APPROVALS:
            self._did_not_expect(purchase)

    def _answered(self, purchase: Purchase, response: Plain) -> None:
        if response.values[DE.STAN] != purchase.request.values[DE.STAN]:
            self._world.violated("1, one answer", f"{response} has another DE 11")
        elif response.code in APPROVALS:
            purchase.approved = response.amount
            self._settle(purchase, "approved", response.amount)
            self._perhaps_regret(purchase)
        elif purchase.request.mti == "0220":
            return  # an advice is repeated until it is taken
        elif response.code in ("91", "96") and purchase.regrets:
            self._reverse(purchase, stays=0)  # some reverse what was declined, to be sure
        else:
            self._settle(purchase, "declined", 0)

    def _did_not_expect(self, purchase: Purchase) -> None:
        """An approval behind a decline: reversed, as any host does.

        A decline that needed no record is forgotten by a kill, and a repeat that crossed it is a
        new request. Within one process it must not happen, and is not forgiven.
        """
        if purchase.begun_in != self._world.starts and not purchase.request.is_inquiry:
            self._reverse(purchase, 0)

    def _settle(self, purchase: Purchase, state: str, stays: int) -> None:
        purchase.state = state
        purchase.stays = 0 if purchase.request.is_inquiry else stays
        self._world.say(self.name, f"takes {purchase.name[-6:]} as {state}, {purchase.stays} stays")

    def _perhaps_regret(self, purchase: Purchase) -> None:
        if not purchase.regrets or purchase.request.is_inquiry:
            return
        world, keeps = self._world, purchase.keeps
        world.later(world.random.uniform(0.01, 3.0), lambda: self._reverse(purchase, keeps))
        if keeps:
            world.later(40.0, lambda: self._regret_the_rest(purchase))

    def _regret_the_rest(self, purchase: Purchase) -> None:
        if purchase.state == "reversed":
            self._reverse(purchase, 0)
