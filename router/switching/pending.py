"""What waits for a response on the lines of an issuer, and under which numbers.

Response, deadline and fall of the line compete for a request; the first takes it out of the table.
No timer is kept for any of them: deadlines are collected in slices of time, and a look at the clock
goes over the slices that have begun. (Order of sending is not order of deadline: a slow HSM or disk
holds one request back, and a store-and-forward entry waits its full time.)
"""

from typing import Final, Protocol

from mypy_extensions import mypyc_attr

from router.switching.breaker import Breaker
from router.wire.message import Message

STAN_MAX: Final = 999_999
STANS_RESERVED: Final = 1_000  # for reversals of what was answered long ago
SLICES_PER_S: Final = 20
QUARANTINE_S: Final = 120.0  # how long a response may be late before its number is used again

MatchKey = str  # the matching elements and the MTI of the response, `BETWEEN` them
BETWEEN: Final = "\x1f"


class Owner(Protocol):
    """Whoever sent a request and is told what became of it."""


class IssuerPort(Protocol):
    """The socket of a line."""

    def send(self, outbound: Message) -> bool:
        """False: not a byte was handed to the socket. Never calls back from within."""


class Stans:
    """The system trace audit numbers (DE 11) of one issuer, or a worker's part of them."""

    __slots__ = ("_first", "_last", "_quarantined", "_requests", "_taken", "space")

    def __init__(self, first: int = 1, space: int = STAN_MAX) -> None:
        self.space = space  # how many there are
        self._first = first
        self._last = first - 1
        self._taken: set[int] = set()
        self._requests: set[int] = set()  # each may need a second one, to reverse it
        self._quarantined: dict[int, float] = {}

    def take(self, now: float, for_reversal: bool = False) -> str | None:
        """A number that nothing uses, or None when the space is full.

        A request that gets one is sure of another for its reversal, whatever the issuer does.
        """
        room = self.room(now)
        if not for_reversal and room < 2 + min(STANS_RESERVED, self.space // 10):
            return None
        if len(self._taken) + len(self._quarantined) >= self.space:
            if not self._quarantined:
                return None
            del self._quarantined[next(iter(self._quarantined))]
        number = self._last
        while True:
            number = number + 1 if number - self._first < self.space - 1 else self._first
            if number not in self._taken and number not in self._quarantined:
                break
        self._last = number
        self._taken.add(number)
        if not for_reversal:
            self._requests.add(number)
        return str(number + 1_000_000)[1:]  # six digits

    def room(self, now: float) -> int:
        """How many numbers are left, when every request in flight has taken a second one."""
        self._end_quarantines(now)
        used = len(self._taken) + len(self._quarantined) + len(self._requests)
        return self.space - used

    def hold(self, stan: str) -> None:
        """Of a store-and-forward entry that is not ended."""
        self._taken.add(int(stan))

    def free(self, stan: str) -> None:
        """Answered, ended, or never used."""
        number = int(stan)
        self._taken.discard(number)
        self._requests.discard(number)

    def quarantine(self, stan: str, now: float) -> None:
        """Expired: a late response may still come under it."""
        number = int(stan)
        self._taken.discard(number)
        self._requests.discard(number)
        self._quarantined.pop(number, None)
        self._quarantined[number] = now + QUARANTINE_S

    def go_on_behind(self, stan: str) -> None:
        """A restart goes on behind the last number in the journal."""
        self._last = int(stan)

    def has(self, stan: str) -> bool:
        """False: it is of another worker's part, or was given when there were other parts."""
        return 0 <= int(stan) - self._first < self.space

    def _end_quarantines(self, now: float) -> None:
        ended: list[int] = []
        for number, until in self._quarantined.items():
            if until > now:
                break
            ended.append(number)
        for number in ended:
            del self._quarantined[number]


@mypyc_attr(acyclic=True)
class Waiting:
    """A place in a line's table, held until the exchange is over."""

    __slots__ = ("deadline", "frees_stan", "key", "owner", "stan")

    def __init__(
        self,
        key: MatchKey,
        stan: str,
        owner: Owner,
        deadline: float,
        frees_stan: bool,
    ) -> None:
        self.key = key
        self.stan = stan
        self.owner: Owner | None = owner
        self.deadline = deadline
        self.frees_stan = frees_stan  # False: a store-and-forward entry keeps its number


class Line:
    """One line to an issuer: its table of requests that wait. The socket behind it is `port`."""

    __slots__ = (
        "_expired",
        "_match_elements",
        "_pending_max",
        "_slices",
        "_stored",
        "_waiting",
        "breaker",
        "carries_traffic",
        "issuer_name",
        "name",
        "port",
        "stans",
    )

    def __init__(
        self,
        name: str,
        issuer_name: str,
        stans: Stans,
        match_elements: tuple[int, ...],
        pending_max: int,
    ) -> None:
        self.name = name
        self.issuer_name = issuer_name
        self.stans = stans
        self.carries_traffic = False
        self.port: IssuerPort | None = None
        self.breaker = Breaker()
        self._match_elements = match_elements
        self._pending_max = pending_max
        self._waiting: dict[MatchKey, Waiting] = {}
        self._stored = 0  # of those: store-and-forward entries
        self._slices: dict[int, dict[MatchKey, Waiting]] = {}
        self._expired: dict[MatchKey, float] = {}

    @property
    def load(self) -> int:
        """How much waits on this line, stored entries too."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """No further request may wait here; stored entries have places of their own."""
        return len(self._waiting) - self._stored >= self._pending_max

    @property
    def takes_requests(self) -> bool:
        """It is up, has room, and its breaker lets them through."""
        return self.carries_traffic and not self.is_full and self.breaker.lets_through

    @property
    def takes_stored(self) -> bool:
        """Live requests go first: a stored entry leaves while they need half of the line."""
        return 2 * (len(self._waiting) - self._stored) <= self._pending_max

    def wait(
        self,
        outbound: Message,
        response_mti: str,
        owner: Owner,
        deadline: float,
        frees_stan: bool = True,
    ) -> Waiting:
        """A place for the response to this request. The caller looked at `is_full` before."""
        key = self._key(response_mti, outbound)
        waiting = Waiting(key, outbound.text(11), owner, deadline, frees_stan)
        assert key not in self._waiting, "a number was given twice"
        self._waiting[key] = waiting
        if not frees_stan:
            self._stored += 1
        number = int(deadline * SLICES_PER_S)
        one = self._slices.get(number)
        if one is None:
            one = self._slices[number] = {}
        one[key] = waiting
        return waiting

    def withdraw(self, waiting: Waiting) -> None:
        """It never left: nothing will answer it."""
        self._take(waiting)
        if waiting.frees_stan:
            self.stans.free(waiting.stan)

    def match(self, response: Message) -> Waiting | None:
        """The request this answers, taken out of the table; None when late or unknown."""
        waiting = self._waiting.get(self._key(response.mti, response))
        if waiting is not None:
            self._take(waiting)
            if waiting.frees_stan:
                self.stans.free(waiting.stan)
        return waiting

    def is_late(self, response: Message) -> bool:
        """Of a response that matched nothing: was it waited for, until a while ago?"""
        return self._key(response.mti, response) in self._expired

    def differing_elements(self, response: Message) -> list[int]:
        """Of a response that matched nothing: where it differs from one with the same STAN."""
        stan = response.get(11)
        found = self._key(response.mti, response).split(BETWEEN)
        numbers = (*self._match_elements, 0)
        for key, waiting in self._waiting.items():
            parts = key.split(BETWEEN)
            if waiting.stan == stan and len(parts) == len(found) == len(numbers):
                pairs = zip(numbers, parts, found, strict=True)
                return sorted(number for number, sent, heard in pairs if sent != heard)
        return []

    def unreadable(self, mti: str, stan: str, now: float) -> Waiting | None:
        """Of a response of which no more can be read: the request under this number, given up."""
        for key, waiting in self._waiting.items():
            if waiting.stan == stan and key.endswith(BETWEEN + mti):
                self._gave_up([waiting], now)
                return waiting
        return None

    def expire(self, now: float) -> list[Waiting]:
        """What has waited to its deadline, taken out of the table."""
        forgotten: list[MatchKey] = []
        for key, until in self._expired.items():
            if until > now:
                break
            forgotten.append(key)
        for key in forgotten:
            del self._expired[key]
        late: list[Waiting] = []
        begun = int(now * SLICES_PER_S)
        for number in sorted(n for n in self._slices if n <= begun):
            late += [one for one in self._slices[number].values() if one.deadline <= now]
        self._gave_up(late, now)
        return late

    def fall(self, now: float) -> list[Waiting]:
        """The line is gone: everything that waited on it, taken out of the table."""
        self.carries_traffic = False
        self.breaker.reset()
        everything = list(self._waiting.values())
        self._gave_up(everything, now)
        return everything

    def _gave_up(self, waitings: list[Waiting], now: float) -> None:
        for waiting in waitings:
            self._take(waiting)
            self._expired.pop(waiting.key, None)  # its new place is the last
            self._expired[waiting.key] = now + QUARANTINE_S
            if waiting.frees_stan:
                self.stans.quarantine(waiting.stan, now)

    def _take(self, waiting: Waiting) -> None:
        del self._waiting[waiting.key]
        if not waiting.frees_stan:
            self._stored -= 1
        number = int(waiting.deadline * SLICES_PER_S)
        one = self._slices[number]
        del one[waiting.key]
        if not one:
            del self._slices[number]

    def _key(self, mti: str, message: Message) -> MatchKey:
        parts = [message.get(element) for element in self._match_elements]
        parts.append(mti)
        return BETWEEN.join(parts)
