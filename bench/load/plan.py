"""What the load process is asked to do, and what it says came of it: JSON both ways."""

from typing import Final

import msgspec

CHIP_DATA_BYTES: Final = 120


class Plan(msgspec.Struct):
    """What to do. `rate` 0 means closed loop; `pids` are the programs whose CPU time is read."""

    ports: list[int]  # an acquirer each; the connections are spread over them
    dialect: str
    connections: int
    seconds: float
    warm_up_s: float
    rate: float
    in_flight: int
    pids: dict[str, list[int]]
    with_pin: bool = True
    chip_data_bytes: int = CHIP_DATA_BYTES
    private_bytes: int = 0
    windows: int = 5  # CPU time is read so many times, to see how steady it is
    drain_s: float = 10.0  # how long the last answers are waited for


class Result(msgspec.Struct):
    """What came of it, the warm-up left out. Latencies in microseconds."""

    window_s: float  # between the first and the last reading of CPU time
    answered: int  # within the window
    sent: int  # in all
    wrong: dict[str, int]  # answers that were not right, in the warm-up too, by what was wrong
    lost: int  # never answered
    overloaded: bool  # so many were out that the run was given up
    message_bytes: int  # of a request
    latencies: dict[str, float]  # by percentile
    sent_late_us: float  # p99 of how long after its due time a request was written
    cpu_us: dict[str, float]  # within the window, by program
    cpu_us_each: dict[str, list[float]]  # per answered request, window by window
    memory_kb: dict[str, int]  # resident, at the end of the window
    in_flight: int  # at the end of the window
    others_share: float  # of all cores: what programs used that are not ours
    histogram: str  # the latencies, as HdrHistogram encodes them
