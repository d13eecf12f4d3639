"""Other people's answers, by name: through TCP wherever a command leads there."""
from typing import Any

import pytest

from hsm_emulator import mac
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.cvv import cvv
from hsm_emulator.device import COMMANDS
from hsm_emulator.layout import parsed
from hsm_emulator.secret_key import AES_, SecretKey
from tests.hsm import keys
from tests.hsm.peer import Peer, vectors
from tests.hsm.test_known_answers_pin import PIN_COMMANDS

Facts = dict[str, Any]


def of_other_commands(name: str) -> list[Any]:
    """Return the entries of a file of whole commands that are not about PINs."""
    return [
        entry for entry in vectors(name)
        if not {part.get("command") for part in entry.values} & PIN_COMMANDS
    ]


@pytest.mark.parametrize(("inputs", "expected"), vectors("cvv"))
def test_card_verification_value(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """CY verifies the first three digits; the longer course example by itself."""
    card = inputs["pan"] + inputs["expiry"] + inputs["service_code"]
    key = SecretKey(bytes.fromhex(inputs["cvk"]))
    assert cvv(key, card, len(expected["cvv"])) == expected["cvv"]
    cvk = under_lmk("402", keys.odd(inputs["cvk"]))
    request = f"{inputs['pan']};{inputs['expiry']}{inputs['service_code']}"
    shown = expected["cvv"][:3]
    assert hsm.ask(f"CY{cvk}{shown}{request}") == b"CZ00"
    assert hsm.ask(f"CY{cvk}{(int(shown) + 1) % 1000:03d}{request}") == b"CZ01"


@pytest.mark.parametrize(("inputs", "expected"), vectors("mac"))
def test_mac(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """M6 makes it and M8 verifies it; single-length keys, refused there, by themselves."""
    text = inputs.get("message_ascii", "").encode() or bytes.fromhex(inputs.get("message_hex", ""))
    if "padded" in expected:
        padded = mac.padded(text, str(inputs["padding"]).encode(), inputs["block"])
        assert padded.hex().upper() == expected["padded"]
        return
    algorithm, padding = inputs["algorithm"], str(inputs.get("padding", 0))
    if len(inputs["key"]) == 16:
        blocks = mac.padded(text, padding.encode(), 8)
        made = mac.algorithm_1(SecretKey(bytes.fromhex(inputs["key"])), blocks, bytes(8))
        assert made.hex().upper() == expected["mac"]
        return
    number = "6" if "CMAC" in algorithm else "3" if "alg3" in algorithm else "1"
    if "AES" in algorithm:
        assert SecretKey(bytes.fromhex(inputs["key"]), AES_).cmac(text).hex().upper() == (
            expected["mac"]
        )
        key_type, key = "FFF", keys.aes_block(inputs["key"], "M6")
    else:
        key_type, key = "003", under_lmk("003", keys.odd(inputs["key"]))
    head, message = f"001{number}{padding}{key_type}{key}", f"{2 * len(text):04X}{text.hex()}"
    head = head[:1] + "1" + head[2:]
    shown = expected["mac"][:16]
    assert hsm.ask(f"M6{head}{message}") == b"M700" + shown.encode()
    assert hsm.ask(f"M8{head}{message}{shown}") == b"M900"
    assert hsm.ask(f"M8{head}{message}{shown[1:]}0") == b"M901"


@pytest.mark.parametrize(("inputs", "expected"), of_other_commands("host_command_payshield"))
def test_captured_command(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """Whole commands, as answered by a device with the TDES key block test LMK."""
    answer = hsm.ask(inputs["request_latin1"])
    if "response" in expected:
        assert answer == expected["response"].encode()
    else:
        assert answer[:4] == b"M100"
        assert answer[8:] == expected["ciphertext"].encode()


@pytest.mark.parametrize(("inputs", "expected"), of_other_commands("host_wire"))
def test_request_of_an_independent_codec(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """Every request is read to its end; those with keys of the test LMK are carried out."""
    frame = bytes.fromhex(expected["wire_hex_without_length"])
    command = COMMANDS.get(expected["command"].encode())
    if command is None:  # of a part of the device that this one does not have
        hsm.send(frame[4:], header=frame[:4])
        assert hsm.receive()[6:] == b"68"
        return
    request = parsed(command, frame[6:])
    read = {value.hex().upper() for value in request.values}
    for name in ("zmk", "key", "sourceTpk", "sourceZpk", "pvk", "cvk", "pan", "pvv", "cvv", "mac"):
        if name in inputs["fields"]:
            assert inputs["fields"][name].encode().hex().upper() in read
    hsm.send(frame[4:], header=frame[:4])
    answer = hsm.receive()
    assert answer[:4] == frame[:4]
    if b"S0" in frame and expected["command"] != "DG":  # its PIN is under that device's LMK
        assert answer[6:8] == b"00"
    else:
        assert answer[6:8] in (b"00", b"10", b"11", b"14")  # keys of an LMK that is not public
