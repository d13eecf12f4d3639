"""What one issuer host is told: `config/hosts/NAME.toml`, read once into frozen tables.

Every mistake is reported at once, each with file, table and key; unknown keys are mistakes.

The schema (a key without a default must be given)::

    [issuer]
    name = "atlas"                    # as in issuers.toml and in the name of the file
    dialect = "national"              # a dialect of specs/
    framing = "binary-2"              # default: the dialect's
    listen = ["127.0.0.1:8601"]       # one or several; port 0 takes a free one, printed at start
    sign_on = "required"              # or "optional"; before it, requests hear 91
    unknown_original = "25"  # or "00": what the first reversal of an unknown original hears
    cards = "atlas-cards.csv"  # default NAME-cards.csv; beside this file; see issuers/cards.py
    pin_tries_max = 3                 # only cards with the flag pin_limited count wrong PINs
    connections_max = 64              # links at a time, over all addresses
    in_flight_max = 4096              # messages being decided; more hear 96
    frame_bytes_max = 4096
    malformed_max = 10                # unreadable messages in a row, then the link is closed
    log_level = "info"

    [hsm]  # absent: no PIN or CVV can be checked; PIN transactions hear 96
    endpoints = ["127.0.0.1:1500"]
    connections = 2                   # over all endpoints
    timeout_s = 2.0
    pending_max = 1024

    [pin_key]  # the ZPK of this bank's lines, as in [issuer.pin_key] of issuers.toml
    under_lmk = "U..."
    kcv = "08D7B4"                    # optional, for the reader
    block_format = "01"

    [key_exchange]  # absent: no session keys, 161 and 162 hear 12
    zmk_under_lmk = "U..."            # shared with the switch
    scheme = "U"                      # of a key under the ZMK that this bank delivers

    [pin_check]
    method = "pvv"  # EC, with pvki and pvv of the card: four digits; or "offset": EA, all digits
    pvk_under_lmk = "U..."
    decimalisation_table = "0123456789012345"     # offset only

    [cvv]                             # absent: the CVV in track 2 is not looked at
    cvk_under_lmk = "U..."
    position = 5  # digits between service code and CVV in track 2 (PVKI and PVV)

    [[misbehaviour]]  # any number; the first that applies wins; see issuers/misbehaviour.py
    does = "silent"                   # deaf silent slow late wrong_stan duplicate garbage hang_up
    amounts_ending = ["91"]           # last digits of DE 4; empty: any amount
    cards = ["atlas-0007"]            # references of cards; empty: any card
    to = ["request"]                  # and "advice", "reversal"
    delay_s = 1.5                     # slow and late
    probability = 1.0
    seed = 1
    count = 0                         # how often at most; 0: always
"""
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]
KeyUnderLmk = Annotated[str, Meta(pattern="^[A-Z0-9]{16,200}$")]
Does = Literal[
    "deaf", "silent", "slow", "late", "wrong_stan", "duplicate", "garbage", "hang_up"
]
Audience = Literal["request", "advice", "reversal"]


class BadSettings(Exception):
    """Everything that is wrong, one line each: file, table, key, remedy."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class HostTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    dialect: str
    listen: Annotated[list[str], Meta(min_length=1, max_length=64)]
    framing: str = ""
    sign_on: Literal["required", "optional"] = "required"
    unknown_original: Literal["25", "00"] = "25"
    cards: str = ""
    pin_tries_max: Count = 3
    connections_max: Count = 64
    in_flight_max: Count = 4096
    frame_bytes_max: Annotated[int, Meta(ge=64, le=65535)] = 4096
    malformed_max: Count = 10
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class HsmTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    endpoints: Annotated[list[str], Meta(min_length=1, max_length=16)]
    connections: Annotated[int, Meta(ge=1, le=32)] = 2
    timeout_s: Seconds = 2.0
    pending_max: Annotated[int, Meta(ge=1, le=9_999)] = 1024  # headers are four digits


class PinKeyTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    under_lmk: KeyUnderLmk
    kcv: str = ""
    block_format: Annotated[str, Meta(pattern="^[0-9]{2}$")] = "01"


class KeyExchangeTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zmk_under_lmk: KeyUnderLmk
    scheme: Literal["U", "X", "S", "R"] = "U"


class PinCheckTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pvk_under_lmk: KeyUnderLmk
    method: Literal["pvv", "offset"] = "pvv"
    decimalisation_table: Annotated[str, Meta(pattern="^[0-9A-F]{16}$")] = "0123456789012345"


class CvvTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cvk_under_lmk: KeyUnderLmk
    position: Annotated[int, Meta(ge=0, le=10)] = 5


class MisbehaviourRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    does: Does
    amounts_ending: tuple[Annotated[str, Meta(pattern="^[0-9]{1,12}$")], ...] = ()
    cards: tuple[str, ...] = ()
    to: tuple[Audience, ...] = ("request",)
    delay_s: Annotated[float, Meta(gt=0, le=600)] | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    count: Annotated[int, Meta(ge=0)] = 0


class HostSettings(msgspec.Struct, frozen=True):
    host: HostTable
    hsm: HsmTable | None
    pin_key: PinKeyTable | None
    key_exchange: KeyExchangeTable | None
    pin_check: PinCheckTable | None
    cvv: CvvTable | None
    misbehaviour: tuple[MisbehaviourRule, ...]
    cards_file: Path


Table = TypeVar("Table")
TABLES = ("issuer", "hsm", "pin_key", "key_exchange", "pin_check", "cvv", "misbehaviour")


def load_settings(folder: Path, name: str) -> HostSettings:
    """The settings of the issuer host `name`; `BadSettings` lists all that is wrong."""
    path = folder / "hosts" / f"{name}.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings([f"{path}: cannot be read ({error.strerror})"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: not TOML ({error})"]) from None
    mistakes = [f"{path}: [{key}] is not a table of an issuer host (known: {', '.join(TABLES)})"
                for key in document if key not in TABLES]
    host = _table(document, "issuer", HostTable, mistakes, path)
    hsm = _table(document, "hsm", HsmTable, mistakes, path)
    pin_key = _table(document, "pin_key", PinKeyTable, mistakes, path)
    key_exchange = _table(document, "key_exchange", KeyExchangeTable, mistakes, path)
    pin_check = _table(document, "pin_check", PinCheckTable, mistakes, path)
    cvv = _table(document, "cvv", CvvTable, mistakes, path)
    rules = _rules(document.get("misbehaviour", []), mistakes, path)
    if "issuer" not in document:
        mistakes.append(f"{path}: [issuer] is missing")
    if host is not None and host.name != name:
        mistakes.append(f"{path}: [issuer] name is {host.name!r}, the file's name says {name!r}")
    addresses = (("issuer", "listen", host.listen if host else []),
                 ("hsm", "endpoints", hsm.endpoints if hsm else []))
    mistakes += [f"{path}: [{table}] {key}: {text!r} is not HOST:PORT"
                 for table, key, texts in addresses for text in texts if not is_address(text)]
    if ("pin_key" in document) != ("pin_check" in document):
        mistakes.append(f"{path}: [pin_key] and [pin_check] go together: give both or neither")
    if "key_exchange" in document and "pin_key" not in document:
        mistakes.append(f"{path}: [key_exchange] needs the [pin_key] that it begins with")
    mistakes += [f"{path}: [{table}] needs [hsm], which checks with that key"
                 for table in ("pin_check", "cvv") if table in document and "hsm" not in document]
    if mistakes or host is None:
        raise BadSettings(mistakes)
    cards_file = path.parent / (host.cards or f"{name}-cards.csv")
    return HostSettings(host, hsm, pin_key, key_exchange, pin_check, cvv, rules, cards_file)


def is_address(text: str) -> bool:
    """Whether the text is HOST:PORT."""
    host, colon, port = text.rpartition(":")
    return bool(host and colon) and port.isascii() and port.isdigit() and int(port) <= 65535


def _table(
    document: dict[str, Any], name: str, kind: type[Table], mistakes: list[str], path: Path
) -> Table | None:
    if name not in document:
        return None
    try:
        return msgspec.convert(document[name], kind)
    except msgspec.ValidationError as error:
        mistakes.append(f"{path}: [{name}] {error}")
        return None


def _rules(tables: Any, mistakes: list[str], path: Path) -> tuple[MisbehaviourRule, ...]:
    if not isinstance(tables, list):
        mistakes.append(f"{path}: misbehaviour is written [[misbehaviour]], one table per rule")
        return ()
    rules = []
    for number, table in enumerate(tables, start=1):
        try:
            rules.append(msgspec.convert(table, MisbehaviourRule))
        except msgspec.ValidationError as error:
            mistakes.append(f"{path}: [[misbehaviour]] number {number}: {error}")
    return tuple(rules)
