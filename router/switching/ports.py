"""What switching needs from the world. `net` provides it over sockets, the simulation without.

Results come back through the conductor: `translated(transaction, event)` from the HSM,
`landed(commits, durable)` for the journal, `respond(line, message)` for issuers.
"""

from mypy_extensions import mypyc_attr

from router.switching.clock import Clock
from router.switching.commits import Journal
from router.switching.needs import Event, TranslatePin, Verify
from router.switching.peers import AcquirerLink
from router.switching.pending import IssuerPort
from router.switching.transaction import Transaction
from router.switching.transaction_event import Observer

__all__ = ["AcquirerLink", "Clock", "HearsHsm", "Hsm", "IssuerPort", "Journal", "Observer"]


@mypyc_attr(allow_interpreted_subclasses=True)
class Hsm:
    def translate_pin(self, need: TranslatePin, owner: Transaction) -> None:
        """The conductor hears `translated` exactly once, and never from within this call."""
        raise NotImplementedError

    def verify(self, need: Verify, owner: Transaction) -> None:
        """The same, with Verified."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class HearsHsm:
    """The conductor, as the HSM's port knows it."""

    def translated(self, transaction: Transaction, event: Event) -> None:
        raise NotImplementedError
