"""Other people's answers about keys, by name: over TCP, to a device as old estates have it."""
import json
from typing import Any

import pytest

from hsm_emulator import key_block, tr31
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import COMMANDS
from hsm_emulator.key_block import BlockKeys
from hsm_emulator.key_usages import type_of_usage
from hsm_emulator.layout import parsed
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import LEGACY
from hsm_emulator.secret_key import AES_, TDES, SecretKey, has_odd_parity
from tests.hsm import keys
from tests.hsm.peer import VECTORS, Peer, vectors

Facts = dict[str, Any]
KEY_COMMANDS = ("A0", "A4", "A6", "A8", "BU", "GC", "FA", "HC", "IA", "NK")
LMKS = by_identifier(LEGACY)
BARE_SCHEME = {16: "Z", 32: "U", 48: "T"}  # by the digits of the key
LMK_OF_LENGTH = {16: "", 24: "01", 32: "02"}

# A second opinion: answers to these requests in the same client's tests (Apache-2.0).
ANSWERED = {
    "host_wire-008": "A500S0007252TB00E0001D4B4A265C5273F353729F153FC1C2ADA" + 24 * "." + "2AE082",
    "host_wire-011": "A700S00072P0TB00N0001EA421618B34F5FA1A77F7CF6480111B9" + 24 * "." + "4FE9FD",
    "host_wire-014": "A900S00072P0TB00N00FFE1D89671C973C7F0DAF91CB2EBF37949" + 24 * "." + "4FE9FD",
    "host_wire-025": "BV002356F2",
}

# From the same tests: blocks that a device answered with, and the check values beside them.
SHOWN = {
    "S00072M1TN00E0001FFE01E95CF21BDD0D74B6BEB70E3D9089110A50E6113C71BF8F809F5": "F808C2",
    "S00072K0TB00E000151FC4D1A61D584BA2A13E58F415D31C16CFC1300D6272109A952F28D": "E9AB16",
    "S0007252TB00E0001D4B4A265C5273F353729F153FC1C2ADA23DF2D94C76A5EF30466CBAB": "2AE082",
}
SHOWN_UNDER_ZMKS = [
    (
        "S00072K0TB00E00017CECF0FB9210B3CC93B9FFB304963C39CFFF94B837D318E1A6F1F058",
        "S00072K0TB00E00FF52146D7D7E12DFEFE57B7CBDC78F9BCD4489E8103A52567605294374",
        "E9AB16",
    ),
    (
        "S00072K0TB00E0001DB045F29C053EEFF7B9425B3A88C7258EB7EA7E40E2C47878647072A",
        "S00072P0TB00N00FFE1D89671C973C7F0DAF91CB2EBF37949D811004295CF66B6AF9CF6A8",
        "4FE9FD",
    ),
]
# TR-31:2018 A.7.4, and blocks of others that psec's tests carry (MIT): protecting key, key, block.
MORE_TR31 = [
    (
        "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6",
        "3F419E1CB7079442AA37474C2EFBF8B8",
        "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA"
        "05F7425509593D03A457DC34",
    ),
    (
        "89E88CF7931444F334BD7547FC3F380C",
        "F039121BEC83D26B169BDCD5B22AAF8F",
        "A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701",
    ),
    (
        "89E88CF7931444F334BD7547FC3F380C",
        "F039121BEC83D26B169BDCD5B22AAF8F",
        "B0120P0TE12E0100KS1800604B120F9292800000E6E28F097CB0350B2EB2DF520947F779FA34D9759CEE7E0D"
        "EEACF8353DB778D47FA4EC20DA3A9754",
    ),
    (
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCC",
        "CCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD",
        "A0088M3TC00E000022BD7EC46BBE2A6A73389D1BA6DB63120B386F912839F4679C0523399E4D8D0F1D9A356E",
    ),
]


@pytest.mark.parametrize(("block", "kcv"), SHOWN.items())
def test_block_that_a_device_answered_with(block: str, kcv: str, hsm: Peer) -> None:
    """BU agrees with what the device said of it."""
    assert hsm.ask(f"BUFFF{block};FFF;001") == b"BV00" + kcv.encode()


@pytest.mark.parametrize(("zmk", "block", "kcv"), SHOWN_UNDER_ZMKS)
def test_block_that_a_device_sent(zmk: str, block: str, kcv: str, hsm: Peer) -> None:
    """A6 takes in what the device's A0 and A8 made."""
    answer = hsm.ask(f"A6FFF{zmk}{block}S").decode()
    assert (answer[:4], answer[5:19], answer[-6:]) == ("A700", block[1:15], kcv)


@pytest.mark.parametrize(("kbpk", "key", "block"), MORE_TR31)
def test_more_tr31_blocks(kbpk: str, key: str, block: str, legacy_hsm: Peer) -> None:
    """In by A6 under the AES LMK."""
    zmk = keys.key_block(kbpk, "K1", AES_ if block[0] == "D" else TDES, "D", "02")
    answer = legacy_hsm.ask(f"A6FFF{zmk}R{block}S")
    assert answer[:4] == b"A700"
    assert LMKS[b"02"].opened(answer[4:-6], b"FFF", b"10")[0].clear.hex().upper() == key


@pytest.mark.parametrize(("inputs", "expected"), vectors("lmk_variant"))
def test_key_under_the_variant_lmk(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """BU gives the published KCV, and the key opens to the published clear one."""
    answer = hsm.ask(f"BUFF1{inputs['key_under_lmk']};{inputs['key_type']};001")
    assert answer == b"BV00" + expected["kcv"].encode()
    cryptogram, key_type = inputs["key_under_lmk"].encode(), inputs["key_type"].encode()
    key, _ = LMKS[b"00"].opened(cryptogram, key_type, b"10")
    assert key.clear.hex().upper() == expected["clear_key"]
    assert has_odd_parity(key.clear) is expected["odd_parity"]
    assert under_lmk(inputs["key_type"], expected["clear_key"]) == inputs["key_under_lmk"]


@pytest.mark.parametrize(("inputs", "expected"), vectors("lmk_keyblock"))
def test_thales_key_block(inputs: Facts, expected: Facts, legacy_hsm: Peer) -> None:
    """BU tells its check value under the LMK, A6 takes it in where it is under a ZMK."""
    lmk = bytes.fromhex(inputs["lmk"])
    protection = BlockKeys(SecretKey(lmk, AES_ if len(lmk) == 32 else TDES))
    if "kbek" in expected:
        assert protection.enciphering.clear.hex().upper() == expected["kbek"]
        assert protection.authenticating.clear.hex().upper() == expected["kbak"]
        return
    block = inputs["key_block"]
    clear, attributes = key_block.unwrapped(protection, block.encode())
    assert clear.hex().upper() == expected["clear_key"]
    assert attributes.usage == expected.get("key_usage", attributes.usage)
    kcv = SecretKey(clear, attributes.algorithm).check_value()[:3].hex().upper()
    assert kcv == expected.get("kcv", kcv)
    device_lmk = LMK_OF_LENGTH[len(lmk)]
    if device_lmk:
        assert legacy_hsm.ask(f"BUFFF{block};FFF;001%{device_lmk}") == f"BV00{kcv}".encode()
    else:
        zmk = keys.key_block(inputs["lmk"], "K0")
        assert legacy_hsm.ask(f"A6FFF{zmk}{block}S")[-6:] == kcv.encode()


@pytest.mark.parametrize(("inputs", "expected"), vectors("kcv"))
def test_key_check_value(inputs: Facts, expected: Facts, legacy_hsm: Peer) -> None:
    """TDES: a zero block enciphered; AES: the CMAC of one."""
    if "AES" in inputs["method"]:
        request = f"BUFFF{keys.aes_block(inputs['key'], 'D0')};FFF;000"
    else:
        request = f"BUFF1{under_lmk('001', inputs['key'])};001;000"
    assert legacy_hsm.ask(request).startswith(b"BV00" + expected["kcv"].encode())


@pytest.mark.parametrize("lmk", ["01", "02"])
@pytest.mark.parametrize(("inputs", "expected"), vectors("tr31"))
def test_tr31_block_into_a_key_block(
    inputs: Facts, expected: Facts, lmk: str, legacy_hsm: Peer
) -> None:
    """A6 takes it in with its attributes; A8 sends it on in a block of the same version."""
    version, block = inputs["version"], inputs["key_block"]
    algorithm = AES_ if version == "D" else TDES
    lmk = "02" if algorithm == AES_ else lmk
    zmk = keys.key_block(inputs["kbpk"], "K1", algorithm, "B", lmk)
    answer = legacy_hsm.ask(f"A6FFF{zmk}R{block}S")
    if "reject" in expected:
        assert answer == b"A7A4"
        return
    assert answer[:4] == b"A700"
    key, kept = LMKS[lmk.encode()].opened(answer[4:-6], b"FFF", b"10")
    assert key.clear.hex().upper() == expected["key"]
    assert answer[-6:] == key.check_value()[:3].hex().upper().encode()
    assert answer[-6:].decode() == expected.get("kcv", answer[-6:].decode())
    assert kept is not None
    assert answer[4:][6:13].decode() == block[5:12]  # usage to exportability
    sent = legacy_hsm.ask(b"A8FFF" + zmk.encode() + answer[4:-6] + b"R!" + version.encode())
    if kept.exportability == "N":
        assert sent == b"A9AA"
        return
    assert sent[:6] == b"A900R" + version.encode()
    kbpk = SecretKey(bytes.fromhex(inputs["kbpk"]), algorithm)
    again, attributes = tr31.unwrapped(kbpk, sent[4:-6])
    assert (again, attributes) == (key.clear, kept.under("00"))


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize(
    ("inputs", "expected"),  # a variant LMK holds no AES key
    [entry for entry in vectors("tr31") if entry.values[0]["version"] != "D"],
)
def test_tr31_block_into_a_variant(
    inputs: Facts, expected: Facts, typed: bool, legacy_hsm: Peer
) -> None:
    """A6 keeps it as the key type that its usage means, named in the request or not."""
    zmk = under_variant("000", inputs["kbpk"])
    key_type = type_of_usage(inputs["key_block"][5:7]).decode()
    scheme = BARE_SCHEME[len(expected.get("key", 32 * "0"))]
    asked = key_type if typed else "FFF"
    answer = legacy_hsm.ask(f"A6{asked}{zmk}R{inputs['key_block']}{scheme}")
    if "reject" in expected:
        assert answer == b"A7A4"
    else:
        assert answer[:4] == b"A700"
        assert answer[4:-6].decode() == under_variant(key_type, expected["key"])


@pytest.mark.parametrize(("inputs", "expected"), vectors("tr31"))
def test_tr31_functions(inputs: Facts, expected: Facts) -> None:
    """What is made opens again, and no two blocks of one key are alike."""
    if "reject" in expected:
        return
    algorithm = AES_ if inputs["version"] == "D" else TDES
    kbpk = SecretKey(bytes.fromhex(inputs["kbpk"]), algorithm)
    clear, attributes = tr31.unwrapped(kbpk, b"R" + inputs["key_block"].encode())
    made = [tr31.wrapped(kbpk, clear, attributes, inputs["version"]) for _ in range(2)]
    assert tr31.unwrapped(kbpk, made[0]) == tr31.unwrapped(kbpk, made[1]) == (clear, attributes)
    assert made[0] != made[1]
    assert len(made[0]) >= len(inputs["key_block"])  # padding hides the length of the key


def of_key_commands() -> list[Any]:
    """Return the requests that an independent codec made of key commands."""
    return [
        pytest.param(entry["id"], entry["inputs"]["fields"], entry["expected"], id=entry["id"])
        for entry in json.loads((VECTORS / "host_wire.json").read_text())
        if entry["expected"]["command"] in KEY_COMMANDS
    ]


@pytest.mark.parametrize(("name", "fields", "expected"), of_key_commands())
def test_request_of_an_independent_codec(
    name: str, fields: Facts, expected: Facts, legacy_hsm: Peer
) -> None:
    """Every field is found as its maker meant it, and the command is carried out."""
    frame = bytes.fromhex(expected["wire_hex_without_length"])
    command = COMMANDS[expected["command"].encode()].under(LEGACY)
    request = parsed(command, frame[6:])
    assert _joined(fields, "lmkIdentifier") == request.lmk.decode()
    after_hash = [name for name in fields if name in _AFTER_HASH]
    if expected["command"] != "A8":
        assert _joined(fields, *after_hash) == request.attributes.decode()
    assert _joined(fields, "modExportabilityKeyblock") == request.modifier.decode()
    named = {"lmkIdentifier", "modExportabilityKeyblock", *after_hash}
    assert _joined(
        fields, *(name for name in fields if name not in named and "elimiter" not in name)
    ) == "".join(value.decode() for value in request.values)
    legacy_hsm.send(frame[4:], header=frame[:4])
    answer = legacy_hsm.receive()
    assert answer[:4] == frame[:4]
    assert answer[6:8] == b"00"
    if name in ANSWERED:
        assert len(answer) - 4 == len(ANSWERED[name])
        told = zip(answer[4:].decode(), ANSWERED[name], strict=True)
        assert all(theirs in (mine, ".") for mine, theirs in told)


_AFTER_HASH = (
    "keyUsageKeyblock", "algorithmKeyblock", "modeOfUseKeyblock", "keyVersionNumberKeyblock",
    "exportabilityKeyblock", "optionalBlocksCountKeyblock", "keyVersionNumber",
    "optionalBlocksCount",
)  # fmt: skip


def _joined(fields: Facts, *names: str) -> str:
    return "".join(str(fields.get(name, "")) for name in names)


def under_variant(key_type: str, clear_hex: str) -> str:
    """Return a TDES key of any length under LMK 00."""
    scheme = BARE_SCHEME[len(clear_hex)].encode()
    key = SecretKey(bytes.fromhex(clear_hex))
    return LMKS[b"00"].wrapped(key, key_type.encode(), scheme, None).decode()


def test_published_keys_have_odd_parity() -> None:
    """What the tests adjust is only the parity of a key, never the key."""
    assert has_odd_parity(bytes.fromhex(keys.K))
    assert keys.odd(keys.K) == keys.K
