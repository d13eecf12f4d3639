"""The head: how far the journal was durable a moment ago, sealed, beside its segments.

It is written after the rows it names are on the disk, so no power cut puts it ahead of them: rows
that it names and that are not there were lost by the disk, or taken away. Two slots in turn: a
write that is torn leaves the other one.
"""

import contextlib
import os
from pathlib import Path
from typing import Final, NamedTuple

from specs.journal_seal import NONCE_BYTES, TAG_BYTES, NotSealedSo, Seal, SegmentSeal

NAME: Final = "head"
SLOTS: Final = (0, 4096)
WORD: Final = b"head"
FIXED_BYTES: Final = 16 + TAG_BYTES
SLOT_BYTES: Final = FIXED_BYTES + NONCE_BYTES + len(WORD) + TAG_BYTES


class Head(NamedTuple):
    """The last row, when it was written (milliseconds since 1970), and its tag."""

    row: int
    at: int
    tag: bytes


class HeadFile:
    """Written by one thread."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        """Raises OSError."""
        self._seal = seal.of_segment(0)
        self._next_slot = 0
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        found = [_slot(os.pread(self._file, SLOT_BYTES, at), self._seal) for at in SLOTS]
        if found[0] is not None and (found[1] is None or found[1].row < found[0].row):
            self._next_slot = 1

    def write(self, head: Head) -> None:
        """On the disk when this returns. Raises OSError."""
        fixed = head.row.to_bytes(8, "big") + head.at.to_bytes(8, "big") + head.tag
        slot = fixed + self._seal.closed(head.row, head.at, head.tag, WORD)
        os.pwrite(self._file, slot, SLOTS[self._next_slot])
        os.fdatasync(self._file)
        self._next_slot = 1 - self._next_slot

    def close(self) -> None:
        os.close(self._file)


def head_in(folder: Path, seal: Seal) -> Head | None:
    """The later of the slots that can be read; None where there is none."""
    slots = []
    with contextlib.suppress(OSError), (folder / NAME).open("rb") as file:
        for offset in SLOTS:
            file.seek(offset)
            slots.append(_slot(file.read(SLOT_BYTES), seal.of_segment(0)))
    return max((slot for slot in slots if slot is not None), default=None)


def _slot(data: bytes, seal: SegmentSeal) -> Head | None:
    row, at = int.from_bytes(data[:8], "big"), int.from_bytes(data[8:16], "big")
    head = Head(row, at, data[16:FIXED_BYTES])
    try:
        seal.opened(row, at, head.tag, data[FIXED_BYTES:])
    except NotSealedSo:
        return None
    return head
