"""What waits for a response on the lines of an issuer, and under which numbers.

Response, deadline and fall of the line compete for a request; the first takes it out of the table.
No timer is kept for any of them: deadlines are collected in slices of time, and a look at the clock
goes over the slices that have begun. (Order of sending is not order of deadline: a slow HSM or disk
holds one request back, and a store-and-forward entry waits its full time.)
"""

from typing import Final, Protocol

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

from router.switching.breaker import Breaker
from router.switching.stans import QUARANTINE_S, Stans
from router.wire.message import Message
from specs.elements import DE
from specs.message_pack import text_bytes

SLICES_PER_S: Final = 20
ROWS_MAX: Final = 8192

MatchKey = tuple[int, str, bytes]  # STAN and MTI of the response, and what else must be the same


class Owner(Protocol):
    """Whoever sent a request and is told what became of it."""


@mypyc_attr(allow_interpreted_subclasses=True)
class IssuerPort:
    """The socket of a line."""

    def send(self, outbound: Message) -> bool:
        """False: not a byte was handed to the socket. Never calls back from within."""
        raise NotImplementedError


@mypyc_attr(acyclic=True)
class Waiting:
    """A place in a line's table, held until the exchange is over."""

    __slots__ = (
        "before",
        "behind",
        "deadline",
        "frees_stan",
        "next_alike",
        "number",
        "others",
        "owner",
        "response_mti",
        "slice",
    )

    def __init__(
        self,
        number: i64,
        response_mti: str,
        others: bytes,
        owner: Owner,
        deadline: float,
        frees_stan: bool,
        its_slice: "Slice",
    ) -> None:
        self.number = number  # its STAN
        self.response_mti = response_mti
        self.others = others  # what else the response must repeat: see `Line._others`
        self.owner: Owner | None = owner
        self.deadline = deadline
        self.frees_stan = frees_stan  # False: a store-and-forward entry keeps its number
        self.next_alike: Waiting | None = None  # in the table of its line
        self.slice = its_slice  # of time, in which its deadline lies, and its place there
        self.before: Waiting | None = None
        self.behind: Waiting | None = None


@mypyc_attr(acyclic=True)
class Slice:
    """What has its deadline in one slice of time, in the order it came. Nothing refers to a place
    here, or from it, once that was left: `leave` undoes the rings that the collector does not see.
    """

    __slots__ = ("first", "last", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.first: Waiting | None = None
        self.last: Waiting | None = None

    def enter(self, waiting: Waiting) -> None:
        last = self.last
        if last is None:
            self.first = waiting
        else:
            last.behind = waiting
            waiting.before = last
        self.last = waiting

    def leave(self, waiting: Waiting) -> None:
        before, behind = waiting.before, waiting.behind
        if before is None:
            self.first = behind
        else:
            before.behind = behind
        if behind is None:
            self.last = before
        else:
            behind.before = before
        waiting.before = waiting.behind = None

    def over(self, now: float) -> list[Waiting]:
        """What has waited to its deadline."""
        found: list[Waiting] = []
        waiting = self.first
        while waiting is not None:
            if waiting.deadline <= now:
                found.append(waiting)
            waiting = waiting.behind
        return found


class Table:
    """What waits, by number. Numbers are given one after another: their last bits spread them as
    evenly as anything, and finding one takes no text and no dictionary.
    """

    __slots__ = ("_mask", "_rows", "count")

    def __init__(self, expected: int) -> None:
        size = 64
        while size < expected and size < ROWS_MAX:
            size *= 2
        self._rows: list[Waiting | None] = [None] * size
        self._mask: i64 = size - 1
        self.count = 0

    def find(self, number: i64) -> Waiting | None:
        waiting = self._rows[number & self._mask]
        while waiting is not None and waiting.number != number:
            waiting = waiting.next_alike
        return waiting

    def put(self, waiting: Waiting) -> None:
        row = waiting.number & self._mask
        waiting.next_alike = self._rows[row]
        self._rows[row] = waiting
        self.count += 1

    def take(self, waiting: Waiting) -> None:
        row = waiting.number & self._mask
        one = self._rows[row]
        if one is waiting:
            self._rows[row] = waiting.next_alike
        else:
            while one is not None and one.next_alike is not waiting:
                one = one.next_alike
            assert one is not None, "it waits here"
            one.next_alike = waiting.next_alike
        waiting.next_alike = None
        self.count -= 1

    def everything(self) -> list[Waiting]:
        found: list[Waiting] = []
        for one in self._rows:
            waiting = one
            while waiting is not None:
                found.append(waiting)
                waiting = waiting.next_alike
        return found


class Line:
    """One line to an issuer: its table of requests that wait. The socket behind it is `port`."""

    __slots__ = (
        "_expired",
        "_last_slice",
        "_match_others",
        "_pending_max",
        "_slices",
        "_stored",
        "_waiting",
        "breaker",
        "carries_traffic",
        "issuer_name",
        "name",
        "packed_name",
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
        self.packed_name = text_bytes(name)  # as records have it
        self.issuer_name = issuer_name
        self.stans = stans
        self.carries_traffic = False
        self.port: IssuerPort | None = None
        self.breaker = Breaker()
        self._match_others = [element for element in match_elements if element != DE.STAN]
        self._pending_max = pending_max
        self._waiting = Table(pending_max)
        self._stored = 0  # of those: store-and-forward entries
        self._slices: dict[int, Slice] = {}
        self._last_slice: Slice | None = None  # mostly that of the next one, too
        self._expired: dict[MatchKey, float] = {}

    @property
    def load(self) -> int:
        """How much waits on this line, stored entries too."""
        return self._waiting.count

    @property
    def is_full(self) -> bool:
        """No further request may wait here; stored entries have places of their own."""
        return self._waiting.count - self._stored >= self._pending_max

    @property
    def takes_requests(self) -> bool:
        """It is up, has room, and its breaker lets them through."""
        return self.carries_traffic and not self.is_full and self.breaker.lets_through

    @property
    def takes_stored(self) -> bool:
        """Live requests go first: a stored entry leaves while they need half of the line."""
        return 2 * (self._waiting.count - self._stored) <= self._pending_max

    def wait(
        self,
        outbound: Message,
        response_mti: str,
        owner: Owner,
        deadline: float,
        frees_stan: bool = True,
    ) -> Waiting:
        """A place for the response to this request. The caller looked at `is_full` before."""
        others = self._others(outbound)
        number = int(deadline * SLICES_PER_S)
        one = self._last_slice
        if one is None or one.number != number:
            one = self._slices.get(number)
            if one is None:
                one = self._slices[number] = Slice(number)
            self._last_slice = one
        stan = outbound.number(DE.STAN)
        waiting = Waiting(stan, response_mti, others, owner, deadline, frees_stan, one)
        assert self._waiting.find(stan) is None, "a number was given twice"
        self._waiting.put(waiting)
        if not frees_stan:
            self._stored += 1
        one.enter(waiting)
        return waiting

    def withdraw(self, waiting: Waiting) -> None:
        """It never left: nothing will answer it."""
        self._take(waiting)
        if waiting.frees_stan:
            self.stans.give_back(waiting.number)

    def match(self, response: Message) -> Waiting | None:
        """The request this answers, taken out of the table; None when late or unknown."""
        waiting = self._waiting.find(response.number(DE.STAN))
        if waiting is None or waiting.response_mti != response.mti:
            return None
        if waiting.others != self._others(response):
            return None
        self._take(waiting)
        if waiting.frees_stan:
            self.stans.give_back(waiting.number)
        return waiting

    def is_late(self, response: Message) -> bool:
        """Of a response that matched nothing: was it waited for, until a while ago?"""
        key = response.number(DE.STAN), response.mti, self._others(response)
        return key in self._expired

    def differing_elements(self, response: Message) -> list[int]:
        """Of a response that matched nothing: where it differs from one with the same STAN."""
        waiting = self._waiting.find(response.number(DE.STAN))
        if waiting is None:
            return []
        numbers = [0, *self._match_others]
        count = len(self._match_others)
        sent = [waiting.response_mti.encode(), *parted(waiting.others, count)]
        heard = [response.mti.encode("latin-1"), *parted(self._others(response), count)]
        pairs = zip(numbers, sent, heard, strict=False)
        return sorted(number for number, one, other in pairs if one != other)

    def unreadable(self, mti: str, stan: str, now: float) -> Waiting | None:
        """Of a response of which no more can be read: the request under this number, given up."""
        waiting = self._waiting.find(int(stan) if stan.isascii() and stan.isdigit() else -1)
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
            late += self._slices[number].over(now)
        self._gave_up(late, now)
        return late

    def fall(self, now: float) -> list[Waiting]:
        """The line is gone: everything that waited on it, taken out of the table."""
        self.carries_traffic = False
        self.breaker.reset()
        everything = self._waiting.everything()
        self._gave_up(everything, now)
        return everything

    def _gave_up(self, waitings: list[Waiting], now: float) -> None:
        for waiting in waitings:
            self._take(waiting)
            key = int(waiting.number), waiting.response_mti, waiting.others
            self._expired.pop(key, None)  # its new place is the last
            self._expired[key] = now + QUARANTINE_S
            if waiting.frees_stan:
                self.stans.set_aside(waiting.number, now)

    def _take(self, waiting: Waiting) -> None:
        self._waiting.take(waiting)
        if not waiting.frees_stan:
            self._stored -= 1
        its_slice = waiting.slice
        its_slice.leave(waiting)
        if its_slice.first is None:
            del self._slices[its_slice.number]
            if self._last_slice is its_slice:
                self._last_slice = None

    def _others(self, message: Message) -> bytes:
        """What a response must repeat besides the STAN, as it is written on this line; of several
        elements, the length of each before it.
        """
        others = self._match_others
        if len(others) == 1:
            return message.written(others[0])
        writer = BytesWriter()
        for element in others:
            written = message.written(element)
            writer.write(f"{len(written):04}".encode())
            writer.write(written)
        return writer.getvalue()


def parted(others: bytes, count: int) -> list[bytes]:
    """Of so many elements, as `Line._others` has them."""
    if count == 1:
        return [others]
    parts: list[bytes] = []
    while others:
        length = 4 + int(others[:4])
        parts.append(others[4:length])
        others = others[length:]
    return parts
