"""What anybody needs to connect to the demo with software of their own."""
from pathlib import Path
from typing import Any

from noyau.demo.cards import DemoCard, demo_cards
from noyau.demo.pin_pad import check_value
from noyau.demo.settings import BadDemo, DemoSettings, demo_settings
from router.net.configuration import load_settings
from router.net.settings import AcquirerSettings, Settings
from specs.dialect import load_dialect


def listing(config: Path, everything: bool) -> dict[str, Any]:
    """The link and the cards; with everything, those that meet a limit too."""
    demo = demo_settings(config)
    settings = load_settings(config)
    regions = {issuer.name: issuer.region for issuer in settings.issuers}
    return {
        "link": link(demo, acquirer(settings, demo.strangers_acquirer)),
        "cards": [
            told(card) for card in demo_cards(config, regions) if everything or not card.limited
        ],
    }


def link(demo: DemoSettings, acquirer: AcquirerSettings) -> dict[str, Any]:
    """Where to connect, and how to speak there."""
    key = demo.link(acquirer.name).pin_key
    return {
        "host": acquirer.listen.host,
        "port": acquirer.listen.port,
        "dialect": acquirer.dialect,
        "framing": acquirer.framing or framing_of(acquirer.dialect),
        "zpk": key,
        "zpk_kcv": check_value(key),
    }


def framing_of(dialect: str) -> str:
    """A dialect's own framing, as the configuration writes it."""
    framing = load_dialect(dialect).framing
    itself = "+self" if framing.includes_itself else ""
    return framing.kind + itself + ("+tpdu" if framing.tpdu else "")


def acquirer(settings: Settings, name: str) -> AcquirerSettings:
    """The acquirer of that name."""
    for one in settings.acquirers:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in settings.acquirers)
    raise BadDemo(f"demo.toml: no acquirer is named {name!r} in acquirers.toml; there are: {known}")


def told(card: DemoCard) -> dict[str, Any]:
    """A card as strangers read it."""
    plain: dict[str, Any] = {
        "pan": card.pan,
        "expiry": card.expiry,
        "pin": card.pin,
        "issuer": card.issuer,
        "region": card.region,
        "balance_minor": card.balance_minor,
        "currency": card.currency,
        "expect": card.expect,
    }
    return plain | {"limited": True} if card.limited else plain
