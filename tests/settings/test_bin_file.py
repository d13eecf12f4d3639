"""bins.csv: every line that cannot be taken is named, and what overlaps is found."""

from pathlib import Path

import pytest

from router.net import bin_file
from router.net.bin_apart import BinsApart
from router.net.bin_file import MISTAKES_MAX, read_bins
from router.switching.bin_ranges import NO_RANGES
from tests.settings.folders import BINS, changed, said

HEADER = BINS.splitlines()[0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "95O400,950400,atlas,0,domestic,,,,no",
            "first: is '95O400'; 6 to 11 digits, or a whole PAN",
        ),
        (
            "950401,9504019,atlas,0,domestic,,,,no",
            "last: has 7 digits, first has 6; as many digits in both",
        ),
        (
            "950402,950401,atlas,0,domestic,,,,no",
            "last: 950401 is below first, 950402; the end of the range",
        ),
        (
            "950401,950401,atlas,high,domestic,,,,no",
            "priority: is 'high'; a whole number, 0 to 999; the higher one decides",
        ),
        ("950401,950401,atlas,0,local,,,,no", "region: is 'local'; domestic or foreign"),
        (
            "950401,950401,atlas,0,domestic,,Morocco,,no",
            "country: is 'Morocco'; the country as ISO 3166 has it, 504 or MA, or nothing",
        ),
        ("950401,950401,atlas,0,domestic,,,,maybe", "e_commerce: is 'maybe'; yes or no"),
        ("950401,950401,atlas,0", "has 4 cells; 9, as the first line has"),
        (
            "950401,950401,altas,0,domestic,,,,no",
            'issuer: no issuer is named "altas"; did you mean atlas?',
        ),
    ],
)
def test_a_row_that_cannot_be_taken_names_line_and_column(
    tmp_path: Path,
    row: str,
    expected: str,
) -> None:
    """Line 5 of the file, as an editor counts."""
    assert said(tmp_path, bins=BINS + row + "\n") == [f"bins.csv: line 5: {expected}"]


def test_a_row_tells_all_its_mistakes(tmp_path: Path) -> None:
    """Not the first one only."""
    found = said(tmp_path, bins=BINS + "9504,95,atlas,x,y,,z,,?\n")
    assert [one.split(": ")[2] for one in found] == [
        "first",
        "last",
        "last",
        "priority",
        "region",
        "country",
        "e_commerce",
    ]


def test_an_unknown_issuer_is_told_beside_other_mistakes(tmp_path: Path) -> None:
    """Not at the second try."""
    assert said(tmp_path, bins=BINS + "950401,950401,nobody,0,domestic,,,,?\n") == [
        "bins.csv: line 5: e_commerce: is '?'; yes or no",
        'bins.csv: line 5: issuer: no issuer is named "nobody"; '
        "the issuers here are atlas, meridian",
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            changed(HEADER, "brand", "brnad"),
            [
                "brnad: unknown column; did you mean brand?",
                "brand: this column is missing; the columns are " + ", ".join(HEADER.split(",")),
            ],
        ),
        (
            changed(HEADER, "country,", "country,country,"),
            ["country: this column is there twice; once"],
        ),
    ],
)
def test_the_first_line_names_the_columns(tmp_path: Path, header: str, expected: list[str]) -> None:
    """Without them no row can be read, and none is judged."""
    found = said(tmp_path, bins=changed(BINS, HEADER, header))
    assert found == [f"bins.csv: line 1: {one}" for one in expected]


def test_two_ranges_of_equal_rank_do_not_overlap(tmp_path: Path) -> None:
    """As many digits and the same priority: nothing would decide between two issuers."""
    rows = "960000,960099,atlas,0,domestic,,,,no\n960050,960060,meridian,0,foreign,,,,no\n"
    assert said(tmp_path, bins=BINS + rows) == [
        "bins.csv: line 6: first: 960050-960060 overlaps 960000-960099 of line 5; "
        "ranges apart, or a higher priority for the one that decides"
    ]


def test_an_overlap_is_found_behind_a_range_that_ends_earlier(tmp_path: Path) -> None:
    """Lines 6 and 7 both lie in line 5, though they do not touch each other."""
    rows = "\n".join(
        f"{span},atlas,0,domestic,,,,no"
        for span in ("960000,960099", "960010,960010", "960020,960020")
    )
    found = said(tmp_path, bins=BINS + rows + "\n")
    assert [one.split(": ")[1] for one in found] == ["line 6", "line 7"]
    assert all("of line 5" in one for one in found)


@pytest.mark.parametrize(
    "row",
    [
        "960050,960060,meridian,1,foreign,,,,no",
        "96005000,96005099,meridian,0,foreign,,,,no",
        "960100,960199,meridian,0,foreign,,,,no",
    ],
)
def test_priority_length_or_distance_decide(tmp_path: Path, row: str) -> None:
    """None of these overlaps in a way that leaves a choice."""
    rows = f"960000,960099,atlas,0,domestic,,,,no\n{row}\n"
    assert said(tmp_path, bins=BINS + rows) == []


def test_whole_card_numbers_are_masked_in_mistakes(tmp_path: Path) -> None:
    """A range of one PAN may be of a real card."""
    row = "4111111111111111,4111111111111110,meridian,0,foreign,,,,no\n"
    again = "4111111111111111,4111111111111111,meridian,0,foreign,,,,no\n"
    strange = "4111111111111111x,4111111111111111,meridian,0,foreign,,,,no\n"
    found = said(tmp_path, bins=BINS + row + again + strange)
    assert len(found) == 3
    assert not any("4111111111111" in one for one in found)


def test_an_unclosed_quote_is_told_with_its_line(tmp_path: Path) -> None:
    """The rest of the file cannot be told apart."""
    found = said(tmp_path, bins=BINS + '950401,950401,"atlas,0,domestic,,,,no\n')
    assert len(found) == 1
    assert found[0].startswith("bins.csv: line 5: is no CSV: ")


def test_a_table_that_is_all_wrong_does_not_flood(tmp_path: Path) -> None:
    """A hundred mistakes in words, the others as a number."""
    dangling = "950600,950600,nobody,0,domestic,,,,no\n"
    found = said(tmp_path, bins=HEADER + "\n" + "1,1,,0,,,,,no\n" * 500 + dangling)
    assert len(found) == MISTAKES_MAX + 1
    assert found[-1] == "bins.csv: and 901 more; mend these first"


def test_a_long_file_tells_the_line_of_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of good rows are taken whole; the lines go on counting across them."""
    monkeypatch.setattr(bin_file, "BLOCK_CHARACTERS", 200)
    rows = [f"{first},{first},atlas,0,domestic,,,,no" for first in range(960000, 960100)]
    rows[41] = rows[41].replace("atlas", '"atlas"')
    rows[57] = rows[57].replace("960057,", "960057x,", 1)
    rows[71] = rows[71].replace("atlas", "nobody")
    rows[90] = rows[90].replace("960090", "960089")
    found = said(tmp_path, bins="\n".join([HEADER, *rows]))
    assert [(one.split(": ")[1], one.split(": ")[2]) for one in found] == [
        ("line 59", "first"),
        ("line 92", "first"),
        ("line 73", "issuer"),
    ]


def test_another_process_reads_the_same(tmp_path: Path) -> None:
    """The columns come over as they are, with what is different from those in force."""
    (tmp_path / "bins.csv").write_text(BINS)
    here = read_bins(tmp_path, ["atlas", "meridian"])
    apart = BinsApart(NO_RANGES)
    there = apart.read(tmp_path, ["atlas", "meridian"])
    assert there.ranges == here.ranges
    assert there.table.facts == here.table.facts
    assert (there.table.pieces, there.table.groups) == (here.table.pieces, here.table.groups)
    assert there.table.group_heads == here.table.group_heads
    assert apart.changes == ["bins: 3 added (atlas, meridian, unassigned)"]
    again = BinsApart(here.ranges)
    again.read(tmp_path, ["atlas", "meridian"])
    assert again.changes == []
    assert [str(one) for one in BinsApart(here.ranges).read(tmp_path, ["atlas"]).mistakes] == [
        'bins.csv: line 4: issuer: no issuer is named "meridian"; the issuers here are atlas'
    ]
