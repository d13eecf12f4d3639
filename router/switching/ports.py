"""What switching needs from the world. `net` provides it over sockets, the simulation without.

Results come back through the conductor: `translated(transaction, event)` from the HSM,
`landed(commits, durable)` for the journal, `respond(line, message)` for issuers.
"""

from typing import Protocol

from router.switching.commits import Commit
from router.switching.needs import TranslatePin
from router.switching.peers import Acquirer
from router.switching.pending import IssuerPort
from router.switching.transaction import Transaction
from router.switching.transaction_event import TransactionEvent
from router.wire.message import Message

__all__ = ["AcquirerLink", "Clock", "Hsm", "IssuerPort", "Journal", "Observer"]


class AcquirerLink(Protocol):
    """The way back to where a request came from."""

    @property
    def acquirer(self) -> Acquirer: ...

    @property
    def is_signed_on(self) -> bool:
        """True, too, where a sign-on is optional."""

    def reply(self, response: Message) -> bool:
        """False: nothing was written (the link is closed)."""


class Hsm(Protocol):
    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        """The conductor hears `translated` exactly once, and never from within this call."""


class Journal(Protocol):
    def append(self, commit: Commit) -> None:
        """Exactly once, and never from within this call, the conductor hears `landed` for it."""


class Clock(Protocol):
    def now(self) -> float:
        """Seconds that only grow."""

    def transmission_time(self) -> str:
        """UTC as DE 7 writes it: MMDDhhmmss."""


class Observer(Protocol):
    """Whoever watches. Nothing here may raise or block."""

    def transaction(self, event: TransactionEvent) -> None:
        """One exchange with an acquirer is over."""

    def counted(self, what: str, link: str) -> None:
        """Something that happens and is no state: a late response, a dropped frame."""

    def unmatched(self, what: str, line: str, differing: list[int]) -> None:
        """A `late_response` or `unknown_response`, and the elements in which it differs."""

    def alarm(self, what: str, **facts: str | int | float) -> None:
        """Something a person must look at."""
