"""How much the router lets in while it has more to do than it can: a share that follows its turns.

Everything is done in turns of the event loop, and what arrives waits for the next one. A turn may
be long now and then. When even the shortest turn of a while was longer than allowed, work arrives
faster than it is done: fewer new requests are let in, by a third or more each time; when it was
not, a few more. The same where disk or HSM take several times as long as usual, all that time.
While not all are let in, no more may be inside (on this side of the issuers) than are done in a few
turns. What was let in then keeps its time.
"""

from typing import Final

LOOK_EVERY_S: Final = 0.05
TURNS_MIN: Final = 2
LESS: Final = 0.67
SLIGHTLY_LESS: Final = 0.9  # where only those that were let in take longer,
TIMES_TOO_LONG: Final = 2.0  # so many times as long as usual; from here on it is not more:
TIMES_LONG: Final = 1.5
MUCH_LESS: Final = 0.3  # where turns are much too long
MORE: Final = 1.03
MORE_AT_LEAST: Final = 0.002
TIMES_CALM: Final = 1.2  # what is let in takes no longer than that, and turns are half as long
MORE_IN_CALM: Final = 1.1  # as is allowed: then it was an overload that is over
INSIDE_TURNS: Final = 4.0  # under pressure, what was let in takes no longer than so many
INSIDE_MIN: Final = 32
PART_OF_RATE: Final = 0.1
LEAST: Final = 0.02


class Pressure:
    """Told how long turns took; asked for each new request."""

    __slots__ = (
        "_began",
        "_counted_at",
        "_credit",
        "_rate",
        "_shortest",
        "_turns",
        "_was_behind",
        "share",
        "turn_max_s",
    )

    def __init__(self, turn_max_s: float) -> None:
        self.turn_max_s = turn_max_s
        self.share = 1.0  # of new requests that are let in
        self._began = 0.0
        self._shortest = 0.0
        self._turns = 0
        self._was_behind = False  # all the time that is looked at
        self._credit = 0.0
        self._rate = 0.0  # of what is done, in a second
        self._counted_at = 0.0

    def turn_took(
        self, took_s: float, is_behind: bool, now: float, times_usual: float = 1.0
    ) -> None:
        """One turn of the loop, not every one; whether disk or HSM fall behind by then, and how
        many times as long as usual those take that are let in."""
        self._was_behind = is_behind and (self._was_behind or not self._turns)
        if not self._turns or took_s < self._shortest:
            self._shortest = took_s
        self._turns += 1
        # A single long turn, longer than the time looked at, says nothing about the next one.
        if now - self._began < LOOK_EVERY_S or self._turns < TURNS_MIN:
            return
        if self._shortest > self.turn_max_s:
            less = max(MUCH_LESS, min(LESS, self.turn_max_s / self._shortest))
            self.share = max(LEAST, self.share * less)
        elif self._was_behind:
            self.share = max(LEAST, self.share * LESS)
        elif self.share < 1.0 and times_usual > TIMES_TOO_LONG:
            less = max(LESS, min(SLIGHTLY_LESS, TIMES_TOO_LONG / times_usual))
            self.share = max(LEAST, self.share * less)
        elif self.share >= 1.0 or times_usual < TIMES_LONG:
            is_calm = times_usual < TIMES_CALM and self._shortest < self.turn_max_s / 2
            self._more(MORE_IN_CALM if is_calm else MORE)
        self._began, self._turns = now, 0

    def rests(self, now: float) -> None:
        """From the tick: where nothing arrives, nothing presses."""
        if self.share < 1.0 and now - self._began > 2 * LOOK_EVERY_S:
            self._more(MORE)
            self._began, self._turns = now, 0

    def done(self, count: int, now: float) -> None:
        """From the tick: so many requests were done since the last one."""
        if self._counted_at and now > self._counted_at:
            self._rate += (count / (now - self._counted_at) - self._rate) * PART_OF_RATE
        self._counted_at = now

    def lets_in(self, inside: int) -> bool:
        """This one, beside so many that are in and wait for no issuer?"""
        if self.share >= 1.0:
            return True
        if inside >= max(INSIDE_MIN, self._rate * INSIDE_TURNS * self.turn_max_s):
            return False
        self._credit += self.share
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True

    def _more(self, times: float) -> None:
        self.share = min(1.0, self.share * times + MORE_AT_LEAST)
