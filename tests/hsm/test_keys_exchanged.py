"""A6, A8 and BU: keys on their way between devices, in every form they travel in."""
import pytest

from hsm_emulator import key_block, tr31
from hsm_emulator.cryptograms import kcv, under_lmk
from hsm_emulator.key_block import Attributes, BlockKeys
from hsm_emulator.optional_blocks import OptionalBlock
from hsm_emulator.public_lmks import VARIANT_PAIRS, by_identifier
from hsm_emulator.secret_key import AES_, HMAC, TDES, SecretKey
from tests.hsm import keys
from tests.hsm.keys import ZMK, K, Z
from tests.hsm.peer import Peer

AES_128 = "00112233445566778899AABBCCDDEEFF"
AES_256 = AES_128 + "FFEEDDCCBBAA99887766554433221100"
TRIPLE = K + "1F1F1F1F1F1F1F1F"
ZPK, CVK = under_lmk("001", K), under_lmk("402", K)
ZMK_BLOCK = keys.key_block(Z, "K0")
ZMK_UNDER_AES, AES_ZMK = keys.key_block(Z, "K0", lmk="02"), keys.aes_block(AES_256, "K0")
LMKS = by_identifier()
ZMK_KEY, AES_ZMK_KEY = SecretKey(bytes.fromhex(Z)), SecretKey(bytes.fromhex(AES_256), AES_)


def bare(clear_hex: str, tag: str, zmk_hex: str = Z) -> str:
    """Return a key in a variant scheme under a ZMK, computed here apart from the device."""
    clear, zmk = bytes.fromhex(clear_hex), bytes.fromhex(zmk_hex)
    variants = {"U": (0xA6, 0x5A), "T": (0x6A, 0xDE, 0x2B)}.get(tag)
    if variants is None:
        enciphered = SecretKey(zmk).encrypt(clear)
    else:
        enciphered = b"".join(
            SecretKey(zmk[:8] + bytes([zmk[8] ^ variant]) + zmk[9:]).encrypt(
                clear[8 * place : 8 * place + 8]
            )
            for place, variant in enumerate(variants)
        )
    return tag.strip("-") + enciphered.hex().upper()


def thales(attributes: Attributes, clear_hex: str = K, under: SecretKey = ZMK_KEY) -> str:
    """Return a Thales key block under a ZMK."""
    return key_block.wrapped(BlockKeys(under), bytes.fromhex(clear_hex), attributes).decode()


def tr31_block(
    attributes: Attributes, version: str = "B", clear_hex: str = K, under: SecretKey = ZMK_KEY
) -> str:
    """Return a TR-31 key block under a ZMK."""
    return tr31.wrapped(under, bytes.fromhex(clear_hex), attributes, version).decode()


PIN, AES_PIN = Attributes("P0", TDES, "B", "07", "E"), Attributes("P0", AES_, "B")


@pytest.mark.parametrize(
    ("clear", "tag", "kept"), [(K, "X", "U"), (K, "U", "U"), (TRIPLE, "Y", "T"), (TRIPLE, "T", "T")]
)
def test_variant_key_both_ways(clear: str, tag: str, kept: str, hsm: Peer) -> None:
    """Every scheme under the ZMK; the cryptograms are those computed here."""
    zmk_hex = "45454545454545457676767676767676" + "3B3B3B3B3B3B3B3B"
    zmk = under_lmk("000", zmk_hex) if len(clear) == 48 else ZMK
    sent = bare(clear, tag, zmk_hex if len(clear) == 48 else Z)
    cryptogram = under_lmk("402", clear)
    assert hsm.ask(f"A6402{zmk}{sent}{kept}").decode() == f"A700{cryptogram}{kcv(clear)}"
    assert hsm.ask(f"A8402{zmk}{cryptogram}{tag}").decode() == f"A900{sent}{kcv(clear)}"


def test_key_for_a_terminal(hsm: Peer) -> None:
    """Behind `;`: flag 1, under its TMK; 0, under a ZMK as without it."""
    tmk, tpk = under_lmk("002", Z), under_lmk("002", K)
    assert hsm.ask(f"A8002;1{tmk}{tpk}X").decode() == f"A900{bare(K, 'X')}{kcv(K)}"
    assert hsm.ask(f"A8002;0{ZMK}{tpk}X").decode() == f"A900{bare(K, 'X')}{kcv(K)}"
    assert hsm.ask(f"A8002;1{ZMK}{tpk}X") == b"A910"
    assert hsm.ask(f"A8002;2{ZMK}{tpk}X") == b"A915"


def test_keys_of_old_estates(legacy_hsm: Peer) -> None:
    """Untagged and of single length, under a ZMK of single length, of any parity."""
    zmk = under_single("000", Z[:16])
    clear = "0022446688AACCEE"
    sent, kept = bare(clear, "-", Z[:16]), under_single("001", clear)
    assert legacy_hsm.ask(f"A6001{zmk}{sent}Z").decode() == f"A700{kept}{kcv(clear)}"
    for scheme in "Z0":
        assert legacy_hsm.ask(f"A8001{zmk}{kept}{scheme}").decode() == f"A900{sent}{kcv(clear)}"


def under_single(key_type: str, clear_hex: str) -> str:
    """Return a single-length key under the variant LMK."""
    key = SecretKey(bytes.fromhex(clear_hex))
    return LMKS[b"00"].wrapped(key, key_type.encode(), b"Z", None).decode()


@pytest.mark.parametrize("variant", [1, 2, 3, 4, 31])
def test_atalla_variant(variant: int, hsm: Peer) -> None:
    """The ZMK's parts differ in their first byte by eight times the variant."""
    changed = bytes.fromhex(Z)
    changed = b"".join(
        bytes([changed[at] ^ 8 * variant]) + changed[at + 1 : at + 8] for at in (0, 8)
    )
    sent = bare(K, "X", changed.hex())
    assert hsm.ask(f"A6001{ZMK}{sent}U{variant}").decode() == f"A700{ZPK}{kcv(K)}"
    assert hsm.ask(f"A8001{ZMK}{ZPK}X{variant:02d}").decode() == f"A900{sent}{kcv(K)}"


def test_parity_of_a_key_that_comes(hsm: Peer, legacy_hsm: Peer) -> None:
    """Strict: made odd, with the warning 01. Legacy: as it stands."""
    even = "0022446688AACCEE" + Z[16:]
    sent = bare(even, "X")
    adjusted = keys.odd(even)
    assert hsm.ask(f"A6001{ZMK}{sent}U").decode() == (
        f"A701{under_lmk('001', adjusted)}{kcv(adjusted)}"
    )
    assert legacy_hsm.ask(f"A6001{ZMK}{sent}U").decode() == (
        f"A700{under_lmk('001', even)}{kcv(even)}"
    )


@pytest.mark.parametrize("exportability", ["E", "S", "N"])
def test_thales_block_keeps_what_it_says(exportability: str, hsm: Peer) -> None:
    """Attributes and optional blocks go in and out; N stays."""
    said = Attributes("72", TDES, "E", "1A", exportability, "FF", (OptionalBlock("05", "SITE 4"),))
    answer = hsm.ask(f"A6FFF{ZMK_BLOCK}{thales(said)}S").decode()
    key, kept = LMKS[b"01"].opened(answer[4:-6].encode(), b"FFF", b"10")
    assert (key.clear.hex().upper(), kept) == (K, said.under("01"))
    sent = hsm.ask(f"A8FFF{ZMK_BLOCK}{answer[4:-6]}S").decode()
    if exportability == "N":
        assert sent == "A9AA"
    else:
        found = key_block.unwrapped(BlockKeys(ZMK_KEY), sent[4:-6].encode())
        assert found == (bytes.fromhex(K), said)


@pytest.mark.parametrize(
    ("clear", "algorithm", "zmk", "under", "version"),
    [
        (K, TDES, ZMK_BLOCK, ZMK_KEY, "A"),
        (K, TDES, ZMK_BLOCK, ZMK_KEY, "B"),
        (K, TDES, ZMK_UNDER_AES, ZMK_KEY, "C"),
        (TRIPLE, TDES, AES_ZMK, AES_ZMK_KEY, "D"),
        (TRIPLE, TDES, keys.aes_block(AES_128, "K0"), SecretKey(bytes.fromhex(AES_128), AES_), "D"),
        (AES_128, AES_, AES_ZMK, AES_ZMK_KEY, "D"),
        (AES_256, AES_, AES_ZMK, AES_ZMK_KEY, "D"),
        (AES_128 + "AABBCC", HMAC, AES_ZMK, AES_ZMK_KEY, "D"),
    ],
)
def test_tr31_block_in_and_out(
    clear: str, algorithm: str, zmk: str, under: SecretKey, version: str, hsm: Peer
) -> None:
    """Under either LMK; its optional blocks are proved but not kept, A6 states new ones."""
    usage = "M7" if algorithm == HMAC else "P0"
    optional = (OptionalBlock("KS", "00604B120F9292800000"), OptionalBlock("TS", "2026-01-01"))
    said = Attributes(usage, algorithm, "C", "12", "E", "00", optional)
    sent = tr31_block(said, version, clear, under)
    answer = hsm.ask(f"A6FFF{zmk}{sent}S&{usage}01" + "0507TIL").decode()
    assert answer[:4] == "A700"
    key, kept = LMKS[answer[19:21].encode()].opened(answer[4:-6].encode(), b"FFF", b"10")
    assert key.clear.hex().upper() == clear
    assert kept == Attributes(
        usage, algorithm, "C", "12", "E", answer[19:21], (OptionalBlock("05", "TIL"),)
    )
    again = hsm.ask(f"A8FFF{zmk}{answer[4:-6]}R&N!{version}").decode()
    assert tr31.unwrapped(under, again[4:-6].encode()) == (
        bytes.fromhex(clear), Attributes(usage, algorithm, "C", "12", "N", "00")
    )  # fmt: skip


CMAC_OF_K = SecretKey(bytes.fromhex(K)).cmac(bytes(8)).hex().upper()
CMAC_OF_Z = SecretKey(bytes.fromhex(Z)).cmac(bytes(8)).hex().upper()


@pytest.mark.parametrize(
    ("identifier", "text", "code"),
    [
        ("KC", "00" + kcv(K), "00"),
        ("KC", "01" + CMAC_OF_K[:10], "00"),
        ("KP", "00" + kcv(Z), "00"),
        ("KP", "01" + CMAC_OF_Z[:6].lower(), "00"),
        ("KC", "00" + kcv(Z), "84"),
        ("KP", "01" + CMAC_OF_K[:10], "84"),
        ("KC", "00", "84"),
        ("KC", "0008D", "84"),
        ("KC", "99" + kcv(Z), "00"),  # by a method that nobody has told
    ],
)
def test_check_values_in_a_header(identifier: str, text: str, code: str, hsm: Peer) -> None:
    """KC must be of the key, KP of the ZMK; otherwise its sender made a mistake."""
    said = Attributes("P0", TDES, "B", "00", "E", "00", (OptionalBlock(identifier, text),))
    assert hsm.ask(f"A6FFF{ZMK_BLOCK}{tr31_block(said)}S")[2:4] == code.encode()


@pytest.mark.parametrize("told", ["cipher", "cmac"])
def test_check_value_of_an_aes_key_in_a_header(told: str, hsm: Peer) -> None:
    """Either method is meant by 00."""
    key = SecretKey(bytes.fromhex(AES_128), AES_)
    value = (key.encrypt if told == "cipher" else key.cmac)(bytes(16)).hex().upper()[:6]
    blocks = (OptionalBlock("KC", "00" + value), OptionalBlock("HM", "21"))
    said = Attributes("P0", AES_, "B", "00", "E", "00", blocks)
    sent = tr31_block(said, "D", AES_128, AES_ZMK_KEY)
    assert hsm.ask(f"A6FFF{AES_ZMK}{sent}S")[:4] == b"A700"


@pytest.mark.parametrize(("clear", "shorter"), [(K, TRIPLE), (AES_128, AES_256)])
def test_length_of_a_key_does_not_show(clear: str, shorter: str) -> None:
    """A block of a longer key is as long as one of a shorter."""
    algorithm, under = (TDES, ZMK_KEY) if clear == K else (AES_, AES_ZMK_KEY)
    said = Attributes("P0", algorithm, "B")
    version = tr31.default_version(under)
    lengths = {len(tr31_block(said, version, each, under)) for each in (clear, shorter)}
    assert len(lengths) == 1


@pytest.mark.parametrize(
    ("usage", "wanted", "code"),
    [("P0", "72", "00"), ("P0", "71", "00"), ("K0", "52", "00"), ("P0", "D0", "A6"),
     ("D0", "72", "A6"), ("P0", "99", "A6"), ("B0", "43", "00"), ("C0", "13", "00")],
)  # fmt: skip
def test_usage_may_be_told_finer(usage: str, wanted: str, code: str, hsm: Peer) -> None:
    """By the device's own names for the same purpose, and by no others; back to the standard's."""
    sent = tr31_block(Attributes(usage, TDES, "B", "00", "E"))
    answer = hsm.ask(f"A6FFF{ZMK_BLOCK}{sent}S&{wanted}").decode()
    assert answer[:4] == "A7" + code
    if code == "00":
        assert answer[10:12] == wanted
        back = hsm.ask(f"A8FFF{ZMK_BLOCK}{answer[4:-6]}R").decode()
        assert back[:11] == f"A900RB0096{usage}"[:11]


@pytest.mark.parametrize(
    ("key_type", "usage", "code"),
    [("001", "P0", "00"), ("009", "B0", "00"), ("402", "C0", "00"), ("003", "M1", "00"),
     ("002", "V2", "00"), ("00B", "P0", "A6"), ("001", "D0", "A6"), ("003", "P0", "A6"),
     ("0FF", "P0", "28"), ("FFF", "P0", "00"), ("FFF", "Q9", "A6")],
)  # fmt: skip
def test_tr31_block_under_a_variant_lmk(
    key_type: str, usage: str, code: str, hsm: Peer
) -> None:
    """The key type must be what the block says, so a ZPK cannot come back as a data key."""
    sent = tr31_block(Attributes(usage, TDES, "N", "00", "E"))
    answer = hsm.ask(f"A6{key_type}{ZMK}{sent}U").decode()
    assert answer[:4] == "A7" + code
    if code == "00":
        assert answer == f"A700{under_lmk({'FFF': '001'}.get(key_type, key_type), K)}{kcv(K)}"


def test_variant_key_in_a_tr31_block(hsm: Peer) -> None:
    """A8 makes the header: the type's usual one, or what the request says if it fits."""
    usual = hsm.ask(f"A8001{ZMK}{ZPK}R").decode()
    assert usual[4:21] == "RB0096P0TB00E0000"
    assert hsm.ask(f"A8001{ZMK}{ZPK}R#P0E05N00")[10:21] == b"P0TE05N0000"
    said = hsm.ask(f"A8002{ZMK}{under_lmk('002', K)}R&V2G12S01" + "TS08NOON!A").decode()
    clear, found = tr31.unwrapped(ZMK_KEY, said[4:-6].encode())
    assert said[5] == "A"
    assert clear.hex().upper() == K
    assert found == Attributes("V2", TDES, "G", "12", "S", "00", (OptionalBlock("TS", "NOON"),))


def test_any_type_leaves_where_old_estates_let_it(legacy_hsm: Peer) -> None:
    """Rule `free_export`: data keys too."""
    assert legacy_hsm.ask(f"A800B{ZMK}{keys.DEK}X").decode() == f"A900{bare(K, 'X')}{kcv(K)}"


def test_bare_keys_and_key_block_lmks(hsm: Peer, legacy_hsm: Peer) -> None:
    """Only where the rules let them: in with attributes, out when they are of exportability S."""
    request = f"A6FFF{ZMK_BLOCK}{bare(K, 'X')}S#P0E03S00"
    assert hsm.ask(request) == b"A728"
    answer = legacy_hsm.ask(request).decode()
    assert answer[10:17] == "P0TE03S"
    assert legacy_hsm.ask(f"A8FFF{ZMK_BLOCK}{answer[4:-6]}X").decode() == (
        f"A900{bare(K, 'X')}{kcv(K)}"
    )
    assert hsm.ask(f"A8FFF{ZMK_BLOCK}{answer[4:-6]}X") == b"A926"
    exportable = keys.key_block(K, "P0", exportability="E")
    assert legacy_hsm.ask(f"A8FFF{ZMK_BLOCK}{exportable}X") == b"A9AA"


BLOCK = keys.key_block(K, "P0")
SHORT_ZMK = keys.aes_block(AES_128, "K0")
REFUSED = {
    "data key as ZMK": (f"A6FFF{keys.key_block(Z, 'D0')}{thales(PIN)}S", "A7A6"),
    "ZMK that may only encipher": (
        f"A6FFF{keys.key_block(Z, 'K0', mode='E')}{thales(PIN)}S", "A7A8",
    ),
    "ZMK that may only decipher": (
        f"A8FFF{keys.key_block(Z, 'K0', mode='D')}{keys.key_block(K, 'P0')}S", "A9A8",
    ),
    "block under another ZMK": (
        f"A6FFF{keys.key_block(K, 'K0')}{thales(PIN)}S", "A7A4",
    ),
    "TR-31 under another ZMK": (f"A6FFF{keys.key_block(K, 'K0')}{tr31_block(PIN)}S", "A7A4"),
    "TR-31 of a version that is none": (
        f"A6FFF{ZMK_BLOCK}{tr31_block(PIN).replace('RB', 'RF', 1)}S", "A7A9",
    ),
    "TR-31 version D under TDES": (
        f"A6FFF{ZMK_BLOCK}{tr31_block(PIN, 'D', under=AES_ZMK_KEY)}S", "A7A9",
    ),
    "triple under double": (f"A8001{ZMK}{under_lmk('001', TRIPLE)}Y", "A927"),
    "triple under double in a block": (
        f"A6FFF{ZMK_BLOCK}{thales(PIN, TRIPLE)}S", "A727",
    ),
    "AES-256 under AES-128": (f"A8FFF{SHORT_ZMK}{keys.aes_block(AES_256, 'P0')}R", "A927"),
    "AES under TDES": (f"A8FFF{ZMK_UNDER_AES}{keys.aes_block(AES_128, 'P0')}R", "A9A7"),
    "HMAC under TDES": (
        f"A6FFF{ZMK_UNDER_AES}{tr31_block(Attributes('M7', HMAC, 'C'), 'B', AES_128)}S", "A7A7",
    ),
    "AES key into the TDES LMK": (
        f"A6FFF{ZMK_BLOCK}{tr31_block(AES_PIN, 'B', AES_128)}S", "A7A7",
    ),
    "asymmetric key": (f"A6FFF{ZMK_BLOCK}{tr31_block(Attributes('K0', 'R', 'B'))}S", "A7A7"),
    "key of a length that is none": (
        f"A6FFF{AES_ZMK}{tr31_block(AES_PIN, 'D', AES_128 + '00', AES_ZMK_KEY)}S", "A727",
    ),
    "never to leave, into a variant LMK": (
        f"A6001{ZMK}{tr31_block(Attributes('P0', TDES, 'B', '00', 'N'))}U", "A7AA",
    ),
    "weak key": (f"A6001{ZMK}{bare('01' * 16, 'X')}U", "A775"),
    "single-length key": (f"A6001{ZMK}{bare(K[:16], '-')}U", "A727"),
    "key of zeros": (f"A6001{ZMK}{bare('00' * 16, 'X')}U", "A711"),
    "blanks for a key": (f"A6001{ZMK}X{' ' * 32}U", "A715"),
    "U for a triple-length key": (
        f"A6001{under_lmk('000', TRIPLE)}{bare(TRIPLE, 'Y', TRIPLE)}U", "A727",
    ),
    "attributes for a Thales block": (f"A6FFF{ZMK_BLOCK}{thales(PIN)}S#P0B00E00", "A715"),
    "new usage for a Thales block": (f"A6FFF{ZMK_BLOCK}{thales(PIN)}S&72", "A715"),
    "attributes for a variant key": (f"A6001{ZMK}{bare(K, 'X')}U#P0B00E00", "A715"),
    "key type for a key block": (f"A6001{ZMK_BLOCK}{bare(K, 'X')}S", "A728"),
    "key block's type for a variant key": (f"A6FFF{ZMK}{bare(K, 'X')}U", "A728"),
    "attributes for a key that has them": (f"A8FFF{ZMK_BLOCK}{BLOCK}S#P0B00E00", "A915"),
    "half a usage": (f"A6FFF{ZMK_BLOCK}{tr31_block(PIN)}S&7", "A715"),
    "older command: data key": (
        f"FA{ZMK_BLOCK}{thales(Attributes('D0', TDES, 'B'))};SS1", "FBA6",
    ),
    "older command: bare key under a key block": (f"FA{ZMK_BLOCK}{bare(K, 'X')};SS1", "FB28"),
    "older command: key block under a variant": (f"FA{ZMK}{thales(PIN)};XU1%00", "FB28"),
    "older command: scheme that is none": (f"IA{ZMK};QU1", "IB26"),
    "older command: single length": (f"IA{ZMK};ZZ1", "IB27"),
    "check value of a key block as of a type": (f"BUFFF{BLOCK};001;001%01", "BV28"),
    "older command: kind of check value": (f"IA{ZMK};XU2", "IB82"),
    "Atalla variant of a block": (f"A6FFF{ZMK_BLOCK}{thales(PIN)}S1", "A726"),
    "Atalla variant that is none": (f"A8001{ZMK}{ZPK}X32", "A915"),
    "Thales block from a variant LMK": (f"A8001{ZMK}{ZPK}S", "A926"),
    "usage that is not the type's": (f"A8001{ZMK}{ZPK}R&D0B00E00", "A9A6"),
    "attributes cut short": (f"A8001{ZMK}{ZPK}R&P0B", "A915"),
    "attributes for a bare key": (f"A8001{ZMK}{ZPK}X&P0B00E00", "A915"),
    "version for a bare key": (f"A8001{ZMK}{ZPK}X!B", "A926"),
    "TR-31 version under the wrong kind": (f"A8001{ZMK}{ZPK}R!D", "A9A9"),
    "version that is none": (f"A8001{ZMK}{ZPK}R!Z", "A9A9"),
    "key type without a usage": (f"A80FF{ZMK}{ZPK}R", "A928"),
    "scheme that is none": (f"A8001{ZMK}{ZPK}Q", "A926"),
    "modifier that is none": (f"A8FFF{ZMK_BLOCK}{keys.key_block(K, 'P0')}S&Q", "A9AA"),
    "ZMK sent": (f"A8000{ZMK}{ZMK}X", "A929"),
    "data key sent": (f"A800B{ZMK}{keys.DEK}R", "A929"),
    "ZMK sent as a ZPK": (f"A8001{ZMK}{ZMK}X", "A911"),
    "ZPK as ZMK": (f"A8001{ZPK}{ZPK}X", "A910"),
    "two-digit type code": (f"BUF01{ZPK};001", "BV04"),
    "no type after FF": (f"BUFF1{ZPK}", "BV04"),
    "length flag of another length": (f"BUFF1{under_lmk('001', TRIPLE)};001;001", "BV05"),
    "kind of check value": (f"BU011{ZPK};002", "BV15"),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "answer"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(request_: str, answer: str, hsm: Peer) -> None:
    """With the device's code; the connection lives on."""
    assert hsm.ask(request_) == answer.encode()
    assert hsm.ask("B20002OK") == b"B300OK"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (f"BU011{ZPK};001", kcv(K)),
        (f"BUFF1{ZPK};001;001", kcv(K)),
        (f"BU01F{ZPK};001", kcv(K)),
        (f"BUff1{ZPK};001;001", kcv(K)),
        (f"BUFFF{BLOCK};FFF;001", kcv(K)),
        (f"BU011{ZPK};001%00", kcv(K)),
        (f"BU011{ZPK};001%00\x19later", kcv(K) + "\x19later"),
    ],
)
def test_check_value_asked_for_in_every_form(request_: str, answer: str, hsm: Peer) -> None:
    """A two-digit code or FF and a type, the options behind either, LMK and trailer behind all."""
    assert hsm.ask(request_) == b"BV00" + answer.encode()


def test_check_value_by_length(hsm: Peer, legacy_hsm: Peer) -> None:
    """Without a tag the flag says how many digits a key has."""
    single = under_single("001", K[:16])
    assert legacy_hsm.ask(f"BU010{single};001") == b"BV00" + kcv(K[:16]).encode()
    double = LMKS[b"00"].wrapped(SecretKey(bytes.fromhex(K[:16])), b"001", b"Z", None).decode()
    assert legacy_hsm.ask(f"BU421{double * 2};001")[:4] == b"BV00"
    assert hsm.ask(f"BU010{single};001") == b"BV27"
    assert hsm.ask(f"BU421{CVK};001") == b"BV00" + kcv(K).encode()
    assert hsm.ask(f"BU421{CVK};000") == b"BV00" + SecretKey(
        bytes.fromhex(K)
    ).check_value().hex().upper().encode()  # fmt: skip


def test_variant_scheme_needs_a_right_half(legacy_hsm: Peer) -> None:
    """Schemes U and T change that of the ZMK, which one of single length does not have."""
    zmk = SecretKey(VARIANT_PAIRS[2]).encrypt(bytes.fromhex(K[:16])).hex().upper()
    for tagged in (f"U{Z}", f"T{Z}{Z[:16]}"):
        assert legacy_hsm.ask(f"FA{zmk}{tagged}") == b"FB26"
        assert legacy_hsm.ask(f"A6001{zmk}{tagged}U") == b"A726"
    assert legacy_hsm.ask(f"A8001{zmk}{ZPK}U") == b"A926"
    assert legacy_hsm.ask(f"A8001{zmk}{ZPK}X")[:5] == b"A900X"
