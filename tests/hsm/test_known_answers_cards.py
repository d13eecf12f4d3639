"""Other people's answers about cards, MACs and data, by name: over TCP where a command leads."""
from typing import Any

import pytest

from hsm_emulator import cavv, emv, emv_keys, mac
from hsm_emulator.cryptograms import kcv, under_lmk
from hsm_emulator.cvv import cvv
from hsm_emulator.device import COMMANDS
from hsm_emulator.layout import parsed
from hsm_emulator.public_lmks import VARIANT_PAIRS
from hsm_emulator.secret_key import AES_, SecretKey
from tests.hsm import dukpt_host, emv_requests, keys
from tests.hsm.peer import Peer, vectors

Facts = dict[str, Any]
_COMMANDS = ["CW", "CY", "KQ", "KW", "M0", "M2", "M4", "M6", "M8", "MY", "MA", "MC", "ME", "GW"]


def _of_these_commands(name: str) -> list[Any]:
    """Return the published requests whose command is of this part."""
    return [
        given
        for given in vectors(name)
        if (given.values[0].get("command") or given.values[1]["command"]) in _COMMANDS
    ]


def _master(inputs: Facts) -> str:
    return str(inputs.get("issuer_mk") or inputs["issuer_mk_ac"])


def _hexadecimal(octets: bytes) -> str:
    return octets.hex().upper()


def _tdes_under_lmk(key_type: str, clear: str) -> str:
    """Return a TDES key under the public variant LMK; one of single length without a tag."""
    if len(clear) > 16:
        return under_lmk(key_type, clear)
    pair = VARIANT_PAIRS[{"003": 8}[key_type]]
    return _hexadecimal(SecretKey(pair).encrypt(bytes.fromhex(clear)))


def _clear(key: SecretKey) -> str:
    return _hexadecimal(key.clear)


@pytest.mark.parametrize(("inputs", "expected"), vectors("cvv"))
def test_card_verification_value(
    inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer
) -> None:
    """CW makes the first three digits and CY verifies them; the course's fourth by itself."""
    card = inputs["pan"] + inputs["expiry"] + inputs["service_code"]
    assert cvv(SecretKey(bytes.fromhex(inputs["cvk"])), card, len(expected["cvv"])) == (
        expected["cvv"]
    )
    request = f"{inputs['pan']};{inputs['expiry']}{inputs['service_code']}"
    shown = expected["cvv"][:3]
    for device, clear in ((hsm, keys.odd(inputs["cvk"])), (legacy_hsm, inputs["cvk"])):
        cvk = under_lmk("402", clear)
        assert device.ask(f"CW{cvk}{request}") == b"CX00" + shown.encode()
        assert device.ask(f"CY{cvk}{shown}{request}") == b"CZ00"
        assert device.ask(f"CY{cvk}{(int(shown) + 1) % 1000:03d}{request}") == b"CZ01"


@pytest.mark.parametrize(("inputs", "expected"), vectors("cavv_3ds"))
def test_cardholder_authentication_value(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """Visa's by CW and CY; Mastercard's, under HMAC keys that no command takes, by itself."""
    if "cavv_output" in expected:
        cvk, pan = under_lmk("402", inputs["cvk"]), inputs["pan"][-16:]
        card = f"{pan};{inputs['atn_last4']}{inputs['service_code']}"
        shown = expected["cavv_output"]
        key = SecretKey(bytes.fromhex(inputs["cvk"]))
        made = cavv.visa_cavv(key, inputs["pan"], inputs["atn_last4"], inputs["service_code"])
        assert made == shown
        assert hsm.ask(f"CW{cvk}{card}") == b"CX00" + shown.encode()
        assert hsm.ask(f"CY{cvk}{shown}{card}") == b"CZ00"
        return
    key_octets, pan = bytes.fromhex(inputs["key"]), inputs["pan"]
    if "aav_hex" in expected:
        message = cavv.spa_message(
            inputs["merchant_name"], int(inputs["control_byte"], 16), int(inputs["acs_id"], 16),
            int(inputs["auth_method"]), int(inputs["bin_key_id"]), bytes.fromhex(inputs["tsn"]),
        )  # fmt: skip
        assert _hexadecimal(message[1:9]) == expected["merchant_hash8"]
        assert _hexadecimal(cavv.spa_aav(key_octets, pan, message)) == expected["aav_hex"]
        return
    made_iav = cavv.spa2_iav(
        key_octets, pan, inputs["merchant_name"], bytes.fromhex(inputs["amount_code"]),
        inputs["currency"], bytes.fromhex(inputs["dsn"]),
    )  # fmt: skip
    assert _hexadecimal(made_iav) == expected["hmac_left"]


@pytest.mark.parametrize(("inputs", "expected"), vectors("emv"))
def test_emv(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """What KQ or KW can carry goes through TCP; keys and dynamic codes by themselves."""
    if "derivation" in inputs:
        _check_tree(inputs, expected)
    elif "track_hex" in inputs:
        _check_cvc3(inputs, expected)
    elif "icc_derivation" in inputs:
        _check_derivation(inputs, expected, hsm)
    elif "CVN16" in inputs["scheme"]:
        _check_mchip(inputs, expected, hsm)
    else:
        _check_common(inputs, expected, hsm)


def _check_tree(inputs: Facts, expected: Facts) -> None:
    card = SecretKey(bytes.fromhex(inputs["icc_mk"]))
    key = emv_keys.tree_session_key(
        card, bytes.fromhex(inputs["atc"]), inputs["branch"], inputs["height"],
        bytes.fromhex(inputs["iv"]),
    )  # fmt: skip
    assert _clear(key) == expected["session_key"]


def _check_cvc3(inputs: Facts, expected: Facts) -> None:
    master = SecretKey(bytes.fromhex(_master(inputs)))
    card = emv_keys.card_key(master, bytes.fromhex(emv_requests.card(inputs["pan"], inputs["psn"])))
    track, un = bytes.fromhex(inputs["track_hex"]), bytes.fromhex(inputs["un"])
    made = emv.cvc3(card, track, un, bytes.fromhex(inputs["atc"]))
    assert made[-3:] == expected["cvc3_last3"]


def _check_derivation(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """Diversifiers of eight free bytes fit no command: only an ATC and zeros travel."""
    whole = inputs["pan"] + inputs["psn"]
    octets = bytes.fromhex(whole.rjust(len(whole) + len(whole) % 2, "0"))
    card = (emv_keys.option_b if inputs["icc_derivation"] == "B" else emv_keys.option_a)(octets)
    card_key = emv_keys.card_key(SecretKey(bytes.fromhex(_master(inputs))), card)
    session = emv_keys.common_session_key(card_key, bytes.fromhex(inputs["diversifier"]))
    assert _clear(card_key) == expected["icc_mk"]
    assert _clear(session) == expected["session_key"]
    for key, name in ((card_key, "icc_mk_kcv"), (session, "sk_kcv")):
        assert kcv(_clear(key)).startswith(expected.get(name, ""))
    transaction = inputs["data"]
    if inputs["padding"].startswith("80"):
        transaction = emv_requests.padded(transaction)
    arqc = expected["arqc"]
    assert _hexadecimal(emv.cryptogram(session, bytes.fromhex(transaction))) == arqc
    master = under_lmk("109", _master(inputs))
    whole = octets if inputs["icc_derivation"] == "B" else b""
    _check_card_key(card_key, master, card, whole, hsm)
    if "arpc_method2" in expected:
        csu, more = bytes.fromhex(inputs["csu"]), bytes.fromhex(inputs["prop_auth_data"])
        made = emv.arpc_2(session, bytes.fromhex(arqc), csu, more)
        assert _hexadecimal(made) == expected["arpc_method2"]
        if inputs["diversifier"].endswith("0" * 12):
            request = emv_requests.kw(
                3, 3, master, octets.hex(), inputs["diversifier"][:4], arqc, transaction,
                inputs["csu"] + inputs["prop_auth_data"],
            )  # fmt: skip
            assert hsm.ask(request) == b"KX00" + bytes.fromhex(expected["arpc_method2"])
    elif inputs["arpc1_key"] == "icc":
        atc, un = "0000", "00000000"  # VIS derives no session key
        request = emv_requests.kq(2, 0, master, card.hex(), atc, un, arqc, "", inputs["arc"])
        assert hsm.ask(request) == b"KR00" + bytes.fromhex(expected["arpc_method1"])
    else:
        made = emv.arpc_1(session, bytes.fromhex(arqc), bytes.fromhex(inputs["arc"]))
        assert _hexadecimal(made) == expected["arpc_method1"]


def _check_card_key(
    card_key: SecretKey, master: str, card: bytes, whole: bytes, device: Peer
) -> None:
    """Show the published card key by the ARPC that KQ makes with it, in option B KW too."""
    arqc, code = "0123456789ABCDEF", "3030"
    mixed = bytes.fromhex("3113456789ABCDEF")  # ARQC and response code, exclusive or
    request = emv_requests.kq(2, 0, master, card.hex(), "0000", "00000000", arqc, "", code)
    assert device.ask(request) == b"KR00" + card_key.encrypt(mixed)
    if whole:
        session = emv_keys.common_session_key(card_key, bytes.fromhex("001C") + bytes(6))
        request = emv_requests.kw(2, 3, master, whole.hex(), "001C", arqc, "", code)
        assert device.ask(request) == b"KX00" + session.encrypt(mixed)


def _check_mchip(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    master = under_lmk("109", _master(inputs))
    card = emv_requests.card(inputs["pan"], inputs["psn"])
    request = emv_requests.kq(
        1, 1, master, card, inputs["atc"], inputs["un"], expected["arqc"],
        emv_requests.padded(inputs["data"]), inputs["arc"],
    )  # fmt: skip
    assert hsm.ask(request) == b"KR00" + bytes.fromhex(expected["arpc_method1"])


def _check_common(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    master = under_lmk("109", _master(inputs))
    card = emv_requests.card(inputs["pan"], inputs["psn"])
    method_2 = "arpc_method2" in expected
    request = emv_requests.kw(
        3 if method_2 else 1, 2, master, card, inputs["atc"], expected["arqc"],
        emv_requests.padded(inputs["data"]), inputs["csu"] if method_2 else inputs["arc"],
    )  # fmt: skip
    arpc = expected["arpc_method2"] if method_2 else expected["arpc_method1"]
    assert hsm.ask(request) == b"KX00" + bytes.fromhex(arpc)


@pytest.mark.parametrize(("inputs", "expected"), vectors("mac"))
def test_mac(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """M6 makes it and M8 verifies it; single-length keys on the legacy device only."""
    text = inputs.get("message_ascii", "").encode() or bytes.fromhex(inputs.get("message_hex", ""))
    if "padded" in expected:
        _check_padding(inputs, text, expected["padded"], hsm)
        return
    algorithm, padding, clear = inputs["algorithm"], inputs.get("padding", 0), inputs["key"]
    number = "6" if "CMAC" in algorithm else "3" if "alg3" in algorithm else "1"
    if "AES" in algorithm:
        key, key_type, size = keys.aes_block(clear, "M6"), "FFF", "2"
        assert SecretKey(bytes.fromhex(clear), AES_).cmac(text).hex().upper() == expected["mac"]
    else:
        key, key_type, size = _tdes_under_lmk("003", clear), "003", "1"
    odd = key_type == "FFF" or keys.odd(clear) == clear
    devices = [legacy_hsm, hsm] if odd and len(clear) > 16 else [legacy_hsm]
    for device in devices:
        for form, message in (("1", text.hex().encode()), ("0", text), ("2", text)):
            head = f"0{form}{size}{number}{padding}{key_type}{key}{len(message):04X}".encode()
            shown = expected["mac"].encode()
            assert device.ask(b"M6" + head + message) == b"M700" + shown
            assert device.ask(b"M8" + head + message + shown) == b"M900"
            wrong = shown[1:] + b"%d" % (shown[-1:] != b"0")
            assert device.ask(b"M8" + head + message + wrong) == b"M901"


def _check_padding(inputs: Facts, text: bytes, padded: str, device: Peer) -> None:
    """By itself, and by M6: padded there or before it comes, a message has the same MAC."""
    method = str(inputs["padding"])
    assert _hexadecimal(mac.padded(text, method.encode(), inputs["block"])) == padded
    for algorithm in "13":
        head = f"M6011{algorithm}"
        of_device = device.ask(f"{head}{method}003{keys.TAK}{2 * len(text):04X}{text.hex()}")
        of_host = device.ask(f"{head}0003{keys.TAK}{len(padded):04X}{padded}")
        assert of_device == of_host
        assert of_device[:4] == b"M700"


@pytest.mark.parametrize(("inputs", "expected"), vectors("dukpt_tdes"))
def test_tdes_terminal_over_tcp(
    inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer
) -> None:
    """GW makes and verifies the terminal's MACs, M0 and M2 its data, under a BDK of either LMK."""
    text = inputs["mac_message_ascii"].encode()
    data = (text + bytes(-len(text) % 8)).hex().upper()
    odd = keys.odd(inputs["bdk"])
    for device, clear in ((hsm, odd), (legacy_hsm, inputs["bdk"])):
        for bdk, key_type in ((under_lmk("009", clear), "009"), (keys.key_block(odd, "B0"), "FFF")):
            base = f"{bdk}A05{inputs['ksn']}"
            for number, name in enumerate(("mac_request", "mac_response"), 1):
                _check_terminal_mac(device, number, base, text, expected[name])
            for number, name in enumerate(("cmac_request", "cmac_response"), 3):
                _check_terminal_mac(device, number, base, text, expected[name])
            for command, given, wanted in (
                ("M0", data, expected["data_request_cbc"]),
                ("M2", expected["data_request_cbc"], data),
            ):
                request = f"{command}0111{key_type}{base}{'0' * 16}{len(given):04X}{given}"
                answer = f"{command[0]}{int(command[1]) + 1}00{len(wanted):04X}{wanted}"
                assert device.ask(request) == answer.encode()


@pytest.mark.parametrize(("inputs", "expected"), vectors("dukpt_aes"))
def test_aes_terminal_over_tcp(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """The same under an AES BDK, which lives under the AES LMK; every MAC is a CMAC.

    Where no message is published, the published key of the transaction leads to its MAC here.
    """
    base = f"{keys.aes_block(inputs['bdk'], 'B0')}906{inputs['ksn']}"
    key = dukpt_host.working_key(
        expected["transaction_key"], inputs["ksn"], dukpt_host.MAC_OF_TERMINAL
    )
    bits = 4 * len(inputs["bdk"])
    assert key.hex().upper() == expected.get(f"mac_generation_key_aes{bits}", key.hex().upper())
    text = b"4012345678909D987"
    _check_terminal_mac(hsm, 1, base, text, dukpt_host.cmac(key, text))
    if "cmac_request" not in expected:
        return
    text = inputs["message_ascii"].encode()
    for number, name in enumerate(("cmac_request", "cmac_response") * 2, 1):
        _check_terminal_mac(hsm, number, base, text, expected[name])
    data = (text + bytes(-len(text) % 16)).hex().upper()
    sealed = expected["data_request_cbc"]
    count = f"{len(data):04X}"
    assert hsm.ask(f"M00111FFF{base}{inputs['iv']}{count}{data}") == f"M100{count}{sealed}".encode()
    assert hsm.ask(f"M20111FFF{base}{inputs['iv']}{count}{sealed}") == f"M300{count}{data}".encode()
    one_way = f"{keys.aes_block(inputs['bdk'], '41')}906{inputs['ksn']}{inputs['iv']}{count}"
    sent = expected["data_response_cbc"]
    assert hsm.ask(f"M00111FFF{one_way}{data}") == f"M100{count}{sent}".encode()
    assert hsm.ask(f"M20111FFF{one_way}{sealed}") == f"M300{count}{data}".encode()


def _check_terminal_mac(device: Peer, method: int, base: str, text: bytes, mac_: str) -> None:
    counted = f"{len(text):04X}".encode() + text
    for mode, digits in ((1, 16), (2, 8), (3, 32)):
        if digits > len(mac_):
            continue
        shown = mac_[:digits].encode()
        assert device.ask(f"GW{mode + 3}{method}{base}".encode() + counted) == b"GX00" + shown
        request = f"GW{mode}{method}{base}".encode()
        assert device.ask(request + shown + counted) == b"GX00"
        assert device.ask(request + shown[::-1] + counted) == b"GX01"


@pytest.mark.parametrize(("inputs", "expected"), _of_these_commands("host_command_payshield"))
def test_captured_command(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """Whole commands, as answered by a device with the TDES key block test LMK."""
    for device in (hsm, legacy_hsm):
        answer = device.ask(inputs["request_latin1"]).decode()
        if "response" in expected:
            assert answer == expected["response"]
        elif "mac" in expected:
            assert answer == "GX00" + expected["mac"]
        else:  # its client counts bytes
            assert answer == "M1000008" + expected["ciphertext"]


@pytest.mark.parametrize(("inputs", "expected"), _of_these_commands("host_wire"))
def test_request_of_an_independent_codec(
    inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer
) -> None:
    """Every request is read to its end; those with keys of the test LMK are carried out."""
    frame, fields = bytes.fromhex(expected["wire_hex_without_length"]), inputs["fields"]
    request = parsed(COMMANDS[expected["command"].encode()], frame[6:])
    read = {value for value in request.values if value}
    for name in ("cvk", "pan", "cvv", "mkac", "mksmi", "key", "sourceKey", "bdk", "ksn", "mac"):
        assert not fields.get(name) or fields[name].encode() in read, name
    for name in ("panSeqNo", "atc", "unpredictableNumber", "arqc", "arc", "discretionaryData"):
        assert not fields.get(name) or bytes.fromhex(fields[name]) in read, name
    for device in (hsm, legacy_hsm):
        device.send(frame[4:], header=frame[:4])
        answer = device.receive()
        assert answer[:4] == frame[:4]
        if b"S0" not in frame:  # keys of an LMK that is not public
            assert answer[6:8] in (b"00", b"01", b"10", b"11")
        elif expected["command"] in ("KQ", "KW"):  # cryptograms that other keys or data made
            assert answer[6:8] == b"01"
        else:
            assert answer[6:8] == b"00"
