"""The afternoon's router routes rightly: what it is compared as it must do."""

import socket
from collections.abc import Iterator
from pathlib import Path

import iso8583
import pytest

from bench.load.purchases import purchase
from bench.peers.codecs import peer_codecs
from bench.stage.programs import Stage, afternoon_stage
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

SPEC = pyiso8583_spec(load_dialect("national"))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with afternoon_stage(tmp_path_factory.mktemp("bench") / "afternoon") as running:
        yield running


def answer_to(stage: Stage, **changed: str) -> dict[str, str]:
    asked = purchase(1, "=", 120, 0) | {"7": "1129120000", "11": "004711", "37": "000000004711"}
    asked |= {name.removeprefix("de"): text for name, text in changed.items()}
    data, _ = iso8583.encode({name: text for name, text in asked.items() if text}, SPEC)
    with socket.create_connection(("127.0.0.1", stage.ports[0]), 10) as connection:
        connection.sendall(len(data).to_bytes(2) + data)
        with connection.makefile("rb") as heard:
            return dict(iso8583.decode(heard.read(int.from_bytes(heard.read(2))), SPEC)[0])


def test_a_purchase_is_approved_under_its_own_numbers(stage: Stage) -> None:
    """The PIN block was translated, or the issuer would say 55; the STAN is its own again."""
    answer = answer_to(stage)
    assert (answer["t"], answer["39"]) == ("0110", "00")
    assert (answer["11"], answer["37"]) == ("004711", "000000004711")
    assert answer_to(stage, de52="")["39"] == "00"


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"de41": ""}, "30"), ({"de2": "4761739001010119"}, "92"), ({"de52": "0" * 16}, "55")],
)
def test_what_cannot_be_routed_is_declined(
    stage: Stage, changed: dict[str, str], code: str
) -> None:
    """A missing element, a card of nobody, a PIN block that the HSM refuses."""
    assert answer_to(stage, **changed)["39"] == code


def test_the_environment_of_other_codecs_may_be_missing(tmp_path: Path) -> None:
    """Nothing is compared then."""
    assert peer_codecs(tmp_path) == []
