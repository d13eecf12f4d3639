"""The fuzzing of `make fuzz-hsm`, for a moment; and that it would find something."""
from collections import Counter
from pathlib import Path

import pytest

from tests.hsm import fuzz


def test_a_moment_of_fuzzing_finds_nothing() -> None:
    """Every command was reached; the seed is fixed, so a finding repeats."""
    codes = fuzz.run(0, seed=1, answers_min=2_000)
    assert {"00", "10", "15", "20", "68"} <= set(codes)


def test_wrong_answers_would_be_found() -> None:
    """Another header, another command, a defect, half an answer."""
    judged = fuzz.Device.__new__(fuzz.Device)
    judged.codes = Counter()
    judged._judge(b"0001CA", b"0001CB15")
    judged._judge(b"01", b"01ZZ51")
    for answer in (b"0002CB15", b"0001CC15", b"0001CB41", b"0001CB1"):
        with pytest.raises(fuzz.Found):
            judged._judge(b"0001CA", answer)


@pytest.mark.parametrize("line", ["command_failed", "Traceback", "U0123456789ABCDEF"])
def test_what_is_written_would_be_found(tmp_path: Path, line: str) -> None:
    """A defect's line, a traceback, part of a request."""
    requests = [b"CAU0123456789ABCDEFFEDCBA9876543210"]
    (tmp_path / "log").write_text("hsm_listening\n")
    fuzz.check_written(tmp_path, requests)
    (tmp_path / "log").write_text(f"hsm_listening {line}\n")
    with pytest.raises(fuzz.Found):
        fuzz.check_written(tmp_path, requests)
