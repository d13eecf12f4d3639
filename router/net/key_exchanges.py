"""The exchange of session keys with every peer that has a ZMK in the configuration."""
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from router.net.clock import SystemClock
from router.net.hsm_client import HsmClient
from router.net.key_exchange import (
    AcquirerKeys,
    IssuerKeys,
    KeyExchange,
    KeyLink,
    KeyTerms,
    PeerKeys,
    Spawn,
)
from router.net.key_store import KeyStore
from router.net.observer import RouterObserver
from router.net.pin_keys import pin_key_of
from router.net.settings import AcquirerSettings, IssuerSettings, KeyExchangeSettings
from router.net.status import SessionKeyStatus
from router.switching.peers import Issuer
from router.switching.pin_key import PinKey
from router.switching.session_keys import ReceivedKeys

GRACE: Final = 2.0  # times the acquirer's answer time: what came under a former key is over by then

Links = Callable[[], Sequence[KeyLink]]


class KeyExchanges:
    """By side and name of the peer. A peer whose configured key is another begins anew."""

    def __init__(
        self, hsm: HsmClient, store: KeyStore, observer: RouterObserver, clock: SystemClock,
        spawn: Spawn,
    ) -> None:
        self._hsm = hsm
        self._store = store
        self._observer = observer
        self._clock = clock
        self._spawn = spawn
        self.tell_others: Callable[[str], None] | None = None  # workers: of this issuer's new key
        self._exchanges: dict[tuple[str, str], KeyExchange] = {}

    def of_issuer(
        self, settings: IssuerSettings, issuer: Issuer, links: Links
    ) -> KeyExchange | None:
        """None where no ZMK is agreed; its configured key counts again then."""
        exchange = self._exchange("issuer", settings, lambda _: IssuerKeys(issuer))
        if exchange is None:
            issuer.session_key = None
            return None
        exchange.links = links
        exchange.kept_anew = partial(self._kept_anew, settings.name)
        return exchange

    def of_acquirer(self, settings: AcquirerSettings, links: Links) -> KeyExchange | None:
        """None where no ZMK is agreed."""
        grace_s = GRACE * settings.answer_within_s
        exchange = self._exchange(
            "acquirer", settings,
            lambda base: AcquirerKeys(settings.name, ReceivedKeys([base], grace_s)))
        if exchange is not None:
            exchange.links = links
        return exchange

    def received(self, settings: AcquirerSettings) -> ReceivedKeys | None:
        """What the acquirer's blocks may be under, where keys are exchanged."""
        exchange = self._exchanges.get(("acquirer", settings.name))
        if exchange is None or not isinstance(exchange.peer, AcquirerKeys):
            return None
        return exchange.peer.received

    def tick(self) -> None:
        """Schedules, and former keys that end."""
        for exchange in self._exchanges.values():
            exchange.tick()

    def start(self, peer: str) -> str:
        """By hand, with every peer of this name. Returns why not; empty when it is under way."""
        named = [one for (_, name), one in self._exchanges.items() if name == peer]
        if not named:
            return f'no peer "{peer}" with a [..key_exchange] is configured'
        return "; ".join(filter(None, (one.start("hand") for one in named)))

    def read_again(self, issuer: str) -> None:
        """Another worker exchanged its key."""
        exchange = self._exchanges.get(("issuer", issuer))
        if exchange is not None:
            exchange.read_again()

    def _kept_anew(self, issuer: str) -> None:
        if self.tell_others is not None:
            self.tell_others(issuer)

    @property
    def shown(self) -> list[SessionKeyStatus]:
        """For `noyau status`."""
        return [
            SessionKeyStatus(
                side, name, tuple(key.kcv for key in one.peer.keys), one.exchanged_at)
            for (side, name), one in sorted(self._exchanges.items())
        ]

    def _exchange(
        self, side: str, settings: IssuerSettings | AcquirerSettings,
        peer_keys: Callable[[PinKey], PeerKeys],
    ) -> KeyExchange | None:
        place = (side, settings.name)
        base = pin_key_of(settings.pin_key)
        if settings.key_exchange is None or base is None:
            self._exchanges.pop(place, None)
            return None
        terms = terms_of(settings.key_exchange)
        known = self._exchanges.get(place)
        if known is not None and known.base == base:
            known.terms = terms
            return known
        kept = self._store.kept(side, settings.name, base)
        peer = peer_keys(base)
        for key in kept.keys if kept is not None else ():
            peer.take(key)
        made = KeyExchange(
            peer, terms, base, self._hsm, self._store, self._observer, self._clock,
            self._clock.wall, self._spawn, kept)
        self._exchanges[place] = made
        return made


def terms_of(settings: KeyExchangeSettings) -> KeyTerms:
    """As the exchange takes them."""
    return KeyTerms(settings.zmk_under_lmk, settings.we, settings.scheme, settings.every_s)
