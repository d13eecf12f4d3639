"""Records as a person or a program may see them: named, masked, in order.

The masking is `noyau decode`'s: PANs keep first six and last four, free text loses what looks like
a card number.
"""

from typing import Any, Final

from noyau.card_data import masked, masked_element
from noyau.journal.facts import time_in_words
from router.wire.pan import Pan
from specs.dialect import load_dialect
from specs.journal_format import (
    SEPARATOR,
    About,
    Answered,
    Carried,
    Ended,
    Entry,
    Forwarded,
    Kept,
    NumberGiven,
    Retired,
    Reversed,
    RunBegan,
    SegmentBegan,
    SegmentEnded,
    StandInMode,
    StoodIn,
    Stored,
)
from specs.journal_reading import Row
from specs.rules import Dialect

Fields = dict[str, Any]
CANONICAL: Final = "iso87-ascii"
KEY_PARTS: Final = ("acquirer", "sender", "stan", "transmission_time", "terminal")
NAMES: Final[dict[type, str]] = {
    Forwarded: "forwarded", Answered: "answered", Reversed: "reversed", Stored: "stored",
    Ended: "ended", NumberGiven: "number_given", StoodIn: "stood_in",
    StandInMode: "stand_in_mode", SegmentBegan: "segment_began", SegmentEnded: "segment_ended",
    RunBegan: "run_began", Carried: "carried", Retired: "retired",
}  # fmt: skip
NAMED: Final = ("rrn", "stan", "transmission_time", "terminal", "sender")
SENT: Final = ("sent", "stored")
WHERE: Final = ("id", "at", "file", "record")


class Shown:
    """Made once: it holds the dialect that says what an element is."""

    def __init__(self) -> None:
        self._dialect: Dialect = load_dialect(CANONICAL)

    def row(self, worker: str, row: Row) -> list[Fields]:
        """Its records, each with its place."""
        return [
            self.entry(f"{worker}:{row.number}.{place}", row.at, row.segment.path.name, entry)
            for place, entry in enumerate(row.entries)
        ]

    def entry(self, place: str, at: int, file: str, entry: Entry) -> Fields:
        """One record."""
        where = {"id": place, "at": time_in_words(at), "file": file}
        return {**where, "record": NAMES[type(entry)], **self._said(entry)}

    def _said(self, entry: Entry) -> Fields:
        if isinstance(entry, Forwarded):
            sent = self._message(entry.outbound)
            return {**who(entry.about), "issuer": entry.issuer, "line": entry.line, "sent": sent}
        if isinstance(entry, Answered):
            elements = {str(one): self._text(one, text) for one, text in entry.elements.items()}
            return {**who(entry.about), "code": entry.code, "approves": entry.approves, **elements}
        if isinstance(entry, Reversed):
            return {**who(entry.about), "partial": entry.partial}
        if isinstance(entry, Stored):
            return {**who(entry.about), "entry": list(entry.id), "issuer": entry.issuer,
                    "line": entry.line, "after": entry.after and list(entry.after),
                    "has_left": entry.has_left, "retried": entry.retried,
                    "stored": self._message(entry.message)}  # fmt: skip
        if isinstance(entry, Ended):
            return {"entry": list(entry.id), "parked": entry.parked, "who": entry.who,
                    "why": self._text(60, entry.why)}  # fmt: skip
        if isinstance(entry, StoodIn):
            return {"issuer": entry.issuer, "pan": str(Pan(entry.pan)),
                    "key": entry.key.decode("latin-1").split(SEPARATOR.decode()),
                    "until": time_in_words(entry.until * 1000), "count": entry.count,
                    "amount_minor": entry.amount_minor, "wrong_pins": entry.wrong_pins}  # fmt: skip
        if isinstance(entry, Carried):
            return {"replay_from": entry.replay_from, "retired": entry.retired,
                    "open": len(entry.records)}  # fmt: skip
        return {name: getattr(entry, name) for name in entry.__struct_fields__}

    def _message(self, kept: Kept) -> Fields:
        values = {str(one): self._text(one, kept.values[one]) for one in sorted(kept.values)}
        return {"t": kept.mti, **values}

    def _text(self, number: int, text: str) -> str:
        if number in self._dialect.elements:
            return masked_element(self._dialect, number, text)
        return masked(number, text)


def who(about: About) -> Fields:
    """Whose request, and which."""
    parts = about.parts
    named = {name: getattr(parts, name) for name in KEY_PARTS}
    return {**named, "rrn": parts.rrn, "mti": about.mti,
            "pan": str(Pan(parts.pan)) if parts.pan else "",
            "processing_code": parts.processing_code, "amount": parts.amount,
            "currency": parts.currency}  # fmt: skip


def story_lines(told: list[Fields]) -> list[str]:
    """One transaction for eyes: who and what once, then what each record adds."""
    first = told[0]
    lines = [
        f"{first['mti']} of {first['acquirer']}, card {first['pan']}, amount {first['amount']}"
        f" {first['currency']}, processing code {first['processing_code']}",
        "  ".join(f"{name} {first[name]}" for name in NAMED if first.get(name)),
        "",
    ]
    for fields in told:
        lines.append(f"{fields['at']}  {fields['id']:<12} {fields['record']:<9} {said(fields)}")
        messages = [fields[name] for name in SENT if name in fields]
        lines += [f"    {message['t']} {_elements(message)}" for message in messages]
    return lines


def said(fields: Fields) -> str:
    """What this record adds, in a few words."""
    record = fields["record"]
    if record == "forwarded":
        return f"to {fields['issuer']}, line {fields['line']}"
    if record == "answered":
        return f"{fields['code']}{', an approval' if fields['approves'] else ''}"
    if record == "reversed":
        return "in part" if fields["partial"] else "in full"
    if record == "stored":
        again = f", given back to delivery at {fields['retried']}" if fields["retried"] else ""
        return f"{'/'.join(fields['entry'])}{again}"
    if record == "ended":
        how = "parked" if fields["parked"] else "settled" if fields["who"] else "acknowledged"
        by = f" by {fields['who']}: {fields['why']}" if fields["who"] else ""
        return f"{'/'.join(fields['entry'])} {how}{by}"
    return "  ".join(f"{name} {fields[name]}" for name in fields if name not in WHERE)


def _elements(message: Fields) -> str:
    return " ".join(f"{name}={text}" for name, text in message.items() if name != "t")
