"""From a folder and a name to all that an issuer host needs, or every mistake at once."""
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from issuers.cards import Card, load_cards
from issuers.messages import Codec
from issuers.settings import BadSettings, HostSettings, load_settings
from specs.dialect import DialectError, Framing, load_dialect, parse_framing
from specs.pyiso import CannotSay


@dataclass(frozen=True, slots=True)
class Opening:
    settings: HostSettings
    framing: Framing
    codec: Codec
    cards: Mapping[str, Card]


def opening(folder: Path, name: str) -> Opening:
    """All that `program.run` needs; `BadSettings` lists what is wrong in either file."""
    settings = load_settings(folder, name)
    host = settings.host
    place = folder / "hosts" / f"{name}.toml"
    mistakes: list[str] = []
    codec = framing = None
    cards: Mapping[str, Card] = {}
    try:
        codec = Codec(load_dialect(host.dialect))
        framing = codec.dialect.framing
    except (DialectError, CannotSay) as error:
        mistakes.append(f"{place}: [issuer] dialect: {error}")
    try:
        framing = parse_framing(host.framing) if host.framing else framing
    except ValueError as error:
        mistakes.append(f"{place}: [issuer] framing: {error}")
    try:
        cards = load_cards(settings.cards_file)
    except BadSettings as error:
        mistakes += error.mistakes
    references = {card.reference for card in cards.values()}
    mistakes += [f"{place}: [[misbehaviour]] number {number}: cards: {reference!r} is no reference"
                 f" in {settings.cards_file.name}"
                 for number, rule in enumerate(settings.misbehaviour, start=1)
                 for reference in rule.cards if references and reference not in references]
    if mistakes or codec is None or framing is None:
        raise BadSettings(mistakes)
    return Opening(settings, framing, codec, cards)
