"""The manual says what the code does: it is made of the tables that the parser reads with."""
from pathlib import Path

import pytest

from hsm_emulator import errors, manual
from hsm_emulator.device import COMMANDS
from hsm_emulator.error_meanings import MEANINGS
from hsm_emulator.examples import example_device, made, patterned

FOLDER = Path(__file__).parent.parent.parent / "docs" / "hsm"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return manual.pages()


def test_manual_is_fresh(pages: dict[str, str]) -> None:
    """`make hsm-manual` was run after the last change of a command."""
    stale = [name for name, text in pages.items()
             if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text]  # fmt: skip
    assert stale == []
    kept = {path.name for path in FOLDER.glob("*.md") if manual.MADE in path.read_text()}
    assert kept == set(pages)


def test_every_command_has_a_page_with_a_true_example(pages: dict[str, str]) -> None:
    """The answer shown is what a device answers to the request shown."""
    assert {f"{code.decode()}.md" for code in COMMANDS} <= set(pages)
    device = example_device()
    with patterned():
        for one in made(device):
            assert one.request.hex().upper()[:40] in pages[f"{one.command}.md"].replace("\n", "")
            assert one.answer.hex().upper()[:40] in pages[f"{one.command}.md"].replace("\n", "")


def test_every_error_is_explained(pages: dict[str, str]) -> None:
    """A code that a host may meet has words; none of a page lacks them."""
    codes = {code for code in vars(errors.Code).values() if isinstance(code, bytes)}
    assert codes == set(MEANINGS)
    assert all("| None |" not in text for text in pages.values())
