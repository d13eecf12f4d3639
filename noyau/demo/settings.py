"""config/demo.toml: the demo's traffic and its public test keys, in clear."""
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

DEMO_FILE = "demo.toml"

TestKey = Annotated[str, Meta(pattern="^[0-9A-F]{32}$")]
Share = Annotated[int, Meta(ge=1, le=100)]


class BadDemo(Exception):
    """demo.toml cannot be used; the text names file, place and remedy."""


class Traffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much, for how long, and where the tills' clocks are."""

    seed: int
    rate: Annotated[float, Meta(gt=0, le=2000)]
    entries_max: Annotated[int, Meta(ge=1)]
    awkward_minor: list[int]
    time_zone: str


class RouterKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key that wraps the journal's key at rest, in clear."""

    data_key: TestKey


class DemoLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A link of the demo acquirer: its name in acquirers.toml and its key in clear."""

    acquirer: str
    share: Share
    pin_key: TestKey


class DemoIssuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An issuer's keys in clear."""

    name: str
    zpk: TestKey
    pvk: TestKey


class Merchant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where cards are used: a shop, a cash machine or an online shop."""

    kind: Literal["shop", "atm", "online"]
    name: Annotated[str, Meta(max_length=25)]
    city: Annotated[str, Meta(max_length=13)]
    mcc: Annotated[str, Meta(pattern="^[0-9]{4}$")]
    amounts: tuple[int, int]
    weight: Annotated[int, Meta(ge=1)]


class DemoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """demo.toml as a whole."""

    strangers_acquirer: str
    traffic: Traffic
    router: RouterKey
    links: Annotated[list[DemoLink], Meta(min_length=1)] = msgspec.field(name="link")
    issuers: list[DemoIssuer] = msgspec.field(name="issuer")
    merchants: Annotated[list[Merchant], Meta(min_length=1)] = msgspec.field(name="merchant")

    def link(self, acquirer: str) -> DemoLink:
        """The link of that name."""
        for link in self.links:
            if link.acquirer == acquirer:
                return link
        raise BadDemo(f"{DEMO_FILE}: no [[link]] has acquirer = {acquirer!r}; add one")


def demo_settings(config: Path) -> DemoSettings:
    """The demo of a configuration folder."""
    path = config / DEMO_FILE
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(document, DemoSettings)
    except OSError as error:
        raise BadDemo(f"{path}: cannot be read ({error.strerror}); is --config right?") from None
    except tomllib.TOMLDecodeError as error:
        raise BadDemo(f"{path}: {error}") from None
    except msgspec.ValidationError as error:
        raise BadDemo(f"{path}: {error}") from None
