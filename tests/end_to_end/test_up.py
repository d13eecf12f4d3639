"""`noyau up`: starts, trades, sums up, and ends with everything it started."""
import json
import os
import signal
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from noyau.cli import app
from router.net.configuration import load_settings
from tests.end_to_end.moved import moved
from tests.end_to_end.platform import END_S, READY_S, is_alive, until, up

PROGRAMS: Final = 5  # HSM, three issuers, router
KEYS: Final = ["transactions", "approved", "declined", "timed_out", "reversed", "violations",
               "latency_ms", "issuers"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return moved(tmp_path / "config")


def test_a_run_in_a_pipe_ends_with_a_summary(config: Path, tmp_path: Path) -> None:
    """Approvals at home and abroad, PINs that only verify because they were translated."""
    state = tmp_path / "state"
    with up(config, tmp_path / "log", "--for", "4", "--json", "--state", str(state)) as running:
        assert running.process.wait(READY_S) == 0, running.said()
        last = running.said().rstrip("\n").split("\n")[-1]
    found = json.loads(last)
    assert list(found) == KEYS
    assert found["violations"] == []
    assert found["transactions"] > 4 * 50
    assert found["approved"] > 0.8 * found["transactions"]
    assert found["approved"] + found["declined"] + found["timed_out"] == found["transactions"]
    assert list(found["latency_ms"]) == ["p50", "p99", "p99.9"]
    for name, region in (("atlas", "domestic"), ("meridian", "foreign"), ("sirocco", "domestic")):
        told = found["issuers"][name]
        assert list(told) == ["region", "approved", "declined", "pin_verified"]
        assert told["region"] == region
        assert told["approved"] > 0  # of sirocco, which answers nothing, by the stand-in
        assert told["pin_verified"] > 0 or name == "sirocco"
    assert found["approved"] == sum(told["approved"] for told in found["issuers"].values())
    listed = CliRunner().invoke(app, ["issuer", "holds", "atlas", "--json", "--state", str(state)])
    assert json.loads(listed.stdout)["total_minor"]["504"] > 0


def test_reloads_under_traffic_lose_nothing(config: Path, tmp_path: Path) -> None:
    """SIGHUP with thirty transactions between one reload and the next."""
    http = load_settings(config).http.listen

    def last_reload() -> str:
        with urlopen(f"http://{http}/status") as page:
            told: str = json.load(page)["last_reload"]
            return told

    with up(config, tmp_path / "log", "--for", "600", "--rate", "300") as running:
        running.wait_for("trading")
        assert last_reload() == ""
        for _ in range(3):
            os.kill(running.children()[-1], signal.SIGHUP)
            until(lambda: last_reload() != "", END_S)
        running.end(signal.SIGINT)
        assert "no promise was broken" in running.said()


def test_a_second_run_says_that_one_is_up_and_sigterm_ends_the_first(
    config: Path, tmp_path: Path
) -> None:
    with up(config, tmp_path / "first", "--no-traffic") as first:
        first.wait_for("no traffic of its own")
        children = first.children()
        assert len(children) == PROGRAMS
        with up(config, tmp_path / "second") as second:
            assert second.process.wait(READY_S) == 2
            assert "127.0.0.1:" in second.said()
            assert "is `noyau up` running already? Stop it first" in second.said()
        assert first.process.poll() is None
        assert first.end(signal.SIGTERM) < END_S
        assert first.process.returncode == 0
        assert not any(is_alive(pid) for pid in children)


def test_ctrl_c_under_traffic_settles_and_ends_in_time(config: Path, tmp_path: Path) -> None:
    with up(config, tmp_path / "log", "--for", "600") as running:
        running.wait_for("trading")
        children = running.children()
        assert running.end(signal.SIGINT) < END_S
        assert not any(is_alive(pid) for pid in children)
        assert "no promise was broken" in running.said()
        assert running.process.returncode == 0


def test_kill_9_leaves_no_program_behind(config: Path, tmp_path: Path) -> None:
    with up(config, tmp_path / "log", "--no-traffic") as running:
        running.wait_for("no traffic of its own")
        children = running.children()
        running.end(signal.SIGKILL)
        until(lambda: not any(is_alive(pid) for pid in children), END_S)


def test_a_program_that_dies_ends_the_run_and_is_named(config: Path, tmp_path: Path) -> None:
    with up(config, tmp_path / "log", "--no-traffic") as running:
        running.wait_for("no traffic of its own")
        children = running.children()
        os.kill(children[-1], signal.SIGKILL)
        assert running.process.wait(END_S) == 1
        assert "router was killed by signal 9; its last lines:" in running.said()
        assert not any(is_alive(pid) for pid in children)


def test_a_configuration_with_mistakes_starts_nothing(config: Path, tmp_path: Path) -> None:
    (config / "demo.toml").write_text("rate = 'fast'\n", encoding="utf-8")
    with up(config, tmp_path / "log") as running:
        assert running.process.wait(READY_S) == 2
        assert "demo.toml" in running.said()
