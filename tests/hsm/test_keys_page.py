"""The page about keys says what the code does."""
from pathlib import Path

import pytest

from hsm_emulator import key_activities
from hsm_emulator.device import COMMANDS

PAGE = (Path(__file__).parent.parent.parent / "docs" / "hsm-keys.md").read_text()


@pytest.mark.parametrize(
    "types",
    [
        "000 100 200 107 207 00A 00C 00D", "00B 30B 10A", "002 003 30B 302 70D 80D 90D",
    ],
)  # fmt: skip
def test_lists_of_key_types(types: str) -> None:
    """Each type of the page's lists is decided as the page says, and no others are listed."""
    assert types in PAGE
    listed = {key_type.encode() for key_type in types.split()}
    assert listed in (
        set(key_activities._IMPORTS),
        set(key_activities._BARE_IMPORTS),
        set(key_activities._FOR_TERMINALS) - {b"FFF"},
    )


@pytest.mark.parametrize("mark", ["#", "&", "!"])
def test_marks_are_those_that_the_commands_take(mark: str) -> None:
    """A row for each command that takes the mark."""
    rows = [row for row in PAGE.splitlines() if row.startswith("| A") and f"`{mark}`" in row]
    told = {name for row in rows for name in row.split("|")[1].strip().split(", ")}
    assert told == {code.decode() for code, one in COMMANDS.items() if mark in one.takes}
