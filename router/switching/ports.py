"""What switching needs from the world. `net` provides it over sockets, the simulation without.

Results come back through the conductor: `translated(transaction, event)` from the HSM,
`landed(commits, durable)` for the journal, `respond(line, message)` for issuers.
"""

from typing import Protocol

from router.switching.clock import Clock
from router.switching.commits import Journal
from router.switching.needs import TranslatePin, Verify
from router.switching.peers import AcquirerLink
from router.switching.pending import IssuerPort
from router.switching.transaction import Transaction
from router.switching.transaction_event import Observer

__all__ = ["AcquirerLink", "Clock", "Hsm", "IssuerPort", "Journal", "Observer"]


class Hsm(Protocol):
    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        """The conductor hears `translated` exactly once, and never from within this call."""

    def verify(self, need: Verify, owner: Transaction) -> None:
        """The same, with Verified."""
