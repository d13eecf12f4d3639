"""The acquirers' listeners as configured now, and what a reload makes of them."""
import socket
from collections.abc import Callable, Sequence
from typing import Final

from router.net.acquirer_listener import AcquirerListener, ListenerTerms, bound
from router.net.codecs import Codecs
from router.net.key_exchanges import KeyExchanges
from router.net.observer import RouterObserver
from router.net.pin_keys import pin_key_of
from router.net.settings import AcquirerSettings, RouterSettings
from router.net.status import ListenerStatus
from router.switching.conductor import Conductor
from router.switching.peers import Acquirer
from router.switching.ports import Clock
from specs.dialect import parse_framing

LINKS_EVERY_S: Final = 0.25

Bind = Callable[[AcquirerSettings], socket.socket]


def own_port(settings: AcquirerSettings) -> socket.socket:
    """Raises PortTaken."""
    return bound(f'acquirer "{settings.name}"', settings.listen)


class AcquirerSide:
    """Ports are taken by `configure` (or by another, where `bind` says so), opened by `open`."""

    def __init__(
        self, router: RouterSettings, codecs: Codecs, conductor: Conductor, clock: Clock,
        observer: RouterObserver, keys: KeyExchanges, bind: Bind = own_port,
    ) -> None:
        self._bind = bind
        self._router = router
        self._keys = keys
        self._codecs = codecs
        self._conductor = conductor
        self._clock = clock
        self._observer = observer
        self._settings: dict[str, AcquirerSettings] = {}
        self._listeners: dict[str, AcquirerListener] = {}
        self._leaving: dict[AcquirerListener, float] = {}
        self._links_next = 0.0

    @property
    def listeners(self) -> list[ListenerStatus]:
        """As shown."""
        return [
            ListenerStatus(
                name, str(one.address), one.is_open, len(one.links),
                self._conductor.in_flight_of(name))
            for name, one in self._listeners.items()
        ]

    @property
    def addresses(self) -> dict[str, str]:
        return {name: str(one.address) for name, one in self._listeners.items()}

    def configure(self, configured: Sequence[AcquirerSettings]) -> None:
        """All of it or, where a port cannot be had, nothing. Raises PortTaken."""
        made: dict[str, AcquirerListener] = {}
        try:
            for settings in configured:
                if settings.name not in self._listeners:
                    made[settings.name] = self._made(settings)
        except BaseException:
            for listener in made.values():
                listener.close()
            raise
        self._listeners.update(made)
        for settings in configured:
            listener = self._listeners[settings.name]
            listener.keys = self._keys.of_acquirer(settings, listener.links_for_keys)
            listener.use(
                self._acquirer(settings, listener.acquirer), self._terms(settings, listener.terms))
        self._settings = {settings.name: settings for settings in configured}
        for name in self._listeners.keys() - self._settings.keys():
            listener = self._listeners.pop(name)
            listener.stop_accepting()
            self._leaving[listener] = self._clock.now() + listener.acquirer.answer_within_s

    async def open(self) -> None:
        """Whatever is not open yet."""
        for listener in self._listeners.values():
            if not listener.is_open:
                await listener.open()

    def tick(self, now: float) -> None:
        """Links' deadlines; listeners of acquirers that are gone end when theirs have passed."""
        if now < self._links_next:
            return  # there may be thousands
        self._links_next = now + LINKS_EVERY_S
        for listener in self._listeners.values():
            listener.tick(now)
        for listener, until in list(self._leaving.items()):
            if now >= until:
                listener.close()
                del self._leaving[listener]

    def stop_accepting(self) -> None:
        for listener in self._listeners.values():
            listener.stop_accepting()

    def close(self) -> None:
        for listener in [*self._listeners.values(), *self._leaving]:
            listener.close()

    def _made(self, settings: AcquirerSettings) -> AcquirerListener:
        return AcquirerListener(
            self._acquirer(settings, None), self._terms(settings, None), settings.listen,
            self._bind(settings), self._conductor, self._clock, self._observer)

    def _acquirer(self, settings: AcquirerSettings, now: Acquirer | None) -> Acquirer:
        return Acquirer(
            name=settings.name,
            institution_id=settings.institution_id,
            codec=now.codec if now is not None else self._codecs.of(settings.dialect),
            pin_key=pin_key_of(settings.pin_key),
            answer_within_s=settings.answer_within_s,
            in_flight_max=settings.in_flight_max,
            requests_per_s=settings.requests_per_s,
            requests_burst=settings.requests_burst,
            session_keys=self._keys.received(settings),
        )

    def _terms(self, settings: AcquirerSettings, now: ListenerTerms | None) -> ListenerTerms:
        framing = (
            parse_framing(settings.framing) if settings.framing
            else self._codecs.of(settings.dialect).dialect.framing
        )
        return ListenerTerms(
            framing=now.framing if now is not None else framing,
            allowed=settings.allowed,
            sign_on_required=settings.sign_on_required,
            connections_max=settings.connections_max,
            frame_bytes_max=self._router.frame_bytes_max,
            malformed_max=self._router.malformed_max,
            institution_id=self._router.institution_id,
        )


def fixed_until_restart(
    old: Sequence[AcquirerSettings], new: Sequence[AcquirerSettings]
) -> list[str]:
    """What an open listener keeps: where it listens, and what is spoken there."""
    before = {one.name: one for one in old}
    return [
        f'acquirer "{one.name}" {key}'
        for one in new if one.name in before
        for key in ("listen", "dialect", "framing")
        if getattr(one, key) != getattr(before[one.name], key)
    ]
