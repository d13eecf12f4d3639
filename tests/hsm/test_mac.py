"""MACs beyond the published files: parts, sizes, keys, translation, what is refused."""
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.secret_key import HMAC
from tests.hsm import keys
from tests.hsm.keys import TAK, K, Z
from tests.hsm.peer import Peer

AES_KEY = "00112233445566778899AABBCCDDEEFF"
MESSAGE = b"Now is the time for all good men to come to the aid of the party"
TAK_2 = under_lmk("003", Z)
BY_ALGORITHM = {
    "1": ("003" + TAK, 8), "3": ("008" + under_lmk("008", K), 8), "6": ("003" + TAK, 8),
    "1 in a block": ("FFF" + keys.key_block(K, "M1", mode="C"), 8),
    "3 in a block": ("FFF" + keys.key_block(K, "M3", mode="C", lmk="02"), 8),
    "5 of AES": ("FFF" + keys.aes_block(AES_KEY, "M6", "C"), 16),
    "1 of AES": ("FFF" + keys.aes_block(AES_KEY, "M0", "C"), 16),
}  # fmt: skip


def _asked(
    code: str, head: str, key: str, message: bytes, state: str = "", after: str = ""
) -> bytes:
    """Return a request; `head` ends where the key type or the key begins."""
    counted = f"{len(message):04X}".encode() + message
    return f"{code}{head}{key}{state}".encode() + counted + after.encode()


@pytest.mark.parametrize("padding", ["0", "1", "2"])
@pytest.mark.parametrize("which", BY_ALGORITHM)
def test_mac_in_parts_is_the_mac_of_the_whole(which: str, padding: str, hsm: Peer) -> None:
    """First, middle and last part chained by what M7 gives; the last one whole, broken, short."""
    key, block_bytes = BY_ALGORITHM[which]
    lengths = [64] if padding == "0" and which[0] in "13" else [64, 61, 49]
    size = "2" if block_bytes == 16 else "1"
    for length in lengths:
        message, rest = MESSAGE[:length], f"0{size}{which[0]}{padding}"
        whole = hsm.ask(_asked("M6", "0" + rest, key, message))
        assert whole[:4] == b"M700"
        assert len(whole) == 4 + 2 * block_bytes
        state = hsm.ask(_asked("M6", "1" + rest, key, message[:16]))[4:].decode()
        state = hsm.ask(_asked("M6", "2" + rest, key, message[16:48], state))[4:].decode()
        assert len(state) == 2 * block_bytes
        assert hsm.ask(_asked("M6", "3" + rest, key, message[48:], state)) == whole
        shown = whole[4:].decode()
        for written in (shown, shown.lower()):
            asked = _asked("M8", "3" + rest, key, message[48:], state, written)
            assert hsm.ask(asked) == b"M900"
        assert hsm.ask(_asked("M8", "3" + rest, key, message[48:], state, shown[::-1])) == b"M901"


def test_cmac_in_parts_is_that_of_the_library(hsm: Peer) -> None:
    """One short part behind one block, computed whole by another implementation."""
    mac_ = CMAC(AES(bytes.fromhex(AES_KEY)))
    mac_.update(MESSAGE[:19])
    key = BY_ALGORITHM["5 of AES"][0]
    state = hsm.ask(_asked("M6", "10260", key, MESSAGE[:16]))[4:].decode()
    answer = hsm.ask(_asked("M6", "30260", key, MESSAGE[16:19], state))
    assert answer == b"M700" + mac_.finalize().hex().upper().encode()


def test_same_mac_in_every_form(hsm: Peer) -> None:
    """Binary, hexadecimal and text mean the same bytes; hexadecimal is counted in digits."""
    made = {
        hsm.ask(_asked("M6", f"0{form}131", "003" + TAK, message))
        for form, message in (
            ("0", b"\x19%01;"), ("2", b"\x19%01;"), ("1", b"192530313B"), ("1", b"192530313b"),
        )
    }  # fmt: skip
    assert len(made) == 1
    assert made.pop()[:4] == b"M700"


@pytest.mark.parametrize("mode", ["0", "3"])
def test_mac_is_translated(mode: str, hsm: Peer) -> None:
    """MY verifies under the first key and makes another with the second; 01 if it is wrong."""
    state = "0123456789ABCDEF" if mode == "3" else ""
    first, second = f"{mode}0111003{TAK}{state}", f"{mode}0032003{TAK_2}{state}"
    source = hsm.ask(_asked("M6", first, "", MESSAGE))[4:].decode()
    target = hsm.ask(_asked("M6", second, "", MESSAGE))[4:]
    assert hsm.ask(_asked("MY", first, second, MESSAGE, "", source)) == b"MZ00" + target
    assert hsm.ask(_asked("MY", first, second, MESSAGE, "", source[::-1])) == b"MZ01"


def test_parts_are_translated(hsm: Peer) -> None:
    """A first part gives the chaining values of both keys."""
    first, second = f"10111003{TAK}", f"10031003{TAK_2}"
    states = [hsm.ask(_asked("M6", head, "", MESSAGE))[4:] for head in (first, second)]
    assert hsm.ask(_asked("MY", first, second, MESSAGE)) == b"MZ00" + b"".join(states)
    key_block = f"10031FFF{keys.key_block(K, 'M3')}"
    assert hsm.ask(_asked("MY", f"10111FFF{keys.key_block(K, 'M1')}", key_block, MESSAGE))[:4] == (
        b"MZ00"
    )


def test_ansi_macs(hsm: Peer, legacy_hsm: Peer) -> None:
    """MA is M6 with algorithm 3 and zeros, under a single-length key with algorithm 1."""
    text = MESSAGE[:30]
    retail = hsm.ask(_asked("M6", "00031003", TAK, text))[4:]
    other = hsm.ask(_asked("M6", "00031003", TAK_2, text))[4:]
    message = text.hex().encode()
    in_block = keys.key_block(K, "M3").encode()
    for tak in (TAK.encode(), in_block):
        assert hsm.ask(b"MA" + tak + message) == b"MB00" + retail
        assert hsm.ask(b"MC" + tak + retail + message) == b"MD00"
        assert hsm.ask(b"MC" + tak + other + message) == b"MD01"
    translation = b"ME" + TAK.encode() + TAK_2.encode()
    assert hsm.ask(translation + retail + message) == b"MF00" + other
    assert hsm.ask(translation + other + message) == b"MF01"
    assert hsm.ask(b"MA" + TAK.encode() + message + b"%00\x19end") == b"MB00" + retail + b"\x19end"
    single = TAK[1:17].encode()  # the left half of a cryptogram is that of some single-length key
    plain = legacy_hsm.ask(b"M600011003" + single + b"001E" + text)[4:]
    assert legacy_hsm.ask(b"MA" + single + message) == b"MB00" + plain
    assert hsm.ask(b"MA" + single + message)[2:] in (b"10", b"27")


def test_short_macs_are_for_the_legacy_profile(hsm: Peer, legacy_hsm: Peer) -> None:
    """Four digits are the least even there."""
    shown = hsm.ask(_asked("M6", "00031003", TAK, MESSAGE))[4:].decode()
    for digits, strict, legacy in ((4, b"15", b"00"), (6, b"15", b"00"), (3, b"15", b"15")):
        request = _asked("M8", "00031003", TAK, MESSAGE, "", shown[:digits])
        assert hsm.ask(request) == b"M9" + strict
        assert legacy_hsm.ask(request) == b"M9" + legacy
    wrong = _asked("M8", "00031003", TAK, MESSAGE, "", shown[4:8])
    assert legacy_hsm.ask(wrong) == b"M901"


HEX = "0008ABCDEF12"
EVEN = under_lmk("003", "0022446688AACCEE1032547698BADCFE")
HMAC_KEYS = [keys.key_block(K, usage, HMAC, lmk="02") for usage in ("M1", "M6")]
BDK = under_lmk("009", K)
KSN = "A05FFFF000001315240003A"
REFUSALS = {
    "unknown mode": (f"M6410110{HEX}", "M702"),
    "unknown form": (f"M603011003{TAK}{HEX}", "M703"),
    "unknown size": (f"M601311003{TAK}{HEX}", "M715"),
    "unknown algorithm": (f"M601021003{TAK}{HEX}", "M704"),
    "unknown padding": (f"M601014003{TAK}{HEX}", "M709"),
    "key of another type": (f"M601011002{TAK}{HEX}", "M705"),
    "32 digits of a TDES key": (f"M601211003{TAK}{HEX}", "M715"),
    "usage of another algorithm": (f"M601011FFF{keys.key_block(K, 'M3')}{HEX}", "M7A6"),
    "key that may only verify": (f"M601011FFF{keys.key_block(K, 'M1', mode='V')}{HEX}", "M7A8"),
    "key that may only make": (
        f"M801011FFF{keys.key_block(K, 'M1', mode='G')}{HEX}12345678", "M9A8",
    ),
    "retail MAC of AES": (f"M601031FFF{keys.aes_block(AES_KEY, 'M3')}{HEX}", "M7A7"),
    "first part of a retail MAC of AES": (
        f"M611031FFF{keys.aes_block(AES_KEY, 'M3')}0020{'00' * 16}", "M7A7",
    ),
    "retail MAC of a triple-length key": (
        f"M601031003{under_lmk('003', K + Z[:16])}{HEX}", "M727",
    ),
    "HMAC key for a CBC-MAC": (f"M601011FFF{HMAC_KEYS[0]}{HEX}", "M7A7"),
    "HMAC key for a CMAC": (f"M601160FFF{HMAC_KEYS[1]}{HEX}", "M7A7"),
    "part of a block in a first part": (f"M611011003{TAK}{HEX}", "M780"),
    "chaining value left out": (f"M621011003{TAK}0010{'00' * 8}", "M780"),
    "length first, in a last part": (f"M631013003{TAK}{'00' * 8}{HEX}", "M709"),
    "nothing in a last part of a CMAC": (f"M631060003{TAK}{'00' * 8}0000", "M780"),
    "odd digits": (f"M601011003{TAK}0007ABCDEF1", "M715"),
    "MAC too long": (f"M801011003{TAK}{HEX}123456789", "M915"),
    "MAC of letters": (f"M801011003{TAK}{HEX}1234567X", "M915"),
    "no MAC": (f"M801011003{TAK}{HEX}", "M915"),
    "translation in another mode": (f"MY01011003{TAK}11011003{TAK}{HEX}12345678", "MZ02"),
    "translation in another form": (f"MY01011003{TAK}00011003{TAK}{HEX}12345678", "MZ03"),
    "translation to a key of even parity": (
        f"MY01011003{TAK}01011003{EVEN}{HEX}12345678", "MZ11",
    ),
    "to another TAK, of even parity": (f"ME{TAK}{EVEN}12345678ABCD", "MF11"),
    "TAK that only makes": (f"MC{keys.key_block(K, 'M3', mode='G')}12345678ABCD", "MDA8"),
    "TAK that only verifies": (f"MA{keys.key_block(K, 'M3', mode='V')}ABCD", "MBA8"),
    "nothing to make a MAC of": (f"MA{TAK}", "MB80"),
    "half a byte": (f"MA{TAK}ABC", "MB80"),
    "AES key for an ANSI MAC": (f"MA{keys.aes_block(AES_KEY, 'M3')}ABCD", "MBA7"),
    "MAC mode of a terminal": (f"GW71{BDK}{KSN}0001A", "GX15"),
    "MAC method of a terminal": (f"GW45{BDK}{KSN}0001A", "GX15"),
    "32 digits of a TDES terminal": (f"GW61{BDK}{KSN}0001A", "GX15"),
    "terminal's message cut short": (f"GW41{BDK}{KSN}0009A", "GX80"),
    "terminal's message without length": (f"GW41{BDK}{KSN}", "GX15"),
    "ZPK for a BDK": (f"GW41{keys.ZPK}{KSN}0001A", "GX10"),
    "BDK that only makes": (
        f"GW11{keys.key_block(K, 'B0', mode='G')}{KSN}{'0' * 16}0001A", "GXA8",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "answer"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_with_its_code(request_: str, answer: str, hsm: Peer) -> None:
    """The connection lives on."""
    assert hsm.ask(request_) == answer.encode()
    assert hsm.ask("B20002OK") == b"B300OK"


@pytest.mark.parametrize(("flag", "key_type"), [("*", "009"), ("~", "609"), ("!", "809")])
def test_terminals_of_every_kind_of_bdk(flag: str, key_type: str, hsm: Peer) -> None:
    """The flag says the kind, as for PIN blocks; without one it is the first."""
    bdk = under_lmk(key_type, K)
    reference = hsm.ask(f"GW41{BDK}{KSN}0005ABCDE")
    assert reference[:4] == b"GX00"
    assert hsm.ask(f"GW41{flag}{bdk}{KSN}0005ABCDE") == reference


def test_terminals_message_counted_in_decimal(hsm: Peer) -> None:
    """One published client does so; the end of the request tells."""
    text = "0123456789ABCDEF%0019"
    assert hsm.ask(f"GW41{BDK}{KSN}0016{text[:16]}%00") == hsm.ask(f"GW41{BDK}{KSN}0010{text[:16]}")
