"""A configuration folder -> Settings, or all its mistakes at once."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from router.net.addresses import Address
from router.net.agreement import disagreements
from router.net.bin_file import Bins, read_bins
from router.net.expected import suggestion
from router.net.journal_settings import JournalSettings, ZoneName, check_zone
from router.net.key_form import check_key
from router.net.mistakes import Mistake, SettingsRejected, Wrong
from router.net.settings import (
    HTTP_LISTEN,
    AcquirerSettings,
    HsmSettings,
    HttpSettings,
    IssuerSettings,
    MqttSettings,
    RouterSettings,
    Settings,
)
from router.net.stand_in_file import lent
from router.net.toml_tables import Check, Table, TableReader
from router.net.value_types import DialectName, FramingText, KeyUnderLmk
from specs.dialect import DialectError, dialect_names, load_dialect, parse_framing

__all__ = ["Mistake", "SettingsRejected", "load_settings"]

ROUTER_FILE: Final = "router.toml"
ACQUIRERS_FILE: Final = "acquirers.toml"
ISSUERS_FILE: Final = "issuers.toml"
ROUTER_TABLES: Final = ("router", "hsm", "http", "mqtt", "journal")

Read = TypeVar("Read")
ReadBins = Callable[[Path, Sequence[str] | None], Bins]


def load_settings(folder: Path, reading_bins: ReadBins = read_bins) -> Settings:
    """Raises SettingsRejected with every mistake of every file."""
    reader = TableReader(folder, CHECKS)
    general = reader.content(ROUTER_FILE, ROUTER_TABLES)
    router = table(reader, RouterSettings, general, "router")
    hsm = table(reader, HsmSettings, general, "hsm")
    http = table(reader, HttpSettings, general, "http", {})
    mqtt = table(reader, MqttSettings, general, "mqtt") if general and "mqtt" in general else None
    journal = table(reader, JournalSettings, general, "journal", {})
    acquirers = peers(reader, AcquirerSettings, ACQUIRERS_FILE, "acquirer")
    issuers = peers(reader, IssuerSettings, ISSUERS_FILE, "issuer")
    known = [one.given_name for one in issuers] if issuers is not None else None
    bins = reading_bins(folder, known)
    workers = router.values.get("workers", 1) if router is not None else 1
    stand_in = lent(reader, folder, hsm, acquirers or [], issuers or [], bins.table.facts, workers)
    reader.mistakes.extend(disagreements(http, acquirers or [], issuers or []))
    if reader.mistakes or bins.mistakes:
        raise SettingsRejected(reader.mistakes + bins.mistakes)
    return Settings(
        folder=folder,
        router=made(router),
        hsm=made(hsm),
        http=made(http),
        mqtt=made(mqtt) if mqtt is not None else None,
        acquirers=tuple(made(one) for one in acquirers or ()),
        issuers=tuple(made(one) for one in issuers or ()),
        bins=bins.ranges,
        bin_table=bins.table,
        journal=made(journal),
        stand_in=stand_in,
    )


def hsm_settings(folder: Path) -> HsmSettings:
    """For who reads the journal only. Raises SettingsRejected."""
    reader = TableReader(folder, CHECKS)
    found = table(reader, HsmSettings, reader.content(ROUTER_FILE, ROUTER_TABLES), "hsm")
    if reader.mistakes:
        raise SettingsRejected(reader.mistakes)
    return made(found)


def http_address(folder: Path) -> Address:
    """Where the router's window is, as far as router.toml can be read; else the default."""
    reader = TableReader(folder, {})
    content = reader.content(ROUTER_FILE, ROUTER_TABLES) or {}
    http = reader.one(HttpSettings, ROUTER_FILE, "[http]", content.get("http", {}))
    return http.made.listen if http.made is not None else HTTP_LISTEN


def table(
    reader: TableReader,
    kind: type[Read],
    content: dict[str, Any] | None,
    name: str,
    absent: dict[str, Any] | None = None,
) -> Table[Read] | None:
    """One table of router.toml; `absent` stands for it where it is not there."""
    if content is None:
        return None
    label = f"[{name}]"
    given = content.get(name, absent)
    if given is None:
        right = f"the table {label} with its keys"
        reader.mistakes.append(Mistake(ROUTER_FILE, label, "", "is missing", right))
        return None
    return reader.one(kind, ROUTER_FILE, label, given)


def peers(reader: TableReader, kind: type[Read], file: str, name: str) -> list[Table[Read]] | None:
    """The acquirers or the issuers; None when the file cannot be read."""
    content = reader.content(file, (name,))
    return reader.several(kind, file, name, content.get(name)) if content is not None else None


def made(whole: Table[Read] | None) -> Read:
    """Of a table without mistakes."""
    assert whole is not None
    assert whole.made is not None
    return whole.made


def check_dialect(name: str) -> None:
    """Raises Wrong."""
    try:
        load_dialect(name)
    except DialectError as error:
        if name in dialect_names():
            raise Wrong(str(error), "mend the dialect") from None
        right = suggestion(name, dialect_names(), "dialects")
        raise Wrong(f'there is no dialect "{name}"', right) from None


def check_framing(text: str) -> None:
    """Raises Wrong; nothing at all means the dialect's own."""
    if not text:
        return
    try:
        parse_framing(text)
    except ValueError as error:
        raise Wrong(f'"{text}" is no framing', str(error)) from None


CHECKS: Final[Mapping[Any, Check]] = {
    DialectName: check_dialect,
    FramingText: check_framing,
    KeyUnderLmk: check_key,
    ZoneName: check_zone,
}
