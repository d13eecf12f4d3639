"""The issuers and their lines as configured now, and what a reload makes of them.

An issuer that is not configured any more gets no requests (no BIN range names it), but keeps its
lines until what is in flight is answered and what is stored for it is delivered.
"""
from collections.abc import Callable, Sequence

from router.net.addresses import Address
from router.net.clock import SystemClock
from router.net.codecs import Codecs
from router.net.issuer_link import IssuerLink, LineTerms
from router.net.key_exchange import KeyExchange
from router.net.key_exchanges import KeyExchanges
from router.net.observer import RouterObserver
from router.net.pin_keys import pin_key_of
from router.net.place import ALONE, Place
from router.net.settings import IssuerSettings, RouterSettings
from router.net.status import LineStatus, SafStatus
from router.switching.conductor import Conductor
from router.switching.peers import Issuer, IssuerTerms
from router.switching.pending import Line
from specs.dialect import parse_framing

Start = Callable[[IssuerLink], None]


class IssuerSide:
    """`issuers` is what a Switch is made with; `start` gives a new link its task."""

    def __init__(
        self, router: RouterSettings, codecs: Codecs, clock: SystemClock,
        observer: RouterObserver, keys: KeyExchanges, start: Start, place: Place = ALONE,
    ) -> None:
        self.issuers: dict[str, Issuer] = {}
        self.conductor: Conductor | None = None  # set before the first `open_lines`
        self._router = router
        self._codecs = codecs
        self._clock = clock
        self._observer = observer
        self._keys = keys
        self._start = start
        self._place = place
        self._links: list[IssuerLink] = []
        self._superseded: list[IssuerLink] = []  # retired as soon as a new line is up
        self._wanted: dict[str, list[LineTerms]] = {}
        self._numbers: dict[str, int] = {}
        self._exchanges: dict[str, KeyExchange | None] = {}

    @property
    def lines(self) -> list[LineStatus]:
        """As shown."""
        return [
            LineStatus(
                link.line.issuer_name, link.line.name, str(link.terms.address),
                str(link.session.state), link.line.load, str(link.line.breaker.state))
            for link in self._links if not link.is_retired
        ]

    @property
    def saf(self) -> list[SafStatus]:
        """As shown."""
        now = self._clock.now()
        return [
            SafStatus(
                name, len(issuer.entries), len(issuer.parked), issuer.saf.out,
                round(issuer.drain.per_s, 1), age_of_oldest(issuer, now))
            for name, issuer in self.issuers.items()
        ]

    @property
    def saf_open(self) -> int:
        return sum(len(issuer.entries) for issuer in self.issuers.values())

    @property
    def saf_parked(self) -> int:
        return sum(len(issuer.parked) for issuer in self.issuers.values())

    @property
    def is_reachable(self) -> bool:
        """Each issuer has a line that is signed on."""
        return all(
            any(line.carries_traffic for line in issuer.lines)
            for name, issuer in self.issuers.items() if name in self._wanted
        )

    @property
    def is_closed(self) -> bool:
        return not self._links

    def configure(self, configured: Sequence[IssuerSettings]) -> None:
        """Terms at once; lines with `open_lines`."""
        self._wanted = {}
        for settings in configured:
            terms = self._terms(settings)
            issuer = self.issuers.get(settings.name)
            if issuer is None and self.conductor is not None:
                issuer = self.conductor.former_issuer(settings.name)  # its approvals know it
            if issuer is None:
                issuer = Issuer(settings.name, terms)
            self.issuers[settings.name] = issuer
            issuer.terms = terms
            self._exchange_keys(settings, issuer)
            self._wanted[settings.name] = [
                self._line_terms(settings, address) for address in settings.lines
            ]

    def open_lines(self) -> None:
        """Makes the lines that are missing, retires those whose terms are not wanted any more."""
        for name, issuer in self.issuers.items():
            wanted = list(self._wanted.get(name, ()))
            if name not in self._wanted and not issuer.is_idle:
                continue  # gone, but owed something: its lines stay
            for link in self._of(issuer):
                if link.terms in wanted:
                    wanted.remove(link.terms)
                elif name not in self._wanted or link.terms.codec is not issuer.terms.codec:
                    link.retire()  # what is sent from now on is in the new dialect
                else:
                    self._superseded.append(link)
            for terms in wanted:
                self._open(issuer, terms)

    def tick(self, now: float) -> bool:
        """True when an issuer that is not configured any more has gone for good."""
        for link in self._links:
            link.tick(now)
        for link in list(self._superseded):
            if self._is_replaced(link):
                self._superseded.remove(link)
                link.retire()
        gone = [
            name for name, issuer in self.issuers.items()
            if name not in self._wanted and issuer.is_idle
        ]
        if not gone:
            return False
        self.open_lines()
        for name in gone:
            if not self.issuers[name].lines:
                del self.issuers[name]
        return any(name not in self.issuers for name in gone)

    def sign_off(self) -> None:
        """All lines; their tasks end."""
        for link in self._links:
            link.sign_off()

    def ended(self, link: IssuerLink) -> None:
        """Its task is over."""
        self._links.remove(link)
        if link in self._superseded:
            self._superseded.remove(link)
        issuer = self.issuers.get(link.line.issuer_name)
        if issuer is not None and link.line in issuer.lines:
            issuer.lines.remove(link.line)
        self._observer.line_gone(link.line)

    def _of(self, issuer: Issuer) -> list[IssuerLink]:
        return [
            link for link in self._links
            if link.line.issuer_name == issuer.name and not link.is_retired
            and link not in self._superseded
        ]

    def _exchange_keys(self, settings: IssuerSettings, issuer: Issuer) -> None:
        def links() -> list[IssuerLink]:
            return [link for link in self._of(issuer) if link.line.carries_traffic]

        exchange = self._exchanges[issuer.name] = self._keys.of_issuer(settings, issuer, links)
        for link in self._links:
            if link.line.issuer_name == issuer.name:
                link.use_keys(exchange)

    def _is_replaced(self, link: IssuerLink) -> bool:
        """A line as configured now is up, or this one is of no use anyhow."""
        issuer = self.issuers.get(link.line.issuer_name)
        return issuer is None or not link.line.carries_traffic or any(
            other.line.carries_traffic for other in self._of(issuer))

    def _open(self, issuer: Issuer, terms: LineTerms) -> None:
        assert self.conductor is not None, "the daemon sets it first"
        number = self._numbers[issuer.name] = self._numbers.get(issuer.name, 0) + 1
        line = Line(
            f"{issuer.name}-{self._whose}{number}", issuer.name, issuer.stans,
            terms.codec.dialect.match_key, terms.pending_max)
        issuer.lines.append(line)
        link = IssuerLink(
            line, issuer, terms, self.conductor, self._clock, self._observer,
            self._exchanges.get(issuer.name))
        self._links.append(link)
        self._start(link)

    @property
    def _whose(self) -> str:
        """In a line's name: it is one of the whole router's."""
        return "" if self._place.is_alone else f"w{self._place.number}-"

    def _terms(self, settings: IssuerSettings) -> IssuerTerms:
        return IssuerTerms(
            region=settings.region,
            codec=self._codecs.of(settings.dialect),
            pin_key=pin_key_of(settings.pin_key),
            timeout_s=settings.issuer_timeout_s,
            saf_window=settings.saf_window,
            saf_retry_s=settings.saf_retry_s,
            saf_per_s=settings.saf_per_s,
            saf_retry_s_max=settings.saf_retry_s_max,
            saf_refusals_max=settings.saf_refusals_max,
            saf_age_s_max=settings.saf_age_s_max,
            saf_entries_max=settings.saf_entries_max,
            requests_per_s=settings.requests_per_s,
            requests_burst=settings.requests_burst,
            in_flight_max=settings.in_flight_max,
            breaker_after=settings.breaker_after,
            breaker_wait_s=settings.breaker_wait_s,
            stan_first=self._place.stan_first,
            stans=self._place.stans,
        )

    def _line_terms(self, settings: IssuerSettings, address: Address) -> LineTerms:
        codec = self._codecs.of(settings.dialect)
        return LineTerms(
            address=address,
            codec=codec,
            framing=parse_framing(settings.framing) if settings.framing else codec.dialect.framing,
            institution_id=self._router.institution_id,
            echo_interval_s=settings.echo_interval_s,
            echo_timeout_s=settings.echo_timeout_s,
            reconnect_s_max=settings.reconnect_s_max,
            pending_max=settings.pending_max,
            frame_bytes_max=self._router.frame_bytes_max,
            malformed_max=self._router.malformed_max,
        )


def age_of_oldest(issuer: Issuer, now: float) -> int:
    """Of the entries that wait for delivery, in seconds."""
    since = issuer.saf.oldest_since()
    return int(now - since) if since is not None else 0
