"""The audit log: append-only lines, each chained to the one before by SHA-256. Holds no secrets.

A line is a JSON object whose last member, `chain`, is the hash of the chain value before and of
all that stands before this member. Who alters, removes or inserts a line breaks the chain there; a
tail cut off shows only against a number and chain value noted elsewhere. A file that is full gets
a number and the next one carries the chain on.
"""
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

FILE_BYTES_MAX: Final = 16_777_216
LINE_BYTES_MAX: Final = 4096
_START: Final = "0" * 64
_LINE: Final = re.compile(rb'(\{"n":(\d+),.*),"chain":"([0-9a-f]{64})"\}\n?', re.DOTALL)


class AuditBroken(Exception):
    """The log is not what was written; the text says where."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands: the number of its last line and that line's chain value."""

    number: int = 0
    chain: str = _START


def now() -> str:
    """Return the instant as the log has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class AuditLog:
    """Appends; nothing else can be done with it."""

    def __init__(
        self, path: Path, file_bytes_max: int = FILE_BYTES_MAX, clock: Callable[[], str] = now
    ) -> None:
        """Go on behind the last line of `path`, after checking the file; `AuditBroken` if altered.

        A last line that a crash cut short is removed and its removal is the next line.
        """
        self._path = path
        self._bytes_max = file_bytes_max
        self._clock = clock
        torn = _torn_bytes(path)
        self.head = checked(path, torn, whole=False)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if torn:
            os.ftruncate(self._file, os.fstat(self._file).st_size - torn)
            self.write("torn_line_removed", bytes=torn)

    def write(self, event: str, **facts: object) -> None:
        """Append one line and see it to the disk. Facts are names and numbers, never secrets."""
        self._append(event, facts)
        os.fsync(self._file)

    def write_counts(self, counts: dict[tuple[str, str, str], int]) -> None:
        """Append what commands came to: how often each (command, LMK, error code)."""
        for (command, lmk, code), count in counts.items():
            self._append(
                "commands", {"command": command, "lmk": lmk, "code": code, "count": count}
            )

    def close(self) -> None:
        """See everything to the disk."""
        os.fsync(self._file)
        os.close(self._file)

    def _append(self, event: str, facts: dict[str, object]) -> None:
        if os.fstat(self._file).st_size >= self._bytes_max:
            self._begin_next_file()
        said = {"n": self.head.number + 1, "at": self._clock(), "event": event, **facts}
        body = msgspec.json.encode(said)[:-1]
        chain = _next_chain(self.head.chain, body)
        line = body + b',"chain":"' + chain.encode("ascii") + b'"}\n'
        assert len(line) <= LINE_BYTES_MAX
        written = os.write(self._file, line)
        if written != len(line):
            raise OSError(28, "the audit log cannot be written", str(self._path))
        self.head = Head(self.head.number + 1, chain)

    def _begin_next_file(self) -> None:
        self.close()
        number = len(older_files(self._path)) + 1
        self._path.rename(self._path.with_name(f"{self._path.name}.{number:06d}"))
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def older_files(path: Path) -> list[Path]:
    """Return the full files before `path`, oldest first."""
    return sorted(path.parent.glob(f"{path.name}.[0-9][0-9][0-9][0-9][0-9][0-9]"))


def checked(
    path: Path, torn: int = 0, expected: tuple[int, str] | None = None, whole: bool = True
) -> Head:
    """Check the files of a log and return where its chain ends; `AuditBroken` says where not.

    Files that were moved away are missed from the front only: the first line that is there may
    have any number. `expected` is number and chain value of a line that was noted elsewhere. Unless
    `whole`, only the last file that has lines is read: what a start has time for.
    """
    is_found = expected is None
    head: Head | None = None
    last = ""
    files = [file for file in older_files(path) if file.stat().st_size]
    if path.exists() and path.stat().st_size > torn:
        files.append(path)
    for file, number, line in _lines(files if whole else files[-1:], path, torn):
        last = f"{file.name}, line {number}"
        found = _LINE.fullmatch(line)
        if found is None:
            raise AuditBroken(f"{last}: not a line of this log")
        body, counted, chain = found.group(1), int(found.group(2)), found.group(3).decode()
        if head is not None and counted != head.number + 1:
            raise AuditBroken(f"{last}: has number {counted} behind {head.number}")
        if head is None and counted == 1:
            head = Head()
        if head is not None and _next_chain(head.chain, body) != chain:
            raise AuditBroken(f"{last}: does not follow from the line before, or was altered")
        head = Head(counted, chain)
        is_found = is_found or (counted, chain) == expected
    if not is_found:
        raise AuditBroken("the line expected is not in it: its end was cut off, or it is another")
    return head or Head()


def _lines(files: list[Path], path: Path, torn: int) -> Iterator[tuple[Path, int, bytes]]:
    for file in files:
        left = file.stat().st_size - (torn if file == path else 0)
        with file.open("rb") as lines:
            number = 0
            while left > 0:
                number += 1
                line = lines.readline(min(left, LINE_BYTES_MAX + 1))
                left -= len(line)
                yield file, number, line


def _torn_bytes(path: Path) -> int:
    """Return how many bytes at the end are no whole line."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LINE_BYTES_MAX))
        tail = file.read()
    return len(tail) - (tail.rfind(b"\n") + 1)


def _next_chain(before: str, body: bytes) -> str:
    return sha256(before.encode("ascii") + body).hexdigest()
