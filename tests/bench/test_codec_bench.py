"""`python -m bench.codec`: what is timed is the same work on both sides, and it says so if not."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.codec.jobs import Disagreement, jobs_on
from bench.codec.messages import samples


def ran(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the command under test
        [sys.executable, "-m", "bench.codec", "--seconds=0.01", *options],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_every_job_is_timed_on_both_messages() -> None:
    """Ratios of four jobs on two messages, in the form that runs here."""
    done = ran("--here", "--json")
    assert done.returncode == 0, done.stderr
    (timing,) = json.loads(done.stdout)
    assert timing["form"] in ("interpreted", "compiled")
    assert [(row["message"], row["job"]) for row in timing["rows"]] == [
        (message, job)
        for message in ("ASCII", "BCD")
        for job in ("scan", "route", "decode", "encode")
    ]
    assert [row["message_bytes"] for row in timing["rows"]] == [351] * 4 + [285] * 4
    assert all(row["ours_us"] > 0 and row["reference_us"] > 0 for row in timing["rows"])


def test_a_missing_compiled_form_is_named_with_its_remedy(tmp_path: Path) -> None:
    """The table is printed all the same."""
    done = ran(f"--compiled={tmp_path}")
    assert done.returncode == 0
    assert "pyiso8583" in done.stdout
    assert "make compile" in done.stderr or "compiled" in done.stdout


def test_codecs_that_disagree_are_not_timed() -> None:
    """The reference reads the terminal as EBCDIC: the job is named, nothing is timed."""
    sample = samples()[0]
    as_ebcdic = sample.spec | {"41": sample.spec["41"] | {"data_enc": "cp500"}}
    with pytest.raises(Disagreement, match="route"):
        jobs_on(replace(sample, spec=as_ebcdic))
