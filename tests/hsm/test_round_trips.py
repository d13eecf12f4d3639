"""What goes in comes out: PINs through every allowed pair of formats, keys through every LMK."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsm_emulator.cryptograms import kcv, under_lmk
from hsm_emulator.key_block import Attributes
from hsm_emulator.pin_blocks import ISO_0, pin_of
from hsm_emulator.pin_verification import pvv
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.secret_key import SecretKey, halves_repeat, is_weak, with_odd_parity
from tests.hsm import keys
from tests.hsm.peer import Peer

PINS = st.text("0123456789", min_size=4, max_size=12)
ACCOUNTS = st.text("0123456789", min_size=12, max_size=12)
ALGORITHM_OF = {"01": "T", "05": "T", "47": "T", "48": "A"}
AES_KEY = "00112233445566778899AABBCCDDEEFF"


def _zpk(number: str, key_hex: str) -> str:
    """Return a ZPK under the AES LMK, fit for blocks of this format."""
    if ALGORITHM_OF[number] == "A":
        return keys.aes_block(AES_KEY, "P0")
    return keys.key_block(key_hex, "P0", lmk="02")


def _read(block: str, account: str) -> str:
    clear = SecretKey(bytes.fromhex(keys.Z)).decrypt(bytes.fromhex(block))
    return pin_of(clear, ISO_0, account.encode())


@pytest.mark.parametrize("through", ["01", "47", "48"])
@pytest.mark.parametrize("source", ["01", "05", "47"])
@settings(max_examples=12, deadline=None)
@given(pin=PINS, account=ACCOUNTS)
def test_pin_survives_translation(
    source: str, through: str, pin: str, account: str, hsm_port: int
) -> None:
    """From any format through any other to format 0, by CC under key blocks."""
    hsm = Peer(hsm_port)
    block = keys.block(pin, keys.K, account, source.encode())
    keys_there = _zpk(source, keys.K) + _zpk(through, keys.K)
    there = hsm.ask(f"CC{keys_there}12{block}{source}{through}{account}").decode()
    assert there[:6] == f"CD00{len(pin):02d}"
    keys_back = _zpk(through, keys.K) + _zpk("01", keys.Z)
    back = hsm.ask(f"CC{keys_back}12{there[6:-2]}{through}01{account}").decode()
    assert _read(back[6:22], account) == pin
    hsm.close()


@settings(max_examples=40, deadline=None)
@given(pin=PINS, account=ACCOUNTS, index=st.sampled_from("123456"))
def test_pvv_from_the_lmk_is_that_of_the_leftmost_digits(
    pin: str, account: str, index: str, hsm_port: int
) -> None:
    """JE, DG and EC agree for PINs of every length."""
    hsm = Peer(hsm_port)
    block = keys.block(pin, keys.Z, account)
    under = hsm.ask(f"JE{keys.ZPK}{block}01{account}")
    assert under[:4] == b"JF00"
    assert len(under) == 4 + len(pin) + 1
    made = hsm.ask(f"DG{keys.PVK}{under[4:].decode()}{account}{index}")[4:].decode()
    assert made == pvv(SecretKey(bytes.fromhex(keys.K)), pin, account.encode(), index.encode())
    assert hsm.ask(f"EC{keys.ZPK}{keys.PVK}{block}01{account}{index}{made}") == b"ED00"
    hsm.close()


def test_pin_under_the_lmk_is_bound_to_its_account(hsm: Peer) -> None:
    """The same PIN of two cards does not look the same, nor is either the PIN."""
    other = keys.ACCOUNT[::-1]
    fields = {
        hsm.ask(f"JE{keys.ZPK}{keys.block('123456789', keys.Z, account)}01{account}")[4:]
        for account in (keys.ACCOUNT, other)
    }
    assert len(fields) == 2
    assert not any(b"12345" in field for field in fields)


@settings(max_examples=60, deadline=None)
@given(
    clear=st.one_of(st.binary(min_size=16, max_size=16), st.binary(min_size=24, max_size=24)),
    key_type=st.sampled_from(["000", "001", "002", "003", "008", "009", "109", "402", "00B"]),
)
def test_key_survives_the_variant_lmk(clear: bytes, key_type: str) -> None:
    """Enciphered as its type it comes back; as another type it does not."""
    odd = with_odd_parity(clear)
    if is_weak(odd) or halves_repeat(odd):
        return
    lmk = by_identifier()[b"00"]
    cryptogram = under_lmk(key_type, odd.hex()).encode()
    assert lmk.opened(cryptogram, key_type.encode(), b"10")[0].clear == odd


@settings(max_examples=40, deadline=None)
@given(clear=st.binary(min_size=32, max_size=32), length=st.sampled_from([16, 24, 32]))
def test_key_survives_its_block(clear: bytes, length: int) -> None:
    """AES keys under the AES LMK; no two blocks of one key are alike."""
    lmk = by_identifier()[b"02"]
    key = SecretKey(clear[:length], "A")
    attributes = Attributes("D0", "A", "B", "07", "N")
    block = lmk.wrapped(key, b"FFF", b"S", attributes)
    assert lmk.wrapped(key, b"FFF", b"S", attributes) != block
    opened, found = lmk.opened(block, b"FFF", b"10")
    assert opened.clear == key.clear
    assert found == attributes.under("02")


@pytest.mark.parametrize("place", range(17, 96, 11))
def test_no_part_of_a_block_can_be_changed(place: int, hsm: Peer) -> None:
    """Whatever digit of key or MAC is altered, the answer is A4."""
    block = keys.aes_block(AES_KEY, "D0")
    altered = block[:place] + ("0" if block[place] != "0" else "1") + block[place + 1 :]
    assert hsm.ask(f"BUFFF{altered};FFF;001") == b"BVA4"


@pytest.mark.parametrize(
    ("mode", "form", "key"),
    [
        ("00", "1", f"00B{keys.DEK}"),
        ("01", "1", f"00B{keys.DEK}0123456789ABCDEF"),
        ("00", "0", f"00B{keys.DEK}"),
        ("00", "1", "FFF" + keys.key_block(keys.K, "D0")),
        ("01", "1", "FFF" + keys.aes_block(AES_KEY, "D0") + "00" * 16),
    ],
)
def test_data_survives_m0_and_m2(mode: str, form: str, key: str, hsm: Peer) -> None:
    """A 32-byte key at rest, enciphered and deciphered again, ECB and CBC."""
    clear = "00112233445566778899AABBCCDDEEFF" * 2
    if form == "0":
        clear = "any 32 bytes % of ; data \x19 here.."[:32]
    length = f"{len(clear):04X}"
    there = hsm.ask(f"M0{mode}{form}{form}{key}{length}{clear}")
    assert there[:8] == f"M100{length}".encode()
    assert there[8:] != clear.encode()
    back = hsm.ask(f"M2{mode}{form}{form}{key}{length}".encode() + there[8:])
    assert back == f"M300{length}{clear}".encode()


def test_mac_in_parts_is_the_mac_of_the_whole(hsm: Peer) -> None:
    """First, middle and last part, chained by what M7 gives; M8 agrees."""
    message = "Now is the time for all good men"
    for algorithm in "13":
        head, key = f"01{algorithm}2003", keys.TAK
        whole = hsm.ask(f"M60{head}{key}0020{message}")
        state = hsm.ask(f"M61{head}{key}0008{message[:8]}")[4:].decode()
        state = hsm.ask(f"M62{head}{key}{state}0010{message[8:24]}")[4:].decode()
        assert hsm.ask(f"M63{head}{key}{state}0008{message[24:]}") == whole
        mac = whole[4:].decode()
        assert hsm.ask(f"M83{head}{key}{state}0008{message[24:]}{mac}") == b"M900"


def test_generated_key_travels_to_another_device(hsm: Peer) -> None:
    """A0 makes and exports it, A6 takes it in, A8 sends it back; the KCV stays the same."""
    made = hsm.ask(f"A01001U;0{keys.ZMK}X").decode()
    assert made[:4] == "A100"
    under_lmk_, under_zmk, shown = made[4:37], made[37:70], made[70:]
    assert hsm.ask(f"BUFF1{under_lmk_};001;001").decode() == "BV00" + shown
    assert hsm.ask(f"A6001{keys.ZMK}{under_zmk}U").decode() == f"A700{under_lmk_}{shown}"
    assert hsm.ask(f"A8001{keys.ZMK}{under_lmk_}X").decode() == f"A900{under_zmk}{shown}"


@pytest.mark.parametrize(
    ("lmk", "zmk", "asked"),
    [
        ("01", keys.key_block(keys.Z, "K0"), "P0T2"),
        ("02", keys.aes_block(AES_KEY, "K0"), "P0A1"),
        ("02", keys.aes_block(AES_KEY, "K0"), "M3T2"),
    ],
)
def test_key_block_travels_to_another_device(lmk: str, zmk: str, asked: str, hsm: Peer) -> None:
    """The attributes travel with the key; &N makes the sent one stay where it arrives."""
    made = hsm.ask(f"A00FFFS%{lmk}#{asked}N00E00").decode()
    assert made[:4] == "A100"
    block, shown = made[4:-6], made[-6:]
    sent = hsm.ask(f"A8FFF{zmk}{block}S&N").decode()
    assert sent[:4] == "A900"
    assert sent[-6:] == shown
    assert sent[4:-6][15:17] == "FF"
    kept = hsm.ask(f"A6FFF{zmk}{sent[4:-6]}S").decode()
    assert kept[:4] == "A700"
    assert kept[-6:] == shown
    assert kept[9:18] == block[5:12] + "N0"
    assert hsm.ask(f"A8FFF{zmk}{kept[4:-6]}S") == b"A9AA"


def test_lmk_is_the_one_its_key_block_names(hsm: Peer) -> None:
    """Without %nn; with it, the choice is the request's."""
    block = keys.aes_block(AES_KEY, "P0")
    expected = b"BV00" + kcv(AES_KEY, "aes").encode()
    assert hsm.ask(f"BUFFF{block};FFF;001") == expected
    assert hsm.ask(f"BUFFF{block};FFF;001%02") == expected
    assert hsm.ask(f"BUFFF{block};FFF;001%01") == b"BVA3"


@pytest.mark.parametrize(("mode", "text"), [("00", b"NP00310128EMUL-000100000"), ("01", b"NP000")])
def test_status(mode: str, text: bytes, hsm: Peer) -> None:
    """NO tells its limits and that it is not compliant with anything."""
    assert hsm.ask("NO" + mode) == text
