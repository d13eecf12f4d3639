"""Key blocks that are no key blocks: what must be noticed before, at and after the MAC."""
from collections.abc import Callable

import pytest

from hsm_emulator import key_block, optional_blocks, tr31
from hsm_emulator.errors import Refused
from hsm_emulator.key_block import Attributes, BlockKeys
from hsm_emulator.key_under_zmk import Transport, key_from_zmk, key_to_zmk
from hsm_emulator.optional_blocks import OptionalBlock
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.secret_key import AES_, HMAC, TDES, SecretKey, key_of
from tests.hsm.keys import K, Z
from tests.hsm.keys import key_block as key_block_of
from tests.hsm.peer import Peer

AES_128 = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
TDES_KEY, AES_KEY = SecretKey(bytes.fromhex(Z)), SecretKey(AES_128, AES_)
CLEAR = bytes.fromhex(K)
SAID = Attributes("P0", TDES, "B", "00", "E", "00")
UNDER_TDES, UNDER_AES = BlockKeys(TDES_KEY), BlockKeys(AES_KEY)
VERSIONS = ("0", "1", "A", "B", "C", "D")


def made(version: str, attributes: Attributes = SAID) -> bytes:
    """Return a block of any of the six versions."""
    if version in "01":
        keys = UNDER_TDES if version == "0" else UNDER_AES
        return key_block.wrapped(keys, CLEAR, attributes)
    return tr31.wrapped(AES_KEY if version == "D" else TDES_KEY, CLEAR, attributes, version)


def opened(version: str, block: bytes) -> tuple[bytes, Attributes]:
    """Open a block as what `version` is."""
    if version in "01":
        return key_block.unwrapped(UNDER_TDES if version == "0" else UNDER_AES, block)
    return tr31.unwrapped(AES_KEY if version == "D" else TDES_KEY, block)


def of_length(block: bytes) -> bytes:
    """Return the block with the length that it has."""
    return block[:2] + f"{len(block) - 1:04d}".encode() + block[6:]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_place_is_guarded(version: str) -> None:
    """Whatever one character of a block becomes, it does not open as something else."""
    optional = (OptionalBlock("KS", "00604B120F9292800000"), OptionalBlock("TS", "NOON"))
    block = made(version, Attributes("P0", TDES, "B", "00", "E", "00", optional))
    assert opened(version, block)[0] == CLEAR
    for place in range(1, len(block)):
        for other in (b"0", b"7", b"A", b"\x00", b"\xff"):
            if block[place : place + 1] == other:
                continue
            with pytest.raises(Refused):
                opened(version, block[:place] + other + block[place + 1 :])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("altered", "codes"),
    [
        (lambda block: block[:10], "A5"),
        (lambda block: of_length(block[:17]), "A5"),
        (lambda block: of_length(block[:17] + b"00"), "A5"),
        (lambda block: of_length(block + b"00"), "A5"),
        (lambda block: of_length(block[:-2]), "A5"),
        (lambda block: of_length(block + b"00" * 16), "A4"),
        (lambda block: of_length(block + b"0"), "15"),
        (lambda block: of_length(block[:13] + b"0X" + block[15:]), "AB"),
        (lambda block: of_length(block[:-2] + b"\xff\xff"), "A5"),
        (lambda block: b"S" + b"7" + block[2:], "A9"),
        (lambda block: block[:8] + b"A" + block[9:], "A4"),  # what it says is bound to the key
    ],
)
def test_what_is_wrong_has_its_code(
    version: str, altered: Callable[[bytes], bytes], codes: str
) -> None:
    """Lengths and structure before the MAC, all else after it."""
    with pytest.raises(Refused, match=codes):
        opened(version, altered(made(version)))


@pytest.mark.parametrize(
    ("version", "attributes", "code"),
    [
        (version, attributes, code)
        for version in VERSIONS
        for attributes, code in (
            (Attributes("P_", TDES, "B"), "A6"),
            (Attributes("P0", TDES, "B", "+1"), "A6"),
            (Attributes("P0", "X", "B"), "A7"),
            (Attributes("P0", TDES, "Z"), "A8"),
            (Attributes("P0", TDES, "B", "00", "Z"), "AA"),
        )
    ],
)
def test_header_that_is_authentic_but_means_nothing(
    version: str, attributes: Attributes, code: str
) -> None:
    """Made by somebody careless who holds the key."""
    with pytest.raises(Refused, match=code):
        opened(version, made(version, attributes))


@pytest.mark.parametrize("bits", [0, 7, 129, 65528])
@pytest.mark.parametrize("version", ["B", "D"])
def test_length_within_a_tr31_block(
    version: str, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A length that no key of this block can have."""
    content = bits.to_bytes(2) + CLEAR + bytes(14)
    monkeypatch.setattr(tr31, "content_of", lambda *_: content)
    with pytest.raises(Refused, match="A5"):
        opened(version, made(version))


def test_version_needs_its_kind_of_key() -> None:
    """TDES for A to C and 0, AES for D and 1; two parts at least for B."""
    for version, wrong in (("A", AES_KEY), ("B", AES_KEY), ("C", AES_KEY), ("D", TDES_KEY)):
        with pytest.raises(Refused, match="A9"):
            tr31.wrapped(wrong, CLEAR, SAID, version)
        with pytest.raises(Refused, match="A9"):
            tr31.unwrapped(wrong, made(version))
    with pytest.raises(Refused, match="A9"):
        tr31.unwrapped(TDES_KEY, made("0"))
    for keys, version in ((UNDER_AES, "0"), (UNDER_TDES, "1")):
        with pytest.raises(Refused, match="A1"):
            key_block.unwrapped(keys, made(version))
    single = SecretKey(CLEAR[:8])
    assert tr31.unwrapped(single, tr31.wrapped(single, CLEAR, SAID, "C"))[0] == CLEAR
    with pytest.raises(Refused, match="27"):
        tr31.wrapped(single, CLEAR, SAID, "B")


@pytest.mark.parametrize("multiple", [8, 16])
@pytest.mark.parametrize("length", [*range(30), 250, 251, 252, 300, 4000])
def test_optional_blocks_come_back(multiple: int, length: int) -> None:
    """Of any length, padded to whole cipher blocks."""
    blocks = (OptionalBlock("KS", "X" * length), OptionalBlock("05", "TEXT"))
    count, text = optional_blocks.written(blocks, multiple)
    assert len(text) % multiple == 0
    assert optional_blocks.read(text, count, 0) == (blocks, len(text))


def test_no_more_than_99_optional_blocks() -> None:
    """The header has two digits for their number; the padding block counts."""
    identifiers = [f"{number:02d}" for number in range(100)]
    whole = [OptionalBlock(identifier, "FOUR") for identifier in identifiers]
    assert optional_blocks.written(whole[:99], 8)[0] == 99
    for blocks in (whole, [*whole[:98], OptionalBlock("99", "X"), OptionalBlock("ZZ", "")]):
        with pytest.raises(Refused, match="AB"):
            optional_blocks.written(blocks, 8)


def test_block_has_four_digits_for_its_length() -> None:
    """9,999 characters and no more."""
    long = OptionalBlock("05", "X" * 9950)
    with pytest.raises(Refused, match="A5"):
        made("B", Attributes("P0", TDES, "B", optional=(long,)))


@pytest.mark.parametrize(
    "text", ["KS05\x07", "KS03", "KS06X", "KS000109", "KS0000", "KS0003000009X", "KS00020003"]
)
def test_optional_block_that_is_none(text: str) -> None:
    """Unprintable, shorter than its head, longer than what is there."""
    with pytest.raises(Refused, match="AB"):
        optional_blocks.read(text, 1, 0)


@pytest.mark.parametrize("version", ["0", "A", "C", "1"])
def test_header_of_no_whole_cipher_blocks(version: str) -> None:
    """Optional blocks without padding: nothing to compute a MAC over."""
    block = made(version)
    odd = of_length(block[:13] + b"01" + block[15:17] + b"KS05X" + block[17:])
    with pytest.raises(Refused, match="AB"):
        opened(version, odd)


@pytest.mark.parametrize("scheme", [b"X", b"U", b"T"])
def test_bare_keys_are_tdes_under_tdes(scheme: bytes) -> None:
    """In neither direction does AES know variant schemes."""
    for key, under in ((AES_KEY, TDES_KEY), (TDES_KEY, AES_KEY)):
        with pytest.raises(Refused, match=r"26|A7"):
            key_to_zmk(key, Transport(under), scheme, None)
    with pytest.raises(Refused, match="26"):
        key_from_zmk(scheme + b"0" * (48 if scheme == b"T" else 32), Transport(AES_KEY))


def test_version_of_a_thales_block_is_its_zmks() -> None:
    """`!` cannot ask for another."""
    key = SecretKey(CLEAR)
    assert key_to_zmk(key, Transport(TDES_KEY, version="0"), b"S", SAID)[:2] == b"S0"
    with pytest.raises(Refused, match="A9"):
        key_to_zmk(key, Transport(TDES_KEY, version="1"), b"S", SAID)


def test_hmac_key_is_no_cipher_key() -> None:
    """It travels and has a check value; nothing can be enciphered under it."""
    key = SecretKey(CLEAR + b"any length", HMAC)
    assert len(key.check_value()) == 16
    assert key.check_value() != SecretKey(CLEAR, HMAC).check_value()
    blocks = bytes(16)
    for compute in ("encrypt", "decrypt", "cmac"):
        with pytest.raises(Refused, match="A7"):
            getattr(key, compute)(blocks)
    for compute in ("encrypt_cbc", "decrypt_cbc"):
        with pytest.raises(Refused, match="A7"):
            getattr(key, compute)(blocks, blocks)


@pytest.mark.parametrize("length", [16, 32, 40])
def test_hmac_key_is_no_key_for_keys(length: int, hsm: Peer) -> None:
    """Whatever its block says that it is for."""
    zmk = by_identifier()[b"02"].wrapped(
        SecretKey((CLEAR * 3)[:length], HMAC), b"FFF", b"S", Attributes("K0", HMAC, "N", "00", "E")
    ).decode()
    key = key_block_of(K, "P0", lmk="02")
    for request in (f"A8FFF{zmk}{key}S", f"A8FFF{zmk}{key}R", f"IA{zmk};SS0", f"HC{zmk};SS0"):
        assert hsm.ask(request)[2:] == b"A7"


@pytest.mark.parametrize("length", [0, 4, 15, 17, 25, 32])
def test_lmks_know_the_lengths_of_keys(length: int) -> None:
    """Whoever asks: nothing of another length is opened, nothing kept outside of its kind."""
    lmks = by_identifier()
    with pytest.raises(Refused, match="15"):
        lmks[b"00"].opened(b"00" * length, b"001", b"10")
    with pytest.raises(Refused, match="27"):
        key_of(bytes(length), TDES)
    for identifier in (b"01", b"02"):
        with pytest.raises(Refused, match="28"):
            lmks[identifier].wrapped(TDES_KEY, b"001", b"S", SAID)
        with pytest.raises(Refused, match="28"):
            lmks[identifier].wrapped(TDES_KEY, b"FFF", b"S", None)
