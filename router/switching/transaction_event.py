"""What is told of one exchange when it is over: the one `transaction` event of the log."""

from dataclasses import dataclass
from typing import Protocol

from router.switching.exchange_counts import ExchangeCounts


@dataclass(frozen=True, slots=True)
class TransactionEvent:
    """One request of an acquirer, arrival to answer. Times in microseconds, 0: not taken."""

    mti: str
    stan: str
    issuer_stan: str
    rrn: str
    acquirer: str
    issuer: str
    pan_masked: str
    amount_minor: int
    currency: str
    response_code: str  # empty: nobody was answered
    decided_by: str  # "issuer", "router" or "stand_in"
    ended_in: str  # the step that ended it (docs/response-codes.md)
    hsm_us: int
    issuer_us: int
    total_us: int


class Observer(Protocol):
    """Whoever watches. Nothing here may raise or block."""

    exchanges: ExchangeCounts
    """Each one with an acquirer that is over is added here."""

    def transaction(self, event: TransactionEvent) -> None:
        """One of them in full, where no record of the journal tells it."""

    def counted(self, what: str, link: str, times: int = 1) -> None:
        """Something that happens and is no state: a late response, a dropped frame."""

    def unmatched(self, what: str, line: str, differing: list[int]) -> None:
        """A `late_response` or `unknown_response`, and the elements in which it differs."""

    def happened(self, what: str, **facts: str | int | float) -> None:
        """A state that changed, or something that lasts and goes on: a line in the log."""

    def alarm(self, what: str, **facts: str | int | float) -> None:
        """Something a person must look at."""
