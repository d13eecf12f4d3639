"""Other people's answers, by name: through TCP wherever a command leads there."""
from typing import Any

import pytest

from hsm_emulator import dukpt_tdes, key_block, mac, pin_blocks
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.cvv import cvv
from hsm_emulator.device import COMMANDS
from hsm_emulator.errors import Code, Refused
from hsm_emulator.format_preserving import deciphered_digits, enciphered_digits
from hsm_emulator.key_block import BlockKeys
from hsm_emulator.layout import parsed
from hsm_emulator.public_lmks import variant_lmk
from hsm_emulator.secret_key import AES_, TDES, SecretKey, has_odd_parity
from tests.hsm import keys
from tests.hsm.peer import Peer, vectors

Facts = dict[str, Any]
FORMATS = {
    "ISO-0": pin_blocks.ISO_0, "ISO-1": pin_blocks.ISO_1, "ISO-2": pin_blocks.ISO_2,
    "ISO-3": pin_blocks.ISO_3, "ISO-4": pin_blocks.ISO_4,
}  # fmt: skip
# SP 800-38G, FF1 samples 1 and 2 (NIST, radix 10).
FF1_KEY = SecretKey(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), AES_)
FF1_SAMPLES = [("", "2433477484"), ("39383736353433323130", "6124200773")]


@pytest.mark.parametrize(("inputs", "expected"), vectors("lmk_variant"))
def test_key_under_the_variant_lmk(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """BU gives the published KCV, and the key opens to the published clear one."""
    answer = hsm.ask(f"BUFF1{inputs['key_under_lmk']};{inputs['key_type']};001")
    assert answer == b"BV00" + expected["kcv"].encode()
    cryptogram, key_type = inputs["key_under_lmk"].encode(), inputs["key_type"].encode()
    key, _ = variant_lmk().opened(cryptogram, key_type, Code.SOURCE_PARITY)
    assert key.clear.hex().upper() == expected["clear_key"]
    assert under_lmk(inputs["key_type"], expected["clear_key"]) == inputs["key_under_lmk"]


@pytest.mark.parametrize(("inputs", "expected"), vectors("lmk_keyblock"))
def test_key_block(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """A published block opens to its key; where its LMK is the device's, BU says its KCV."""
    lmk = bytes.fromhex(inputs["lmk"])
    protection = BlockKeys(SecretKey(lmk, AES_ if len(lmk) == 32 else TDES))
    if "kbek" in expected:
        assert protection.enciphering.clear.hex().upper() == expected["kbek"]
        assert protection.authenticating.clear.hex().upper() == expected["kbak"]
        return
    block = inputs["key_block"]
    clear, attributes = key_block.unwrapped(protection, block.encode())
    assert clear.hex().upper() == expected["clear_key"]
    device_has_it = attributes.lmk_id == {16: "", 24: "01", 32: "02"}[len(lmk)]
    if "kcv" in expected and device_has_it:
        assert hsm.ask(f"BUFFF{block};FFF;001") == b"BV00" + expected["kcv"].encode()


@pytest.mark.parametrize(("inputs", "expected"), vectors("kcv"))
def test_key_check_value(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """TDES: a zero block enciphered; AES: the CMAC of one."""
    if "AES" in inputs["method"]:
        request = f"BUFFF{keys.aes_block(inputs['key'], 'D0')};FFF;000"
    else:
        request = f"BUFF1{under_lmk('001', keys.odd(inputs['key']))};001;000"
    assert hsm.ask(request).startswith(b"BV00" + expected["kcv"].encode())


@pytest.mark.parametrize(("inputs", "expected"), vectors("pinblock"))
def test_pin_block(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """Blocks are made as published, and opened or refused as published."""
    if inputs["op"] == "encode":
        _check_made(inputs, expected)
    elif inputs["op"] == "encipher":
        key = SecretKey(bytes.fromhex(inputs["key"]), AES_)
        random = bytes.fromhex(inputs["random"])
        made = pin_blocks.format_4_of(key, inputs["pin"], inputs["pan"].encode(), random)
        assert made.hex().upper() == expected["encrypted_pin_block"]
    elif inputs["format"] == "ISO-2":
        with pytest.raises(Refused, match="20"):
            pin_blocks.pin_of(bytes.fromhex(inputs["pin_block"]), pin_blocks.ISO_2, b"")
    else:
        _check_opened(inputs, expected, hsm)


def _check_made(inputs: Facts, expected: Facts) -> None:
    account = inputs.get("pan_digits_12") or inputs.get("pan", "0" * 13)[:-1][-12:]
    random = bytes.fromhex(inputs.get("transaction_fill", ""))
    fill = bytes(int(letter, 16) - 10 for letter in inputs.get("fill", ""))
    number = FORMATS[inputs["format"]]
    made = pin_blocks.block_of(inputs["pin"], number, account.encode(), random or fill)
    assert made.hex().upper() == expected["pin_block"]


def _check_opened(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """CC takes the block to ISO-0 under a TDES key, where the PIN can be read."""
    pan = inputs["pan"]
    if inputs["op"] == "decipher":
        source, enciphered = keys.aes_block(inputs["key"], "P0"), inputs["encrypted_pin_block"]
        target, account = keys.key_block(keys.K, "P0", lmk="02"), pan.rjust(12, "0") + ";"
        number, account_12 = "48", (pan[:-1][-12:] if len(pan) > 12 else pan).rjust(12, "0")
    else:
        clear = bytes.fromhex(inputs["pin_block"])
        source, target = keys.ZPK, keys.ZPK_2
        enciphered = SecretKey(bytes.fromhex(keys.Z)).encrypt(clear).hex().upper()
        number, account = FORMATS[inputs["format"]].decode(), pan[:-1][-12:]
        account_12 = account
    answer = hsm.ask(f"CC{source}{target}12{enciphered}{number}01{account}")
    if "reject" in expected:
        assert answer in ((b"CD24",) if "length" in expected["why"] else (b"CD20",))
        return
    assert answer[:4] == b"CD00"
    translated = SecretKey(bytes.fromhex(keys.K)).decrypt(bytes.fromhex(answer[6:22].decode()))
    assert pin_blocks.pin_of(translated, pin_blocks.ISO_0, account_12.encode()) == expected["pin"]


@pytest.mark.parametrize(("inputs", "expected"), vectors("pin_translate"))
def test_translation(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """The matrix of PCI PIN 3-3 over CA; blocks of DUKPT terminals by the derived key."""
    if "policy" in inputs:
        _check_policy(inputs, expected, hsm)
        return
    bdk = SecretKey(bytes.fromhex(inputs["bdk"]))
    terminal_key = dukpt_tdes.pin_key(bdk, bytes.fromhex(inputs["ksn"]))
    clear = terminal_key.decrypt(bytes.fromhex(inputs["source_pin_block"]))
    account = inputs["pan"][:-1][-12:].encode()
    pin = pin_blocks.pin_of(clear, pin_blocks.ISO_0, account)
    assert pin == expected.get("pin", "1234")
    if "dest_key" in inputs:
        target = SecretKey(bytes.fromhex(inputs["dest_key"]))
        made = pin_blocks.enciphered_pin(target, pin, pin_blocks.ISO_0, account)
    else:
        aes = SecretKey(bytes.fromhex(inputs["dest_aes_key"]), AES_)
        random = bytes.fromhex(inputs["iso4_random"])
        made = pin_blocks.format_4_of(aes, pin, inputs["pan"].encode(), random)
    assert made.hex().upper() == expected["dest_pin_block"]


def _check_policy(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    source, target = FORMATS[inputs["source_format"]], FORMATS[inputs["dest_format"][:5]]
    other_pan = "other" in inputs["dest_format"]
    block = keys.block("12345", keys.K, number=source)
    account = keys.ACCOUNT[::-1] if other_pan else keys.ACCOUNT
    request = f"CA{keys.TPK}{keys.ZPK}12{block}{source.decode()}{target.decode()}{account}"
    answer = hsm.ask(request)
    if expected["allowed"] is True:
        assert answer[:6] == b"CB0005"
    else:
        assert answer == (b"CB20" if other_pan else b"CB23")


@pytest.mark.parametrize(("inputs", "expected"), vectors("pin_pvv"))
def test_visa_pvv(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """JE and DG make it, EC verifies it."""
    pvk, account = under_lmk("002", inputs["pvk"]), inputs["pan"][:-1][-12:]
    block = keys.block(inputs["pin"], keys.Z, account)
    pin_under_lmk = hsm.ask(f"JE{keys.ZPK}{block}01{account}")[4:].decode()
    made = hsm.ask(f"DG{pvk}{pin_under_lmk}{account}{inputs['pvki']}")
    assert made == b"DH00" + expected["pvv"].encode()
    request = f"EC{keys.ZPK}{pvk}{block}01{account}{inputs['pvki']}"
    assert hsm.ask(request + expected["pvv"]) == b"ED00"
    assert hsm.ask(request + f"{(int(expected['pvv']) + 1) % 10000:04d}") == b"ED01"


@pytest.mark.parametrize(("inputs", "expected"), vectors("pin_ibm3624"))
def test_ibm_offset(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """EA accepts the published PIN with its offset and no other."""
    pvk, validation = under_lmk("002", inputs["pvk"]), inputs["validation_data"]
    # The field has twelve places: N stands for five account digits, so the account supplies them.
    account = inputs["pan"][-13:-6] + validation[8:13]
    for pin, code in ((expected["pin"], b"00"), (expected["pin"][:3] + "x", b"01")):
        chosen = pin.replace("x", str((int(expected["pin"][3]) + 1) % 10))
        block = keys.block(chosen, keys.Z, account)
        answer = hsm.ask(
            f"EA{keys.ZPK}{pvk}12{block}0104{account}{inputs['decimalisation_table']}"
            f"{validation[:8]}N{validation[13:]}{inputs['offset']}FFFFFFFF"
        )
        assert answer == b"EB" + code


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


@pytest.mark.parametrize(("inputs", "expected"), vectors("host_command_payshield"))
def test_captured_command(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """Whole commands, as answered by a device with the TDES key block test LMK."""
    answer = hsm.ask(inputs["request_latin1"])
    if "response" in expected:
        assert answer == expected["response"].encode()
    else:
        assert answer[:4] == b"M100"
        assert answer[8:] == expected["ciphertext"].encode()


@pytest.mark.parametrize(("inputs", "expected"), vectors("host_wire"))
def test_request_of_an_independent_codec(inputs: Facts, expected: Facts, hsm: Peer) -> None:
    """Every request is read to its end; those with keys of the test LMK are carried out."""
    frame = bytes.fromhex(expected["wire_hex_without_length"])
    request = parsed(COMMANDS[expected["command"].encode()], frame[6:])
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


@pytest.mark.parametrize(("tweak", "enciphered"), FF1_SAMPLES)
def test_ff1_samples_of_nist(tweak: str, enciphered: str) -> None:
    """The construction behind PINs under the LMK gives the published samples."""
    bound = bytes.fromhex(tweak)
    assert enciphered_digits(FF1_KEY, "0123456789", bound) == enciphered
    assert deciphered_digits(FF1_KEY, enciphered, bound) == "0123456789"


def test_published_keys_have_odd_parity() -> None:
    """What the tests adjust is only the parity of a key, never the key."""
    assert has_odd_parity(bytes.fromhex(keys.K))
    assert keys.odd(keys.K) == keys.K
