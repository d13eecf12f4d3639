"""stand_in.toml and its lists: what is taken, and what is wrong with it, all at once."""

from pathlib import Path
from typing import Final

import pytest

from noyau.routing_steps import explained
from router.net.configuration import load_settings
from router.net.reload_outcome import changes
from router.net.settings import Settings
from tests.settings.folders import ACQUIRERS, changed, folder, mistakes

CARD: Final = "9504000000000002"
OTHER_CARD: Final = "4111111111111111"
PVK: Final = "U2BD07434BAE9EA590EF3E238CE2488A1"
STAND_IN: Final = f"""
[[stand_in]]
issuer = "atlas"
currency = "504"
negative_file = "lost.csv"
[stand_in.pin_check]
method = "pvv"
pvk_under_lmk = "{PVK}"
kcv = "188F13"
cards_file = "cards.csv"

[[limit]]
issuer = "atlas"
products = ["debit"]
channels = ["pos"]
pin = "required"
amount_max_minor = 50_000
count_max = 3
total_max_minor = 100_000
"""
LOST: Final = f"# from the bank, weekly\npan,action\n{CARD},41\n"
CARDS: Final = f"reference,pan,pvki,pvv\nsomebody,{CARD},1,1234\n"
PATIENT: Final = changed(ACQUIRERS, "answer_within_s = 4", "answer_within_s = 8")


def with_stand_in(
    into: Path,
    stand_in: str = STAND_IN,
    lost: str = LOST,
    cards: str = CARDS,
    acquirers: str = PATIENT,
) -> Path:
    """A good folder, unless a file is given otherwise."""
    folder(into, acquirers=acquirers)
    for name, text in (("stand_in.toml", stand_in), ("lost.csv", lost), ("cards.csv", cards)):
        (into / name).write_text(text, encoding="utf-8")
    return into


def good(into: Path, **files: str) -> Settings:
    return load_settings(with_stand_in(into, **files))


def test_a_folder_without_the_file_lends_nothing(tmp_path: Path) -> None:
    assert load_settings(folder(tmp_path)).stand_in == ()


def test_what_is_lent_comes_with_its_lists(tmp_path: Path) -> None:
    (lent,) = good(tmp_path).stand_in
    assert lent.name == "atlas"
    assert [limit.count_max for limit in lent.limits] == [3]
    assert lent.negative.of(CARD) == "41"
    assert lent.negative.of(OTHER_CARD) == ""
    assert lent.pin_values.of(CARD) == "11234"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('issuer = "atlas"\ncurrency', 'issuer = "altas"\ncurrency', 'no issuer is named "altas"'),
        ('limit]]\nissuer = "atlas"', 'limit]]\nissuer = "other"', "no [[stand_in]] is of"),
        ('products = ["debit"]', 'products = ["debt"]', "did you mean debit?"),
        ("count_max = 3\n", "", "count_max: is missing"),
        ("count_max = 3", "count_max = -1", "count_max: is -1"),
        ('currency = "504"', "currency = 504", "currency: is 504"),
        ('channels = ["pos"]', 'channels = ["post"]', "channels, entry 1"),
        ('method = "pvv"', 'method = "pw"', "method: is 'pw'"),
        (PVK, "U12", "pvk_under_lmk"),
        ("lost.csv", "last.csv", "last.csv is no file"),
        ('currency = "504"', 'currency = "504"\nreason_element = 45', "reason_element: is 45"),
        ("currency", "currancy", "did you mean currency?"),
    ],
)  # fmt: skip
def test_a_mistake_says_where_it_is_and_what_would_be_right(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    found = mistakes(with_stand_in(tmp_path, changed(STAND_IN, old, new)))
    assert any(said in str(one) for one in found), found
    assert all(one.file == "stand_in.toml" for one in found)


def test_a_stand_in_without_a_limit_and_one_twice_are_mistakes(tmp_path: Path) -> None:
    twice = STAND_IN + '\n[[stand_in]]\nissuer = "atlas"\ncurrency = "504"\n'
    unlimited = '\n[[stand_in]]\nissuer = "meridian"\ncurrency = "504"\n'
    found = [str(one) for one in mistakes(with_stand_in(tmp_path, twice + unlimited))]
    assert any('"atlas" has [[stand_in]] 1' in one for one in found)
    assert any("[[stand_in]] 3: it has no limit" in one for one in found)


def test_a_pin_that_nothing_checks_cannot_be_required(tmp_path: Path) -> None:
    start = STAND_IN.index("[stand_in.pin_check]")
    unchecked = STAND_IN[:start] + STAND_IN[STAND_IN.index("[[limit]]") :]
    (found,) = mistakes(with_stand_in(tmp_path, unchecked))
    assert (found.table, found.key) == ("[[limit]] 1", "pin")


def test_the_hsm_needs_its_time_behind_the_issuers(tmp_path: Path) -> None:
    """3.5 s for the issuer, 1 s for a PIN, half a second for the disk, 4 s for all of it."""
    (found,) = mistakes(with_stand_in(tmp_path, acquirers=ACQUIRERS))
    assert found.file == "stand_in.toml"
    assert "3.5 s, 1 of the HSM's 1 s and a margin of 0.5 s do not fit" in found.wrong


def test_wrong_pins_must_do_for_every_worker(tmp_path: Path) -> None:
    """Three tries, four workers: one of them would have none."""
    into = with_stand_in(tmp_path)
    router = (into / "router.toml").read_text().replace("[router]", "[router]\nworkers = 4")
    (into / "router.toml").write_text(router)
    (found,) = mistakes(into)
    assert found.key == "pin_check.tries_max"


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (f"pan\n{CARD}\n", "the column action is missing"),
        (f"pan,action\n{CARD},99\n", "line 2: this row's value cannot be taken; action is one of"),
        (f"pan,action\n{CARD},41\n{CARD},43\n", "line 3: this card is there twice"),
        (f"pan,action\n{CARD[:-1]}5,41\n", "line 2: is no card number"),
        (f'pan,action\n"{CARD},41\n', "is no CSV"),
        ("pan,action\n12\n", "line 2: has 1 cells; 2, as the first line"),
        (f"# a remark\n\npan,action\n{CARD},4\n", "line 4: this row"),
    ],
)
def test_a_list_with_mistakes_names_its_lines_and_no_card(
    tmp_path: Path, lost: str, said: str
) -> None:
    found = [str(one) for one in mistakes(with_stand_in(tmp_path, lost=lost))]
    assert any(said in one for one in found), found
    assert not any(CARD[:-1] in one for one in found)


def test_pvv_and_offset_have_their_form(tmp_path: Path) -> None:
    found = mistakes(with_stand_in(tmp_path, cards=f"pan,pvki,pvv\n{CARD},1,12345\n"))
    assert [(one.file, one.table, one.right) for one in found] == [
        ("cards.csv", "line 2", "pvki is one digit, pvv four")
    ]
    offset = changed(STAND_IN, 'method = "pvv"', 'method = "offset"')
    found = mistakes(with_stand_in(tmp_path, offset, cards=f"pan,offset\n{CARD},123\n"))
    assert [one.right for one in found] == ["offset is 4 to 12 digits"]


def test_mistakes_in_a_long_list_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{number},41\n" for number in range(50))
    found = mistakes(with_stand_in(tmp_path, lost="pan,action\n" + rows))
    assert len(found) == 21
    assert found[-1].wrong == "and 30 more"


def test_no_card_and_no_key_is_shown(tmp_path: Path) -> None:
    """Neither the numbers of a list nor the PVV beside them."""
    shown = repr(good(tmp_path))
    assert CARD not in shown
    assert PVK not in shown


def explained_of(digits: str, settings: Settings) -> tuple[str, tuple[str, ...]]:
    """What `noyau explain` says of the stand-in."""
    (step,) = [one for one in explained(digits, settings).steps if one.step == "stand-in"]
    return step.result, step.reasons


def test_explain_says_what_is_answered_for_a_card(tmp_path: Path) -> None:
    """Its limits; or what the list says of it; or that nothing is."""
    settings = good(tmp_path)
    assert explained_of("950400", settings) == (
        "where the issuer gives no answer",
        (
            "pos, with the PIN only: at most 50,000 in 504, 3 for a card in a period,"
            " 100,000 in all",
        ),
    )
    assert explained_of(CARD, settings) == ("41: the issuer's list says so", ())
    assert explained_of(OTHER_CARD, settings)[0] == "none: without an answer of the issuer, 91"


def test_a_reload_sees_what_changed_and_shows_no_key(tmp_path: Path) -> None:
    """A new line of a list is a difference, too."""
    before = good(tmp_path)
    assert changes(before, good(tmp_path)) == []
    other = changed(STAND_IN, PVK, "U" + "1234567890ABCDEF" * 2).replace("= 3\n", "= 4\n")
    lost = LOST + f"{OTHER_CARD},43\n"
    said = "\n".join(changes(before, good(tmp_path, stand_in=other, lost=lost)))
    assert "<1 cards> -> <2 cards>" in said
    assert "pvk_under_lmk changed" in said
    assert "1234567890ABCDEF" not in said
    assert PVK not in said
    assert "count_max=4" in said
    gone = changes(before, load_settings(folder_without(tmp_path)))
    assert gone == ['stand-in for "atlas" removed']


def folder_without(into: Path) -> Path:
    (into / "stand_in.toml").unlink()
    return into
