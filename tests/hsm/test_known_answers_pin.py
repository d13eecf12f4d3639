"""Other people's answers about PINs, by name: over TCP wherever a command leads there.

The legacy device is what the published answers were made with; what a strict one also answers
is asked of both.
"""
import json
from typing import Any

import pytest

from hsm_emulator import dukpt_aes, dukpt_tdes, mac, pin_blocks
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import COMMANDS
from hsm_emulator.format_preserving import deciphered_digits, enciphered_digits
from hsm_emulator.layout import parsed
from hsm_emulator.pin_verification import natural_pin
from hsm_emulator.rules import LEGACY
from hsm_emulator.secret_key import AES_, SecretKey
from tests.hsm import keys
from tests.hsm.keys import K, Z
from tests.hsm.peer import VECTORS, Peer, vectors

Facts = dict[str, Any]
FORMATS = {
    "ISO-0": pin_blocks.ISO_0, "ISO-1": pin_blocks.ISO_1, "ISO-2": pin_blocks.ISO_2,
    "ISO-3": pin_blocks.ISO_3, "ISO-4": pin_blocks.ISO_4,
}  # fmt: skip
PIN_COMMANDS = {
    "CA", "CC", "CI", "G0", "JA", "JC", "JE", "JG", "BC", "BE", "BA", "DA", "EA", "DC", "EC",
    "BK", "DE", "DG", "EE", "FW", "CU", "DU", "GO", "GQ",
}  # fmt: skip
# SP 800-38G, FF1 samples 1 and 2 (NIST, radix 10).
FF1_KEY = SecretKey(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), AES_)
FF1_SAMPLES = [("", "2433477484"), ("39383736353433323130", "6124200773")]


def of_pin_commands(name: str) -> list[Any]:
    """Return the entries of a file of whole commands that are about PINs."""
    return [
        pytest.param(entry["inputs"], entry["expected"], id=entry["id"])
        for entry in json.loads((VECTORS / f"{name}.json").read_text())
        if {entry["inputs"].get("command"), entry["expected"].get("command")} & PIN_COMMANDS
    ]


def deciphered(key_hex: str, block: bytes, account: str, number: bytes = pin_blocks.ISO_0) -> str:
    """Return the PIN of a block under a clear TDES or, for format 4, AES key."""
    key = SecretKey(bytes.fromhex(key_hex), AES_ if number == pin_blocks.ISO_4 else "T")
    return pin_blocks.deciphered_pin(key, bytes.fromhex(block.decode()), number, account.encode())


@pytest.mark.parametrize(("inputs", "expected"), vectors("dukpt_tdes"))
def test_tdes_dukpt(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """CI and G0 open the terminal's block, CA makes the same one; the other keys by themselves."""
    clear, ksn = SecretKey(bytes.fromhex(inputs["bdk"])), bytes.fromhex(inputs["ksn"])
    if "ipek" in expected:
        assert dukpt_tdes.initial_key(clear, ksn).clear.hex().upper() == expected["ipek"]
    transaction = dukpt_tdes.session_key(clear, ksn)
    assert transaction.clear.hex().upper() == expected["transaction_key"]
    _check_tdes_macs(inputs, expected, clear, ksn)
    bdk, account = under_lmk("009", inputs["bdk"]), inputs["pan"][:-1][-12:]
    ksn_field = f"A05{inputs['ksn']}"
    block, length = expected["encrypted_pin_block"], f"{len(inputs['pin']):02d}".encode()
    for device in (hsm, legacy_hsm):
        opened = device.ask(f"CI{bdk}{keys.ZPK}{ksn_field}{block}01{account}")
        assert opened[:6] == b"CJ00" + length
        assert deciphered(Z, opened[6:22], account) == inputs["pin"]
        assert device.ask(f"G0{bdk}{keys.ZPK}{ksn_field}{block}0101{account}")[2:] == opened[2:]
        again = device.ask(f"G0{bdk}*{bdk}{ksn_field}{ksn_field}{block}0101{account}")
        assert again == b"G100" + length + block.encode() + b"01"
        entered = keys.block(inputs["pin"], K, account)
        made = device.ask(f"CA{keys.TPK}*{bdk}{ksn_field}12{entered}0101{account}")
        assert made == b"CB00" + length + block.encode() + b"01"


def _check_tdes_macs(inputs: Facts, expected: Facts, bdk: SecretKey, ksn: bytes) -> None:
    message = inputs["mac_message_ascii"].encode()
    blocks = mac.padded(message, b"1", 8)
    for way, usage in (
        ("request", dukpt_tdes.Usage.MAC_REQUEST), ("response", dukpt_tdes.Usage.MAC_RESPONSE),
    ):  # fmt: skip
        key = dukpt_tdes.working_key(bdk, ksn, usage)
        assert mac.algorithm_3(key, blocks, bytes(8)).hex().upper()[:8] == expected[f"mac_{way}"]
        assert key.cmac(message).hex().upper() == expected[f"cmac_{way}"]
    key = dukpt_tdes.working_key(bdk, ksn, dukpt_tdes.Usage.DATA_REQUEST)
    assert key.encrypt_cbc(blocks, bytes(8)).hex().upper() == expected["data_request_cbc"]


@pytest.mark.parametrize(("inputs", "expected"), vectors("dukpt_aes"))
def test_aes_dukpt(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """CI and G0 open the terminal's format 4 block; the other keys by themselves."""
    bdk, ksn = SecretKey(bytes.fromhex(inputs["bdk"]), AES_), bytes.fromhex(inputs["ksn"])
    transaction = dukpt_aes.session_key(bdk, ksn)
    assert transaction.clear.hex().upper() == expected["transaction_key"]
    if "ik" in expected:
        assert dukpt_aes.initial_key(bdk, ksn).clear.hex().upper() == expected["ik"]
    for purpose, usage in (
        ("pin", dukpt_aes.Usage.PIN),
        ("mac_generation", dukpt_aes.Usage.MAC_GENERATION),
        ("data_encryption", dukpt_aes.Usage.DATA_ENCRYPTION),
    ):
        for bits in (128, 192, 256):
            algorithm = dukpt_aes.Algorithm[f"AES_{bits}"]
            wanted = expected.get(f"{purpose}_key_aes{bits}")
            if wanted is not None:
                made = dukpt_aes.working_key(bdk, ksn, usage, algorithm)
                assert made.clear.hex().upper() == wanted
    if "cmac_request" in expected:
        _check_aes_messages(inputs, expected, bdk, ksn)
    if "encrypted_pin_block_iso4" in expected:
        for device in (hsm, legacy_hsm):
            _check_aes_pin(inputs, expected["encrypted_pin_block_iso4"], device)


def _check_aes_messages(inputs: Facts, expected: Facts, bdk: SecretKey, ksn: bytes) -> None:
    import hashlib  # noqa: PLC0415  (only here)
    import hmac  # noqa: PLC0415

    message = inputs["message_ascii"].encode()
    blocks = message + bytes(-len(message) % 16)
    usage = dukpt_aes.Usage
    for way, of_mac, of_data in (
        ("request", usage.MAC_GENERATION, usage.DATA_ENCRYPTION),
        ("response", usage.MAC_VERIFICATION, usage.DATA_DECRYPTION),
    ):
        cmac = dukpt_aes.working_key(bdk, ksn, of_mac).cmac(message)
        assert cmac.hex().upper() == expected[f"cmac_{way}"]
        key = dukpt_aes.working_bytes(bdk, ksn, of_mac, dukpt_aes.Algorithm.HMAC)
        made = hmac.new(key, message, hashlib.sha256).hexdigest().upper()
        assert made == expected[f"hmac_sha256_{way}"]
        data = dukpt_aes.working_key(bdk, ksn, of_data).encrypt_cbc(blocks, bytes(16))
        assert data.hex().upper() == expected[f"data_{way}_cbc"]


def _check_aes_pin(inputs: Facts, block: str, device: Peer) -> None:
    bdk = keys.aes_block(inputs["bdk"], "B0", mode="X")
    zpk, aes_zpk = keys.key_block(Z, "P0", lmk="02"), keys.aes_block(K, "P0")
    ksn, pan, pin = f"A05{inputs['ksn']}", inputs["pan"], inputs["pin"]
    opened = device.ask(f"CI{bdk}{zpk}{ksn}{block}01{pan};")
    assert opened[:6] == b"CJ0004"
    assert deciphered(Z, opened[6:22], pan) == pin
    for command, formats in (("CI", "48"), ("G0", "4848")):
        opened = device.ask(f"{command}{bdk}{aes_zpk}{ksn}{block}{formats}{pan};")
        assert opened[2:6] == b"0004"
        assert deciphered(K, opened[6:38], pan, pin_blocks.ISO_4) == pin
    entered = keys.key_block(K, "P0", lmk="02")
    made = device.ask(
        f"CA{entered}{bdk}{ksn}12{keys.block(pin, K, pan[:-1][-12:])}0148{pan};"
    )
    again = device.ask(f"CI{bdk}{zpk}{ksn}{made[6:38].decode()}01{pan}")
    assert deciphered(Z, again[6:22], pan) == pin


@pytest.mark.parametrize(("inputs", "expected"), vectors("pinblock"))
def test_pin_block(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """Blocks are made as published, and opened or refused as published."""
    if inputs["op"] == "encode":
        _check_made(inputs, expected, legacy_hsm)
    elif inputs["op"] == "encipher":
        key = SecretKey(bytes.fromhex(inputs["key"]), AES_)
        random = bytes.fromhex(inputs["random"])
        made = pin_blocks.format_4_of(key, inputs["pin"], inputs["pan"].encode(), random)
        assert made.hex().upper() == expected["encrypted_pin_block"]
        _check_opened(inputs | {"op": "decipher"} | expected, {"pin": inputs["pin"]}, hsm)
    else:
        for device in (hsm, legacy_hsm):
            _check_opened(inputs, expected, device)


def _check_made(inputs: Facts, expected: Facts, device: Peer) -> None:
    """By itself with the published filler, and by CC out of format 0."""
    account = inputs.get("pan_digits_12") or inputs.get("pan", "0" * 13)[:-1][-12:]
    random = bytes.fromhex(inputs.get("transaction_fill", ""))
    fill = bytes(int(letter, 16) - 10 for letter in inputs.get("fill", ""))
    number = FORMATS[inputs["format"]]
    made = pin_blocks.block_of(inputs["pin"], number, account.encode(), random or fill)
    assert made.hex().upper() == expected["pin_block"]
    entered = keys.block(inputs["pin"], Z, account, pin_blocks.ISO_1)
    answer = device.ask(f"CC{keys.ZPK}{keys.ZPK_2}12{entered}05{number.decode()}{account}")
    assert answer[:6] == b"CD00%02d" % len(inputs["pin"])
    clear = SecretKey(bytes.fromhex(K)).decrypt(bytes.fromhex(answer[6:22].decode()))
    if random or fill:
        assert pin_blocks.pin_of(clear, number, account.encode()) == inputs["pin"]
    else:
        assert clear.hex().upper() == expected["pin_block"]


def _check_opened(inputs: Facts, expected: Facts, device: Peer) -> None:
    """CC takes the block to ISO-0 under a TDES key, where the PIN can be read."""
    pan = inputs["pan"] or "0" * 13
    if inputs["op"] == "decipher":
        source, enciphered = keys.aes_block(inputs["key"], "P0"), inputs["encrypted_pin_block"]
        target, account = keys.key_block(K, "P0", lmk="02"), pan + ";"
        number, account_12 = "48", (pan[:-1][-12:] if len(pan) > 12 else pan).rjust(12, "0")
    else:
        clear = bytes.fromhex(inputs["pin_block"])
        source, target = keys.ZPK, keys.ZPK_2
        enciphered = SecretKey(bytes.fromhex(Z)).encrypt(clear).hex().upper()
        number, account = FORMATS[inputs["format"]].decode(), pan[:-1][-12:]
        account_12 = account
    answer = device.ask(f"CC{source}{target}12{enciphered}{number}01{account}")
    if "reject" in expected:
        codes = (b"CD23",) if number == "34" else (b"CD24",) if "length" in expected["why"] else ()
        assert answer in (codes or (b"CD20",))
        return
    assert answer[:4] == b"CD00"
    assert deciphered(K, answer[6:22], account_12) == expected["pin"]


@pytest.mark.parametrize(("inputs", "expected"), vectors("pin_translate"))
def test_translation(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """G0 gives the published block; the matrix of PCI PIN 3-3 holds in both profiles."""
    for device in (hsm, legacy_hsm):
        if "policy" in inputs:
            _check_policy(inputs, expected, device, is_legacy=device is legacy_hsm)
        else:
            _check_from_terminal(inputs, expected, device)


def _check_from_terminal(inputs: Facts, expected: Facts, device: Peer) -> None:
    ksn, block, pan = f"A05{inputs['ksn']}", inputs["source_pin_block"], inputs["pan"]
    account = pan[:-1][-12:]
    if "dest_key" in inputs:
        for bdk, zpk in (
            (under_lmk("009", inputs["bdk"]), under_lmk("001", inputs["dest_key"])),
            (keys.key_block(inputs["bdk"], "B0"), keys.key_block(inputs["dest_key"], "P0")),
        ):
            answer = device.ask(f"G0{bdk}{zpk}{ksn}{block}0101{account}")
            assert answer == f"G10004{expected['dest_pin_block']}01".encode()
        return
    bdk = keys.key_block(inputs["bdk"], "B0", lmk="02")
    zpk = keys.aes_block(inputs["dest_aes_key"], "P0")
    answer = device.ask(f"G0{bdk}{zpk}{ksn}{block}0148{pan};")
    assert answer[:6] == b"G10004"
    assert deciphered(inputs["dest_aes_key"], answer[6:38], pan, pin_blocks.ISO_4) == "1234"
    made = pin_blocks.format_4_of(
        SecretKey(bytes.fromhex(inputs["dest_aes_key"]), AES_), "1234", pan.encode(),
        bytes.fromhex(inputs["iso4_random"]),
    )  # fmt: skip
    assert made.hex().upper() == expected["dest_pin_block"]


def _check_policy(inputs: Facts, expected: Facts, device: Peer, *, is_legacy: bool) -> None:
    source, target = FORMATS[inputs["source_format"]], FORMATS[inputs["dest_format"][:5]]
    other_pan = "other" in inputs["dest_format"]
    account = keys.ACCOUNT[::-1] if other_pan else keys.ACCOUNT
    block = keys.block("12345", K, number=source)
    for request in (
        f"CA{keys.TPK}{keys.ZPK}12{block}{source.decode()}{target.decode()}{account}",
        f"CC{keys.ZPK_2}{keys.ZPK}12{block}{source.decode()}{target.decode()}{account}",
    ):
        answer = device.ask(request)[2:]
        if expected["allowed"] is True or (expected["allowed"] == "conditional" and is_legacy):
            assert answer[:4] == b"0005"
        else:
            assert answer == (b"20" if other_pan else b"23")


@pytest.mark.parametrize(("inputs", "expected"), vectors("pin_pvv"))
def test_visa_pvv(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """DG and FW make it, DC and EC verify it, under the variant LMK and in key blocks."""
    account, index, pin = inputs["pan"][:-1][-12:], inputs["pvki"], inputs["pin"]
    shown, wrong = expected["pvv"], f"{(int(expected['pvv']) + 1) % 10000:04d}"
    for device in (hsm, legacy_hsm):
        for tpk, zpk, pvk, types in (
            (keys.TPK, keys.ZPK, under_lmk("002", inputs["pvk"]), ("002", "001")),
            (keys.key_block(K, "71"), keys.key_block(Z, "72"), keys.key_block(inputs["pvk"], "V2"),
             ("FFF", "FFF")),
        ):  # fmt: skip
            kept = device.ask(f"JE{zpk}{keys.block(pin, Z, account)}01{account}")[4:].decode()
            made = device.ask(f"DG{pvk}{kept}{account}{index}")
            assert made == b"DH00" + shown.encode()
            for verify, key, key_type, under in (
                ("DC", tpk, types[0], K), ("EC", zpk, types[1], Z),
            ):  # fmt: skip
                block = f"{keys.block(pin, under, account)}01{account}{index}"
                assert device.ask(f"{verify}{key}{pvk}{block}{shown}")[2:] == b"00"
                assert device.ask(f"{verify}{key}{pvk}{block}{wrong}")[2:] == b"01"
                assert device.ask(f"FW{key_type}{key}{pvk}{block}") == b"FX00" + shown.encode()


@pytest.mark.parametrize(("inputs", "expected"), vectors("pin_ibm3624"))
def test_ibm_offset(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """DA and EA accept the PIN with its offset; DE and BK make the offset; EE makes the PIN."""
    validation, table = inputs["validation_data"], inputs["decimalisation_table"]
    # The field has twelve places: N stands for five account digits, so the account supplies them.
    account = inputs["pan"][-13:-6] + validation[8:13]
    data, offset = f"{table}{validation[:8]}N{validation[13:]}", inputs["offset"].ljust(12, "F")
    pin, made = expected["pin"], expected["offset_for_pin"].ljust(12, "F")
    wrong = pin[:3] + str((int(pin[3]) + 1) % 10)
    clear = SecretKey(bytes.fromhex(inputs["pvk"]))
    assert natural_pin(clear, table, validation, 4) == expected["natural_pin"]
    for device in (hsm, legacy_hsm):
        for tpk, zpk, pvk, key_type in (
            (keys.TPK, keys.ZPK, under_lmk("002", inputs["pvk"]), "001"),
            (keys.key_block(K, "71"), keys.key_block(Z, "72"), keys.key_block(inputs["pvk"], "V1"),
             "FFF"),
        ):  # fmt: skip
            for entered, code in ((pin, b"00"), (wrong, b"01")):
                for verify, key, under in (("DA", tpk, K), ("EA", zpk, Z)):
                    block = keys.block(entered, under, account)
                    request = f"{verify}{key}{pvk}12{block}0104{account}{data}{offset}"
                    assert device.ask(request)[2:] == code
            block = keys.block(pin, Z, account)
            kept = device.ask(f"JE{zpk}{block}01{account}")[4:].decode()
            assert device.ask(f"DE{pvk}{kept}04{account}{data}") == f"DF00{made}".encode()
            answer = device.ask(f"BK{key_type}{zpk}{pvk}{block}0104{account}{data}")
            assert answer == f"BL00{made}".encode()
            derived = device.ask(f"EE{pvk}{offset}04{account}{data}")
            assert derived == f"EF00{kept}".encode()


@pytest.mark.parametrize(("inputs", "expected"), of_pin_commands("host_command_payshield"))
def test_captured_command(inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer) -> None:
    """Whole commands, as answered by a device with the TDES key block test LMK."""
    for device in (hsm, legacy_hsm):
        assert device.ask(inputs["request_latin1"]) == expected["response"].encode()


@pytest.mark.parametrize(("inputs", "expected"), of_pin_commands("host_wire"))
def test_request_of_an_independent_codec(
    inputs: Facts, expected: Facts, hsm: Peer, legacy_hsm: Peer
) -> None:
    """Every request is read to its end; those with keys of the test LMK are carried out."""
    frame, fields = bytes.fromhex(expected["wire_hex_without_length"]), inputs["fields"]
    command = COMMANDS[expected["command"].encode()].under(LEGACY)
    read = {value.hex().upper() for value in parsed(command, frame[6:]).values}
    for name in ("sourceTpk", "sourceZpk", "zpk", "tpk", "key", "pvk", "bdk", "pan", "pvv", "mac"):
        if name in fields:
            assert fields[name].encode().hex().upper() in read, name
    under_test_lmk = b"S0" in frame or expected["command"] == "JA"
    of_another_lmk = "pin" in fields  # a PIN under that device's LMK
    for device in (hsm, legacy_hsm):
        device.send(frame[4:], header=frame[:4])
        answer = device.receive()
        assert answer[:4] == frame[:4]
        if under_test_lmk and not of_another_lmk:
            assert answer[6:8] == b"00"
        else:  # keys of an LMK that is not public: other parity, or noise for a PIN block
            assert answer[6:8] in (b"00", b"01", b"10", b"11", b"14", b"20", b"24", b"25")


@pytest.mark.parametrize(("tweak", "enciphered"), FF1_SAMPLES)
def test_ff1_samples_of_nist(tweak: str, enciphered: str) -> None:
    """The construction behind PINs under the LMK gives the published samples."""
    bound = bytes.fromhex(tweak)
    assert enciphered_digits(FF1_KEY, "0123456789", bound) == enciphered
    assert deciphered_digits(FF1_KEY, enciphered, bound) == "0123456789"
