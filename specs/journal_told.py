"""How far a journal's follower has come: the last row that it told, in a file beside the segments.

The follower writes it and holds it locked: there is one at a time. The router looks how far it is
behind. Without it nobody knows: then the follower begins where its index ends.
"""

import contextlib
import fcntl
import os
import struct
from pathlib import Path
from typing import Final, NamedTuple

from specs.journal_seal import TAG_BYTES

NAME: Final = "told"
FORM: Final = struct.Struct(f">Q{TAG_BYTES}s")


class Told(NamedTuple):
    """The row, and its tag."""

    row: int
    tag: bytes


class ToldFile:
    """The follower's own."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError; BlockingIOError where another follower has it."""
        self._file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise

    @property
    def told(self) -> Told | None:
        """None: nothing yet, or nobody knows."""
        return _told_from(os.pread(self._file, FORM.size, 0))

    def write(self, told: Told) -> None:
        """Not on the disk: a power cut costs that some are told again."""
        os.pwrite(self._file, FORM.pack(*told), 0)

    def close(self) -> None:
        os.close(self._file)


def told_in(folder: Path) -> Told | None:
    """None: nothing yet, or nobody knows."""
    with contextlib.suppress(OSError):
        return _told_from((folder / NAME).read_bytes())
    return None


def _told_from(data: bytes) -> Told | None:
    return Told(*FORM.unpack(data)) if len(data) == FORM.size else None
