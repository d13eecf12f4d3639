"""Keys of DUKPT terminals beyond the vector files: every usage, algorithm and length.

Facts of ANSI X9.24-3:2017, Annex B (x9.org, X9.24 part 3 test vectors), as other open
implementations print them. Single-length TDES DUKPT is walked here a second time, by hand.
"""
import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given
from hypothesis import strategies as st

from hsm_emulator import dukpt_aes, dukpt_tdes
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.dukpt_aes import Algorithm, Usage
from hsm_emulator.errors import Refused
from hsm_emulator.pin_blocks import ISO_0, ISO_4, deciphered_pin, format_4_of
from hsm_emulator.public_lmks import VARIANT_PAIRS
from hsm_emulator.secret_key import AES_, TDES, SecretKey
from tests.hsm import keys
from tests.hsm.keys import ACCOUNT, K, Z
from tests.hsm.peer import Peer

AES_BDK = "FEDCBA9876543210F1F1F1F1F1F1F1F1"
AES_KSN = bytes.fromhex("123456789012345600000001")
BDK_128, BDK_256 = (SecretKey(bytes.fromhex(AES_BDK * times), AES_) for times in (1, 2))
TDES_KSN = bytes.fromhex("FFFF9876543210E00005")
WORKING_KEYS = [
    (Usage.KEY_ENCRYPTION, Algorithm.AES_128, "36A724B7BEFA5A25F5E7B5782A4554A2"),
    (Usage.PIN, Algorithm.AES_128, "AF8CB133A78F8DC2D1359F18527593FB"),
    (Usage.MAC_GENERATION, Algorithm.AES_128, "A2DC23DE6FDE0824A2BC321E08E4B8B7"),
    (Usage.MAC_VERIFICATION, Algorithm.AES_128, "DBB463945B286C07CD3AD82EE96FD9C9"),
    (Usage.MAC_BOTH, Algorithm.AES_128, "85675439D18D7F1158BD8E3EAA3D502B"),
    (Usage.DATA_ENCRYPTION, Algorithm.AES_128, "A35C412EFD41FDB98B69797C02DCD08F"),
    (Usage.DATA_DECRYPTION, Algorithm.AES_128, "16292C6EA8F64C5420A0584BFBC577BE"),
    (Usage.DATA_BOTH, Algorithm.AES_128, "A308E080DD15A1B741F1721BF67DE11C"),
    (Usage.PIN, Algorithm.TDES_2, "630C706D9546E47D4449313F61C4D4AB"),
    (Usage.MAC_GENERATION, Algorithm.TDES_2, "5D8FD787E8A796D07035FFCA9B5800BB"),
    (Usage.DATA_ENCRYPTION, Algorithm.TDES_2, "BD44121C223F831446A01EE3A4CB58D2"),
    (Usage.PIN, Algorithm.TDES_3, "EA8B3F37EB9B15831167EF2977FD8762D9B5913F35766F6A"),
    (Usage.MAC_GENERATION, Algorithm.TDES_3, "2A1061A6EAC2C14FAC3758EA07B3648A624B24E942785BF1"),
    (Usage.DATA_ENCRYPTION, Algorithm.TDES_3, "F716DFBC6B2D2D5825B694EEEE181A013F2F1C09380BBE0C"),
]


@pytest.mark.parametrize(("usage", "algorithm", "clear"), WORKING_KEYS)
def test_working_key_of_every_usage(usage: Usage, algorithm: Algorithm, clear: str) -> None:
    """All of counter 1 under the published AES-128 BDK."""
    key = dukpt_aes.working_key(BDK_128, AES_KSN, usage, algorithm)
    assert key.clear.hex().upper() == clear
    assert key.algorithm == (AES_ if algorithm is Algorithm.AES_128 else TDES)


def test_key_of_a_counter_with_many_bits() -> None:
    """8,675,309 sets fifteen of them."""
    ksn = AES_KSN[:8] + (8_675_309).to_bytes(4)
    key = dukpt_aes.working_key(BDK_128, ksn, Usage.PIN)
    assert key.clear.hex().upper() == "D1DDA386AA4A556AF0119FDCB5D132C6"


def test_update_keys() -> None:
    """What the next initial key travels under: that of the counter FFFFFFFF."""
    assert dukpt_aes.update_key(BDK_128, AES_KSN).clear.hex().upper() == (
        "9A9770AEE1ACD1B13473D0463A1883B9"
    )
    assert dukpt_aes.update_key(BDK_256, AES_KSN).clear.hex().upper() == (
        "AEFB210C136278A1279F7C8815F446DB8EBE2AA910B157AA4E6484D8DE9C4807"
    )


@pytest.mark.parametrize("algorithm", [Algorithm.AES_192, Algorithm.AES_256])
def test_no_key_is_stronger_than_its_bdk(algorithm: Algorithm) -> None:
    """An AES-128 BDK gives neither."""
    with pytest.raises(Refused, match="27"):
        dukpt_aes.working_key(BDK_128, AES_KSN, Usage.PIN, algorithm)
    assert dukpt_aes.working_key(BDK_256, AES_KSN, Usage.PIN, algorithm).algorithm == AES_


def test_each_kind_refuses_what_is_for_the_other() -> None:
    """BDKs of another algorithm or length, KSNs of another length."""
    tdes = SecretKey(bytes.fromhex(K))
    with pytest.raises(Refused, match="A7"):
        dukpt_aes.session_key(tdes, AES_KSN)
    with pytest.raises(Refused, match="A7"):
        dukpt_tdes.session_key(BDK_128, TDES_KSN)
    with pytest.raises(Refused, match="A7"):
        dukpt_tdes.session_key(SecretKey(bytes.fromhex(K + K[:16])), TDES_KSN)
    with pytest.raises(Refused, match="15"):
        dukpt_aes.session_key(BDK_128, TDES_KSN)
    with pytest.raises(Refused, match="15"):
        dukpt_tdes.session_key(tdes, AES_KSN)


def single(key: bytes, block: bytes) -> bytes:
    cipher = Cipher(TripleDES(key * 3), ECB())  # noqa: S305  (one block of the construction)
    return cipher.encryptor().update(block)


def single_length_key(bdk: bytes, ksn: bytes) -> bytes:
    """Walk X9.24:1998 by hand: one bit of the counter after the other, from the left."""
    number = int.from_bytes(ksn)
    register = number & ~0x1FFFFF
    key = single(bdk, register.to_bytes(10)[:8])
    bit = 0x100000
    while bit:
        if number & bit:
            register |= bit
            mixed = bytes(a ^ b for a, b in zip(register.to_bytes(10)[2:], key, strict=True))
            key = bytes(a ^ b for a, b in zip(single(key, mixed), key, strict=True))
        bit >>= 1
    return key


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=10, max_size=10))
def test_single_length_walk(bdk: bytes, ksn: bytes) -> None:
    """Any BDK, any terminal, any counter."""
    session = dukpt_tdes.session_key(SecretKey(bdk), ksn)
    assert session.clear == single_length_key(bdk, ksn)
    variants = {
        dukpt_tdes.working_key(SecretKey(bdk), ksn, usage).clear for usage in dukpt_tdes.Usage
    }
    assert len(variants) == len(dukpt_tdes.Usage)


def test_single_length_bdk_is_for_old_estates(hsm: Peer, legacy_hsm: Peer) -> None:
    """CI under one gives single DES; a strict device refuses its length."""
    bdk = bytes.fromhex("0123456789ABCDEF")
    pin_key = bytearray(single_length_key(bdk, TDES_KSN))
    pin_key[7] ^= 0xFF
    block = keys.block("98765", pin_key.hex())
    single_bdk = under_single("0123456789ABCDEF")
    for cryptogram in (single_bdk, "Z" + single_bdk):
        request = f"CI{cryptogram}{keys.ZPK}A05{TDES_KSN.hex()}{block}01{ACCOUNT}"
        answer = legacy_hsm.ask(request)
        assert answer[:6] == b"CJ0005"
        assert answer[6:22].decode() == keys.block("98765", Z)
        assert hsm.ask(request) == b"CJ27"


def under_single(clear: str) -> str:
    """Return a single-length key under LMK pair 28-29, as ANSI ECB has it."""
    return SecretKey(VARIANT_PAIRS[14]).encrypt(bytes.fromhex(clear)).hex().upper()


@pytest.mark.parametrize("length", [16, 24, 32])
def test_aes_bdk_of_each_length(length: int, hsm: Peer) -> None:
    """Format 4 under an AES key as long as the BDK; formats of 8 bytes under a TDES key."""
    clear = bytes(range(length))
    bdk, ksn = SecretKey(clear, AES_), bytes.fromhex("112233445566778800010203")
    wrapped, zpk = keys.aes_block(clear.hex(), "B0", "X"), keys.key_block(Z, "P0", lmk="02")
    pan, field = "4000001234567899", f"A05{ksn.hex()}"
    pin_key = dukpt_aes.working_key(bdk, ksn, Usage.PIN)
    assert len(pin_key.clear) == length
    block = format_4_of(pin_key, "123456", pan.encode(), bytes(8)).hex().upper()
    short = keys.block("123456", dukpt_aes.working_key(
        bdk, ksn, Usage.PIN, Algorithm.TDES_2).clear.hex(), pan[3:-1])  # fmt: skip
    for request in (
        f"CI{wrapped}{zpk}{field}{block}01{pan};",
        f"G0{wrapped}{zpk}{field}{block}4801{pan};",
        f"G0{wrapped}{zpk}{field}{short}0101{pan[3:-1]}",
        f"CA{wrapped}{field}{zpk}12{short}0101{pan[3:-1]}",
        f"CA{wrapped}{field}{zpk}12{block}4801{pan}",
    ):
        answer = hsm.ask(request)
        assert answer[2:6] == b"0006", request
        made = bytes.fromhex(answer[6:22].decode())
        assert deciphered_pin(SecretKey(bytes.fromhex(Z)), made, ISO_0, pan.encode()) == "123456"
    back = hsm.ask(f"G0{wrapped}{wrapped}{field}{field}{short}0148{pan};")
    assert back[:6] == b"G10006"
    made = bytes.fromhex(back[6:38].decode())
    assert deciphered_pin(pin_key, made, ISO_4, pan.encode()) == "123456"


@pytest.mark.parametrize(
    ("flag", "key_type"), [("", "009"), ("*", "009"), ("~", "609"), ("!", "809")]
)
def test_flag_names_the_kind_of_bdk(flag: str, key_type: str, hsm: Peer, legacy_hsm: Peer) -> None:
    """Its key type goes with it: another one deciphers to noise."""
    pin_key = dukpt_tdes.pin_key(SecretKey(bytes.fromhex(K)), TDES_KSN).clear.hex()
    field, block = f"A05{TDES_KSN.hex()}", keys.block("1234", pin_key)
    bdk = flag + under_lmk(key_type, K)
    other = flag + under_lmk("109", K)
    for device in (hsm, legacy_hsm):
        for request in (
            f"CI{bdk}{keys.ZPK}{field}{block}01{ACCOUNT}",
            f"G0{bdk}{keys.ZPK}{field}{block}0101{ACCOUNT}",
        ):
            assert device.ask(request)[2:6] == b"0004"
        if flag:
            assert device.ask(f"CA{bdk}{field}{keys.ZPK}12{block}0101{ACCOUNT}")[:6] == b"CB0004"
            entered = keys.block("1234", K)
            made = device.ask(f"CA{keys.TPK}{bdk}{field}12{entered}0101{ACCOUNT}")
            assert made == f"CB0004{block}01".encode()
    assert hsm.ask(f"CI{other}{keys.ZPK}{field}{block}01{ACCOUNT}") == b"CJ10"


@pytest.mark.parametrize("ksn", ["FFFF9876543210E00001", "9876543210E00001"])
def test_short_ksn_comes_filled_or_as_it_stands(ksn: str, hsm: Peer) -> None:
    """Six digits of BDK, five of the device, five of the counter: sixteen in all."""
    bdk, zpk = under_lmk("009", K), under_lmk("001", Z)
    account = "401234567890"  # of ANSI X9.24-1:2009, annex A.4, with its block
    answer = hsm.ask(f"G0{bdk}{zpk}605{ksn}1B9C1845EB993A7A0101{account}")
    assert answer == f"G10004{keys.block('1234', Z, account)}01".encode()
    answer = hsm.ask(f"M00011009{bdk}605{ksn}00101234567812345678")
    assert answer == b"M1000010B866C5F8E511CCEC"
