"""What a reload says about two tables: the ranges that came and those that went."""

from hypothesis import given
from hypothesis import strategies as st

from router.net.bin_changes import bin_changes
from router.switching.bin_ranges import BinRange, bin_ranges

ISSUERS = ("atlas", "meridian", "rif")
# First digits of a range -> its issuer.
TABLES = st.dictionaries(st.integers(950_400, 950_440), st.sampled_from(ISSUERS))


def ranges_of(table: dict[int, str]) -> list[BinRange]:
    return [
        BinRange(str(first), str(first), issuer, 0, "domestic", "", "504", "", True)
        for first, issuer in table.items()
    ]


@given(TABLES, TABLES, st.sampled_from(("as they come", "sorted", "alike")))
def test_the_differences_are_those_of_the_sets(
    old: dict[int, str], new: dict[int, str], how: str
) -> None:
    """Whatever lies before the first difference, behind the last, and between."""
    if how == "alike":
        new = {**old, **dict(list(new.items())[:2])}
    if how != "as they come":
        old, new = dict(sorted(old.items())), dict(sorted(new.items()))
    before, after = ranges_of(old), ranges_of(new)
    expected = []
    for word, these in (("added", set(after) - set(before)), ("removed", set(before) - set(after))):
        if these:
            issuers = ", ".join(sorted({one.issuer for one in these}))
            expected.append(f"bins: {len(these)} {word} ({issuers})")
    assert list(bin_changes(bin_ranges(before), bin_ranges(after))) == expected
