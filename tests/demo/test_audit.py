"""Comparing while trading: the book stays small, and nothing that was wrong is forgotten."""
from pathlib import Path
from typing import Any

import pytest

from issuers.entry import Effect, PinVerdict
from issuers.entry import Entry as LedgerEntry
from issuers.ledger import Ledger as IssuersLedger
from issuers.state import ledger_path
from noyau.demo.audit import DONE_S, DOUBTFUL_S, SETTLED_S, Audit
from noyau.demo.book import Book, Entry
from noyau.demo.ledgers import Ledgers

TAG = "DTEST0"


class Scene:
    """One issuer's real ledger file, and an acquirer's book."""

    def __init__(self, state: Path) -> None:
        self.book = Book(TAG, entries_max=100)
        self.ledger = IssuersLedger(ledger_path(state, "atlas"))
        self.audit = Audit(self.book, Ledgers(state, ["atlas"], TAG), ["atlas"])

    def bought(self, sent_at: float, *, is_posted: bool = True) -> Entry:
        """A purchase of 100.00, approved."""
        entry = Entry(
            rrn=self.book.next_rrn(), link="medina", issuer="atlas",
            pan_masked="950400******2522", processing_code="000000", amount_minor=10_000,
            currency="504", pin="right", sent_at=sent_at, heard="00", heard_at=sent_at)
        self.book.write(entry)
        if is_posted:
            self.post(entry.rrn)
        return entry

    def post(self, rrn: str, **changed: Any) -> None:
        """As the issuer would: on the disk."""
        facts: dict[str, Any] = {
            "key": f"10|{rrn}|{len(changed)}", "at": "2026-11-24T01:02:03Z", "mti": "0100",
            "stan": "000007", "transmission_time": "1124010203", "acquirer_id": "504001",
            "forwarder_id": "504900", "rrn": rrn, "response_code": "00",
            "pin": PinVerdict.VERIFIED, "effect": Effect.HOLD, "moved_minor": 10_000,
            "remaining_minor": 10_000,
        }
        self.ledger._commit([LedgerEntry(**(facts | changed))])


@pytest.fixture
def scene(tmp_path: Path) -> Any:
    here = Scene(tmp_path)
    yield here
    here.ledger.close()


def test_what_agrees_leaves_the_book_once_old_enough(scene: Scene) -> None:
    scene.bought(0.0)
    scene.bought(100.0)
    assert scene.audit.look(100.0 + SETTLED_S + 1).agreed == 2
    assert len(scene.book) == 2
    assert scene.audit.look(DONE_S + 1).agreed == 2
    assert len(scene.book) == 1


def test_what_left_the_book_is_still_counted(scene: Scene) -> None:
    for number in range(5):
        scene.bought(float(number))
    scene.audit.look(DONE_S + 3.5)
    outcome = scene.audit.outcome()
    assert len(scene.book) == 1
    assert (outcome.transactions, outcome.approved, outcome.violations) == (5, 5, [])
    assert outcome.issuers["atlas"].pin_verified == 5
    assert scene.audit.outcome().transactions == 5


def test_what_differs_stays_and_is_told_when_it_should_have_settled(scene: Scene) -> None:
    scene.bought(0.0, is_posted=False)
    assert scene.audit.look(SETTLED_S + 1).doubtful == 0
    assert scene.audit.look(DOUBTFUL_S + 1).doubtful == 1
    scene.audit.look(10 * DONE_S)
    assert "no issuer approved it" in scene.audit.outcome().violations[0]


def test_a_second_posting_of_what_was_settled_is_found(scene: Scene) -> None:
    """Promise 3 has no end: the book forgot it, the ledger did not."""
    entry = scene.bought(0.0)
    scene.audit.look(DONE_S + 1)
    scene.post(entry.rrn, stan="000099")
    assert f"rrn {entry.rrn}: 10000 stands, nobody asked" in scene.audit.outcome().violations[0]


def test_settled_rows_are_passed_over_though_an_older_one_waits(scene: Scene) -> None:
    """The older one's amount is wrong: its row is looked at again each time."""
    scene.post(scene.bought(0.0, is_posted=False).rrn, remaining_minor=9_000)
    scene.bought(0.0)
    for _ in range(3):
        scene.audit.look(DONE_S + 1)
    outcome = scene.audit.outcome()
    assert (outcome.transactions, outcome.approved, len(outcome.violations)) == (2, 2, 1)


def test_other_peoples_transactions_are_not_looked_at(scene: Scene) -> None:
    """Strangers use the same cards."""
    scene.post("STRANGER0001")
    scene.post("")
    assert scene.audit.outcome().violations == []
