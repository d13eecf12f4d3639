"""Commands of one connection to the HSM that wait for their answers, each under its own number.

A ring of places, used again and again: the number says the place, so nothing is searched, and the
order of numbers is the order of deadlines, for every command waits equally long.
"""
import asyncio
import math
from typing import Final

from mypy_extensions import i64, mypyc_attr

from router.switching.transaction import Transaction
from router.wire.hsm_frames import HEADERS

NUMBERS: Final[i64] = HEADERS
PLACES_MIN: Final[i64] = 64  # at the start; a power of two


@mypyc_attr(acyclic=True)
class Waiting:
    """A place. What is in it counts until it is taken out, or used for another command."""

    __slots__ = ("answer", "block_digits", "command", "deadline", "is_taken", "number", "owner",
                 "sent_at", "verifies")

    def __init__(self) -> None:
        self.is_taken = False
        self.number: i64 = 0
        self.command = b""  # its two characters
        self.sent_at = 0.0
        self.deadline = 0.0
        self.owner: Transaction | None = None  # of a PIN translation,
        self.block_digits: i64 = 0  # of which this is to come back,
        self.verifies = False  # or of a PIN or a CVV: right or wrong is all it says
        self.answer: asyncio.Future[bytes] | None = None  # of anything else


class Commands:
    """At most `most` at a time."""

    __slots__ = ("_last", "_mask", "_most", "_oldest", "_ring", "count")

    def __init__(self, most: int) -> None:
        self._ring = [Waiting() for _ in range(PLACES_MIN)]
        self._mask: i64 = PLACES_MIN - 1
        self._most: i64 = most
        self._last: i64 = 0
        self._oldest: i64 = 0  # no command waits under an older number
        self.count: i64 = 0

    def go_on_behind(self, number: int) -> None:
        """The next command has the next number."""
        self._last = number

    @property
    def is_full(self) -> bool:
        return self.count >= self._most

    def begin(self, command: bytes, sent_at: float, deadline: float) -> Waiting:
        """A command under a new number. The caller looked at `is_full` before."""
        assert self.count < self._most
        if 2 * self.count > self._mask:  # else a free place is found after few steps
            self._grow()
        ring, mask, number = self._ring, self._mask, self._last
        while True:
            number = number + 1 if number + 1 < NUMBERS else 0
            waiting = ring[number & mask]
            if not waiting.is_taken:
                break
        if not self.count:
            self._oldest = number
        self._last = number
        self.count += 1
        waiting.is_taken = True
        waiting.number = number
        waiting.command = command
        waiting.sent_at = sent_at
        waiting.deadline = deadline
        waiting.verifies = False
        return waiting

    def answered(self, number: i64) -> Waiting | None:
        """The command of that number, taken out; None: it waits no more, or never did.

        Its place may be used again as soon as anybody is told of it.
        """
        if number < 0:
            return None
        waiting = self._ring[number & self._mask]
        if not waiting.is_taken or waiting.number != number:
            return None
        waiting.is_taken = False
        self.count -= 1
        return waiting

    def due(self, now: float) -> list[Waiting]:
        """Those that have waited too long, taken out for good: what is told of one of them may
        begin another command."""
        late: list[Waiting] = []
        while self.count:
            place = self._oldest & self._mask
            waiting = self._ring[place]
            if waiting.is_taken and waiting.number == self._oldest:
                if waiting.deadline > now:
                    break
                self._ring[place] = Waiting()
                self.count -= 1
                late.append(waiting)
            self._oldest = self._oldest + 1 if self._oldest + 1 < NUMBERS else 0
        return late

    def _grow(self) -> None:
        """Who waits keeps its number, and finds the place that this says now."""
        before, size = self._ring, 2 * (self._mask + 1)
        self._mask = size - 1
        self._ring = [Waiting() for _ in range(size)]
        for waiting in before:
            if waiting.is_taken:
                self._ring[waiting.number & self._mask] = waiting

    def all(self) -> list[Waiting]:
        """Everything, taken out."""
        return self.due(math.inf)
