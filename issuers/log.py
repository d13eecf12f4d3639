"""Logs of an issuer host: JSON lines on standard error, without the locals of any exception."""
import asyncio
import logging
import sys
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer


def configure(level: str, issuer: str) -> None:
    """From now on log from this level on, each line with the issuer's name."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Locals would print card data.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(program="issuer", issuer=issuer)


def place_of(error: BaseException) -> str:
    """Where an exception was raised; its text is not for logs, it may hold card data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""


def log_unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a callback raised; the event loop would print its text and values."""
    error = context.get("exception")
    structlog.get_logger("loop").error(
        "callback_failed", error=type(error).__name__, place=place_of(error) if error else "")
