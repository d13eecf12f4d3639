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
from specs.elements import DE

STAN_DIGITS: Final = 6
THREE_DIGITS: Final = [f"{number:03}" for number in range(1000)]  # half of one
STAN_MAX: Final = 999_999
STANS_RESERVED: Final = 1_000  # for reversals of what was answered long ago
SLICES_PER_S: Final = 20
QUARANTINE_S: Final = 120.0  # how long a response may be late before its number is used again

MatchKey = tuple[str, str, str]  # STAN and MTI of the response, and what else must be the same
BETWEEN: Final = "\x1f"  # the texts of several elements


class Owner(Protocol):
    """Whoever sent a request and is told what became of it."""


@mypyc_attr(allow_interpreted_subclasses=True)
class IssuerPort:
    """The socket of a line."""

    def send(self, outbound: Message) -> bool:
        """False: not a byte was handed to the socket. Never calls back from within."""
        raise NotImplementedError


class Stans:
    """The system trace audit numbers (DE 11) of one issuer, or a worker's part of them."""

    __slots__ = ("_first", "_last", "_quarantined", "_requests", "_taken", "space")

    def __init__(self, first: int = 1, space: int = STAN_MAX) -> None:
        self.space = space  # how many there are
        self._first = first
        self._last = first - 1
        self._taken: dict[str, bool] = {}  # True: of a request,
        self._requests = 0  # so many: each may need a second one, to reverse it
        self._quarantined: dict[str, float] = {}

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
            stan = THREE_DIGITS[number // 1000] + THREE_DIGITS[number % 1000]
            if stan not in self._taken and stan not in self._quarantined:
                break
        self._last = number
        self._taken[stan] = not for_reversal
        if not for_reversal:
            self._requests += 1
        return stan

    def room(self, now: float) -> int:
        """How many numbers are left, when every request in flight has taken a second one."""
        if self._quarantined:
            self._end_quarantines(now)
        return self.space - len(self._taken) - len(self._quarantined) - self._requests

    def hold(self, stan: str) -> None:
        """Of a store-and-forward entry that is not ended."""
        number = six_digits(stan)
        if number not in self._taken:
            self._taken[number] = False

    def free(self, stan: str) -> None:
        """Answered, ended, or never used."""
        number = six_digits(stan)
        is_of_request = self._taken.get(number)
        if is_of_request is not None:
            del self._taken[number]
            if is_of_request:
                self._requests -= 1

    def quarantine(self, stan: str, now: float) -> None:
        """Expired: a late response may still come under it."""
        self.free(stan)
        number = six_digits(stan)
        self._quarantined.pop(number, None)
        self._quarantined[number] = now + QUARANTINE_S

    def go_on_behind(self, stan: str) -> None:
        """A restart goes on behind the last number in the journal."""
        self._last = int(stan)

    def has(self, stan: str) -> bool:
        """False: it is of another worker's part, or was given when there were other parts."""
        return 0 <= int(stan) - self._first < self.space

    def _end_quarantines(self, now: float) -> None:
        ended: list[str] = []
        for stan, until in self._quarantined.items():
            if until > now:
                break
            ended.append(stan)
        for stan in ended:
            del self._quarantined[stan]


def six_digits(stan: str) -> str:
    """As it was given; a dialect may write it longer."""
    return stan if len(stan) == STAN_DIGITS else stan[-STAN_DIGITS:].rjust(STAN_DIGITS, "0")


@mypyc_attr(acyclic=True)
class Waiting:
    """A place in a line's table, held until the exchange is over."""

    __slots__ = ("deadline", "frees_stan", "others", "owner", "response_mti", "slice", "stan")

    def __init__(
        self,
        stan: str,
        response_mti: str,
        others: str,
        owner: Owner,
        deadline: float,
        frees_stan: bool,
        its_slice: "dict[str, Waiting]",
    ) -> None:
        self.stan = stan
        self.response_mti = response_mti
        self.others = others  # what else the response must repeat, `BETWEEN` its parts
        self.owner: Owner | None = owner
        self.deadline = deadline
        self.frees_stan = frees_stan  # False: a store-and-forward entry keeps its number
        self.slice = its_slice  # of time, in which its deadline lies: it is there while it waits


class Line:
    """One line to an issuer: its table of requests that wait. The socket behind it is `port`."""

    __slots__ = (
        "_expired",
        "_match_others",
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
        self._match_others = [element for element in match_elements if element != DE.STAN]
        self._pending_max = pending_max
        self._waiting: dict[str, Waiting] = {}  # by STAN
        self._stored = 0  # of those: store-and-forward entries
        self._slices: dict[int, dict[str, Waiting]] = {}
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
        stan = outbound.text(DE.STAN)
        others = self._others(outbound)
        number = int(deadline * SLICES_PER_S)
        one = self._slices.get(number)
        if one is None:
            one = self._slices[number] = {}
        waiting = Waiting(stan, response_mti, others, owner, deadline, frees_stan, one)
        assert stan not in self._waiting, "a number was given twice"
        self._waiting[stan] = waiting
        if not frees_stan:
            self._stored += 1
        one[stan] = waiting
        return waiting

    def withdraw(self, waiting: Waiting) -> None:
        """It never left: nothing will answer it."""
        self._take(waiting)
        if waiting.frees_stan:
            self.stans.free(waiting.stan)

    def match(self, response: Message) -> Waiting | None:
        """The request this answers, taken out of the table; None when late or unknown."""
        waiting = self._waiting.get(response.get(DE.STAN))
        if waiting is None or waiting.response_mti != response.mti:
            return None
        if waiting.others != self._others(response):
            return None
        self._take(waiting)
        if waiting.frees_stan:
            self.stans.free(waiting.stan)
        return waiting

    def is_late(self, response: Message) -> bool:
        """Of a response that matched nothing: was it waited for, until a while ago?"""
        key = response.get(DE.STAN), response.mti, self._others(response)
        return key in self._expired

    def differing_elements(self, response: Message) -> list[int]:
        """Of a response that matched nothing: where it differs from one with the same STAN."""
        waiting = self._waiting.get(response.get(DE.STAN))
        if waiting is None:
            return []
        numbers = [0, *self._match_others]
        sent = [waiting.response_mti, *waiting.others.split(BETWEEN)]
        heard = [response.mti, *self._others(response).split(BETWEEN)]
        pairs = zip(numbers, sent, heard, strict=False)
        return sorted(number for number, one, other in pairs if one != other)

    def unreadable(self, mti: str, stan: str, now: float) -> Waiting | None:
        """Of a response of which no more can be read: the request under this number, given up."""
        waiting = self._waiting.get(stan)
        if waiting is None or waiting.response_mti != mti:
            return None
        self._gave_up([waiting], now)
        return waiting

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
            key = waiting.stan, waiting.response_mti, waiting.others
            self._expired.pop(key, None)  # its new place is the last
            self._expired[key] = now + QUARANTINE_S
            if waiting.frees_stan:
                self.stans.quarantine(waiting.stan, now)

    def _take(self, waiting: Waiting) -> None:
        del self._waiting[waiting.stan]
        if not waiting.frees_stan:
            self._stored -= 1
        del waiting.slice[waiting.stan]
        if not waiting.slice:
            del self._slices[int(waiting.deadline * SLICES_PER_S)]

    def _others(self, message: Message) -> str:
        """What a response must repeat besides the STAN."""
        others = self._match_others
        if len(others) == 1:
            return message.get(others[0])
        return BETWEEN.join([message.get(element) for element in others])
