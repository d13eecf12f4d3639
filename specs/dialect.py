"""Dialects from their TOML files.

A file says the form of each element in the words of the standard ("n6", "n..19", "ans...999",
"x+n8", "b8") and, once, how each kind is encoded; an element that differs says so itself. One file
can extend another: what it does not say is the other's. docs/dialects.md explains every key.
"""
import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from specs.rules import (
    COUNTS,
    ENCODINGS,
    KINDS,
    PREFIX_ENCODINGS,
    Dialect,
    DialectError,
    ElementRule,
    Framing,
    parse_framing,
)

__all__ = [
    "Dialect",
    "DialectError",
    "ElementRule",
    "Framing",
    "dialect_names",
    "load_dialect",
    "parse_framing",
]

FOLDERS: Final = (Path(__file__).parent, Path(__file__).parent / "strangers")
EXTENDS_MAX: Final = 4

TABLES: Final = ("header", "encodings", "network", "mandatory", "elements")
KEYS: Final = {
    "": {"title", "extends", "version", "framing", "secondary_bitmap_always", "match_key",
         "echoed", "approvals", "without", *TABLES},
    "header": {"bytes", "default"},
    "encodings": {"mti", "bitmap", "length", "numeric", "text", "track", "binary", "signed"},
    "network": {"element", "key_element", "sign_on", "sign_off", "echo", "cutover", "new_key",
                "key_request"},
}
ELEMENT_KEYS: Final = {"name", "form", "encoding", "prefix_encoding", "counts", "odd", "pad", "tlv"}
KIND_GROUPS: Final = {"n": "numeric", "z": "track", "b": "binary", "x+n": "signed"}  # others: text
FIRST_DIGITS: Final = {1987: "0", 1993: "1", 2003: "2"}  # of an MTI
FORM: Final = re.compile(r"(x\+n|[a-z]+)(\.{0,6})(\d+)")


def dialect_names() -> list[str]:
    """All dialects, the shipped ones first."""
    return [path.stem for folder in FOLDERS for path in sorted(folder.glob("*.toml"))]


@functools.cache
def load_dialect(name: str) -> Dialect:
    """The dialect of that name, shipped or one of specs/strangers/."""
    tables = _tables(name, EXTENDS_MAX)
    return _Reader(f"{name}.toml", name, tables).dialect()


def _tables(name: str, depth: int) -> dict[str, Any]:
    """The content of a dialect's file, laid over that of the file it extends."""
    path = _path_of(name)
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DialectError(path.name, "", str(error)) from None
    _refuse_unknown_keys(path.name, own)
    own["elements"] = _single_elements(path.name, own.get("elements", {}))
    if "extends" not in own:
        return own
    if depth == 0:
        raise DialectError(path.name, "extends", f"more than {EXTENDS_MAX} files deep")
    return _laid_over(_tables(own["extends"], depth - 1), own)


def _path_of(name: str) -> Path:
    if re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        for folder in FOLDERS:
            path = folder / f"{name}.toml"
            if path.is_file():
                return path
    known = ", ".join(dialect_names())
    raise DialectError(f"{name}.toml", "", f"no such dialect; there are {known}")


def _refuse_unknown_keys(file: str, own: Mapping[str, Any]) -> None:
    for table, known in KEYS.items():
        given = own if not table else own.get(table, {})
        for key in given:
            if key not in known:
                raise DialectError(file, f"{table}.{key}".lstrip("."), "unknown key")


def _single_elements(file: str, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The table of elements with ranges ("105-111") taken apart."""
    single: dict[str, dict[str, Any]] = {}
    for key, row in given.items():
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", key)
        if found is None or not isinstance(row, dict):
            raise DialectError(file, f"elements.{key}", "expected: NUMBER = {name, form, ...}")
        for unknown in row.keys() - ELEMENT_KEYS:
            raise DialectError(file, f"elements.{key}.{unknown}", "unknown key")
        for number in range(int(found[1]), int(found[2] or found[1]) + 1):
            if not 2 <= number <= 128:
                raise DialectError(file, f"elements.{key}", "elements are numbered 2 to 128")
            single.setdefault(str(number), {}).update(row)
    return single


def _laid_over(inherited: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = inherited | own
    for table in TABLES:
        merged[table] = inherited.get(table, {}) | own.get(table, {})
    for number, row in own["elements"].items():
        merged["elements"][number] = inherited["elements"].get(number, {}) | row
    for number in own.get("without", ()):
        merged["elements"].pop(str(number), None)
    return merged


class _Reader:
    """One dialect's tables on their way to a Dialect: every value checked, each error named."""

    def __init__(self, file: str, name: str, tables: Mapping[str, Any]) -> None:
        self.file = file
        self.name = name
        self.tables = tables

    def dialect(self) -> Dialect:
        version = self._said("version", int)
        if version not in FIRST_DIGITS:
            raise self._error("version", "1987, 1993 or 2003")
        network = self._said("network", dict)
        match_key = self._numbers("match_key")
        if 11 not in match_key:
            raise self._error("match_key", "must hold 11: the router gives each request its own")
        header_bytes, default_header = self._header()
        return Dialect(
            name=self.name,
            title=self._said("title", str),
            version=version,
            header_bytes=header_bytes,
            default_header=default_header,
            mti_encoding=self._encoding("mti", ("ascii", "ebcdic", "bcd")),
            bitmap_encoding=self._encoding("bitmap", ("binary", "hex", "hex-ebcdic")),
            secondary_bitmap_always=bool(self.tables.get("secondary_bitmap_always", False)),
            elements=self._elements(),
            framing=self._framing(),
            match_key=match_key,
            mandatory={
                mti: tuple(asked)
                for mti, asked in self._said("mandatory", dict).items()
                if mti[0] == FIRST_DIGITS[version]  # the extended file may be of another version
            },
            echoed=self._numbers("echoed"),
            approvals=frozenset(self._said("approvals", list)),
            network_element=network["element"],
            network_codes={
                key: code for key, code in network.items() if not key.endswith("element")
            },
            key_element=network["key_element"],
        )

    def _elements(self) -> dict[int, ElementRule]:
        rows = self._said("elements", dict)
        return {int(key): self._element(int(key), rows[key]) for key in sorted(rows, key=int)}

    def _element(self, number: int, row: Mapping[str, Any]) -> ElementRule:
        key = f"elements.{number}"
        form = FORM.fullmatch(str(row.get("form", "")))
        if form is None or form[1] not in KINDS:
            raise self._error(f"{key}.form", 'such as "n6", "n..19", "ans...999", "x+n8" or "b8"')
        kind = form[1]
        encoding = row.get("encoding", self._encoding(KIND_GROUPS.get(kind, "text"), ENCODINGS))
        counts = {"bcd": "nibbles", "binary": "bytes"}.get(encoding, "characters")
        rule = ElementRule(
            number=number,
            name=row.get("name", f"Element {number}"),
            kind=kind,
            encoding=encoding,
            length_max=int(form[3]) + (kind == "x+n"),
            prefix_digits=len(form[2]),
            prefix_encoding=row.get("prefix_encoding", self._encoding("length", PREFIX_ENCODINGS)),
            counts=row.get("counts", counts),
            odd=row.get("odd", "left"),
            pad=row.get("pad", "0"),
            tlv=row.get("tlv", False),
        )
        if (fault := _fault_of(rule)) is not None:
            raise self._error(f"{key}.{fault[0]}", fault[1])
        return rule

    def _header(self) -> tuple[int, bytes]:
        header = self.tables.get("header", {})
        size: int = header.get("bytes", 0)
        try:
            default = bytes.fromhex(header.get("default", "00" * size))
        except ValueError:
            raise self._error("header.default", "expected hexadecimal digits") from None
        if len(default) != size:
            raise self._error("header.default", f"is {len(default)} bytes, header.bytes {size}")
        return size, default

    def _framing(self) -> Framing:
        try:
            return parse_framing(self._said("framing", str))
        except ValueError as error:
            raise self._error("framing", str(error)) from None

    def _encoding(self, key: str, allowed: tuple[str, ...]) -> str:
        encoding: str = self._said("encodings", dict).get(key, "")
        if encoding not in allowed:
            raise self._error(f"encodings.{key}", f"one of {', '.join(allowed)}")
        return encoding

    def _numbers(self, key: str) -> tuple[int, ...]:
        numbers = self._said(key, list)
        if not all(isinstance(n, int) and 2 <= n <= 128 for n in numbers):
            raise self._error(key, "a list of element numbers, 2 to 128")
        return tuple(numbers)

    def _said(self, key: str, expected: type) -> Any:
        value = self.tables.get(key)
        if not isinstance(value, expected):
            raise self._error(key, f"expected a {expected.__name__}")
        return value

    def _error(self, key: str, reason: str) -> DialectError:
        return DialectError(self.file, key, reason)


def _fault_of(rule: ElementRule) -> tuple[str, str] | None:
    """The key that makes a rule impossible, and why."""
    if rule.encoding not in ENCODINGS:
        return "encoding", f"one of {', '.join(ENCODINGS)}"
    if rule.prefix_encoding not in PREFIX_ENCODINGS:
        return "prefix_encoding", f"one of {', '.join(PREFIX_ENCODINGS)}"
    if rule.counts not in COUNTS:
        return "counts", f"one of {', '.join(COUNTS)}"
    if rule.odd not in ("left", "right") or not re.fullmatch(r"[0-9A-F]", rule.pad):
        return "odd", 'odd is "left" or "right", pad one digit'
    if (rule.kind == "b") != (rule.encoding in ("binary", "hex", "hex-ebcdic")):
        return "encoding", "binary, hex and hex-ebcdic belong to kind b, and kind b to them"
    if rule.encoding in ("hex", "hex-ebcdic") and rule.counts == "nibbles":
        return "counts", "hexadecimal digits are counted as characters or bytes"
    has_signed_digits = rule.kind == "x+n" and rule.encoding == "bcd"
    if has_signed_digits and (rule.prefix_digits or not rule.length_max & 1):
        return "form", "x+n in BCD is of fixed length with an even number of digits"
    if rule.length_max < 1 or rule.length_max > 9999:
        return "form", "a length from 1 to 9999"
    is_binary = rule.prefix_encoding == "binary"
    room = 256**rule.prefix_bytes if is_binary else 10**rule.prefix_digits
    if not rule.is_fixed and rule.prefix_max >= room:
        return "form", f"its length prefix cannot say {rule.prefix_max}"
    return None
