"""One seed: traffic under faults, a drain without faults, then both ledgers are compared."""

from functools import partial
from typing import Final

from router.switching import message_types
from specs.journal_format import Answered, Reversed
from tests.simulation.acquirer_host import AcquirerHost
from tests.simulation.issuer_host import IssuerHost
from tests.simulation.router_process import RouterProcess, Setting
from tests.simulation.world import NONE, Disk, End, Faults, World, connection

TRAFFIC_S: Final = 30.0
FAULTS_LAST_S: Final = 45.0
DRAIN_S: Final = 170.0
PURCHASES: Final = 20

# No reload where there are kills: a decline without a record (92) is forgotten by a kill, and under
# another configuration its repeat is a new request.
MIXES: Final[dict[str, Faults]] = {
    "calm": Faults(reloads_per_s=0.1),
    "issuer": Faults(issuer_silent=0.1, issuer_late=0.2, issuer_twice=0.1, issuer_busy=0.2,
                     issuer_says_nonsense=0.02, issuer_restarts_per_s=0.03),
    "network": Faults(reloads_per_s=0.1, line_cuts_per_s=0.2, acquirer_cuts_per_s=0.15,
                      network_slow=0.1, hsm_slow=0.05, hsm_away=0.02),
    "crash": Faults(kill_per_step=0.01, kills_per_s=0.05, issuer_late=0.1, issuer_silent=0.05),
    "disk": Faults(disk_stalls=0.02, disk_refuses=0.08, kill_in_trouble=0.5,
                   acquirer_cuts_per_s=0.1,
                   kill_per_step=0.003, kills_per_s=0.05),
    "refusals": Faults(disk_refuses=0.1, kill_in_trouble=0.6),
    "stall": Faults(disk_stalls=0.1, kill_in_trouble=0.5, acquirer_cuts_per_s=0.2),
    "restarts": Faults(kill_per_step=0.05, kills_per_s=0.3, issuer_silent=0.1, issuer_busy=0.2),
    "deaf": Faults(acquirer_cuts_per_s=1.0, network_slow=0.2, disk_stalls=0.02, issuer_late=0.2),
    "all": Faults(kill_per_step=0.004, kills_per_s=0.03, line_cuts_per_s=0.08,
                  acquirer_cuts_per_s=0.08, issuer_restarts_per_s=0.01, disk_stalls=0.01,
                  disk_refuses=0.02, network_slow=0.05, hsm_slow=0.03, hsm_away=0.01,
                  issuer_silent=0.05, issuer_late=0.1, issuer_twice=0.05, issuer_busy=0.1,
                  issuer_says_nonsense=0.01),
}  # fmt: skip


def mix_of(seed: int) -> str:
    """The mixes in turn."""
    return list(MIXES)[seed % len(MIXES)]


class Play:
    """Everything of one seed. `violations` says what was broken."""

    def __init__(self, seed: int, mix: str, tracing: bool = False) -> None:
        self.world = world = World(seed, MIXES[mix], tracing)
        draw = world.random
        self.kills = 0
        self.disk = Disk(world)
        self.issuer = IssuerHost(world, draw.random() < 0.7, draw.random() < 0.7)
        self.setting = Setting(
            lines=draw.choice((1, 2, 3)),
            stan_space=draw.choice((100, 400)),
            issuer_echoes_time=self.issuer.echoes_time,
        )
        self.ends: list[End] = []
        world.on_kill = self.kill
        self.router = self._start()
        self.acquirers = [
            AcquirerHost(world, name, links, draw.choice((2.0, 4.0)))
            for name, links in (("A", 2), ("B", 1))
        ]
        for acquirer in self.acquirers:
            acquirer.router_accepts = self._accept
            acquirer.connect()
        self._plan(draw.choice((TRAFFIC_S, TRAFFIC_S, 4.0, 1.5)))

    def run(self) -> list[str]:
        world = self.world
        try:
            world.run_until(1000 + FAULTS_LAST_S)
            world.faults = NONE
            world.say("world", "faults end")
            world.run_until(1000 + TRAFFIC_S + DRAIN_S)
            self._check_ledgers()
            self._check_recovery()
        except (AssertionError, LookupError) as error:
            world.violated("every promise", f"the router fell over itself: {error!r}")
        return world.violations

    def kill(self) -> None:
        self.world.say("router", "KILLED")
        self.kills += 1
        self.disk.power_cut()
        self.router.die()
        self.world.later(self.world.random.choice((0.01, 0.3, 3.0)), self._restart)

    def _plan(self, span_s: float) -> None:
        world, draw, faults = self.world, self.world.random, self.world.faults
        for number in range(PURCHASES):
            world.later(draw.uniform(1.0, span_s), partial(self._buy, number))
        for per_s, fault in (
            (faults.line_cuts_per_s, self._cut_a_line),
            (faults.acquirer_cuts_per_s, lambda: draw.choice(self.acquirers).cut_a_link()),
            (faults.kills_per_s, self._kill_now),
            (faults.reloads_per_s, self._reload),
            (faults.issuer_restarts_per_s, self.issuer.restart),
        ):
            for _ in range(int(per_s * TRAFFIC_S + draw.random())):
                world.later(draw.uniform(1.0, span_s), fault)

    def _buy(self, number: int) -> None:
        purchase = self.world.random.choice(self.acquirers).buy(number)
        if self.world.chance(0.02):
            self.issuer.refused_for_ever.add(purchase.name)

    def _start(self) -> RouterProcess:
        self.world.say("router", "starts")
        self.world.starts += 1
        router = RouterProcess(self.world, self.disk, self.setting, self._connect)
        self.router = router
        router.start()
        return router

    def _restart(self) -> None:
        if not self.router.is_alive:
            self._start()

    def _kill_now(self) -> None:
        if self.router.is_alive:
            self.kill()

    def _reload(self) -> None:
        if self.router.is_alive:
            self.router.reload()

    def _cut_a_line(self) -> None:
        up = [end for end in self.ends if end.is_up]
        if up:
            end = self.world.random.choice(up)
            self.world.say("network", f"line {end.name} is cut")
            end.cut()

    def _accept(self, acquirer: str, end: End) -> bool:
        if self.router.is_alive:
            self.router.accept(acquirer, end)
        return self.router.is_alive

    def _connect(self, name: str) -> End | None:
        near, far = connection(self.world, name)
        if not self.issuer.accept(far):
            return None
        self.ends.append(near)
        return near

    # The promises, from the two ledgers and the journal.

    def _check_ledgers(self) -> None:
        world, issuer = self.world, self.router.issuer
        for entry in issuer.entries.values():
            world.violated("2, no orphan hold", f"still open: {entry.stored.id}")
        parked = {one.stored.message.values[37] for one in issuer.parked.values()}
        for acquirer in self.acquirers:
            for purchase in acquirer.purchases.values():
                if purchase.name in parked:
                    continue  # open, until an operator settles it
                held = self.issuer.held_for(purchase.name)
                what = f"{purchase.name[-6:]} is {purchase.state}: {held} held"
                if purchase.state in ("waiting", "reversing"):
                    world.violated("1, one answer", what)
                elif purchase.state == "stopped":
                    if held and not self._approval_is_on_record(purchase.name):
                        world.violated("2, no orphan hold", f"{what} without an answer")
                elif held != purchase.stays:
                    world.violated("2, no orphan hold", f"{what}, {purchase.stays} stays")

    def _approval_is_on_record(self, purchase: str) -> bool:
        """What a restart finds *answered* belongs to the acquirer: the one hold it may leave."""
        approved = False
        for record in self.disk.records:
            if isinstance(record, Answered | Reversed) and purchase in record.about.loose_key:
                if isinstance(record, Reversed):
                    approved = approved and record.partial
                elif not message_types.is_reversal(record.about.mti):
                    approved = record.approves
        return approved

    def _check_recovery(self) -> None:
        """A restart now finds nothing to do."""
        self.disk.overwritten()
        before = len(self.disk.records)
        self.kill()
        self.world.run_until(self.world.now + 20)
        for record in self.disk.records[before:]:
            self.world.violated("2, no orphan hold", f"stored by a restart: {record!r:.60}")
