"""Checks that only show when something else does not refuse first; each was removed once."""
from collections.abc import Callable

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB
from structlog.testing import capture_logs

from hsm_emulator import key_block
from hsm_emulator.connection import Limits
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.errors import Refused
from hsm_emulator.key_block import Attributes, BlockKeys
from hsm_emulator.public_lmks import TDES_KEY_BLOCK, variant_lmk
from hsm_emulator.secret_key import AES_, SecretKey
from tests.hsm import keys
from tests.hsm.keys import ACCOUNT, PVK, TPK, ZMK, ZPK, K, Z
from tests.hsm.peer import Peer, device, vectors

AES_128 = "00112233445566778899AABBCCDDEEFF"
AES_256 = AES_128 + "FFEEDDCCBBAA99887766554433221100"
AES_ZMK = keys.aes_block(AES_128, "K0")
BLOCK = keys.block("123456", Z)
LMK_KEYS = BlockKeys(SecretKey(TDES_KEY_BLOCK))


def offset(longest: str = "12", field: str = "000000FFFFFF", digits: str = "06") -> str:
    table, data = "0123456789012345", "1122334455N8"
    return f"EA{ZPK}{PVK}{longest}{BLOCK}01{digits}{ACCOUNT}{table}{data}{field}"


def under_zmk(lmk_id: str) -> str:
    """Return a ZPK in a block under the ZMK that names this LMK."""
    attributes = Attributes("P0", "T", "N", "00", "E", lmk_id)
    zmk = BlockKeys(SecretKey(bytes.fromhex(Z)))
    return key_block.wrapped(zmk, bytes.fromhex(K), attributes).decode()


ZMK_IN_BLOCK = keys.key_block(Z, "K0")
SENSITIVE = keys.key_block(K, "P0", exportability="S")
REFUSALS = {
    "key block under the variant LMK, chosen": (
        f"CA{TPK}{keys.key_block(Z, 'P0')}12{BLOCK}0101{ACCOUNT}%00", "CBA1",
    ),
    "block for an LMK where one for a ZMK belongs": (
        f"A6FFF{ZMK_IN_BLOCK}{under_zmk('01')}S", "A7A3",
    ),
    "key type over a key block": (f"A6001{ZMK}{under_zmk('FF')}U%00", "A728"),
    "key block type over a variant key": (f"A6FFF{ZMK_IN_BLOCK}X{K}S", "A728"),
    "X scheme for a key taken in": (f"A6001{ZMK}X{K}X", "A726"),
    "AES key under a shorter one": (
        f"A8FFF{AES_ZMK}{keys.aes_block(AES_256, 'P0')}S", "A927",
    ),
    "AES key under a TDES key": (
        f"A8FFF{keys.key_block(Z, 'K0', lmk='02')}{keys.aes_block(AES_128, 'P0')}S", "A9A7",
    ),
    "exportability raised on the way out": (f"A8FFF{ZMK_IN_BLOCK}{SENSITIVE}S&E", "A9AA"),
    "attributes where none belong": (f"CA{TPK}{ZPK}12{BLOCK}0101{ACCOUNT}#P0T2N00E00", "CB15"),
    "export modifier where none belongs": (f"CA{TPK}{ZPK}12{BLOCK}0101{ACCOUNT}&N", "CB15"),
    "triple-length BDK": (
        f"CA{TPK}*{under_lmk('009', K + Z[:16])}605FFFF000001315240003A12{BLOCK}0101{ACCOUNT}",
        "CBA7",
    ),
    "format 4 to format 1": (
        f"CC{keys.aes_block(AES_128, 'P0')}{keys.key_block(Z, 'P0', lmk='02')}12{'00' * 16}4805"
        f"{ACCOUNT}", "CD23",
    ),
    "PIN to verify longer than allowed": (offset(longest="05"), "EB24"),
    "offset filled with something else": (offset(field="000000FFFF0F"), "EB15"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "answer"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_with_its_code(request_: str, answer: str, hsm: Peer) -> None:
    """The connection lives on."""
    assert hsm.ask(request_) == answer.encode()
    assert hsm.ask("B20002OK") == b"B300OK"


@pytest.mark.parametrize("modifier", ["S", "N"])
def test_exportability_may_be_kept_or_lowered(modifier: str, hsm: Peer) -> None:
    """What is sent says what was asked for."""
    answer = hsm.ask(f"A8FFF{ZMK_IN_BLOCK}{SENSITIVE}S&{modifier}").decode()
    assert answer[:4] == "A900"
    assert answer[4:][12] == modifier


@pytest.mark.parametrize("digit", range(10))
def test_variant_of_a_key_type(digit: int) -> None:
    """Each first digit of a key type has its byte; computed here apart from the device."""
    left_variant = (0x00, 0xA6, 0x5A, 0x6A, 0xDE, 0x2B, 0x50, 0x74, 0x9C, 0xFA)[digit]
    left, right = bytes.fromhex("E0E0010101010101"), bytes.fromhex("F1F1010101010101")  # 14-15
    made = ""
    for place, right_variant in enumerate((0xA6, 0x5A)):
        base = bytes([left[0] ^ left_variant]) + left[1:]
        base += bytes([right[0] ^ right_variant]) + right[1:]
        enciphering = Cipher(TripleDES(base + base[:8]), ECB()).encryptor()  # noqa: S305  (the rule)
        made += enciphering.update(bytes.fromhex(K)[8 * place : 8 * place + 8]).hex().upper()
    assert under_lmk(f"{digit}02", K) == "U" + made


@pytest.mark.parametrize(
    ("altered", "code"),
    [(lambda block: block + b"00" * 8, "A5"), (lambda block: block[:-16], "A5")],
)
def test_length_in_the_header_is_that_of_the_block(
    altered: Callable[[bytes], bytes], code: str
) -> None:
    """Commands cut by that length; whoever else opens a block is told."""
    block = keys.key_block(K, "P0").encode()
    with pytest.raises(Refused, match=code):
        key_block.unwrapped(LMK_KEYS, altered(block))


@pytest.mark.parametrize("bits", [7, 176, 184, 65528])
def test_length_of_the_key_is_within_its_block(bits: int, hsm: Peer) -> None:
    """A block that is authentic, but made by somebody careless."""
    header = b"00072P0TN00E0001"
    content = bits.to_bytes(2) + bytes.fromhex(K) + bytes(6)
    enciphered = LMK_KEYS.enciphering.encrypt_cbc(content, header[:8])
    block = b"S" + header + (enciphered + LMK_KEYS.mac(header + enciphered)).hex().encode()
    answer = hsm.ask(b"BUFFF" + block + b";FFF;001")
    assert answer == (b"BV27" if bits == 176 else b"BVA5")


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("8765432109876543", "01"),
        ("0000001234567899", "25"),  # one of them six times
        ("012345678901234A", "25"),
    ],
)
def test_enciphered_table_is_judged_too(table: str, code: str, hsm: Peer) -> None:
    """Under LMK 01; otherwise whoever can encipher one could find PINs with it."""
    tables = SecretKey(bytes(byte ^ 0x54 for byte in TDES_KEY_BLOCK))
    field = tables.encrypt(bytes.fromhex(table)).hex().upper()
    zpk, pvk = keys.key_block(Z, "P0"), keys.key_block(K, "V1")
    answer = hsm.ask(f"EA{zpk}{pvk}12{BLOCK}0106{ACCOUNT}{field}1122334455N8000000FFFFFF")
    assert answer == b"EB" + code.encode()


@pytest.mark.parametrize(("inputs", "expected"), vectors("dukpt_tdes"))
def test_translation_towards_a_dukpt_terminal(
    inputs: dict[str, str], expected: dict[str, str], hsm: Peer
) -> None:
    """CA gives the block that the published terminal makes, at the end of its counter too."""
    bdk, ksn = under_lmk("009", inputs["bdk"]), inputs["ksn"]
    account = inputs["pan"][:-1][-12:]
    block = keys.block(inputs["pin"], K, account)
    answer = hsm.ask(f"CA{TPK}*{bdk}605{ksn}12{block}0101{account}")
    assert answer == f"CB00{len(inputs['pin']):02d}{expected['encrypted_pin_block']}01".encode()


@pytest.mark.parametrize("sent", [b"\x00", b"\x00\x50half a frame", b"\x00\x0c0042B20002OK\x00"])
def test_begun_frame_has_its_time(sent: bytes) -> None:
    """Then the connection ends with a line in the log; a peer between two frames stays."""
    with capture_logs() as log, device(Limits(unfinished_s=0.2)) as port:
        slow, idle = Peer(port), Peer(port)
        assert idle.ask("B20002OK") == b"B300OK"
        slow.socket.sendall(sent)
        assert slow.is_closed_by_device()
        assert idle.ask("B20002OK") == b"B300OK"
        slow.close()
        idle.close()
    assert [event["event"] for event in log].count("frame_unfinished") == 1


def test_single_bytes_do_not_buy_time() -> None:
    """A peer that trickles is cut off at the same moment."""
    with device(Limits(unfinished_s=0.3)) as port:
        slow = Peer(port, timeout_s=0.02)
        slow.socket.sendall(b"\x00\xff")
        for _ in range(200):
            try:
                slow.socket.sendall(b"4")
                if not slow.socket.recv(1):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("still connected after 200 bytes")
        slow.close()


def test_finished_frames_stop_the_clock() -> None:
    """Frames that arrive in two parts, one after another, outlast the time of one."""
    with device(Limits(unfinished_s=1.0)) as port:
        peer = Peer(port)
        for _ in range(5):
            peer.socket.sendall(b"\x00\x0c0042")
            waiting = Peer(port, timeout_s=0.25)
            with pytest.raises(TimeoutError):
                waiting.socket.recv(1)
            waiting.close()
            peer.socket.sendall(b"B20002OK")
            assert peer.receive() == b"0042B300OK"
        peer.close()


def test_aes_key_has_no_variant_form() -> None:
    """The variant LMK takes TDES keys only."""
    with pytest.raises(Refused, match="A1"):
        variant_lmk().wrapped(SecretKey(bytes.fromhex(AES_128), AES_), b"001", b"U", None)


def test_legacy_opens_a_block_that_names_an_lmk_of_the_other_kind(
    hsm: Peer, legacy_hsm: Peer
) -> None:
    """A block of another device's LMK 00 or 02: its version says which kind of LMK it is under."""
    aes = vectors("lmk_keyblock")[-1].values[0]["key_block"]  # version 1, names LMK 00
    said = Attributes("B0", "T", "N", "00", "E", "02")
    tdes = key_block.wrapped(LMK_KEYS, bytes.fromhex(K), said).decode()
    for block, kcv in ((aes, "CB9DEA"), (tdes, "08D7B4")):
        assert legacy_hsm.ask(f"BUFFF{block};FFF;001") == f"BV00{kcv}".encode()
        assert hsm.ask(f"BUFFF{block};FFF;001")[:3] == b"BVA"
