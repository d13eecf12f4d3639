"""Logs of an issuer host: JSON lines on standard error, without the locals of any exception."""
import logging
import sys

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
