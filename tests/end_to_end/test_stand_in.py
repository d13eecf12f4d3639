"""A bank that never answers a request, stood in for: real router, real HSM, real ledger."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest

from router.net.configuration import load_settings
from tests.end_to_end.moved import moved
from tests.end_to_end.platform import until, up
from tests.end_to_end.stranger import Message, Stranger

GOLD, LISTED, YOUTH = "9504912002977278", "9504910859411847", "9504927853494454"
SETTLED_S: Final = 20.0
SENDER: Final = "504777"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A demo without traffic of its own."""
    folder = tmp_path_factory.mktemp("demo")
    config = moved(folder / "config")
    with up(config, folder / "log", "--no-traffic") as running:
        running.wait_for("no traffic of its own")
        yield config


@pytest.fixture(scope="module")
def listing(config: Path) -> dict[str, Any]:
    found: dict[str, Any] = printed(config, "demo-cards", "--json", "--all")
    return found


@pytest.fixture
def stranger(listing: dict[str, Any]) -> Iterator[Stranger]:
    with Stranger(listing) as connected:
        yield connected


def printed(config: Path, *words: str) -> Any:
    """What a command of ours says as JSON."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "noyau", *words, "--config", str(config)],
        check=True, capture_output=True, text=True, timeout=60)  # fmt: skip
    return json.loads(done.stdout)


def posted(config: Path, rrn: str) -> list[dict[str, Any]]:
    """What the bank holds under this number."""
    holds = printed(config, "issuer", "holds", "sirocco", "--json", "--all")["holds"]
    return [hold for hold in holds if (hold["rrn"], hold["state"]) == (rrn, "held")]


def card(listing: dict[str, Any], pan: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in listing["cards"] if one["pan"] == pan)
    return found


def taken_back(stranger: Stranger, request: Message, card_of: dict[str, Any]) -> Message:
    """Its 0420."""
    original = f"0100{request['11']}{request['7']}{SENDER.zfill(11)}{'0' * 11}"
    return stranger.purchase(
        card_of, t="0420", de32=SENDER, de37=request["37"], de52=None, de90=original
    )


def test_the_bank_ends_with_exactly_the_stand_ins_hold(
    stranger: Stranger, listing: dict[str, Any], config: Path
) -> None:
    """It held the request it never answered; that is released, and the advice stands."""
    gold = card(listing, GOLD)
    request = stranger.purchase(gold, de32=SENDER, de37="STANDIN00001")
    answer = stranger.ask(request)
    assert answer["39"] == "00"
    assert answer["38"].startswith("S")
    until(lambda: [hold["mti"] for hold in posted(config, "STANDIN00001")] == ["0120"], SETTLED_S)
    assert stranger.ask(request | {"t": "0101"})["38"] == answer["38"]

    assert stranger.ask(taken_back(stranger, request, gold))["39"] == "00"
    until(lambda: posted(config, "STANDIN00001") == [], SETTLED_S)
    assert stranger.ask(request | {"t": "0101"})["39"] == "91"


def test_pin_list_and_limit_are_asked(stranger: Stranger, listing: dict[str, Any]) -> None:
    """The HSM says whose PIN it is; every card hears what the demo promises."""
    gold, youth = card(listing, GOLD), card(listing, YOUTH)
    wrong = stranger.pin_block("0000", GOLD)
    requests = [
        stranger.purchase(gold),
        stranger.purchase(gold, de52=wrong),
        stranger.purchase(gold, de4="000000600000"),
        stranger.purchase(card(listing, LISTED)),
        stranger.purchase(youth),
        stranger.purchase(youth, de52=None),
        stranger.purchase(youth, de4="000000004000"),
        stranger.purchase(gold, de3="310000"),
    ]
    heard = {answer["11"]: answer["39"] for answer in stranger.ask_all(requests)}
    codes = [heard[request["11"]] for request in requests]
    assert codes == ["00", "55", "61", "41", "61", "91", "00", "91"]


def test_an_operator_switches_it(stranger: Stranger, listing: dict[str, Any], config: Path) -> None:
    """On: answered at once, and the bank is asked nothing. Off: 91."""
    gold = card(listing, GOLD)

    def said(word: str) -> dict[str, Any]:
        found: dict[str, Any] = printed(config, "stand-in", word, "sirocco", "--json")["stand_in"]
        return found

    assert said("on")["reason"] == "by hand"
    request = stranger.purchase(gold, de32=SENDER, de37="STANDIN00002")
    assert stranger.ask(request)["39"] == "00"
    until(lambda: [hold["mti"] for hold in posted(config, "STANDIN00002")] == ["0120"], SETTLED_S)
    assert said("off")["mode"] == "off"
    assert stranger.ask(stranger.purchase(gold))["39"] == "91"
    assert said("auto")["mode"] == "auto"
    with urlopen(f"http://{load_settings(config).http.listen}/metrics") as page:
        metrics = page.read().decode()
    assert 'decided_by="stand_in"' in metrics
    assert 'noyau_stand_in{issuer="sirocco"}' in metrics
    assert GOLD not in metrics
