"""What hsm.toml says: read once, every mistake at once with file, table and key.

The file may lack, and so may every table and key; what is not said has the default written here.

    [hsm]
    host = "127.0.0.1"
    port = 1500                # 0 takes a free one and logs it
    header_characters = 4      # before the command, echoed
    profile = "strict"         # or "legacy"
    log_level = "info"
    lmk_folder = ""            # empty: the public test LMKs; else made by noyau keys ceremony
    passphrase_file = ""       # of the LMK folder; its first line. Empty: asked for at start

    [limits]                   # see hsm_emulator/connection.py
    [rules]                    # single flags over the profile; see hsm_emulator/rules.py
    [pin_failures]             # per_minute, per_hour, per_day; 0: no limit
    [authorisation]
    minutes_max = 720          # how long an activity may be authorised
    [audit]
    file_bytes_max = 16777216
    [[operator]]               # two or more, see noyau hsm operator
    name = "amina"
    password_hash = "..."

Relative paths are below the folder of the file.
"""
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, get_type_hints

import msgspec
from msgspec import Meta

from hsm_emulator.audit import FILE_BYTES_MAX, LINE_BYTES_MAX
from hsm_emulator.connection import Limits
from hsm_emulator.device import HEADER_BYTES
from hsm_emulator.errors import Refused
from hsm_emulator.operators import Operator
from hsm_emulator.pin_failures import LIMIT_MAX, PinFailureLimits
from hsm_emulator.pin_verification import check_table
from hsm_emulator.rules import PROFILES, STRICT, Rules

FILE: Final = "hsm.toml"
TABLES: Final = ("hsm", "limits", "rules", "pin_failures", "authorisation", "audit", "operator")

Limit = Annotated[int, Meta(ge=0, le=LIMIT_MAX)]
Profile = Literal["strict", "legacy"]
Level = Literal["debug", "info", "warning", "error"]


class BadSettings(Exception):
    """Everything that is wrong, one line each: file, table, key, remedy."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        """Take the lines."""
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


@dataclass(frozen=True, slots=True)
class DeviceTable:
    """Where the device listens, what it holds to, where its keys are."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 1500
    header_characters: Annotated[int, Meta(ge=0, le=255)] = HEADER_BYTES
    profile: Profile = "strict"
    log_level: Level = "info"
    lmk_folder: str = ""
    passphrase_file: str = ""


@dataclass(frozen=True, slots=True)
class PinFailuresTable:
    """How many wrong PINs are answered 01 within a time; then 39."""

    per_minute: Limit = 0
    per_hour: Limit = 0
    per_day: Limit = 0


@dataclass(frozen=True, slots=True)
class AuthorisationTable:
    """How long two operators may authorise an activity."""

    minutes_max: Annotated[int, Meta(ge=1, le=1440)] = 720


@dataclass(frozen=True, slots=True)
class AuditTable:
    """How large one file of the audit log grows."""

    file_bytes_max: Annotated[int, Meta(ge=4 * LINE_BYTES_MAX)] = FILE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it."""

    folder: Path
    device: DeviceTable = field(default_factory=DeviceTable)
    limits: Limits = field(default_factory=Limits)
    rules: Rules = STRICT
    pin_failures: PinFailureLimits = field(default_factory=PinFailureLimits)
    authorisation: AuthorisationTable = field(default_factory=AuthorisationTable)
    audit: AuditTable = field(default_factory=AuditTable)
    operators: tuple[Operator, ...] = ()


def load_settings(folder: Path, profile: Profile | None = None) -> Settings:
    """Read `hsm.toml` of the folder, if it is there; `BadSettings` lists all that is wrong.

    `profile` takes the place of the one that the file names; [rules] lies over either.
    """
    path = folder / FILE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        document = {}
    except OSError as error:
        raise BadSettings([f"{FILE}: cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{FILE}: not TOML: {error}"]) from None
    mistakes = [f"{FILE}: [{name}]: unknown table{_nearest(name, TABLES)}"
                for name in document if name not in TABLES]  # fmt: skip
    device = _table(document, "hsm", DeviceTable, mistakes) or DeviceTable()
    device = replace(device, profile=profile or device.profile)
    failures = _table(document, "pin_failures", PinFailuresTable, mistakes) or PinFailuresTable()
    settings = Settings(
        folder,
        device,
        _table(document, "limits", Limits, mistakes) or Limits(),
        _rules(document, device.profile, mistakes),
        PinFailureLimits(failures.per_minute, failures.per_hour, failures.per_day),
        _table(document, "authorisation", AuthorisationTable, mistakes) or AuthorisationTable(),
        _table(document, "audit", AuditTable, mistakes) or AuditTable(),
        _operators(document, mistakes),
    )
    mistakes += _contradictions(settings)
    if mistakes:
        raise BadSettings(mistakes)
    return settings


Table = TypeVar("Table")


def _table(
    document: Mapping[str, Any], name: str, kind: type[Table], mistakes: list[str]
) -> Table | None:
    """Read one table into its dataclass, key by key; None where it lacks or is wrong."""
    written = document.get(name, {})
    if not isinstance(written, dict):
        mistakes.append(f"{FILE}: {name}: must be a table; write it as [{name}]")
        return None
    return _read(f"[{name}]", written, kind, mistakes)


def _read(
    place: str, written: Mapping[str, Any], kind: type[Table], mistakes: list[str]
) -> Table | None:
    types = get_type_hints(kind, include_extras=True)
    found: dict[str, Any] = {}
    before = len(mistakes)
    for key, value in written.items():
        if key not in types:
            mistakes.append(f"{FILE}: {place}: {key}: unknown key{_nearest(key, types)}")
            continue
        try:
            found[key] = msgspec.convert(value, types[key])
        except msgspec.ValidationError as error:
            mistakes.append(f"{FILE}: {place}: {key}: {_said(error)}")
    try:
        return kind(**found) if len(mistakes) == before else None
    except TypeError:
        lacking = [key for key in types if key not in written]
        mistakes.append(f"{FILE}: {place}: {', '.join(lacking)}: must be given")
        return None


def _rules(document: Mapping[str, Any], profile: str, mistakes: list[str]) -> Rules:
    """Lay the flags of [rules] over the profile."""
    rules = PROFILES[profile]
    read = _table(document, "rules", Rules, mistakes)
    if read is None:
        return rules
    written = document.get("rules", {})
    if "profile" in written:
        mistakes.append(f"{FILE}: [rules]: profile: stands in [hsm]")
    given = {each.name: getattr(read, each.name) for each in fields(Rules)
             if each.name in written and each.name != "profile"}  # fmt: skip
    return replace(rules, **given)


def _operators(document: Mapping[str, Any], mistakes: list[str]) -> tuple[Operator, ...]:
    tables = document.get("operator", [])
    if not isinstance(tables, list):
        mistakes.append(f"{FILE}: operator: is written [[operator]], one table for each")
        return ()
    found = []
    for number, table in enumerate(tables, start=1):
        operator = _read(f"[[operator]] {number}", table, Operator, mistakes)
        if operator is not None:
            found.append(operator)
    return tuple(found)


def _contradictions(settings: Settings) -> list[str]:
    """Return what is right by itself and wrong together."""
    found = []
    names = [operator.name for operator in settings.operators]
    for number, name in enumerate(names, start=1):
        if name in names[: number - 1]:
            found.append(f"{FILE}: [[operator]] {number}: name: {name} is there already")
    if len(names) == 1:
        found.append(f"{FILE}: [[operator]]: one operator can authorise nothing; name two")
    if settings.device.passphrase_file and not settings.device.lmk_folder:
        found.append(f"{FILE}: [hsm]: passphrase_file: there is no lmk_folder that it is for")
    limits = settings.pin_failures
    for less, more, key in (
        (limits.per_minute, limits.per_hour, "per_hour"),
        (limits.per_hour or limits.per_minute, limits.per_day, "per_day"),
    ):
        if more and less > more:
            found.append(f"{FILE}: [pin_failures]: {key}: {more} is less than the {less} of a"
                         " shorter time")  # fmt: skip
    for table in settings.rules.decimalisation_tables:
        if len(table) != 16 or not (table.isascii() and table.isdecimal()):
            found.append(f"{FILE}: [rules]: decimalisation_tables: a table has 16 digits")
        elif not settings.rules.any_decimalisation_table and _is_weak(table):
            found.append(f"{FILE}: [rules]: decimalisation_tables: a table has at least 8"
                         " different digits, none more than 4 times")  # fmt: skip
    return found


def _is_weak(table: str) -> bool:
    try:
        check_table(table)
    except Refused:
        return True
    return False


def _said(error: msgspec.ValidationError) -> str:
    """Return what msgspec says, as one goes on from the key: never the value."""
    text = str(error).partition(" - at ")[0]
    return text[:1].lower() + text[1:].replace("`", "")


def _nearest(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; known: {', '.join(known)}"
