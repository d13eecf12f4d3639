"""A delivered key as it stands in a message: cryptogram and check value, nothing else."""
import pytest

from specs.key_text import offered_key

BLOCK = "S00072P0TE00E0000" + "A" * 56


@pytest.mark.parametrize(
    ("text", "under_zmk", "kcv"),
    [
        ("X" + "0A" * 16 + "08D7B4", "X" + "0A" * 16, "08D7B4"),
        ("U" + "0A" * 16 + "08D7B4", "U" + "0A" * 16, "08D7B4"),
        ("T" + "0A" * 24 + "08D7B4CC4FA7BC3C", "T" + "0A" * 24, "08D7B4CC4FA7BC3C"),
        (BLOCK + "08D7B4  ", BLOCK, "08D7B4"),
    ],
)
def test_a_delivered_key_is_its_cryptogram_and_its_check_value(
    text: str, under_zmk: str, kcv: str
) -> None:
    offered = offered_key(text)
    assert offered is not None
    assert (offered.under_zmk, offered.kcv) == (under_zmk, kcv)


@pytest.mark.parametrize(
    "text",
    ["", "0A" * 16 + "08D7B4", "X" + "0A" * 15 + "08D7", "X" + "0A" * 16, "X" + "0A" * 16 + "08D7",
     "X" + "0é" * 16 + "08D7B4", BLOCK[:40], "S9999P0TE00E0000", "X" + "0A" * 16 + "08D7B4" * 2],
)
def test_anything_else_is_no_delivered_key(text: str) -> None:
    assert offered_key(text) is None
