"""The manual says what the code does: it is held against the tables that the parser reads with."""
from pathlib import Path

import pytest

from hsm_emulator import errors
from hsm_emulator.device import COMMANDS
from hsm_emulator.layout import Command

MANUAL = (Path(__file__).parent.parent.parent / "docs" / "hsm.md").read_text()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.code)
def test_manual_has_every_field_of_a_command(command: Command) -> None:
    """Its title, and what it asks and answers, in order."""
    _, found, page = MANUAL.partition(f"**{command.code}** {command.title}.")
    assert found
    page = page.partition("\n**")[0].partition("\n## ")[0]
    at = 0
    for name, _ in (*(named for part in command.request for named in part.described()),
                    *command.answer):  # fmt: skip
        at = page.find(name, at)
        assert at >= 0, name


def test_manual_has_every_error() -> None:
    """A code that a host may meet is explained."""
    told = MANUAL.partition("## Errors")[2]
    codes = {code for code in vars(errors.Code).values() if isinstance(code, bytes)}
    assert [code for code in codes if code.decode() not in told] == []
