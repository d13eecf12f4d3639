"""Lines of text to a file descriptor, written by a thread: whoever reads them slowly, or not at
all, never stops the router. What does not fit is dropped and counted."""

import contextlib
import os
import select
import threading
from collections import deque
from typing import Final

LINES_MAX: Final = 20_000
BATCH_MAX: Final = 512
GATHERS_S: Final = 0.01  # after a write: each waking of the thread takes the interpreter's lock


class LineWriter:
    """A logger in structlog's sense: its methods take a rendered line."""

    def __init__(
        self, descriptor: int, lines_max: int = LINES_MAX, is_alone: bool = True
    ) -> None:
        """Beside other processes, what is written at once is written whole."""
        self.dropped = 0
        self._is_alone = is_alone
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque()
        self._lines_max = lines_max
        self._changed = threading.Condition()
        self._stopping = False
        self._waits = False  # the thread does, for a line
        self._writer = threading.Thread(target=self._write, name="log", daemon=True)
        self._writer.start()

    def msg(self, line: bytes) -> None:
        """Never blocks for longer than it takes to append."""
        with self._changed:
            if self._stopping or len(self._lines) >= self._lines_max:
                self.dropped += 1
                return
            self._lines.append(line)
            if self._waits:
                self._waits = False
                self._changed.notify()

    debug = info = warning = error = critical = exception = fatal = log = msg

    def stop(self, timeout_s: float = 2.0) -> None:
        """What waits is written, as far as the reader takes it in time."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._writer.join(timeout_s)

    def _batch(self) -> list[bytes]:
        """What a pipe takes as one is not torn apart by others that write to it."""
        batch, size = [self._lines.popleft()], 0
        while self._lines and len(batch) < BATCH_MAX:
            size += len(batch[-1]) + 1
            if not self._is_alone and size + len(self._lines[0]) >= select.PIPE_BUF:
                break
            batch.append(self._lines.popleft())
        return batch

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._lines and not self._stopping:
                    self._waits = True
                    self._changed.wait()
                if not self._lines:
                    return
                batch = self._batch()
                has_more = bool(self._lines)
            remaining = b"\n".join(batch) + b"\n"
            with contextlib.suppress(OSError):  # nobody reads any more: nowhere to say so
                while remaining:
                    remaining = remaining[os.write(self._descriptor, remaining) :]
            if not has_more:
                with self._changed:
                    if not self._stopping:
                        self._changed.wait(GATHERS_S)  # the end wakes it, a line does not
