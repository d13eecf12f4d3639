"""The session keys that were exchanged, as cryptograms under the LMK: found again after a restart.

A file of its own beside the journal. What was exchanged over a configured key counts as long as
that key is configured: another one there (a new start with the peer) makes it void.
"""
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from router.net.journal_opening import JournalUnusable
from router.switching.pin_key import PinKey

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS session_keys (side TEXT, peer TEXT, place INTEGER, kind TEXT NOT"
    " NULL, under_lmk TEXT NOT NULL, kcv TEXT NOT NULL, block_format TEXT NOT NULL, base TEXT NOT"
    " NULL, at REAL NOT NULL, PRIMARY KEY (side, peer, place)) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """Of one peer: the oldest first, and when the last one came (seconds since 1970)."""

    keys: tuple[PinKey, ...]
    at: float


class KeyStore:
    """Every write is durable when it returns. May be used from threads."""

    def __init__(self, path: Path) -> None:
        """Raises JournalUnusable."""
        self._turn = threading.Lock()
        try:
            path.touch(mode=0o600)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise JournalUnusable(f"{path}: {error}; restore it, or move it away and have new keys"
                                  " exchanged with every peer") from None

    def kept(self, side: str, peer: str, base: PinKey) -> KeptKeys | None:
        """What was exchanged with this peer over this configured key."""
        with self._turn:
            rows = self._database.execute(
                "SELECT kind, under_lmk, kcv, block_format, at FROM session_keys"
                " WHERE side = ? AND peer = ? AND base = ? ORDER BY place",
                (side, peer, base.under_lmk)).fetchall()
        if not rows:
            return None
        return KeptKeys(tuple(PinKey(*row[:4]) for row in rows), rows[-1][4])

    def keep(
        self, side: str, peer: str, base: PinKey, keys: Sequence[PinKey], at: float
    ) -> None:
        """These and no others. Raises sqlite3.Error."""
        rows = [
            (side, peer, place, key.kind, key.under_lmk, key.kcv, key.block_format, base.under_lmk,
             at)
            for place, key in enumerate(keys)
        ]
        with self._turn, self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(
                "DELETE FROM session_keys WHERE side = ? AND peer = ?", (side, peer))
            self._database.executemany(
                "INSERT INTO session_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def close(self) -> None:
        """No writes any more."""
        with self._turn:
            self._database.close()
