"""The cards of one issuer: `NAME-cards.csv`, and a table that finds them by PAN.

The schema: a header line, then a line per card; any order of columns, the first six given::

    reference          the bank's name for the card, by which the ledger knows it (never by PAN)
    pan                12 to 19 digits with a good check digit
    expiry             YYMM, as in DE 14; past: 54
    status             active, blocked (62), lost (41), stolen (43)
    balance_minor      what the account holds before anything was held, in minor units; 51 beyond it
    currency           numeric: 504, 978, 840
    limit_minor        of one transaction, 61 beyond it; empty: none
    daily_limit_minor  of all transactions of a UTC day, 61 beyond it; empty: none
    e_commerce         yes or no (57); default yes
    pvki               key index of the PVV, one digit; default 1
    pvv                four digits, from `noyau issuer pvv`; empty: no PIN can be right
    offset             for hosts that check by offset: as many digits as the PIN has, 4 to 12
    service_code       three digits, for the CVV; default 201
    flags              words: partial (approves in part, 10), pin_limited (counts wrong PINs, 75)

No PIN stands here: a PVV or an offset is made from it once, through the HSM.
"""
import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from issuers.settings import BadSettings

NEEDED: Final = ("reference", "pan", "expiry", "status", "balance_minor", "currency")
OPTIONAL: Final = ("limit_minor", "daily_limit_minor", "e_commerce", "pvki", "pvv", "offset",
                   "service_code", "flags")
STATUSES: Final = ("active", "blocked", "lost", "stolen")
FLAGS: Final = frozenset({"partial", "pin_limited"})
CARDS_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Card:
    reference: str
    pan: str = field(repr=False)
    expiry: str
    status: str
    balance_minor: int
    currency: str
    limit_minor: int | None
    daily_limit_minor: int | None
    e_commerce: bool
    pvki: str
    pvv: str = field(repr=False)
    offset: str = field(repr=False)
    service_code: str
    flags: frozenset[str]


def masked(pan: str) -> str:
    """A PAN as it may be seen: the first six digits and the last four."""
    if len(pan) < 12:
        return "*" * len(pan)
    return f"{pan[:6]}{'*' * (len(pan) - 10)}{pan[-4:]}"


def has_good_check_digit(pan: str) -> bool:
    """The Luhn check of ISO/IEC 7812."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in pan[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in pan[-1::-2])) % 10 == 0


def load_cards(path: Path) -> Mapping[str, Card]:
    """The cards by PAN; `BadSettings` lists all that is wrong, each with its line."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            mistakes = list(_header_mistakes(rows.fieldnames or (), path))
            if mistakes:
                raise BadSettings(mistakes)
            return _cards(rows, path)
    except OSError as error:
        raise BadSettings([f"{path}: cannot be read ({error.strerror})"]) from None
    except (csv.Error, UnicodeDecodeError):
        raise BadSettings([f"{path}: not a CSV file in UTF-8"]) from None


def _header_mistakes(columns: Iterable[str], path: Path) -> Iterator[str]:
    columns = list(columns)
    yield from (f"{path}: column {name!r} is missing" for name in NEEDED if name not in columns)
    yield from (f"{path}: column {name!r} is unknown"
                for name in columns if name not in (*NEEDED, *OPTIONAL))


def _cards(rows: "csv.DictReader[str]", path: Path) -> Mapping[str, Card]:
    cards: dict[str, Card] = {}
    references: set[str] = set()
    mistakes: list[str] = []
    for row in rows:
        place = f"{path}: line {rows.line_num}"
        if len(cards) >= CARDS_MAX:
            mistakes.append(f"{place}: more than {CARDS_MAX} cards")
            break
        wrong = [f"{place}: {what}" for what in _row_mistakes(row)]
        if not wrong and (row["pan"] in cards or row["reference"] in references):
            wrong = [f"{place}: this pan or reference stands above already"]
        mistakes += wrong
        if not wrong:
            cards[row["pan"]] = _card(row)
            references.add(row["reference"])
    if mistakes:
        raise BadSettings(mistakes)
    return cards


def _row_mistakes(row: Mapping[str | None, str | None]) -> Iterator[str]:
    """What is wrong in one line, without its values: they are card data."""
    if None in row or None in row.values():
        yield "not as many values as the header has columns"
        return
    value = {name or "": text or "" for name, text in row.items()}
    if not value["reference"]:
        yield "reference is empty"
    if not _is_digits(value["pan"], 12, 19) or not has_good_check_digit(value["pan"]):
        yield "pan is not 12 to 19 digits with a good check digit"
    if not _is_digits(value["expiry"], 4, 4) or not "01" <= value["expiry"][2:] <= "12":
        yield "expiry is not YYMM"
    if value["status"] not in STATUSES:
        yield f"status is none of {', '.join(STATUSES)}"
    if not _is_digits(value["balance_minor"], 1, 15):
        yield "balance_minor is not a whole number of minor units"
    if not _is_digits(value["currency"], 3, 3):
        yield "currency is not a numeric code of three digits"
    for name, shortest, longest in (("limit_minor", 1, 15), ("daily_limit_minor", 1, 15),
                                    ("pvki", 1, 1), ("pvv", 4, 4), ("offset", 4, 12),
                                    ("service_code", 3, 3)):
        if value.get(name) and not _is_digits(value[name], shortest, longest):
            yield f"{name} is not {shortest} to {longest} digits"
    if value.get("e_commerce", "") not in ("", "yes", "no"):
        yield "e_commerce is neither yes nor no"
    if unknown := set(value.get("flags", "").split()) - FLAGS:
        yield f"flags {', '.join(sorted(unknown))} unknown (known: {', '.join(sorted(FLAGS))})"


def _is_digits(text: str, shortest: int, longest: int) -> bool:
    return text.isascii() and text.isdigit() and shortest <= len(text) <= longest


def _card(row: Mapping[str, str]) -> Card:
    return Card(
        reference=row["reference"],
        pan=row["pan"],
        expiry=row["expiry"],
        status=row["status"],
        balance_minor=int(row["balance_minor"]),
        currency=row["currency"],
        limit_minor=_amount(row.get("limit_minor")),
        daily_limit_minor=_amount(row.get("daily_limit_minor")),
        e_commerce=row.get("e_commerce") != "no",
        pvki=row.get("pvki") or "1",
        pvv=row.get("pvv") or "",
        offset=row.get("offset") or "",
        service_code=row.get("service_code") or "201",
        flags=frozenset((row.get("flags") or "").split()),
    )


def _amount(text: str | None) -> int | None:
    return int(text) if text else None
