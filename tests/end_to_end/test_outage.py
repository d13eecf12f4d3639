"""`noyau up --scenario outage`: issuers out of reach, stand-in, delivery, all accounted for."""
import json
import signal
from pathlib import Path
from typing import Any, Final

import pytest

from noyau.demo.accounts import Account
from tests.end_to_end.moved import moved
from tests.end_to_end.platform import READY_S, up

SHORT: Final = {"begins_at_s = 8.0": "begins_at_s = 2.0", "ends_at_s = 26.0": "ends_at_s = 7.0",
                "for_s = 45.0": "for_s = 14.0"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The shipped scenario, shorter."""
    folder = moved(tmp_path / "config")
    path = folder / "scenarios" / "outage" / "scenario.toml"
    text = path.read_text(encoding="utf-8")
    for was, becomes in SHORT.items():
        assert was in text
        text = text.replace(was, becomes)
    path.write_text(text, encoding="utf-8")
    return folder


def accounts(told: dict[str, Any]) -> dict[Account, int]:
    return {account: told["scenario"]["accounts"][account.name.lower()] for account in Account}


def test_an_outage_is_stood_in_for_and_delivered_to_the_last(
    config: Path, tmp_path: Path
) -> None:
    with up(config, tmp_path / "log", "--scenario", "outage", "--json") as running:
        assert running.process.wait(2 * READY_S) == 0, running.said()
        told = json.loads(running.said().rstrip("\n").split("\n")[-1])
    assert told["violations"] == []
    scenario, found = told["scenario"], accounts(told)
    assert [one["name"] for one in scenario["phases"]] == [
        "as any day", "atlas and meridian out of reach", "they are back, delivery",
        "as any day again"]
    away = scenario["phases"][1]
    assert away["stood_in"] > 0  # for atlas, which allows it
    assert away["answers"]["91"] > 0  # "banque indisponible": meridian does not
    assert scenario["stored_on_return"] > 0
    assert scenario["delivered_after_s"] is not None
    assert sum(found.values()) == told["transactions"]
    assert found[Account.UNACCOUNTED] == 0
    assert found[Account.STOOD_IN] >= away["stood_in"]
    assert found[Account.NEVER_LEFT] > 0


def test_ctrl_c_during_the_outage_delivers_first(config: Path, tmp_path: Path) -> None:
    """Else everything that was stood in for would look like a broken promise."""
    with up(config, tmp_path / "log", "--scenario", "outage", "--for", "600") as running:
        running.wait_for("atlas and meridian out of reach")
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(READY_S) == 0, running.said()
        assert "brought back, so that what is stored for them can be delivered" in running.said()
        assert "0  not accounted for" in running.said()


def test_a_run_that_ends_during_the_outage_is_refused(config: Path, tmp_path: Path) -> None:
    with up(config, tmp_path / "log", "--scenario", "outage", "--for", "5") as running:
        assert running.process.wait(READY_S) == 2
        assert "--for 5 ends before the issuers are back at 7 s" in running.said()
