"""Latencies in an HdrHistogram: filled after a run, read again from a stored result."""

from array import array
from collections import Counter
from typing import Any, Final

from hdrh.histogram import HdrHistogram

LONGEST_US: Final = 60_000_000
DIGITS: Final = 3


def histogram_of(microseconds: "array[int]") -> Any:
    """Filled afterwards: recording a value costs more than everything else a request needs."""
    histogram = HdrHistogram(1, LONGEST_US, DIGITS)
    for value, count in Counter(microseconds).items():
        histogram.record_value(min(max(1, value), LONGEST_US), count)
    return histogram


def percentile_curve(encoded: str, percentiles: list[float]) -> list[float]:
    """The microseconds at each percentile of a stored histogram."""
    histogram = HdrHistogram.decode(encoded)
    return [float(histogram.get_value_at_percentile(percentile)) for percentile in percentiles]
