"""One seed: traffic under faults, a drain without faults, then both ledgers are compared."""

import traceback
from dataclasses import replace
from functools import partial
from typing import Final

from router.switching.arrivals import WAITING_MAX
from router.switching.saf_operator import Wanted
from router.switching.stand_in_state import MODES
from tests.simulation.acquirer_host import AcquirerHost, Purchase
from tests.simulation.checks import check_journal, check_ledgers, check_limits, check_stand_in
from tests.simulation.disk import Disk
from tests.simulation.faults import MIXES, NONE
from tests.simulation.issuer_host import IssuerHost, Ledgers
from tests.simulation.journal_folder import Folder
from tests.simulation.plain import ECHO, SIGN_OFF
from tests.simulation.platter import Frames, Platter
from tests.simulation.router_process import RouterProcess
from tests.simulation.setting import Setting, drawn
from tests.simulation.world import BEGINNING, Action, End, World, connection

TRAFFIC_S: Final = 30.0
FAULTS_LAST_S: Final = 45.0
LONGEST_S: Final = 400.0
GRACE_S: Final = 25.0  # after everything seems over: what is late still comes
STEPS_S: Final = (-3600.0, -61.0, -5.0, -1.0, 1.0, 5.0, 61.0, 3600.0)


class Play:
    """Everything of one seed. `violations` says what was broken."""

    def __init__(self, seed: int, mix: str, tracing: bool = False) -> None:
        self.world = world = World(seed, MIXES[mix], tracing)
        draw = world.random
        self.kills = 0
        self.setting = setting = drawn(draw, world.faults)
        self.configured = setting  # as a start would find it just now
        self.disk = Disk(world, self._platter(), setting.disk_waiting_max)
        self.ledgers = Ledgers()
        self.issuers = [IssuerHost(world, one, self.ledgers) for one in setting.issuers]
        self.ends: list[End] = []
        self._purchases = 0
        self._is_stopping = False
        self._is_mended = world.faults.operator_per_s > 0  # in the end
        world.on_kill = self.kill
        self.router = self._start()
        self.acquirers = [AcquirerHost(world, one, setting.cards) for one in setting.acquirers]
        for acquirer in self.acquirers:
            acquirer.router_accepts = self._accept
            acquirer.connect()
        self._plan(world.faults.span_s or draw.choice((TRAFFIC_S, TRAFFIC_S, 4.0, 1.5)))

    def run(self) -> list[str]:
        world = self.world
        try:
            world.run_until(BEGINNING + FAULTS_LAST_S)
            world.faults, world.are_faults_over = NONE, True
            world.say("world", "faults end")
            if self._is_mended:
                self.ledgers.refused_for_ever.clear()
            while not self._is_over and world.now < BEGINNING + LONGEST_S:
                world.run_until(world.now + 5.0)
                if self._is_mended:
                    self._retry_parked()
            world.run_until(world.now + GRACE_S)
            self.disk.overwritten()
            records = self.disk.platter.everything()
            check_ledgers(
                world,
                self.acquirers,
                self.issuers,
                self.router.issuers,
                records,
                self.router.unheard,
            )
            check_stand_in(world, records)
            self._check_recovery(len(records))
            check_journal(world, self.disk.platter)
        except Exception as error:  # whatever it is, the seed is named and can be replayed
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{error!r} in {where.filename.split('/')[-1]} line {where.lineno}"
            world.violated("every promise", f"the router fell over itself: {what}")
        finally:
            self.disk.platter.end()
        return world.violations

    def _platter(self) -> Platter:
        world = self.world
        if not world.faults.is_real:
            return Frames()
        return Folder(lambda: world.wall + world.router_clock_is_ahead_s)

    @property
    def _is_over(self) -> bool:
        router = self.router
        if self._is_mended and any(issuer.parked for issuer in router.issuers.values()):
            return False
        return router.is_alive and not router.is_busy and all(one.is_over for one in self.acquirers)

    def kill(self) -> None:
        self.world.say("router", "KILLED")
        self.kills += 1
        self.disk.power_cut()
        self.router.die()
        pauses = (0.01, 0.01, 0.3) if self.world.faults.restarts_at_once else (0.01, 0.3, 3.0)
        self.world.later(self.world.random.choice(pauses), self._restart)

    # The plan of the day.

    def _plan(self, span_s: float) -> None:
        world, draw, faults = self.world, self.world.random, self.world.faults
        moments = [draw.uniform(1.0, span_s) for _ in range(faults.purchases)]
        if faults.is_tight:
            # In bursts: repeats of one burst meet the next.
            moments = [1.0 + 2.0 * draw.randrange(8) + draw.uniform(0.0, 0.3) for _ in moments]
        for moment in moments:
            world.later(moment, self._buy)
        plan: tuple[tuple[float, Action], ...] = (
            (faults.line_cuts_per_s, self._cut_a_line),
            (faults.acquirer_cuts_per_s, lambda: draw.choice(self.acquirers).cut_a_link()),
            (faults.half_opens_per_s, self._half_open),
            (faults.kills_per_s, self._kill_now),
            (faults.stops_per_s, self._stop),
            (faults.reloads_per_s, self._reload),
            (faults.clock_steps_per_s, self._step_clock),
            (faults.hsm_deaths_per_s, self._hsm_dies),
            (faults.issuer_restarts_per_s, lambda: draw.choice(self.issuers).restart()),
            (faults.issuer_sign_offs_per_s, lambda: draw.choice(self.issuers).sign_off()),
            (faults.issuer_silences_per_s, lambda: draw.choice(self.issuers).fall_silent()),
            (faults.operator_per_s, self._retry_parked),
            (faults.words_per_s, self._say_about_stand_in),
            (0.05, lambda: draw.choice(self.acquirers).say(ECHO)),
            (0.02, lambda: draw.choice(self.acquirers).say(SIGN_OFF)),
            (0.5, self._check_limits),
        )
        for per_s, fault in plan:
            for _ in range(int(per_s * TRAFFIC_S + draw.random()) if per_s else 0):
                world.later(draw.uniform(1.0, span_s), fault)

    def _buy(self) -> None:
        purchase = self._next_purchase(None)
        if self.world.chance(self.world.faults.refused_for_ever):
            self.ledgers.refused_for_ever.add(purchase.name)
        if self.world.chance(self.world.faults.acquirer_clashes):
            soon = self.world.random.uniform(0.0, 3.0)
            self.world.later(soon, partial(self._clash, purchase))

    def _next_purchase(self, clashes_with: Purchase | None) -> Purchase:
        acquirer = self.world.random.choice(self.acquirers)
        if clashes_with is not None:
            acquirer = next(a for a in self.acquirers if clashes_with.name in a.purchases)
        self._purchases += 1
        return acquirer.buy(self._purchases, clashes_with)

    def _clash(self, purchase: Purchase) -> None:
        self._next_purchase(purchase)

    def _check_limits(self) -> None:
        router = self.router
        if router.is_alive:
            most = self.setting.in_flight_max * WAITING_MAX
            check_limits(self.world, router.issuers, router.conductor.in_flight, most)

    # The router's process.

    def _start(self) -> RouterProcess:
        self.world.say("router", "starts")
        self.world.starts += 1
        self._is_stopping = False
        router = RouterProcess(self.world, self.disk, self.configured, self._connect)
        self.router = router
        router.start()
        return router

    def _restart(self) -> None:
        if not self.router.is_alive:
            self._start()

    def _kill_now(self) -> None:
        if self.router.is_alive:
            self.kill()

    def _stop(self) -> None:
        """SIGTERM: drained, then started again."""
        if self.router.is_alive and not self._is_stopping:
            self.world.say("router", "drains")
            self._is_stopping = self.router.is_draining = True
            self._stopped(self.router)

    def _stopped(self, router: RouterProcess) -> None:
        if not router.is_alive:
            return
        if not router.conductor.is_idle or not self.disk.is_idle:
            self.world.later(0.1, partial(self._stopped, router))
            return
        self.world.say("router", "stops")
        router.die()
        self.disk.power_cut()
        self.world.later(self.world.random.choice((0.2, 1.0)), self._restart)

    def _reload(self) -> None:
        """Something is configured otherwise, and some seconds later as it was."""
        draw, setting = self.world.random, self.setting
        name = draw.choice(setting.issuers).name
        other = draw.choice(setting.issuers).name
        what = draw.choice(self.world.faults.reload_kinds)
        faults = self.world.faults
        if len(setting.issuers) == 1 and (faults.kills_per_s or faults.kill_per_step):
            what = "lines"  # started without any issuer, the router forgets what was theirs
        self.world.say("router", "reloads: %s %s", name, what)
        if what == "lines":
            if self.router.is_alive and name in self.router.issuers:
                self.router.renew_lines(name)
            return
        if what == "removed":
            changed = setting.without(name)
        elif what == "moved":
            changed = replace(setting, moved={name: other})
        else:
            tight = tuple(
                replace(one, in_flight_max=2, requests_per_s=1.0) for one in setting.acquirers
            )
            slow = tuple(replace(one, saf_window=1, timeout_s=4.0) for one in setting.issuers)
            changed = replace(setting, acquirers=tight, issuers=slow)
        self._configure(changed)
        self.world.later(draw.choice((0.5, 5.0, 10.0)), lambda: self._configure(setting))

    def _configure(self, setting: Setting) -> None:
        self.configured = setting
        if self.router.is_alive:
            self.router.configure(setting)

    def _say_about_stand_in(self) -> None:
        mode, router = self.world.random.choice(MODES), self.router
        issuer = router.issuers.get(self.world.random.choice(self.setting.issuers).name)
        if router.is_alive and issuer is not None:
            self.world.say("router", "the stand-in of %s is %s", issuer.name, mode)
            router.conductor.stand_in(issuer, mode)

    def _retry_parked(self) -> None:
        """An operator has everything tried again that is parked."""
        router = self.router
        if router.is_alive:
            operator, issuers = router.conductor.saf_operator, router.conductor.issuers
            operator.retry(issuers, Wanted(everything=True), "night shift", lambda: None)

    def _step_clock(self) -> None:
        step_s = self.world.random.choice(STEPS_S)
        self.world.say("router", "its clock steps by %.0f s", step_s)
        self.world.router_clock_is_ahead_s += step_s

    def _hsm_dies(self) -> None:
        router = self.router
        self.world.say("hsm", "dies")
        router.is_hsm_dead = True

        def back() -> None:
            router.is_hsm_dead = False

        self.world.later(self.world.random.uniform(1.0, 10.0), back)

    # The network.

    def _cut_a_line(self) -> None:
        up = [end for end in self.ends if end.is_up]
        if up:
            end = self.world.random.choice(up)
            self.world.say("network", "line %s is cut", end.name)
            end.cut()

    def _half_open(self) -> None:
        up = [end for end in self.ends if end.is_up]
        if up and self.world.random.random() < 0.5:
            end = self.world.random.choice(up)
            self.world.say("network", "line %s is half-open", end.name)
            end.go_dead()
        else:
            self.world.random.choice(self.acquirers).lose_a_link()

    def _accept(self, acquirer: str, end: End) -> bool:
        takes = self.router.is_alive and not self.router.is_draining
        if takes:
            self.router.accept(acquirer, end)
        return takes

    def _connect(self, issuer: str, line: str) -> End | None:
        near, far = connection(self.world, line)
        host = next(host for host in self.issuers if host.name == issuer)
        if not host.accept(far):
            return None
        self.ends.append(near)
        return near

    def _check_recovery(self, before: int) -> None:
        """A restart now finds nothing to do, and as much parked as before."""
        self.ledgers.received = 0
        parked = {name: set(issuer.parked) for name, issuer in self.router.issuers.items()}
        self.kill()
        self.world.run_until(self.world.now + 20)
        for record in self.disk.platter.everything()[before:]:
            self.world.violated("2, no orphan hold", f"stored by a restart: {record!r:.60}")
        if self.ledgers.received:
            what = f"a restart sent {self.ledgers.received} messages that were over"
            self.world.violated("2, no orphan hold", what)
        for name, issuer in self.router.issuers.items():
            if set(issuer.parked) != parked[name]:
                self.world.violated("2, no orphan hold", f"a restart forgot what {name} had parked")
