"""`noyau check` and `noyau explain`, as a person types them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from noyau.cli import app
from noyau.config_folder import config_folder
from tests.settings.folders import ACQUIRERS, BINS, ISSUERS, ROUTER, changed, folder

ATLAS_CARD = "9504000000000010"
MERIDIAN_CARD = "4111111111111111"


def typed(*words: str, given: str | None = None) -> Result:
    """A command line."""
    return CliRunner().invoke(app, list(words), input=given)


def check(into: Path, **files: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of `noyau check` on a folder."""
    shown = typed("check", "--json", "--config", str(folder(into, **files)))
    return shown.exit_code, json.loads(shown.stdout)


def explain(into: Path, card: str, **files: str) -> tuple[int, dict[str, Any]]:
    """The same of `noyau explain`."""
    shown = typed("explain", card, "--json", "--config", str(folder(into, **files)))
    return shown.exit_code, json.loads(shown.stdout)


def test_a_good_folder_passes(tmp_path: Path) -> None:
    """With its numbers."""
    code, verdict = check(tmp_path)
    assert (code, verdict["good"], verdict["mistakes"]) == (0, True, [])
    assert (verdict["acquirers"], verdict["issuers"], verdict["bin_ranges"]) == (2, 2, 3)


def test_a_bad_folder_fails_with_all_its_mistakes(tmp_path: Path) -> None:
    """For eyes one per line, for programs as objects."""
    bad = changed(ROUTER, '"504900"', "504900")
    code, verdict = check(tmp_path, router=bad, bins=BINS + "1,1,,0,,,,,no\n")
    assert code == 1
    assert [(one["file"], one["key"]) for one in verdict["mistakes"]] == [
        ("router.toml", "institution_id"), ("bins.csv", "first"), ("bins.csv", "last"),
    ]  # fmt: skip
    shown = typed("check", "--config", str(tmp_path))
    assert shown.exit_code == 1
    assert shown.stdout.splitlines()[0].startswith("router.toml: [router]: institution_id: ")
    assert shown.stdout.endswith("3 mistakes.\n")


def test_a_folder_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    """Exit code 2."""
    for command in (["check"], ["explain", ATLAS_CARD]):
        shown = typed(*command, "--config", str(tmp_path / "nowhere"))
        assert shown.exit_code == 2
        assert "is not there" in shown.stderr


@pytest.mark.parametrize(
    ("files", "warning"),
    [
        ({"bins": BINS.replace("meridian", "atlas")},
         'issuer "meridian": no range of bins.csv names it, nothing is routed to it'),
        ({"bins": BINS.replace("meridian", "atlas")},
         'issuer "atlas" is domestic, 1 of its ranges are not (the first: 411111)'),
        ({}, 'acquirer "corniche": no pin_key, a request with a PIN is answered 86'),
        ({}, 'issuer "meridian": one line only; while it is down, 91'),
        ({"acquirers": changed(ACQUIRERS, "127.0.0.1:8584", "10.0.0.1:8584")},
         'acquirer "corniche": 10.0.0.1:8584 can be reached, and has no TLS'),
        ({"issuers": changed(ISSUERS, "scheme.example:8611", "127.0.0.1:8601")},
         'issuer "meridian": 127.0.0.1:8601 is a line of "atlas" too'),
        ({"router": changed(ROUTER, "[hsm]", "repeats_max = 1000\n[hsm]")},
         "[router] repeats_max, 1000, is below in_flight_max, 4096: "
         "overload is answered 96 earlier than it says"),
    ],
)  # fmt: skip
def test_what_may_be_wrong_is_a_warning(
    tmp_path: Path, files: dict[str, str], warning: str
) -> None:
    """The folder passes all the same."""
    code, verdict = check(tmp_path, **files)
    assert code == 0
    assert warning in verdict["warnings"]


def test_losses_between_two_dialects_are_listed(tmp_path: Path) -> None:
    """From ASCII text to one-byte lengths: what is longer than 255 cannot be said."""
    issuers = ISSUERS.replace(
        'foreign"\ndialect = "iso87-ascii"', 'foreign"\ndialect = "visa-like"'
    )
    code, verdict = check(tmp_path, issuers=issuers)
    assert code == 0
    (pair,) = verdict["losses"]
    assert (pair["acquirers"], pair["issuers"]) == (["medina", "corniche"], ["meridian"])
    assert any(one.startswith("DE 46 to 48, ") and "255" in one for one in pair["requests"])
    assert any(one.startswith("DE 44: ") for one in pair["answers"])
    assert not any("DE 60" in one for one in pair["answers"])
    shown = typed("check", "--config", str(tmp_path))
    assert "Between iso87-ascii (medina, corniche) and visa-like (meridian)" in shown.stdout


def test_a_dialect_loses_nothing_to_itself(tmp_path: Path) -> None:
    """Both sides speak the same."""
    assert check(tmp_path)[1]["losses"] == []


def test_a_card_is_followed_to_its_issuer(tmp_path: Path) -> None:
    """Format, table, issuer, lines, PIN from each acquirer; the PAN masked everywhere."""
    code, told = explain(tmp_path, ATLAS_CARD)
    assert (code, told["card"], told["issuer"], told["region"]) == (
        0, "950400******0010", "atlas", "domestic")  # fmt: skip
    steps = {step["step"]: step for step in told["steps"]}
    assert steps["BIN table"]["reasons"] == ["950400 -> atlas (6 digits, priority 0): decides"]
    assert steps["PIN from medina"]["reasons"] == [
        "from tpk KCV 232FE6, ISO-0", "to zpk KCV 214F4A, ISO-0"]  # fmt: skip
    assert steps["PIN from corniche"]["result"] == "86: corniche has no pin_key"
    assert "00000000" not in json.dumps(told)


@pytest.mark.parametrize(
    ("card", "code"), [("9504000000000011", "14"), ("950495", "15"), ("960000", "92")]
)
def test_a_card_that_goes_nowhere_has_a_code(tmp_path: Path, card: str, code: str) -> None:
    """And exit code 1."""
    exit_code, told = explain(tmp_path, card)
    assert (exit_code, told["response_code"], told["issuer"]) == (1, code, "")


def test_the_longest_match_wins_then_the_priority(tmp_path: Path) -> None:
    """The others are shown with the reason why not."""
    bins = (
        BINS
        + "95040000,95040000,meridian,0,foreign,,,,no\n"
        + "95040000,95040099,atlas,5,domestic,,,,no\n"
    )
    _, told = explain(tmp_path, ATLAS_CARD, bins=bins)
    table = told["steps"][1]
    assert table["result"] == "issuer atlas"
    assert table["reasons"] == [
        "95040000 to 95040099 -> atlas (8 digits, priority 5): decides",
        "95040000 -> meridian (8 digits, priority 0): priority below 5",
        "950400 -> atlas (6 digits, priority 0): shorter than 8 digits",
    ]


def test_a_bin_tells_of_ranges_inside_it(tmp_path: Path) -> None:
    """411111 as a whole goes nowhere; one card in it does. Its number is masked."""
    _, told = explain(tmp_path, "411111")
    reasons = told["steps"][1]["reasons"]
    assert reasons[1].endswith("their own cards: 411111******1111")
    bins = BINS + "95040000,95040000,meridian,0,foreign,,,,no\n"
    code, told = explain(tmp_path, "950400", bins=bins)
    assert (code, told["issuer"]) == (0, "atlas")
    assert told["steps"][1]["reasons"][1].endswith("their own cards: 95040000")


def test_a_card_can_be_read_from_standard_input(tmp_path: Path) -> None:
    """So that it stays out of the shell's history."""
    at = ["--config", str(folder(tmp_path))]
    shown = typed("explain", "-", *at, given=f"{MERIDIAN_CARD}\n")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("411111******1111\n")
    assert shown.stdout.endswith("Sent to meridian (foreign).\n")
    assert MERIDIAN_CARD not in shown.stdout


@pytest.mark.parametrize("card", ["9504", "95040000000000000000", "95o400", ""])
def test_what_is_no_card_is_a_wrong_call(tmp_path: Path, card: str) -> None:
    """Exit code 2, and it is not repeated."""
    shown = typed("explain", card, "--config", str(folder(tmp_path)))
    assert shown.exit_code == 2


def test_without_a_folder_given_the_local_one_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the demo's, packed with the program."""
    monkeypatch.chdir(tmp_path)
    assert config_folder(None).name == "demo_config"
    assert (config_folder(None) / "router.toml").is_file()
    (tmp_path / "config").mkdir()
    assert config_folder(None).resolve() == tmp_path / "config"
