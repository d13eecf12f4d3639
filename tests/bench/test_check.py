"""`make bench-check`: what grew over 15 % is named and fails; what is not alike is refused."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.check.__main__ import read
from bench.check.ratios import BASELINE, Compared, Ratios, compared

DEAR = "router CPU over plain pyiso8583, 256 in flight"


def stored(folder: Path, name: str, form: str = "compiled", **ratios: float) -> Path:
    file = folder / name
    told = {what.replace("_", " "): ratio for what, ratio in ratios.items()}
    file.write_bytes(msgspec.json.encode(Ratios("1a2b3c4", form, told)))
    return file


def checked(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the command under test
        [sys.executable, "-m", "bench.check", *options],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(("now", "code"), [(0.115, 0), (0.05, 0), (0.1151, 1), (0.3, 1)])
def test_more_than_fifteen_per_cent_fails(tmp_path: Path, now: float, code: int) -> None:
    """The figure that grew is named; another that did not is not."""
    before = stored(tmp_path, "before.json", router=0.1, codec=0.02)
    result = stored(tmp_path, "now.json", router=now, codec=0.02)
    done = checked(f"--baseline={before}", f"--result={result}")
    assert done.returncode == code, done.stdout + done.stderr
    assert ("grew over 15%: router\n" in done.stdout) == bool(code)


def test_without_a_baseline_the_remedy_is_named(tmp_path: Path) -> None:
    """Nothing is measured."""
    done = checked(f"--baseline={tmp_path / 'none.json'}")
    assert done.returncode == 2
    assert "make bench-baseline" in done.stderr


def test_forms_are_not_compared_with_each_other(tmp_path: Path) -> None:
    """An interpreted router against a compiled baseline would always fail."""
    before = stored(tmp_path, "before.json", router=0.1)
    result = stored(tmp_path, "now.json", form="interpreted", router=0.1)
    done = checked(f"--baseline={before}", f"--result={result}")
    assert done.returncode == 2
    assert "interpreted" in done.stderr


def test_the_baseline_in_the_tree_can_be_read() -> None:
    """It is of the compiled form, and holds the ratio that matters most."""
    kept = read(BASELINE)
    assert kept.form == "compiled"
    assert kept.ratios[DEAR] > 0


def test_only_what_both_have_is_compared() -> None:
    """A new figure has no before."""
    found = compared(
        Ratios("a", "compiled", {"x": 1.0}), Ratios("b", "compiled", {"x": 2.0, "y": 1})
    )
    assert found == [Compared("x", 1.0, 2.0)]
    assert found[0].is_dearer
