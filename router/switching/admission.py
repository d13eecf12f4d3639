"""Who is let in: limits per acquirer and per issuer, and no request that must come too late.

What is turned away hears 96 at once, so that what was let in keeps its time. Nobody may starve the
others: when the router is half full, an acquirer holds no more than its equal part of it; an issuer
holds no more than its share of the router, and of what each acquirer may have in flight, so that a
silent one fills neither. Where there is one issuer only, everything is its share.
"""

from dataclasses import dataclass
from typing import Final

from router.switching.held import Held
from router.switching.peers import Acquirer, Issuer
from router.switching.pressure import Pressure
from router.switching.request import Request
from router.switching.transaction import Transaction
from router.switching.transaction_event import Observer

PART_OF_MEAN: Final = 0.1  # of each new sample
PART_OF_FEW: Final = 0.01  # what is of late moves over some hundred requests
USUALLY_S_MIN: Final = 0.002  # shorter ones are as good as that
FALLS_BY: Final = 0.1  # what is usual, of the difference, at each look
RISES_BY: Final = 0.01  # of itself, in a second,
RISES_PRESSED_BY: Final = 0.001  # and under pressure
WAITS_TIMES: Final = 3.0  # what is usual, and then it is not sent any more;
WAITS_S_MIN: Final = 0.005  # never sooner
GROWS_BY: Final = 0.02  # of what is usual, in a second
SLOW_TIMES: Final = 4.0
SLOW_TURNS: Final = 8.0  # and as long as so many turns that are just allowed
LIVELY: Final = 16  # in flight: fewer never make anybody wait
TELL_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the tables of the conductor, and who gets which part of them."""

    in_flight_max: int = 20_000
    repeats_max: int = 200_000
    repeat_window_s: float = 3_600.0
    issuer_share: float = 0.5  # of what is in flight, that one issuer of several may hold
    turn_max_s: float = 0.02  # the event loop's; longer ones, one after another: less is let in
    given_up_at_once: int = 8  # requests whose end is dealt with in one turn, at the least


class Latency:
    """How long something takes at present: the mean of late, or the oldest that is still out.

    One at a time is watched, so that what does not answer at all is seen, too, and costs nothing.
    What is usual follows downwards at once, upwards in minutes: a slow disk is no overload.
    """

    __slots__ = ("_mean", "_since", "_usual", "_watched")

    def __init__(self) -> None:
        self._mean = 0.0
        self._usual = 0.0
        self._watched: Transaction | None = None
        self._since = 0.0

    @property
    def is_idle(self) -> bool:
        """Nothing is watched: the next one may be."""
        return self._watched is None

    def began(self, owner: Transaction, now: float) -> None:
        """The one that is watched from now on."""
        self._watched = owner
        self._since = now

    def is_of(self, owner: Transaction | None) -> bool:
        """Is this the one that is watched?"""
        return owner is not None and self._watched is owner

    def ended(self, now: float) -> None:
        """The one that is watched is over."""
        self._watched = None
        took_s = now - self._since
        self._mean += (took_s - self._mean) * PART_OF_MEAN
        if not self._usual:
            self._usual = self._mean = took_s
        elif took_s < self._usual:
            self._usual += (took_s - self._usual) * PART_OF_MEAN
        else:
            self._usual += min(took_s - self._usual, self._usual * GROWS_BY * took_s)

    def is_slow(self, now: float, from_s: float) -> bool:
        """That long, and several times as long as usual: more is asked of it than it can do."""
        return self.expected(now) > max(from_s, SLOW_TIMES * self._usual)

    def expected(self, now: float) -> float:
        """In seconds."""
        return max(self._mean, now - self._since) if self._watched is not None else self._mean


class Usual:
    """How long it takes where nothing presses, of something that every request waits for.

    What is of late is told apart from it. It is what was seen at its quickest: it falls at once and
    rises in minutes, or an hour of overload would be what is usual. (It did follow within some
    hundred requests: then the first moments of an overload were taken for usual, and everything was
    let in until thousands stood in line, every three seconds anew.)
    """

    __slots__ = ("_looked_at", "lately_s", "usually_s")

    def __init__(self) -> None:
        self.lately_s = 0.0
        self.usually_s = 0.0
        self._looked_at = 0.0

    def took(self, took_s: float) -> None:
        """One more."""
        if self.lately_s:
            self.lately_s += (took_s - self.lately_s) * PART_OF_FEW
        else:
            self.lately_s = took_s

    def look(self, now: float, is_pressed: bool) -> None:
        """Many times in a second while there is traffic."""
        lately_s, usually_s = self.lately_s, self.usually_s
        if not usually_s:
            self.usually_s = lately_s
        elif lately_s < usually_s:
            self.usually_s += (lately_s - usually_s) * FALLS_BY
        else:
            by = RISES_PRESSED_BY if is_pressed else RISES_BY
            self.usually_s *= 1.0 + by * min(1.0, now - self._looked_at)
        self._looked_at = now

    @property
    def times(self) -> float:
        """So many times as long as usual, lately."""
        return max(1.0, self.lately_s / max(USUALLY_S_MIN, self.usually_s))


class Admission:
    """Asked for each request on its arrival, when its issuer is known, and before it is sent."""

    __slots__ = (
        "_done",
        "_limits",
        "_told_at",
        "_turned_away",
        "at_issuers",
        "hsm",
        "journal",
        "lives",
        "pressure",
        "sending",
        "translating",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turned_away: dict[str, dict[str, int]] = {}  # reason -> peer, since it was told last
        self._told_at = 0.0
        self._done = 0  # since the last tick
        self.lives = 0  # that have begun, and are not over
        self.at_issuers = 0  # of these: sent, and not answered
        self.translating = Usual()  # from arrival to the HSM's answer
        self.sending = Usual()  # from arrival until it leaves
        self.hsm = Latency()
        self.journal = Latency()
        self.pressure = Pressure(limits.turn_max_s)

    def is_full(self, acquirer: Acquirer, in_flight: int, of_acquirer: int, holders: int) -> bool:
        """No more may be in flight: of all, of this acquirer, or of its part of a full house.

        `holders`: how many acquirers have something in flight.
        """
        most = self._limits.in_flight_max
        if in_flight >= most or of_acquirer >= acquirer.in_flight_max:
            return True
        if not of_acquirer or 2 * in_flight < most:
            return False
        return of_acquirer * holders >= most

    def refuses(self, transaction: Transaction, issuer: Issuer, alone: bool) -> bool:
        """It does not go to this issuer; else it does, and counts until `left`.

        `alone`: there is no other issuer to keep room for.
        """
        request = transaction.request
        assert request is not None
        acquirer, now = request.acquirer, request.arrived
        held = issuer.held
        share = 1.0 if alone else self._limits.issuer_share
        part = held.part_of(acquirer.name)
        why = ""
        if held.in_flight >= min(issuer.terms.in_flight_max, share * self._limits.in_flight_max):
            why = "issuer_in_flight"
        elif part.in_flight >= share * acquirer.in_flight_max:
            why = "issuer_share"
        elif self._comes_too_late(request, transaction.send_by, held, now):
            why = "too_late"
        elif not held.bucket.takes(now, issuer.terms.requests_per_s, issuer.terms.requests_burst):
            why = "issuer_rate"
        if why:
            self.turned_away(issuer.name, why)
            return True
        held.in_flight += 1
        part.in_flight += 1
        transaction.counts_in = part
        return False

    def has_waited_too_long(self, transaction: Transaction, issuer: Issuer) -> bool:
        """Just before it is recorded and sent, under pressure: several times as long as is usual.

        It is turned away then, too: what hears an approval is to have kept its time.
        """
        request = transaction.request
        assert request is not None
        waited_s = transaction.step_began - request.arrived
        self.translating.took(waited_s)
        if self.pressure.share >= 1.0:
            return False
        if waited_s <= max(WAITS_S_MIN, WAITS_TIMES * self.translating.usually_s):
            return False
        self.turned_away(issuer.name, "waited")
        return True

    def sent(self, transaction: Transaction) -> None:
        """It leaves for its issuer just now: how long everything before that took."""
        request = transaction.request
        if request is not None:
            self.sending.took(transaction.step_began - request.arrived)

    def turn_took(self, took_s: float, now: float) -> None:
        """A turn of the event loop; how HSM and disk do is looked at as often."""
        from_s = SLOW_TURNS * self._limits.turn_max_s
        is_behind = self.hsm.is_slow(now, from_s) or self.journal.is_slow(now, from_s)
        is_pressed = self.pressure.share < 1.0
        self.translating.look(now, is_pressed)
        self.sending.look(now, is_pressed)
        self.pressure.turn_took(took_s, is_behind, now, self.sending.times)

    def turned_away(self, peer: str, why: str) -> None:
        """Counted, and told once a second."""
        by_peer = self._turned_away.get(why)
        if by_peer is None:
            by_peer = self._turned_away[why] = {}
        by_peer[peer] = by_peer.get(peer, 0) + 1

    def tick(self, now: float, observer: Observer) -> None:
        """A line in the log for each reason, not for each request."""
        self.pressure.rests(now)
        self.pressure.done(self._done, now)
        self._done = 0
        if not self._turned_away or now - self._told_at < TELL_EVERY_S:
            return
        self._told_at = now
        for why, by_peer in self._turned_away.items():
            for peer, times in by_peer.items():
                observer.counted(f"turned_away_{why}", peer, times)
                observer.happened("turned_away", peer=peer, why=why, requests=times)
        self._turned_away = {}

    def left(self, transaction: Transaction) -> None:
        """Its life is over."""
        self._done += 1
        part = transaction.counts_in
        if part is not None:
            transaction.counts_in = None
            part.in_flight -= 1
            part.held.in_flight -= 1

    def issuer_answered(self, transaction: Transaction, took_s: float) -> None:
        """A request of ours."""
        if transaction.counts_in is not None:
            held = transaction.counts_in.held
            held.mean_s += (took_s - held.mean_s) * PART_OF_MEAN

    def _comes_too_late(self, request: Request, send_by: float, held: Held, now: float) -> bool:
        """Two commits, a PIN, and its issuer: as they are now, there is not time enough."""
        if held.in_flight < LIVELY:
            return False
        needed = 2 * self.journal.expected(now) + held.mean_s
        if request.has_pin:
            needed += self.hsm.expected(now)
        return now + needed >= send_by
