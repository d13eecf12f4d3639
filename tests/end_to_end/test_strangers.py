"""The contract of `noyau demo-cards`, kept towards software that shares nothing with noyau."""
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.end_to_end.moved import CONFIG, moved
from tests.end_to_end.platform import until, up
from tests.end_to_end.stranger import Stranger, demo_cards

OUTSTANDING: Final = 64
NOBODYS: Final = "9999990000000006"
UNASSIGNED: Final = "9504990000000004"


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A demo without traffic of its own, and what it lists."""
    folder = tmp_path_factory.mktemp("demo")
    config = moved(folder / "config")
    with up(config, folder / "log", "--no-traffic") as running:
        running.wait_for("no traffic of its own")
        yield demo_cards(config) | {"config": str(config), "log": str(folder / "log")}


@pytest.fixture
def stranger(listing: dict[str, Any]) -> Iterator[Stranger]:
    with Stranger(listing) as connected:
        yield connected


def card_for(listing: dict[str, Any], region: str, expect: str) -> dict[str, Any]:
    card: dict[str, Any] = next(
        card for card in listing["cards"] if (card["region"], card["expect"]) == (region, expect))
    return card


def test_every_card_hears_what_it_is_said_to_expect(
    stranger: Stranger, listing: dict[str, Any]
) -> None:
    """All at once over one connection; each answer has its request's numbers."""
    requests = {}
    for card in listing["cards"]:
        request = stranger.purchase(card)
        requests[request["11"]] = (request, card)
    for answer in stranger.ask_all([request for request, _ in requests.values()]):
        request, card = requests.pop(answer["11"])
        assert answer["t"] == "0110"
        assert answer["39"] == card["expect"], (card["pan"], card["issuer"])
        assert (answer["7"], answer["41"]) == (request["7"], request["41"])
    assert not requests


def test_answers_come_out_of_order_over_one_connection(
    stranger: Stranger, listing: dict[str, Any]
) -> None:
    """The silent bank is asked first; nobody waits for it."""
    silent = card_for(listing, "domestic", "91")
    quick = [card_for(listing, "domestic", "00"), card_for(listing, "foreign", "00")]
    cards = [silent] + [quick[number % 2] for number in range(OUTSTANDING - 1)]
    requests = [stranger.purchase(card) for card in cards]
    answers = stranger.ask_all(requests)
    assert {answer["11"] for answer in answers} == {request["11"] for request in requests}
    assert answers[-1]["11"] == requests[0]["11"]
    assert [answer["39"] for answer in answers] == ["00"] * (OUTSTANDING - 1) + ["91"]


@pytest.mark.parametrize("region", ["domestic", "foreign"])
def test_a_wrong_pin_hears_55_and_locks_nothing(
    stranger: Stranger, listing: dict[str, Any], region: str
) -> None:
    card = card_for(listing, region, "00")
    for number in range(6):
        wrong = f"{(int(card['pin']) + 1 + number) % 10 ** len(card['pin']):0{len(card['pin'])}d}"
        request = stranger.purchase(card, de52=stranger.pin_block(wrong, card["pan"]))
        assert stranger.ask(request)["39"] == "55"
    assert stranger.ask(stranger.purchase(card))["39"] == "00"


def test_every_digit_of_a_long_pin_counts(stranger: Stranger, listing: dict[str, Any]) -> None:
    """One wrong digit, first, last or between, hears 55; so do one more and one less."""
    long = [card for card in listing["cards"] if len(card["pin"]) > 4]
    assert {len(card["pin"]) for card in long} >= {5, 6, 8, 9}
    for card in long:
        pin = card["pin"]
        wrong = [pin[:at] + str((int(pin[at]) + 1) % 10) + pin[at + 1:] for at in range(len(pin))]
        requests = [stranger.purchase(card, de52=stranger.pin_block(typed, card["pan"]))
                    for typed in (*wrong, pin + "0", pin[:-1])]
        assert [answer["39"] for answer in stranger.ask_all(requests)] == ["55"] * len(requests)
        assert stranger.ask(stranger.purchase(card))["39"] == card["expect"] == "00"


def test_a_purchase_needs_no_pin_no_expiry_and_no_chip(
    stranger: Stranger, listing: dict[str, Any]
) -> None:
    """2 or 35, 3, 4, 7, 11, 41, 49: everything else is optional."""
    card = card_for(listing, "domestic", "00")
    few = {"de12": None, "de13": None, "de14": None, "de22": None, "de52": None}
    assert stranger.ask(stranger.purchase(card, **few))["39"] == "00"
    track = f"{card['pan']}={card['expiry']}2010000000000"
    assert stranger.ask(stranger.purchase(card, **few, de2=None, de35=track))["39"] == "00"


def test_any_acquirer_terminal_and_merchant_is_taken_and_chip_data_too(
    stranger: Stranger, listing: dict[str, Any]
) -> None:
    chip = "9F2608A1B2C3D4E5F607089F2701809F3602001A950500000080009F1A020504"
    for region in ("domestic", "foreign"):
        request = stranger.purchase(
            card_for(listing, region, "00"), de32="123456", de41="ANY00042",
            de42="ANY-MERCHANT-01", de55=chip)
        answer = stranger.ask(request)
        assert (answer["39"], answer["41"]) == ("00", "ANY00042")


@pytest.mark.parametrize(("changed", "code"), [
    ({"de4": None}, "30"),
    ({"de2": NOBODYS, "de52": None}, "92"),
    ({"de2": UNASSIGNED, "de52": None}, "15"),
    ({"de2": NOBODYS[:-1] + "9", "de52": None}, "14"),
    ({"de4": "000000000000"}, "13"),
    ({"de3": "990000"}, "12"),
], ids=["no amount", "no range", "unassigned", "no check digit", "nothing", "unknown kind"])
def test_what_cannot_be_done_hears_why(
    stranger: Stranger, listing: dict[str, Any], changed: dict[str, str | None], code: str
) -> None:
    card = card_for(listing, "domestic", "00")
    assert stranger.ask(stranger.purchase(card, **changed))["39"] == code


def test_an_approval_can_be_taken_back(stranger: Stranger, listing: dict[str, Any]) -> None:
    """0420 with DE 90 hears 00, and so does its repeat."""
    card = card_for(listing, "foreign", "00")
    request = stranger.purchase(card, de32="504777", de37="STRANGER0001")
    assert stranger.ask(request)["39"] == "00"
    original = f"0100{request['11']}{request['7']}{'504777'.zfill(11)}{'0' * 11}"
    reversal = stranger.purchase(
        card, t="0420", de32="504777", de37="STRANGER0001", de52=None, de90=original)
    assert stranger.ask(reversal)["39"] == "00"
    assert stranger.ask(reversal | {"t": "0421"})["39"] == "00"


def test_a_sign_on_is_answered_though_none_is_needed(stranger: Stranger) -> None:
    for code in ("001", "301", "002"):
        answer = stranger.ask({"t": "0800", "7": "1124010203", "11": "000042", "70": code})
        assert (answer["t"], answer["39"], answer["70"]) == ("0810", "00", code)


def test_a_wrong_length_prefix_is_told_to_whoever_started_the_demo(listing: dict[str, Any]) -> None:
    """The link is closed; the reason stands where a person looks."""
    link = listing["link"]
    with socket.create_connection((link["host"], link["port"]), 10) as connection:
        connection.sendall(b"0036" + b"0800822000000000000004000000000000001124101500000001301")
        assert connection.recv(100) == b""
    log = Path(listing["log"])
    until(lambda: "4-digit ASCII length" in log.read_text(encoding="utf-8"), 10)


def test_the_list_is_the_same_without_a_demo() -> None:
    """Nothing of it comes from a running program."""
    assert demo_cards(CONFIG)["link"]["port"] == 8583
    assert demo_cards(CONFIG) == demo_cards(CONFIG)


def test_the_ledger_of_a_running_demo_is_found_without_its_folder(
    stranger: Stranger, listing: dict[str, Any]
) -> None:
    """`noyau up` discards its ledgers; whoever asks need not know where they are meanwhile."""
    request = stranger.purchase(card_for(listing, "domestic", "00"), de37="FOUND0000001")
    assert stranger.ask(request)["39"] == "00"
    printed = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "noyau", "issuer", "holds", "atlas", "--json",
         "--config", listing["config"]],
        check=True, capture_output=True, text=True, timeout=60)
    assert "FOUND0000001" in [hold["rrn"] for hold in json.loads(printed.stdout)["holds"]]
