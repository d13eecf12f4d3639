"""The system trace audit numbers (DE 11) towards an issuer: which are free, and for what others."""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64, u8

STAN_DIGITS: Final = 6
THREE_DIGITS: Final = [f"{number:03}" for number in range(1000)]  # half of one
STAN_MAX: Final = 999_999
STANS_RESERVED: Final = 1_000  # for reversals of what was answered long ago
QUARANTINE_S: Final = 120.0  # how long a response may be late before its number is used again

# What a number is used for: two bits of the table, which has a place for each of six digits.
FREE: Final = 0
HELD: Final = 1  # by a store-and-forward entry, or for one
REQUESTED: Final = 2
QUARANTINED: Final = 3
USE_BITS: Final = 3
NUMBERS: Final = STAN_MAX + 1


class Stans:
    """Those of one issuer, or a worker's part of them.

    A table of 250 kB says what each is used for: several look-ups of every transaction are shifts.
    """

    __slots__ = ("_first", "_last", "_quarantined", "_requests", "_taken", "_uses", "space")

    def __init__(self, first: int = 1, space: int = STAN_MAX) -> None:
        self.space = space  # how many there are
        self._first: i64 = first
        self._last: i64 = first - 1
        self._uses = vec[u8](bytes(NUMBERS // 4))
        self._taken: i64 = 0  # held or requested
        self._requests: i64 = 0  # of these: each may need a second one, to reverse it
        self._quarantined: dict[int, float] = {}  # until when, and even while it is taken again

    def take(self, now: float, for_reversal: bool = False) -> str | None:
        """A number that nothing uses, or None when the space is full.

        A request that gets one is sure of another for its reversal, whatever the issuer does.
        """
        space: i64 = self.space
        room = self.room(now)
        if not for_reversal and room < 2 + min(STANS_RESERVED, space // 10):
            return None
        if self._taken + len(self._quarantined) >= space:
            if not self._quarantined:
                return None
            self._end_quarantine(next(iter(self._quarantined)))
        first, number = self._first, self._last
        while True:
            number = number + 1 if number - first < space - 1 else first
            if self._use(number) == FREE:
                break
        self._last = number
        self._taken += 1
        if for_reversal:
            self._put(number, HELD)
        else:
            self._put(number, REQUESTED)
            self._requests += 1
        return THREE_DIGITS[number // 1000] + THREE_DIGITS[number % 1000]

    def room(self, now: float) -> i64:
        """How many numbers are left, when every request in flight has taken a second one."""
        if self._quarantined:
            self._end_quarantines(now)
        return self.space - self._taken - len(self._quarantined) - self._requests

    def hold(self, stan: str) -> None:
        """Of a store-and-forward entry that is not ended."""
        number = number_of(stan)
        use = self._use(number)
        if use in (FREE, QUARANTINED):
            self._put(number, HELD)
            self._taken += 1

    def free(self, stan: str) -> None:
        """Answered, ended, or never used."""
        self.give_back(number_of(stan))

    def give_back(self, written: i64) -> None:
        """The same, of a number as an issuer may write it: longer than six digits."""
        number = written % NUMBERS
        use = self._use(number)
        if use in (FREE, QUARANTINED):
            return
        self._taken -= 1
        if use == REQUESTED:
            self._requests -= 1
        is_quarantined = bool(self._quarantined) and number in self._quarantined
        self._put(number, QUARANTINED if is_quarantined else FREE)

    def quarantine(self, stan: str, now: float) -> None:
        """Expired: a late response may still come under it."""
        self.set_aside(number_of(stan), now)

    def set_aside(self, written: i64, now: float) -> None:
        """The same, of a number as an issuer may write it."""
        number = written % NUMBERS
        self.give_back(number)
        self._quarantined.pop(number, None)
        self._quarantined[number] = now + QUARANTINE_S
        self._put(number, QUARANTINED)

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
            self._end_quarantine(number)

    def _end_quarantine(self, number: int) -> None:
        del self._quarantined[number]
        if self._use(number) == QUARANTINED:
            self._put(number, FREE)

    def _use(self, number: i64) -> i64:
        return i64(self._uses[number >> 2]) >> ((number & 3) << 1) & USE_BITS

    def _put(self, number: i64, use: i64) -> None:
        place, shift = number >> 2, (number & 3) << 1
        four = i64(self._uses[place])
        self._uses[place] = u8(four & ~(USE_BITS << shift) | use << shift)


def number_of(stan: str) -> int:
    """As it was given; a dialect may write it longer."""
    return int(stan[-STAN_DIGITS:])
