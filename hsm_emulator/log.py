"""Where the daemon's events go: one JSON object per line on standard error."""
import logging
import sys

import structlog
from structlog.tracebacks import ExceptionDictTransformer


def log_to_stderr(level: int = logging.INFO) -> None:
    """Set structlog up for a daemon. Locals stay out of tracebacks: they hold keys and PINs."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def level_of(name: str) -> int:
    """Return the number of a level of hsm.toml."""
    return logging.getLevelNamesMapping()[name.upper()]
