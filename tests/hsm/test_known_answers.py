"""Other people's requests for commands that this device does not have.

The others are held against their answers in test_known_answers_keys, _pin and _cards.
"""
from typing import Any

import pytest

from hsm_emulator.device import COMMANDS
from tests.hsm.peer import Peer, vectors


def _without_command() -> list[Any]:
    return [
        given
        for given in vectors("host_wire")
        if given.values[1]["command"].encode() not in COMMANDS
    ]


@pytest.mark.parametrize(("inputs", "expected"), _without_command())
def test_request_of_an_independent_codec(
    inputs: dict[str, Any], expected: dict[str, Any], hsm: Peer
) -> None:
    """The command is answered as disabled, behind its own header, and the connection lives on."""
    frame = bytes.fromhex(expected["wire_hex_without_length"])
    hsm.send(frame[4:], header=frame[:4])
    answer = frame[:5] + bytes((frame[5] + 1,)) + b"68"
    assert hsm.receive() == answer
    assert hsm.ask("B20002OK") == b"B300OK"
    assert inputs["method"]
