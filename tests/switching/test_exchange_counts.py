"""How long exchanges took, in buckets."""

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from router.switching.exchange_counts import BOUNDS_US, Times

NEAR_BOUNDS = [bound + off for bound in BOUNDS_US for off in (-1, 0, 1)]


@given(st.lists(st.one_of(st.sampled_from(NEAR_BOUNDS), st.integers(0, 10**8)), max_size=30))
def test_a_time_counts_up_to_the_first_bound_it_does_not_exceed(times: list[int]) -> None:
    """Whatever was counted before it."""
    counted, expected = Times(), [0] * (len(BOUNDS_US) + 1)
    for us in times:
        counted.add(us)
        expected[bisect_left(BOUNDS_US, us)] += 1
    assert counted.counts == expected
    assert counted.sum_us == sum(times)
