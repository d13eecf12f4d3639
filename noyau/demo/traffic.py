"""The demo acquirer put together from the configuration."""
import time
from datetime import timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import iso8583.specs

from noyau.demo.acquirer import DemoAcquirer
from noyau.demo.acquirer_link import STANS, AcquirerLink, Spec
from noyau.demo.book import Book, run_tag
from noyau.demo.cards import demo_cards
from noyau.demo.day import Day
from noyau.demo.feed import Feed
from noyau.demo.messages import Terminals
from noyau.demo.settings import BadDemo, DemoLink, DemoSettings
from noyau.demo.strangers import acquirer, framing_of
from router.net.settings import Settings
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

PATIENCE_S = 1.0  # beyond the answer time agreed: the requester waits longer than the responder
MOROCCO_WINTER = timezone(timedelta(hours=1))


class Traffic:
    """Links, day, book and feed of one run."""

    def __init__(self, settings: Settings, demo: DemoSettings, seed: int, rate: float) -> None:
        self.regions = {issuer.name: issuer.region for issuer in settings.issuers}
        self.feed = Feed()
        self.book = Book(run_tag(time.time()), demo.traffic.entries_max)
        self.day = Day(demo, demo_cards(settings.folder, self.regions), seed, rate)
        zone = time_zone(demo.traffic.time_zone)
        self.acquirer = DemoAcquirer(
            [self._link(settings, link, zone, seed) for link in demo.links], self.book)

    async def trade(self) -> None:
        """Until cancelled, or the book is full."""
        await self.acquirer.trade(self.day.wishes())

    def _link(self, settings: Settings, link: DemoLink, zone: tzinfo, seed: int) -> AcquirerLink:
        agreed = acquirer(settings, link.acquirer)
        framing = agreed.framing or framing_of(agreed.dialect)
        if framing != "binary-2":
            raise BadDemo(
                f"acquirers.toml: {agreed.name}: the demo frames by binary-2, not {framing};"
                " change the framing, or take its [[link]] out of demo.toml")
        spec = spec_of(agreed.dialect)
        separator = "D" if spec["35"]["data_enc"] == "b" else "="
        return AcquirerLink(
            agreed.name, agreed.listen.host, agreed.listen.port, spec,
            Terminals(agreed.institution_id, link.pin_key, zone, seed, separator),
            agreed.answer_within_s + PATIENCE_S, self.book, self.feed,
            # Not the numbers of the run before: with its DE 7 they would make it a duplicate.
            last_stan=int(time.time() * 1000) % STANS)


def spec_of(dialect: str) -> Spec:
    """pyiso8583's own where it has one: then nothing of ours stands on the acquirer's side."""
    if dialect == "iso87-ascii":
        own: dict[str, dict[str, Any]] = iso8583.specs.default_ascii
        return own
    return pyiso8583_spec(load_dialect(dialect))


def time_zone(name: str) -> tzinfo:
    """Of the tills; where this machine has no time zones, Morocco's usual hour."""
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return MOROCCO_WINTER
