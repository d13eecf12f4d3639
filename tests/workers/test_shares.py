"""What of a configuration is one worker's, and who has which acquirer."""
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.net.journal_opening import JournalUnusable
from router.net.place import Place
from router.net.roster import FILE, Roster, keep, roster_in
from router.net.shares import LINES_MIN, connections_to, lines_of, part_of_lent, share_of
from router.switching.stans import STAN_MAX, Stans
from tests.settings.folders import settings
from tests.settings.test_stand_in_file import good

COUNTS = st.integers(1, 16)


@given(COUNTS, st.integers(0, 100_000))
def test_the_parts_of_a_limit_are_the_limit(count: int, limit: int) -> None:
    """No part is larger than another by more than one."""
    parts = [Place(number, count).part_of(limit) for number in range(count)]
    assert sum(parts) == limit
    assert max(parts) - min(parts) <= 1


@given(COUNTS, st.integers(1, 64))
def test_every_line_is_opened_and_no_worker_hangs_on_one(count: int, lines: int) -> None:
    """None twice by the same worker; the extra ones are as few as can be."""
    shares = [lines_of(tuple(range(lines)), Place(number, count)) for number in range(count)]
    assert {line for share in shares for line in share} == set(range(lines))
    assert all(len(set(share)) == len(share) for share in shares)
    assert all(len(share) >= min(LINES_MIN, lines) for share in shares)
    assert all(len(share) <= max(LINES_MIN, -(-lines // count)) for share in shares)


@given(COUNTS)
def test_no_number_is_given_by_two_workers(count: int) -> None:
    """At the ends of their parts, where one would run into the next."""
    given_by: dict[str, int] = {}
    for number in range(count):
        place = Place(number, count)
        stans = Stans(place.stan_first, place.stans)
        last = f"{place.stan_first + place.stans - 2:06d}"
        taken = [stans.take(0.0) for _ in range(3)]
        stans.go_on_behind(last)
        taken += [stans.take(0.0) for _ in range(3)]
        for stan in taken:
            assert stan is not None
            assert place.has(stan)
            assert stans.has(stan)
            assert given_by.setdefault(stan, number) == number
    assert max(map(int, given_by)) <= STAN_MAX


def test_a_worker_has_its_acquirers_whole_and_its_part_of_the_rest(tmp_path: Path) -> None:
    """Limits of an acquirer are not divided."""
    whole = settings(tmp_path)
    share = share_of(whole, Place(1, 3), {"corniche"})
    assert [one.name for one in share.acquirers] == ["corniche"]
    assert share.acquirers[0] == whole.acquirers[1]
    assert share.router.in_flight_max == Place(1, 3).part_of(whole.router.in_flight_max)
    assert share.issuers[0].requests_per_s == whole.issuers[0].requests_per_s / 3
    assert share.bins == whole.bins
    assert share_of(whole, Place(), ["medina"]) is whole


def test_an_issuer_sees_more_connections_than_lines(tmp_path: Path) -> None:
    """Two lines, three workers: each has both."""
    atlas = settings(tmp_path).issuers[0]
    assert [connections_to(atlas, workers) for workers in (1, 2, 3)] == [2, 4, 6]


def test_what_all_workers_approve_of_a_card_is_what_its_issuer_lends(tmp_path: Path) -> None:
    """Count, total and wrong PINs together."""
    (lent,) = good(tmp_path).stand_in
    parts = [part_of_lent(lent, Place(number, 2)) for number in range(2)]
    for place, limit in enumerate(lent.limits):
        assert sum(one.limits[place].count_max for one in parts) == limit.count_max
        assert sum(one.limits[place].total_max_minor for one in parts) == limit.total_max_minor
        assert all(
            one.limits[place].amount_max_minor == limit.amount_max_minor for one in parts)


def test_acquirers_are_spread_evenly_and_stay_where_they_are() -> None:
    """A new one goes where the fewest are; one that went leaves room."""
    roster = Roster(("0", "1")).with_acquirers(["a", "b", "c"])
    assert [roster.worker_of(name) for name in "abc"] == [0, 1, 0]
    later = roster.with_acquirers(["b", "c", "d", "e"])
    assert [later.worker_of(name) for name in "abc"] == [0, 1, 0]
    loads = [sum(later.worker_of(name) == worker for name in "bcde") for worker in range(2)]
    assert loads == [2, 2]


def test_another_number_deals_anew_into_new_journals() -> None:
    """Of an acquirer that is not configured, somebody has what is known."""
    roster = Roster(("0", "1", "2"), next_journal=3).with_acquirers(["a", "b", "gone"])
    dealt = roster.dealt_anew(2, ["a", "b"])
    assert dealt.journals == ("3", "4")
    assert (dealt.worker_of("a"), dealt.worker_of("b")) == (0, 1)
    assert dealt.worker_of("gone") < 2
    assert dealt.next_journal == 5


def test_a_roster_is_found_again_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    """Without it nobody knows whose journal is whose."""
    roster = Roster(("3", "4"), {"a": 1}, {"atlas": ("000017",)}, 5)
    keep(roster, tmp_path)
    assert roster_in(tmp_path) == roster
    (tmp_path / FILE).write_text("{")
    with pytest.raises(JournalUnusable, match="restore it from a copy"):
        roster_in(tmp_path)
