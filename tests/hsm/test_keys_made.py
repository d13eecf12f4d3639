"""A0, A4, IA, HC: keys that the device makes, derives or forms."""
from dataclasses import replace

import pytest

from hsm_emulator import tr31
from hsm_emulator.cryptograms import kcv, under_lmk
from hsm_emulator.device import Device
from hsm_emulator.key_block import Attributes
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import LEGACY, STRICT
from hsm_emulator.secret_key import SecretKey, has_odd_parity
from tests.hsm import keys
from tests.hsm.keys import ZMK, K, Z
from tests.hsm.peer import Peer

AES_128 = "FEDCBA9876543210F1F1F1F1F1F1F1F1"  # the BDK of X9.24-3's examples
BDK, BDK_BLOCK = under_lmk("009", K), keys.key_block(K, "B0", mode="X")
AES_BDK = keys.aes_block(AES_128, "B0", "X")
ZMK_BLOCK, AES_ZMK = keys.key_block(Z, "K0"), keys.aes_block(AES_128, "K0")
IPEK, IPEK_KCV = "6AC292FAA1315B4D858AB3A3D7D5933A", "AF8C07"  # ANSI X9.24-1:2009, annex A.4
AES_IK = "1273671EA26AC29AFA4D1084127652A1"  # ANSI X9.24-3:2017, supplement
LMKS = by_identifier()
TRIPLE = K + "1F1F1F1F1F1F1F1F"


def opened(cryptogram: str, key_type: str = "FFF", lmk: str = "00") -> tuple[str, Attributes]:
    """Return a key of the answer in clear, with its attributes."""
    name = cryptogram[15:17] if cryptogram[0] == "S" else lmk
    key, attributes = LMKS[name.encode()].opened(cryptogram.encode(), key_type.encode(), b"10")
    return key.clear.hex().upper(), attributes or Attributes("", "T", "")


@pytest.mark.parametrize(("scheme", "digits"), [("U", 32), ("T", 48)])
def test_generated_variant_key(scheme: str, digits: int, hsm: Peer) -> None:
    """As long as its scheme says, of odd parity, with its check value; no two are the same."""
    answers = {hsm.ask(f"A00001{scheme}").decode() for _ in range(3)}
    assert len(answers) == 3
    for answer in answers:
        clear, _ = opened(answer[4:-6], "001")
        assert (answer[:4], len(clear), answer[-6:]) == ("A100", digits, kcv(clear))
        assert has_odd_parity(bytes.fromhex(clear))


def test_single_length_is_for_old_estates(hsm: Peer, legacy_hsm: Peer) -> None:
    """Sixteen digits without a tag, or 26; in a key block A7."""
    assert hsm.ask("A00001Z") == b"A126"
    assert len(legacy_hsm.ask("A00001Z")) == len("A100") + 16 + 6
    assert hsm.ask("A00FFFS%02#P0T1N00E00") == b"A1A7"
    assert legacy_hsm.ask("A00FFFS%02#P0T1N00E00")[:6] == b"A100S1"


@pytest.mark.parametrize(
    ("algorithm", "digits"), [("T2", 32), ("T3", 48), ("A1", 32), ("A2", 48), ("A3", 64)]
)
def test_generated_key_block(algorithm: str, digits: int, hsm: Peer) -> None:
    """Its header says what was asked for."""
    answer = hsm.ask(f"A00FFFS%02#D0{algorithm}E17S00").decode()
    clear, attributes = opened(answer[4:-6])
    assert len(clear) == digits
    assert attributes == Attributes("D0", algorithm[0], "E", "17", "S", "02")
    assert answer[-6:] == kcv(clear, "aes" if algorithm[0] == "A" else "tdes")


def test_optional_blocks_of_a_new_key(hsm: Peer) -> None:
    """They stand in the block and are bound to it; the padding block is the device's matter."""
    answer = hsm.ask("A00FFFS%02#P0A3B00E02" + "050BBRANCH7" + "KS0812AB").decode()
    _, attributes = opened(answer[4:-6])
    assert [(block.identifier, block.text) for block in attributes.optional] == [
        ("05", "BRANCH7"), ("KS", "12AB")
    ]  # fmt: skip
    spoiled = answer[4:-6].replace("BRANCH7", "BRANCH8")
    assert hsm.ask(f"BUFFF{spoiled};FFF;001") == b"BVA4"


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ("0205050505", "AB"),  # one counted, one missing
        ("01050", "AB"),
        ("0105FFABC", "AB"),
        ("0105GGABC", "AB"),
        ("010503", "AB"),  # shorter than its own head
        ("01050501", "AB"),  # longer than what is there
        ("0205050505060505050", "AB"),
        ("020505A0505B", "AC"),  # the same one twice
        ("02PB04KS0812AB", "AD"),  # padding that is not the last
        ("01+X05A", "AD"),
        ("0X", "15"),
        ("0105000005", "AB"),
    ],
)
def test_optional_blocks_that_are_none(blocks: str, code: str, hsm: Peer) -> None:
    """Nothing is made with them."""
    assert hsm.ask(f"A00FFFS%02#P0A3B00E{blocks}") == b"A1" + code.encode()


def test_long_optional_block(hsm: Peer) -> None:
    """Beyond 255 characters the length is written in four digits behind 00 02."""
    text = "P" * 300
    answer = hsm.ask(f"A00FFFS%02#P0A3B00E01050002{10 + len(text):04X}{text}").decode()
    _, attributes = opened(answer[4:-6])
    assert [block.text for block in attributes.optional] == [text]


def test_initial_key_of_a_tdes_terminal(hsm: Peer) -> None:
    """The standard's own example, kept under either LMK; its even parity stays: all bits count."""
    answer = hsm.ask(f"A0A302U01{BDK}FFFF9876543210E").decode()
    assert opened(answer[4:-6], "302")[0] == IPEK
    assert answer[-6:] == IPEK_KCV
    answer = hsm.ask(f"A0AFFFS01{BDK_BLOCK}FFFF9876543210E#B1T2X00E00").decode()
    assert opened(answer[4:-6]) == (IPEK, Attributes("B1", "T", "X", "00", "E", "01"))
    assert hsm.ask(f"BUFF1{opened_to_variant()};302;001") == b"BV00" + IPEK_KCV.encode()


def opened_to_variant() -> str:
    """Return the initial key under the variant LMK."""
    key = SecretKey(bytes.fromhex(IPEK))
    return LMKS[b"00"].wrapped(key, b"302", b"U", None).decode()


def test_initial_key_of_an_aes_terminal(hsm: Peer) -> None:
    """The standard's own example, and sent under an AES ZMK."""
    answer = hsm.ask(f"A0BFFFS01{AES_BDK}1234567890123456;0{AES_ZMK}R#B1A1X00E00").decode()
    kept, sent = answer[4:101], answer[101:-6]
    assert opened(kept) == (AES_IK, Attributes("B1", "A", "X", "00", "E", "02"))
    clear, attributes = tr31.unwrapped(SecretKey(bytes.fromhex(AES_128), "A"), sent.encode())
    assert (clear.hex().upper(), attributes.usage) == (AES_IK, "B1")


def test_initial_key_leaves_as_it_is(hsm: Peer) -> None:
    """Mode B: bare under the ZMK; and back by A6, its parity untouched."""
    answer = hsm.ask(f"A0B302U01{BDK}FFFF9876543210E;0{ZMK}X").decode()
    kept, sent = answer[4:37], answer[37:70]
    assert SecretKey(bytes.fromhex(Z)).decrypt(bytes.fromhex(sent[1:])).hex().upper() == IPEK
    assert hsm.ask(f"A6302{ZMK}{sent}U").decode() == f"A700{kept}{IPEK_KCV}"


REFUSED = {
    "mode": ("A02001U", "15"),
    "derivation of another kind": (f"A0A302U11{BDK}FFFF9876543210E", "15"),
    "BDK of another kind": (f"A0A302U02{BDK}FFFF9876543210E", "10"),
    "derived as a ZPK": (f"A0A001U01{BDK}FFFF9876543210E", "28"),
    "derived in a block for PINs": (f"A0AFFFS01{BDK_BLOCK}FFFF9876543210E#P0T2B00E00", "A6"),
    "derived longer than it is": (f"A0A302T01{BDK}FFFF9876543210E", "27"),
    "derived, said to be longer": (f"A0AFFFS01{BDK_BLOCK}FFFF9876543210E#B1T3X00E00", "27"),
    "ZPK as BDK": (
        f"A0AFFFS01{keys.key_block(K, 'P0')}FFFF9876543210E#B1T2X00E00", "A6",
    ),
    "BDK that may only encipher": (
        f"A0AFFFS01{keys.key_block(K, 'B0', mode='E')}FFFF9876543210E#B1T2X00E00", "A8",
    ),
    "KSN cut short": (f"A0A302U01{BDK}FFFF98765432", "15"),
    "mode 1 without a ZMK": ("A01001U", "15"),
    "mode B without a ZMK": (f"A0B302U01{BDK}FFFF9876543210E", "15"),
    "mode 0 with what only a sent key has": ("A00FFFS%02#P0A1B00E00&N", "15"),
    "attributes for a variant key": ("A00001U#P0T2B00E00", "15"),
    "variant scheme for a key block": ("A00FFFU%02#P0A1B00E00", "26"),
    "key block scheme for a variant key": ("A00001S", "26"),
    "HMAC key, which another command makes": ("A00FFFS%02#M7H1C00E00", "A7"),
    "mode of use": ("A00FFFS%02#P0A1Q00E00", "A8"),
    "exportability": ("A00FFFS%02#P0A1B00Q00", "AA"),
    "key block sent bare": (f"A01FFFS0{ZMK_BLOCK}X%01#P0T2B00E00", "26"),
    "triple length under double": (f"A01001T;0{ZMK}Y", "27"),
    "AES under TDES": (
        f"A01FFFS0{keys.key_block(Z, 'K0', lmk='02')}S%02#P0A1B00E00", "A7",
    ),
    "sent as version D under TDES": (f"A01FFFS0{ZMK_BLOCK}R%01#P0T2B00E00!D", "A9"),
    "exportability raised": (f"A01FFFS0{ZMK_BLOCK}R%01#P0T2B00S00&E", "AA"),
    "made to stay, and sent": (f"A01FFFS0{ZMK_BLOCK}R%01#P0T2B00N00", "AA"),
    "ZMK sent": (f"A01000U;0{ZMK}X", "29"),
    "LMK that is not there": ("A00001U%09", "13"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(request_: str, code: str, hsm: Peer) -> None:
    """With the device's code; the connection lives on."""
    assert hsm.ask(request_) == b"A1" + code.encode()
    assert hsm.ask("B20002OK") == b"B300OK"


@pytest.mark.parametrize("scheme", ["X", "U", "R"])
def test_generated_and_sent(scheme: str, hsm: Peer) -> None:
    """Mode 1: what goes out is the key that stays; & and ! say how the block is made."""
    marked = "&P0E07E00!C" if scheme == "R" else ""
    answer = hsm.ask(f"A01001U;0{ZMK}{scheme}{marked}").decode()
    kept, sent, shown = answer[4:37], answer[37:-6], answer[-6:]
    back = hsm.ask(f"A6001{ZMK}{sent}U").decode()
    assert back == f"A700{kept}{shown}"
    if scheme == "R":
        assert sent[:17] == "RC0088P0TE07E0000"


def test_terminal_key_under_its_tmk(hsm: Peer) -> None:
    """Flag 1: under a TMK, not under a ZMK."""
    tmk = under_lmk("002", K)
    answer = hsm.ask(f"A01002U;1{tmk}X").decode()
    clear, _ = opened(answer[4:37], "002")
    enciphered = SecretKey(bytes.fromhex(K)).encrypt(bytes.fromhex(clear))
    assert answer[37:70] == "X" + enciphered.hex().upper()


@pytest.mark.parametrize("count", [2, 3])
def test_key_of_components(count: int, hsm: Peer) -> None:
    """Their sum, of odd parity, under the same type."""
    parts = [K, Z, "0B0B0B0B0B0B0B0B3D3D3D3D3D3D3D3D"][:count]
    joined = "".join(under_lmk("402", part) for part in parts)
    answer = hsm.ask(f"A4{count}402U{joined}").decode()
    total = 0
    for part in parts:
        total ^= int(part, 16)
    expected = keys.odd(f"{total:032X}")
    assert answer == f"A500{under_lmk('402', expected)}{kcv(expected)}"


def component(clear: str, version: str, usage: str = "K0", mode: str = "B") -> str:
    """Return a component in a key block under LMK 02."""
    attributes = Attributes(usage, "A", mode, version, "E")
    return LMKS[b"02"].wrapped(
        SecretKey(bytes.fromhex(clear), "A"), b"FFF", b"S", attributes
    ).decode()  # fmt: skip


def test_aes_key_of_components(hsm: Peer) -> None:
    """What all components say the key says; its version and optional blocks are the request's."""
    joined = component(K, "c1") + component(AES_128, "C2")
    answer = hsm.ask(f"A42FFFS{joined}#0301" + "0507SAF").decode()
    clear, attributes = opened(answer[4:-6])
    assert clear == f"{int(K, 16) ^ int(AES_128, 16):032X}"
    assert (attributes.usage, attributes.mode, attributes.key_version) == ("K0", "B", "03")
    assert [block.text for block in attributes.optional] == ["SAF"]


C1 = component(K, "c1")
NOT_FORMED = {
    "one component": (f"A41402U{under_lmk('402', K)}", "03"),
    "none": ("A40402U", "03"),
    "fewer than counted": (f"A43402U{under_lmk('402', K) * 2}", "15"),
    "the same twice": (f"A42402U{under_lmk('402', K) * 2}", "11"),
    "component of another type": (f"A42402U{under_lmk('402', K)}{under_lmk('001', Z)}", "10"),
    "of different lengths": (f"A42402U{under_lmk('402', K)}{under_lmk('402', TRIPLE)}", "27"),
    "sum that is weak": (
        f"A42402U{under_lmk('402', K)}{under_lmk('402', K[:16] + Z[16:])}", "75",
    ),
    "no component": (f"A42FFFS{C1}{component(Z, '02')}", "29"),
    "same number": (f"A42FFFS{C1}{component(Z, 'C1')}", "29"),
    "for different purposes": (f"A42FFFS{C1}{component(Z, 'c2', 'D0')}", "A6"),
    "with different modes": (f"A42FFFS{C1}{component(Z, 'c2', mode='D')}", "A6"),
    "half a version": (f"A42FFFS{C1}{component(Z, 'c2')}#0", "15"),
    "variant scheme": (f"A42FFFU{C1}{component(Z, 'c2')}", "26"),
    "attributes of a variant key": (
        f"A42402U{under_lmk('402', K)}{under_lmk('402', Z)}#00", "15",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "code"), NOT_FORMED.values(), ids=NOT_FORMED.keys())
def test_not_formed(request_: str, code: str, hsm: Peer) -> None:
    """With the device's code."""
    assert hsm.ask(request_) == b"A5" + code.encode()


def test_component_is_no_key(hsm: Peer) -> None:
    """Nothing is enciphered under half a secret; its check value may be told."""
    assert hsm.ask(f"BUFFF{C1};FFF;001") == b"BV00" + kcv(K, "aes").encode()
    assert hsm.ask(f"A01FFFS0{C1}S%02#P0A1B00E00") == b"A129"


@pytest.mark.parametrize(("tag", "kept_tag"), [("X", "U"), ("U", "U"), ("Y", "T"), ("T", "T")])
def test_zone_key(tag: str, kept_tag: str, hsm: Peer) -> None:
    """IA: under the ZMK, under the LMK, check value; GC and FA lead from one to the other."""
    zmk = under_lmk("000", TRIPLE)
    width = 33 if kept_tag == "U" else 49
    answer = hsm.ask(f"IA{zmk};{tag}{kept_tag}1").decode()
    sent, kept, shown = answer[4 : 4 + width], answer[4 + width : -6], answer[-6:]
    assert (answer[:4], sent[0], kept[0], len(kept)) == ("IB00", tag, kept_tag, width)
    assert hsm.ask(f"GC{zmk}{kept};{tag}{kept_tag}0").decode() == f"GD00{sent}{kcv_16(kept)}"
    assert hsm.ask(f"FA{zmk}{sent};{tag}{kept_tag}1").decode() == f"FB00{kept}{shown}"


def test_zone_key_without_options(hsm: Peer) -> None:
    """As long as its ZMK, X under it and U under the LMK, sixteen digits of check value."""
    answer = hsm.ask(f"IA{ZMK}").decode()
    assert (answer[4], answer[37], answer[70:]) == ("X", "U", kcv_16(answer[37:70]))
    assert hsm.ask(f"IA{ZMK};UT0") == b"IB27"


def kcv_16(cryptogram: str) -> str:
    """Return the whole check value of a ZPK under the variant LMK."""
    clear, _ = opened(cryptogram, "001")
    return SecretKey(bytes.fromhex(clear)).check_value().hex().upper()


def test_zone_key_in_a_block(hsm: Peer) -> None:
    """IA, GC and FA with key blocks: usage and exportability travel with the key."""
    answer = hsm.ask(f"IA{ZMK_BLOCK};SS1").decode()
    sent, kept, shown = answer[4:77], answer[77:-6], answer[-6:]
    assert (sent[6:13], sent[15:17]) == ("72TB00E", "FF")
    assert (kept[6:13], kept[15:17]) == ("72TB00E", "01")
    assert hsm.ask(f"GC{ZMK_BLOCK}{kept};SS1")[:4] == b"GD00"
    assert hsm.ask(f"FA{ZMK_BLOCK}{sent};SS1").decode()[-6:] == shown
    data_key = keys.key_block(K, "D0")
    assert hsm.ask(f"GC{ZMK_BLOCK}{data_key};SS1") == b"GDA6"
    assert hsm.ask(f"GC{ZMK_BLOCK}{keys.key_block(K, 'P0', exportability='N')};SS1") == b"GDAA"


def test_next_terminal_key(hsm: Peer) -> None:
    """HC: under the key that the terminal has, and under the LMK; no check value."""
    answer = hsm.ask(f"HC{under_lmk('002', K)};XU1").decode()
    clear, _ = opened(answer[37:], "002")
    assert answer[4:37] == "X" + SecretKey(bytes.fromhex(K)).encrypt(
        bytes.fromhex(clear)
    ).hex().upper()  # fmt: skip
    block = hsm.ask(f"HC{keys.key_block(K, '51')};SS1").decode()
    assert block[:4] == "HD00"
    assert opened(block[77:])[1] == Attributes("71", "T", "B", "00", "E", "01")


def test_single_length_zone_key_of_an_old_estate(legacy_hsm: Peer) -> None:
    """ZMK length single: sixteen digits in and out."""
    single = by_identifier(LEGACY)[b"00"]
    zmk = single.wrapped(SecretKey(bytes.fromhex(K[:16])), b"000", b"Z", None).decode()
    answer = legacy_hsm.ask(f"IA{zmk}").decode()
    assert (answer[:4], len(answer)) == ("IB00", 4 + 16 + 16 + 16)
    assert legacy_hsm.ask(f"FA{zmk}{answer[4:20]}").decode() == f"FB00{answer[20:36]}{answer[36:]}"


def test_pin_keys_with_types_of_their_own() -> None:
    """Rule `separate_pin_keys`: a TMK is 80D and gives a TPK, 70D; 002 is neither."""
    made = Device(by_identifier(replace(STRICT, separate_pin_keys=True)))
    tmk = under_lmk("80D", K)
    answer = made.answer(f"0042HC{tmk};XU1".encode())[4:].decode()
    assert answer[:4] == "HD00"
    clear, _ = opened(answer[37:], "70D")
    assert answer[4:37] == "X" + SecretKey(bytes.fromhex(K)).encrypt(
        bytes.fromhex(clear)
    ).hex().upper()  # fmt: skip
    assert made.answer(f"0042A0170DU;1{tmk}X".encode())[4:8] == b"A100"
    for request in (f"HC{under_lmk('002', K)};XU1", f"A0170DU;1{under_lmk('002', K)}X"):
        assert made.answer(b"0042" + request.encode())[6:] == b"10"
