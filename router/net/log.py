"""The log: JSON lines on standard error, or plain ones on a terminal.

`start_log` is called once by the daemon. Libraries that use `logging` come through the same pipe.
No frame's local variables are ever shown: they hold card data.
"""

import io
import logging
import sys
from collections.abc import MutableMapping
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

import msgspec
import structlog
from structlog.processors import (
    ExceptionRenderer,
    TimeStamper,
    add_log_level,
)
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import FilteringBoundLogger, Processor

from router.net.card_data import is_plain, may_look_like_card, without_card_data
from router.net.line_writer import LineWriter
from router.switching.transaction_event import TransactionEvent

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
TRANSACTION_FIELDS: Final = tuple(field.name for field in fields(TransactionEvent))

Event = MutableMapping[str, Any]

_encoder = msgspec.json.Encoder()
_values_of = attrgetter(*TRANSACTION_FIELDS)


class Log:
    """The pipe to standard error; `logger` writes to it."""

    def __init__(
        self, level: str, descriptor: int, for_terminal: bool, worker: int | None = None,
        is_alone: bool = False,
    ) -> None:
        """`worker`: one of several. `is_alone`: nobody else writes to the same descriptor."""
        self.descriptor = descriptor
        self._writer = LineWriter(descriptor, is_alone=is_alone)
        self._says_always = {} if worker is None else {"worker": worker}
        self._begins = b"{" + _encoder.encode({"event": "transaction", **self._says_always})[1:-1]
        self._is_for_terminal = for_terminal
        self._processors = console_processors() if for_terminal else json_processors()
        self._foreign = LibraryMessages(self)
        self.set_level(level)

    @property
    def lines_dropped(self) -> int:
        """Nobody read them in time."""
        return self._writer.dropped

    def set_level(self, level: str) -> None:
        """At a reload. Whoever keeps a logger asks for `logger` again, each time."""
        self.logger: FilteringBoundLogger = self._logger(level)
        self._tells_transactions = LEVELS[level] <= logging.INFO

    def transaction(self, event: TransactionEvent) -> None:
        """As `logger.info` would, whose stages would take a core in a flood of refusals."""
        if not self._tells_transactions:
            return
        if not self._is_for_terminal:
            at = datetime.now(UTC).isoformat().encode()[: -len("+00:00")]
            told = _encoder.encode(event)[1:-1]
            line = b'%b,%b,"level":"info","at":"%bZ"}' % (self._begins, told, at)
            if not may_look_like_card(line):
                self._writer.msg(line)
                return
        self.logger.info("transaction", **transaction_fields(event))

    def take_over_libraries(self) -> None:
        """asyncio's and others' warnings come here too."""
        logging.basicConfig(handlers=[self._foreign], level=logging.WARNING, force=True)

    def stop(self) -> None:
        """Everything written; later lines are dropped."""
        root = logging.getLogger()
        if self._foreign in root.handlers:
            root.removeHandler(self._foreign)
        self._writer.stop()

    def _logger(self, level: str) -> FilteringBoundLogger:
        bound: Any = structlog.make_filtering_bound_logger(LEVELS[level])
        logger: FilteringBoundLogger = bound(self._writer, self._processors, self._says_always)
        return logger


class LibraryMessages(logging.Handler):
    """What libraries say through `logging`."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One event, named as such."""
        level = max(record.levelno, logging.DEBUG)
        self._log.logger.log(
            level,
            "library_message",
            library=record.name,
            text=record.getMessage(),
            exc_info=record.exc_info,
        )


def start_log(level: str, worker: int | None = None, is_alone: bool = False) -> Log:
    """To standard error: plain lines on a terminal, JSON lines elsewhere."""
    log = Log(level, sys.stderr.fileno(), sys.stderr.isatty(), worker, is_alone)
    log.take_over_libraries()
    return log


def transaction_fields(event: TransactionEvent) -> dict[str, str | int]:
    """What the one `transaction` event of an exchange says."""
    return dict(zip(TRANSACTION_FIELDS, _values_of(event), strict=True))


def json_processors() -> list[Processor]:
    """One JSON object per line."""
    return [
        add_log_level,
        TimeStamper(fmt="iso", utc=True, key="at"),
        ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        json_line,
    ]


def console_processors() -> list[Processor]:
    """For people. Not the rich formatter: it prints local variables."""
    return [
        add_log_level,
        TimeStamper(fmt="%H:%M:%S", utc=False, key="timestamp"),
        ExceptionRenderer(plain_traceback),
        fenced,
        structlog.dev.ConsoleRenderer(colors=True),
        in_bytes,
    ]


def plain_traceback(exc_info: Any) -> str:
    """Files and lines only."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    return text.getvalue()


def json_line(_logger: object, _method: str, event: Event) -> bytes:
    """Looked at as a whole once it is written; only what may look like a card is taken apart."""
    if is_plain(event):
        line = _encoder.encode(event)
        if not may_look_like_card(line):
            return line
    return _encoder.encode(without_card_data(event))


def fenced(_logger: object, _method: str, event: Event) -> Event:
    """For the console, which renders values itself."""
    return without_card_data(event)


def in_bytes(_logger: object, _method: str, line: Any) -> bytes:
    """As the writer takes it."""
    return str(line).encode("utf-8", "backslashreplace")
