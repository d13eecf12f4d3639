"""TOML tables -> dataclasses, key by key, so that one mistake does not hide the next.

What a type demands is said by its annotation; msgspec converts. Checks that need more than a type
(a dialect's name, the form of a key) come from the caller, by the annotated type they belong to.
"""

import dataclasses
import tomllib
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import msgspec

from router.net.addresses import Address, AllowedPeers, network_of
from router.net.expected import (
    SHOWN_MAX,
    entries_allowed,
    expected,
    plain,
    shown,
    suggestion,
    without_none,
)
from router.net.mistakes import Mistake, Wrong

Read = TypeVar("Read")
Check = Callable[[Any], None]  # raises Wrong


class Table(Generic[Read]):
    """One table as far as it could be read: good values and defaults, and the whole if all are."""

    __slots__ = ("file", "given_name", "inner", "label", "made", "values")

    def __init__(self, file: str, label: str, given_name: str = "") -> None:
        self.file = file
        self.label = label
        self.given_name = given_name  # good or not
        self.values: dict[str, Any] = {}  # a key with a mistake is not in it
        self.inner: dict[str, dict[str, Any]] = {}  # the same of each table inside, by its key
        self.made: Read | None = None

    def mistake(self, key: str, wrong: str, right: str) -> Mistake:
        """One that was found here."""
        return Mistake(self.file, self.label, key, wrong, right)


class TableReader:
    """Reads the tables of one folder and gathers their mistakes."""

    def __init__(self, folder: Path, checks: Mapping[Any, Check]) -> None:
        self.mistakes: list[Mistake] = []
        self._folder = folder
        self._checks = checks

    def content(self, file: str, known: tuple[str, ...]) -> dict[str, Any] | None:
        """The tables of a file, unknown ones reported; None when it cannot be read."""
        try:
            text = (self._folder / file).read_text(encoding="utf-8")
            tables = tomllib.loads(text)
        except OSError as error:
            remedy = f"it belongs into {self._folder}"
            self._refuse(file, f"cannot be read ({error.strerror})", remedy)
            return None
        except UnicodeDecodeError as error:
            self._refuse(file, f"byte {error.start} is not UTF-8", "save it as UTF-8")
            return None
        except tomllib.TOMLDecodeError as error:
            self._refuse(file, f"is no TOML: {error}", "https://toml.io has the rules")
            return None
        for unknown in sorted(tables.keys() - set(known)):
            right = suggestion(unknown, known, "tables")
            self.mistakes.append(Mistake(file, f"[{unknown}]", "", "unknown table", right))
        return tables

    def one(
        self, kind: type[Read], file: str, label: str, given: object, given_name: str = ""
    ) -> Table[Read]:
        """One table; what it does not say is the default."""
        table: Table[Read] = Table(file, label, given_name)
        if isinstance(given, dict):
            table.made = cast(Read | None, self._read(kind, table, "", given, table.values))
        else:
            wrong = f"{shown(given)} is no table"
            self.mistakes.append(table.mistake("", wrong, "keys and values"))
        return table

    def several(self, kind: type[Read], file: str, name: str, given: object) -> list[Table[Read]]:
        """All tables of one name, each with its place and, where it has one, its own name."""
        if not isinstance(given, list) or not given:
            right = f"one or more tables, each headed [[{name}]]"
            self.mistakes.append(Mistake(file, f"[[{name}]]", "", "there is none", right))
            return []
        tables = []
        for place, row in enumerate(given, start=1):
            given_name = row.get("name", "") if isinstance(row, dict) else ""
            known_name = given_name if isinstance(given_name, str) else ""
            quoted = f' "{known_name[:SHOWN_MAX]}"' if known_name else ""
            label = f"[[{name}]] {place}{quoted}"
            tables.append(self.one(kind, file, label, row, known_name))
        return tables

    def _read(
        self,
        kind: type,
        table: Table[Any],
        prefix: str,
        given: Mapping[str, Any],
        values: dict[str, Any],
    ) -> object | None:
        """The dataclass, or None where a key is missing or wrong; good values go to `values`."""
        wanted = typing.get_type_hints(kind, include_extras=True)
        for unknown in sorted(given.keys() - wanted.keys()):
            right = suggestion(unknown, wanted, "keys")
            self.mistakes.append(table.mistake(prefix + unknown, "unknown key", right))
        for field in dataclasses.fields(kind):
            type_of_value = without_none(wanted[field.name])
            if field.name in given:
                try:
                    values[field.name] = self._value(
                        given[field.name], type_of_value, table, prefix + field.name
                    )
                except Wrong as error:
                    self.mistakes.append(
                        table.mistake(prefix + field.name, error.wrong, error.right)
                    )
                except Reported:
                    pass
            elif field.default is dataclasses.MISSING:
                right = expected(type_of_value)
                self.mistakes.append(table.mistake(prefix + field.name, "is missing", right))
            else:
                values[field.name] = field.default
        return cast(object, kind(**values)) if values.keys() == wanted.keys() else None

    def _value(self, given: object, wanted: Any, table: Table[Any], key: str) -> object:
        """Raises Wrong, or Reported where the mistakes inside are gathered already."""
        bare = plain(wanted)
        if dataclasses.is_dataclass(bare):
            if not isinstance(given, dict):
                raise Wrong(f"{shown(given)} is no table", "keys and values")
            inner = table.inner.setdefault(key, {})
            made = self._read(cast(type, bare), table, f"{key}.", given, inner)
            if made is None:
                raise Reported
            return made
        if typing.get_origin(bare) is tuple:
            return self._entries(given, wanted, typing.get_args(bare)[0], table, key)
        if bare is AllowedPeers:
            return AllowedPeers(self._entries(given, wanted, AllowedPeers, table, key))
        return self._single(given, wanted)

    def _entries(
        self, given: object, wanted: Any, entry_type: Any, table: Table[Any], key: str
    ) -> tuple[Any, ...]:
        """A list: each entry that is wrong is named."""
        if not isinstance(given, list):
            raise Wrong(f"{shown(given)} is no list", expected(wanted))
        low, high = entries_allowed(wanted)
        if not low <= len(given) <= high:
            raise Wrong(f"has {len(given)} entries", f"{low} to {high}")
        entries = []
        for place, entry in enumerate(given, start=1):
            try:
                entries.append(self._single(entry, entry_type))
            except Wrong as error:
                mistake = table.mistake(f"{key}, entry {place}", error.wrong, error.right)
                self.mistakes.append(mistake)
        if len(entries) < len(given):
            raise Reported
        return tuple(entries)

    def _single(self, given: object, wanted: Any) -> object:
        """Raises Wrong."""
        bare = plain(wanted)
        if bare in (Address, AllowedPeers, Path):
            if not isinstance(given, str):
                raise Wrong(f"{shown(given)} is no text", expected(wanted))
            if bare is Path:
                return self._file(given)
            return Address.parsed(given) if bare is Address else str(network_of(given))
        try:
            value = msgspec.convert(given, wanted)
        except msgspec.ValidationError:
            raise Wrong(f"is {shown(given)}", expected(wanted)) from None
        if (check := self._checks.get(wanted)) is not None:
            check(value)
        return value

    def _file(self, given: str) -> Path:
        path = self._folder / given
        if not path.is_file():
            raise Wrong(f"{path} is no file", "a path from this folder on, or a whole one")
        return path

    def _refuse(self, file: str, wrong: str, right: str) -> None:
        self.mistakes.append(Mistake(file, "", "", wrong, right))


class Reported(Exception):
    """Not to be used; why is among the mistakes already."""
