"""Is an issuer stood in for now, and who says so: an operator, or its lines and its silences.

Theory. A request that gets no answer is stood in for one by one, whatever is said here; this state
decides which requests are not even sent. By hand ("on") none is. By itself it takes over when the
last line falls or when too many requests of a window get no answer, and gives back after so many
good answers in a row. What counts as good depends on what was bad: after silences only the answer
to a request, since a bank that answers echoes may answer nothing else; after lost lines an answer
to anything. So that there are answers to requests, one goes out now and then as a trial.
"""

from typing import Final

from router.switching.stand_in_activity import Activity
from router.switching.stand_in_rules import Rules

ON: Final = "on"
OFF: Final = "off"
AUTO: Final = "auto"
MODES: Final = (ON, OFF, AUTO)

LINES: Final = "lines"
SILENCES: Final = "silences"
BY_HAND: Final = "by hand"


class StandIn:
    """Of one issuer; without rules it does nothing."""

    __slots__ = (
        "_answers",
        "_answers_before",
        "_good",
        "_silences",
        "_silences_before",
        "_trial_at",
        "_window_began",
        "activity",
        "approvals",
        "because",
        "declines",
        "mode",
        "rules",
    )

    def __init__(self) -> None:
        self.rules: Rules | None = None
        self.mode = AUTO
        self.activity = Activity()
        self.approvals = 0  # since the router started
        self.declines = 0
        self.because = ""  # why it took over by itself; empty: it did not
        self._good = 0
        self._trial_at = 0.0
        self._window_began = 0.0
        self._answers = self._answers_before = 0
        self._silences = self._silences_before = 0

    def use(self, rules: Rules | None) -> None:
        """As configured now. What was approved stays counted."""
        self.rules = rules
        if rules is None:
            self.because = ""

    @property
    def is_allowed(self) -> bool:
        """May a request be stood in for at all?"""
        return self.rules is not None and self.mode != OFF

    @property
    def is_first(self) -> bool:
        """Are requests not sent, but for trials?"""
        return self.rules is not None and (
            self.mode == ON or (self.mode == AUTO and self.because != "")
        )

    @property
    def reason(self) -> str:
        """Why requests are not sent; empty when they are."""
        if not self.is_first:
            return ""
        return BY_HAND if self.mode == ON else self.because

    def is_trial(self, now: float) -> bool:
        """This request is to be sent although others are not."""
        if self.rules is None or now < self._trial_at:
            return False
        self._trial_at = now + self.rules.automatic.trial_every_s
        return True

    def answered(self, now: float) -> None:
        """A request got its answer in time, whatever it says."""
        if self.rules is None:
            return
        self._turn_window(now)
        self._answers += 1
        if self.because:
            self._was_good(now)

    def silent(self, now: float) -> None:
        """A request left and got no answer."""
        rules = self.rules
        if rules is None:
            return
        self._turn_window(now)
        self._silences += 1
        self._good = 0
        silences = self._silences + self._silences_before
        requests = silences + self._answers + self._answers_before
        automatic = rules.automatic
        if (
            not self.because
            and requests >= automatic.requests_min
            and silences * 100 >= requests * automatic.silences_percent
        ):
            self._take_over(SILENCES, now)
        elif self.because:
            self.because = SILENCES  # its lines are back, and it does not answer

    def heard(self, now: float) -> None:
        """It answered something else: an echo, a sign-on, a stored advice."""
        if self.because == LINES:
            self._was_good(now)

    def lines_fell(self, now: float) -> None:
        """The last of them."""
        if self.rules is not None and not self.because:
            self._take_over(LINES, now)

    def _take_over(self, because: str, now: float) -> None:
        assert self.rules is not None
        self.because = because
        self._good = 0
        self._trial_at = now + self.rules.automatic.trial_every_s

    def _was_good(self, now: float) -> None:
        assert self.rules is not None
        self._good += 1
        if self._good >= self.rules.automatic.recover_after:
            self.because = ""
            self._window_began = now
            self._answers = self._answers_before = 0
            self._silences = self._silences_before = 0

    def _turn_window(self, now: float) -> None:
        """Two halves: the older one is dropped when the younger one is full."""
        assert self.rules is not None
        half_s = self.rules.automatic.window_s / 2
        if now - self._window_began < half_s:
            return
        is_next = now - self._window_began < 2 * half_s
        self._answers_before = self._answers if is_next else 0
        self._silences_before = self._silences if is_next else 0
        self._answers = self._silences = 0
        self._window_began = now
