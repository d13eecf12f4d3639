"""KQ and KW beyond the published files: every scheme and mode, what they refuse, who is told what.

The cryptograms are those of pyemv's tests (made with an HSM, say its docstrings) unless said
otherwise; keys and card are theirs.
"""
from collections.abc import Callable

import pytest

from hsm_emulator import emv, emv_keys
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import COMMANDS
from hsm_emulator.secret_key import SecretKey
from tests.hsm import keys
from tests.hsm.emv_requests import card, counted, kq, kw, padded
from tests.hsm.peer import Peer, device

MK_AC = "0123456789ABCDEFFEDCBA9876543210"
MK_SMI = "FEDCBA98765432100123456789ABCDEF"
AC, SMI = under_lmk("109", MK_AC), under_lmk("209", MK_SMI)
CARD = card("1234567890123456", "00")
ATC, UN = "001C", "00000000"
# CVN 10 of VIS.
VIS = "00000000400000000000000001248000048000012419110501" + "52BF45851800001C03A06010"
VIS_ARQC, VIS_ARPC = "29CCA15AE665FA2E", "28993816AFAE4AEB"
# CVN 18 of VIS, whose data are whole blocks before EMV's padding.
COMMON = "0000000040000000000000000124800004800001241911050152BF45851800001C06011203A0B800"
COMMON_ARQC = "7A788EA6B8A3E733"


def _clear(master: str) -> SecretKey:
    return emv_keys.card_key(SecretKey(bytes.fromhex(master)), bytes.fromhex(CARD))


def test_cvn_10_by_every_mode(hsm: Peer) -> None:
    """KQ verifies, verifies and answers, answers; under either kind of LMK."""
    for key in (AC, keys.key_block(MK_AC, "E0"), keys.key_block(MK_AC, "E0", mode="X", lmk="02")):
        arpc = b"KR00" + bytes.fromhex(VIS_ARPC)
        assert hsm.ask(kq(0, 0, key, CARD, ATC, UN, VIS_ARQC, VIS)) == b"KR00"
        assert hsm.ask(kq(1, 0, key, CARD, ATC, UN, VIS_ARQC, VIS, "3030")) == arpc
        assert hsm.ask(kq(2, 0, key, CARD, ATC, UN, VIS_ARQC, "", "3030")) == arpc


def test_arqc_of_a_real_device(hsm: Peer) -> None:
    """Key, data and cryptogram of ut-codec-payshield's captures, which mix two of them."""
    key = "S00072E0TN00S00012574E37226ADAA76E5B8F2C4F14AD34F1F054EF52CB56BE2F4D03BEA"
    transaction = "00000000000000000000000009780000000000097820121431C2C6A0915800740003A00000000000"
    request = kq(0, 0, key, "5600000000000001", "7400", "C2C6A091", "46E98E9B85E9C640", transaction)
    assert hsm.ask(request) == b"KR00"
    assert hsm.ask(request + b"%01\x19the end") == b"KR00\x19the end"


def test_discretionary_data_are_verified_too(hsm: Peer) -> None:
    """Modes 3 and 4: the first four bytes of a MAC under the card's script key, computed here."""
    discretionary = b"Now is the time"
    key = emv_keys.visa_script_key(_clear(MK_SMI), bytes.fromhex(ATC))
    right = emv.cryptogram(key, discretionary)[:4]
    rest = f"{len(discretionary):02X}".encode() + discretionary
    arpc = b"KR00" + bytes.fromhex(VIS_ARPC)
    for lmk_key, smi in ((AC, SMI), (keys.key_block(MK_AC, "E0"), keys.key_block(MK_SMI, "E2"))):
        for mode, arc, answer in ((3, "", b"KR00"), (4, "3030", arpc)):
            request = kq(mode, 0, lmk_key, CARD, ATC, UN, VIS_ARQC, VIS, arc, smi, right + rest)
            assert hsm.ask(request) == answer
            wrong = kq(mode, 0, lmk_key, CARD, ATC, UN, VIS_ARQC, VIS, arc, smi, bytes(4) + rest)
            assert hsm.ask(wrong) == b"KR06"
            no_arqc = kq(mode, 0, lmk_key, CARD, ATC, UN, UN * 2, VIS, arc, smi, right + rest)
            assert hsm.ask(no_arqc) == b"KR01"


@pytest.mark.parametrize(("tree", "branches", "height"), [("0", 2, 16), ("1", 4, 8)])
@pytest.mark.parametrize("scheme", [0, 1])
def test_emv_2000(tree: str, branches: int, height: int, scheme: int, hsm: Peer) -> None:
    """CVN 14, both trees and both options; the tree itself has published answers."""
    start, whole = "F0" * 16, "123456789012345679" + "00"
    octets = bytes.fromhex(whole)
    of_card = emv_keys.option_b(octets) if scheme == 1 else octets[-8:]
    key = emv_keys.card_key(SecretKey(bytes.fromhex(MK_AC)), of_card)
    session = emv_keys.tree_session_key(
        key, bytes.fromhex(ATC), branches, height, bytes.fromhex(start)
    )
    arqc = emv.cryptogram(session, bytes.fromhex(VIS))
    sent = whole if scheme == 1 else of_card.hex()
    facts = {"tree": tree, "start": start}
    arpc_1 = b"KX00" + emv.arpc_1(session, arqc, b"00")
    arpc_2 = b"KX00" + emv.arpc_2(session, arqc, bytes(4), b"")
    for mode, last, answer in (
        (0, "", b"KX00"), (1, "3030", arpc_1), (2, "3030", arpc_1),
        (3, "00000000", arpc_2), (4, "00000000", arpc_2),
    ):  # fmt: skip
        request = kw(mode, scheme, AC, sent, ATC, arqc.hex(), VIS, last, **facts)
        assert hsm.ask(request) == answer
    for mode, last in ((0, ""), (1, "3030"), (3, "00000000")):
        other = kw(mode, scheme, AC, sent, "001D", arqc.hex(), VIS, last, **facts)
        assert hsm.ask(other) == b"KX01"


@pytest.mark.parametrize("mode", [3, 4])
def test_proprietary_data_are_bound(mode: int, hsm: Peer) -> None:
    """Method 2 takes none to eight bytes more; each changes its answer."""
    session = emv_keys.common_session_key(_clear(MK_AC), bytes.fromhex(ATC) + bytes(6))
    for count in range(9):
        more = "80" * count
        made = emv.arpc_2(session, bytes.fromhex(COMMON_ARQC), b"\x03\x92\0\0", bytes.fromhex(more))
        request = kw(mode, 2, AC, CARD, ATC, COMMON_ARQC, padded(COMMON), "03920000" + more)
        assert hsm.ask(request) == b"KX00" + made


def test_whole_pan_of_sixteen_digits_is_option_a(hsm: Peer) -> None:
    """Scheme 3 with nine bytes or fewer gives the key of scheme 2."""
    for sent in ("123456789012345600", "12345678901234" + "00", "123456789012" + "00"):
        scheme_2 = kw(2, 2, AC, card(sent[:-2], "00"), ATC, COMMON_ARQC, "", "3030")
        assert hsm.ask(kw(2, 3, AC, sent, ATC, COMMON_ARQC, "", "3030")) == hsm.ask(scheme_2)


def test_missing_padding_is_forgiven_by_the_legacy_profile_only(
    hsm: Peer, legacy_hsm: Peer
) -> None:
    """A host sends the data padded; a device of the strict profile adds zeros and no more."""
    bare = kw(0, 2, AC, CARD, ATC, COMMON_ARQC, COMMON)
    assert hsm.ask(kw(0, 2, AC, CARD, ATC, COMMON_ARQC, padded(COMMON))) == b"KX00"
    assert hsm.ask(bare) == b"KX01"
    assert legacy_hsm.ask(bare) == b"KX00"
    assert legacy_hsm.ask(kw(0, 2, AC, CARD, ATC, COMMON_ARQC, COMMON[2:])) == b"KX01"
    script_key = emv_keys.visa_script_key(_clear(MK_SMI), bytes.fromhex(ATC))
    mac = emv.script_mac(script_key, b"Now is the time")[:4]
    rest = mac + b"0F" + b"Now is the time"
    with_mac = kq(3, 0, AC, CARD, ATC, UN, VIS_ARQC, VIS, "", SMI, rest)
    assert hsm.ask(with_mac) == b"KR06"
    assert legacy_hsm.ask(with_mac) == b"KR00"


def test_expected_arqc_is_told_in_authorised_state_only(hsm: Peer) -> None:
    """Whoever could ask for it freely would have an oracle that signs transactions."""
    wrong_vis = kq(0, 0, AC, CARD, ATC, UN, "00" * 8, VIS)
    wrong_common = kw(1, 2, AC, CARD, ATC, "00" * 8, padded(COMMON), "3030")
    assert hsm.ask(wrong_vis) == b"KR01"
    assert hsm.ask(wrong_common) == b"KX01"
    with device(authorised=("diagnostic",)) as port:
        authorised = Peer(port)
        assert authorised.ask(wrong_vis) == b"KR01" + bytes.fromhex(VIS_ARQC)
        assert authorised.ask(wrong_common) == b"KX01" + bytes.fromhex(COMMON_ARQC)
        authorised.close()


E0 = keys.key_block(MK_AC, "E0")
GOOD = kq(0, 0, AC, CARD, ATC, UN, VIS_ARQC, VIS)
REFUSALS = {
    "KQ in an unknown mode": (b"KQ5" + GOOD[3:], b"KR04"),
    "KQ of an unknown scheme": (b"KQ02" + GOOD[4:], b"KR05"),
    "MAC without VIS": (
        kq(3, 1, AC, CARD, ATC, UN, VIS_ARQC, VIS, "", SMI, b"MAC.01D"), b"KR03",
    ),
    "no transaction data": (kq(0, 0, AC, CARD, ATC, UN, VIS_ARQC, ""), b"KR81"),
    "no discretionary data": (
        kq(3, 0, AC, CARD, ATC, UN, VIS_ARQC, VIS, "", SMI, b"MAC.00"), b"KR82",
    ),
    "transaction data shorter than announced": (GOOD[:70], b"KR80"),
    "no length before the transaction data": (
        GOOD.replace(counted(VIS), b"G" + counted(VIS)[1:]), b"KR80",
    ),
    "no mark after the transaction data": (GOOD.replace(b";", b":"), b"KR15"),
    "ARQC cut short": (GOOD[:-1], b"KR15"),
    "more than there is": (GOOD + b"0", b"KR15"),
    "no response code": (kq(1, 0, AC, CARD, ATC, UN, VIS_ARQC, VIS), b"KR15"),
    "MK-SMI for MK-AC": (kq(2, 0, SMI, CARD, ATC, UN, VIS_ARQC, "", "3030"), b"KR10"),
    "MK-AC for MK-SMI": (
        kq(3, 0, AC, CARD, ATC, UN, VIS_ARQC, VIS, "", AC, b"MAC.01D"), b"KR11",
    ),
    "block of another usage": (
        kq(2, 0, keys.key_block(MK_AC, "E2"), CARD, ATC, UN, VIS_ARQC, "", "3030"), b"KRA6",
    ),
    "block of another mode": (
        kq(2, 0, keys.key_block(MK_AC, "E0", mode="E"), CARD, ATC, UN, VIS_ARQC, "", "3030"),
        b"KRA8",
    ),
    "triple-length master key": (
        kq(2, 0, under_lmk("109", MK_AC + keys.Z[:16]), CARD, ATC, UN, VIS_ARQC, "", "3030"),
        b"KR27",
    ),
    "master key of AES": (
        kq(2, 0, keys.aes_block("00112233445566778899AABBCCDDEEFF", "E0"), CARD, ATC, UN, VIS_ARQC,
           "", "3030"),
        b"KRA7",
    ),
    "KW in an unknown mode": (kw(5, 2, AC, CARD, ATC, COMMON_ARQC), b"KX04"),
    "no data for KW": (kw(0, 2, AC, CARD, ATC, COMMON_ARQC), b"KX81"),
    "KW of an unknown scheme": (kw(0, 4, AC, CARD, ATC, COMMON_ARQC), b"KX05"),
    "tree of an unknown shape": (
        kw(2, 0, AC, CARD, ATC, COMMON_ARQC, "", "3030", "2", "00" * 16), b"KX52",
    ),
    "PAN longer than any": (kw(2, 3, AC, "12" * 12, ATC, COMMON_ARQC, "", "3030"), b"KX15"),
    "PAN without its length": (b"KW23" + AC.encode() + b"XX", b"KX15"),
    "PAN without its mark": (
        kw(2, 3, AC, "12" * 10, ATC, COMMON_ARQC, "", "3030").replace(b";", b":"), b"KX15",
    ),
    "nine bytes of proprietary data": (
        kw(4, 2, AC, CARD, ATC, COMMON_ARQC, "", "00000000" + "00" * 9), b"KX15",
    ),
    "proprietary data cut short": (
        kw(4, 2, AC, CARD, ATC, COMMON_ARQC, "", "00000000" + "00" * 5)[:-1], b"KX15",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "answer"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_with_its_code(request_: bytes, answer: bytes, hsm: Peer) -> None:
    """The connection lives on."""
    assert hsm.ask(request_) == answer
    assert hsm.ask("B20002OK") == b"B300OK"


@pytest.mark.parametrize("code", ["KQ", "KW"])
def test_code_of_its_own_has_its_meaning(code: str) -> None:
    """What these commands alone say is what the manual says of them."""
    given = {answer[2:4] for request, answer in REFUSALS.values() if request[:2] == code.encode()}
    own = set(COMMANDS[code.encode()].codes)
    general = {b"10", b"11", b"15", b"27", b"80", b"A6", b"A7", b"A8"}
    assert given - general == own - {b"06"}  # which is no refusal


def test_any_byte_may_stand_in_binary_fields(hsm: Peer) -> None:
    """Marks, trailers, separators: all of them are bytes here, and the trailer still comes back."""
    marks = b"%01;#&\x19\x1c"
    key = SecretKey(bytes.fromhex(MK_AC))
    of_card = emv_keys.card_key(key, marks)
    arqc = emv.cryptogram(of_card, marks * 3)
    request = kq(0, 0, AC, marks.hex(), "2501", "19191919", arqc.hex(), (marks * 3).hex())
    assert hsm.ask(request) == b"KR00"
    assert hsm.ask(request + b"%00\x19" + marks) == b"KR00\x19" + marks


def test_dynamic_code_keeps_its_zeros() -> None:
    """A track holds the last digits of five, whatever the number."""
    codes = [emv.cvc3(_clear(MK_AC), b"track", number.to_bytes(4), b"\0\1") for number in range(99)]
    assert {len(code) for code in codes} == {5}
    assert min(codes) < "10000"


SCRIPT_CARD = card("1234567890123456", "01")


def _script_keys(derive_from: str, *masters: str) -> list[SecretKey]:
    """Return the script keys of pyemv's card, common ones from a cryptogram, VIS from an ATC."""
    made = []
    for master in masters:
        key = emv_keys.card_key(SecretKey(bytes.fromhex(master)), bytes.fromhex(SCRIPT_CARD))
        octets = bytes.fromhex(derive_from)
        derived = emv_keys.visa_script_key if len(octets) == 2 else emv_keys.common_session_key
        made.append(derived(key, octets))
    return made


@pytest.mark.parametrize(
    ("derive_from", "block", "header", "enciphering", "enciphered", "mac_"),
    [
        ("ABCDEF1234567890", "249999FFFFFFFFFF", "8424000210", emv.script_enciphered_mastercard,
         "28367E05DE3381C2", "8C4D10091A093B5B"),
        ("ABCDEF1234567890", "2C999999999999FF", "8424000210", emv.script_enciphered_mastercard,
         "99AD3AF9EB3ECF0C", "1471D88C6393BE21"),
        ("FFFF", "049999FFC4B001F1", "8424000210", emv.script_enciphered_visa,
         "D421231A6FD2F0FAEE671384F0D3A7B9", "F67E37E67B06AB99"),
        ("FFFF", "8C1199FFC4B001F1", "8424000110", emv.script_enciphered_visa,
         "C29371CC36BA70C1EE671384F0D3A7B9", "6AB3AD15D8B0621A"),
    ],
)  # fmt: skip
def test_script_to_the_card(
    derive_from: str, block: str, header: str, enciphering: Callable[[SecretKey, bytes], bytes],
    enciphered: str, mac_: str,
) -> None:  # fmt: skip
    """A new PIN, enciphered and authenticated as M/Chip and VIS do."""
    smc, smi = _script_keys(derive_from, "11111111111111112222222222222222", MK_AC)
    assert enciphering(smc, bytes.fromhex(block)).hex().upper() == enciphered
    assert emv.script_mac(smi, bytes.fromhex(header + enciphered)).hex().upper() == mac_
