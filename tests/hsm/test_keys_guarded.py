"""What must be authorised, when a key's time is over, and what a chain of commands may do."""
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hsm_emulator.cryptograms import kcv, under_lmk
from hsm_emulator.device import Device
from hsm_emulator.key_block import Attributes
from hsm_emulator.key_block_lmk import KeyBlockLmk
from hsm_emulator.optional_blocks import OptionalBlock
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import LEGACY
from hsm_emulator.secret_key import SecretKey
from tests.hsm import keys
from tests.hsm.keys import ACCOUNT, TPK, ZMK, ZPK, K, Z
from tests.hsm.peer import Peer, device, vectors

ZMK_BLOCK, ZPK_BLOCK = keys.key_block(Z, "K0"), keys.key_block(K, "P0")
BDK = under_lmk("009", K)
BARE = "X" + SecretKey(bytes.fromhex(Z)).encrypt(bytes.fromhex(K)).hex().upper()
R_ZMK = "RB0024K0TB00E0000"  # the header decides; the rest is never looked at


@pytest.fixture(scope="module")
def unmanned_port() -> Iterator[int]:
    with device() as port:
        yield port


@pytest.fixture
def unmanned(unmanned_port: int) -> Iterator[Peer]:
    """A strict device with nothing authorised."""
    peer = Peer(unmanned_port)
    yield peer
    peer.close()


GUARDED = {
    "ZPK sent": (f"A8001{ZMK}{ZPK}X", "export.001"),
    "TPK sent under a TMK": (f"A8002;1{TPK}{TPK}X", "export.002"),
    "ZPK sent in a block": (f"A8001{ZMK}{ZPK}R", "export.001"),
    "ZPK sent by the older command": (f"GC{ZMK}{ZPK}", "export.001"),
    "ZPK made and sent": (f"IA{ZMK}", "export.001"),
    "TPK made and sent under a ZMK": (f"A01002U;0{ZMK}X", "export.002"),
    "ZPK made and sent under a TMK": (f"A01001U;1{TPK}X", "export.001"),
    "initial key sent": (f"A0B302U01{BDK}FFFF9876543210E;0{ZMK}X", "export.302"),
    "ZMK taken in": (f"A6000{ZMK}{BARE}U", "import.000"),
    "ZMK taken in from a block": (f"A6FFF{ZMK}{R_ZMK}01234567U", "import.000"),
    "data key taken in bare": (f"A600B{ZMK}{BARE}U", "import.00B"),
    "terminal's data key taken in bare": (f"A630B{ZMK}{BARE}U", "import.30B"),
    "zone's data key taken in": (f"A600A{ZMK}{BARE}U", "import.00A"),
    "bare key into a key block LMK": (f"A6FFF{ZMK_BLOCK}{BARE}S#P0B00E00", "import.FFF"),
    "bare key out of a key block LMK": (f"A8FFF{ZMK_BLOCK}{ZPK_BLOCK}X", "export.FFF"),
    "bare key out of a key block LMK by the older command": (
        f"GC{ZMK_BLOCK}{ZPK_BLOCK};XS1", "export.FFF",
    ),
    "key formed of components": (
        f"A42001U{under_lmk('001', K)}{under_lmk('001', Z)}", "component.001",
    ),
    "long check value": (f"BU011{ZPK}", "generate.01"),
    "long check value, asked for": (f"BUFF1{ZPK};001;000", "generate.001"),
}  # fmt: skip
FREE = {
    "ZPK taken in": f"A6001{ZMK}{BARE}U",
    "key block sent": f"A8FFF{ZMK_BLOCK}{ZPK_BLOCK}S",
    "TR-31 block sent": f"A8FFF{ZMK_BLOCK}{ZPK_BLOCK}R",
    "key block made and sent": f"A01FFFS0{ZMK_BLOCK}R%01#P0T2B00E00",
    "ZPK made and sent in a block": f"IA{ZMK_BLOCK}",
    "ZPK sent in a block": f"GC{ZMK_BLOCK}{ZPK_BLOCK}",
    "key made": "A00000U",
    "TPK made for a terminal": f"A01002U;1{TPK}X",
    "TPK made by the older command": f"HC{TPK}",
    "short check value": f"BU011{ZPK};001",
}


@pytest.mark.parametrize(("request_", "activity"), GUARDED.values(), ids=GUARDED.keys())
def test_activity_must_be_authorised(request_: str, activity: str, unmanned: Peer) -> None:
    """17 from a strict device; done when that one activity is authorised, and by the profile."""
    assert unmanned.ask(request_)[2:] == b"17"
    made = Device(by_identifier())
    made.authorisations.authorise(activity, ("amina", "brahim"), 60)
    assert made.answer(b"0042" + request_.encode())[6:] != b"17"
    legacy = Device(by_identifier(LEGACY))
    assert legacy.answer(b"0042" + request_.encode())[6:] != b"17"


@pytest.mark.parametrize("request_", FREE.values(), ids=FREE.keys())
def test_what_a_switch_does_every_day_is_free(request_: str, unmanned: Peer) -> None:
    """No operator is needed for it."""
    assert unmanned.ask(request_)[2:4] == b"00"


def test_zpk_cannot_become_a_data_key(unmanned: Peer, hsm: Peer) -> None:
    """The way that opens PIN blocks: out as a ZPK, in as a data key, M2. Closed at both ends."""
    assert unmanned.ask(f"A8001{ZMK}{ZPK}X") == b"A917"
    assert unmanned.ask(f"IA{ZMK}") == b"IB17"
    sent = hsm.ask(f"A8001{ZMK}{ZPK}X").decode()[4:-6]
    assert unmanned.ask(f"A600B{ZMK}{sent}U") == b"A717"
    in_block = hsm.ask(f"A8001{ZMK}{ZPK}R").decode()[4:-6]
    assert hsm.ask(f"A600B{ZMK}{in_block}U") == b"A7A6"
    assert hsm.ask(f"A6FFF{ZMK_BLOCK}{in_block}S&D0") == b"A7A6"


BOUNDED = {
    "in use": ("00", "L", "00"),
    "for tests": ("00", "T", "00"),
    "not yet in use": ("00", "P", "AE"),
    "expired": ("00", "E", "AF"),
    "revoked": ("00", "R", "AF"),
    "of no status": ("00", "Q", "AB"),
    "since an hour ago": ("03", "2026:06:15:11", "00"),
    "since this hour": ("03", "2026:06:15:12", "00"),
    "from the next hour": ("03", "2026:06:15:13", "AE"),
    "from no date": ("03", "2026:13:01:00", "AE"),
    "to the next hour": ("04", "2026:06:15:13", "00"),
    "to this hour": ("04", "2026:06:15:12", "AF"),
    "to no date": ("04", "tomorrow", "AF"),
}  # fmt: skip


@pytest.mark.parametrize(("identifier", "text", "code"), BOUNDED.values(), ids=BOUNDED.keys())
def test_time_of_a_key(identifier: str, text: str, code: str) -> None:
    """At noon on 15 June 2026."""
    made, lmk = dated(datetime(2026, 6, 15, 12, 0, tzinfo=UTC))
    block = bounded(lmk, identifier, text)
    assert made.answer(f"0042A8FFF{AES_ZMK}{block}S".encode())[6:8] == code.encode()
    pin_block = "00" * 16
    request = f"0042CC{block}{block}12{pin_block}4848{ACCOUNT}".encode()
    expected = (b"20", b"24") if code == "00" else (code.encode(),)
    assert made.answer(request)[6:8] in expected


AES_ZMK = keys.aes_block("00112233445566778899AABBCCDDEEFF", "K0")


def dated(now: datetime) -> tuple[Device, KeyBlockLmk]:
    """Return a device at that time, with its AES LMK."""
    lmks = by_identifier()
    lmk = lmks[b"02"]
    assert isinstance(lmk, KeyBlockLmk)
    lmk.now = lambda: now
    return Device(lmks), lmk


def bounded(lmk: KeyBlockLmk, identifier: str, text: str) -> str:
    """Return a ZPK whose header says until when it may be used."""
    said = Attributes("P0", "A", "B", "00", "E", "02", (OptionalBlock(identifier, text),))
    return lmk.wrapped(SecretKey(bytes.fromhex(K), "A"), b"FFF", b"S", said).decode()


def test_key_ends_though_it_was_just_used() -> None:
    """The keys that the device remembers do not outlive their hour."""
    made, lmk = dated(datetime(2026, 6, 15, 12, 59, tzinfo=UTC))
    block = bounded(lmk, "04", "2026:06:15:13")
    request = f"0042CC{block}{block}12{'00' * 16}4848{ACCOUNT}".encode()
    assert made.answer(request)[6:8] in (b"20", b"24")
    lmk.now = lambda: datetime(2026, 6, 15, 13, 0, tzinfo=UTC)
    assert made.answer(request)[6:8] == b"AF"


def chained(*commands: str, flag: str = "0") -> str:
    """Return a chain of these commands."""
    told = "".join(f"{len(command):04d}{command}" for command in commands)
    return f"NK{flag}{len(commands):02d}{told}"


def answers(answer: bytes) -> list[bytes]:
    """Take the answer to a chain apart."""
    assert answer[:4] == b"NL00"
    found, at = [], 6
    while at < len(answer):
        length = int(answer[at : at + 4])
        found.append(answer[at + 4 : at + 4 + length])
        at += 4 + length
    assert len(found) == int(answer[4:6])
    return found


def test_chain_answers_each_as_if_alone(hsm: Peer) -> None:
    """In their order, errors included; what fails stops nothing."""
    commands = ["B20002OK", f"BU011{ZPK};001", "ZZ", "A6001", f"BUFFF{ZPK_BLOCK};FFF;001", "NO00"]
    told = answers(hsm.ask(chained(*commands)))
    assert told == [hsm.ask(command) for command in commands]
    assert told[:4] == [b"B300OK", b"BV00" + kcv(Z).encode(), b"Z[68", b"A715"]


def test_chain_with_headers(hsm: Peer) -> None:
    """Flag 1: each command has a header of its own, and gets it back."""
    told = answers(hsm.ask(chained("AAAAB20002OK", "BBBBZZ", flag="1") + "\x19later")[:-6])
    assert told == [b"AAAAB300OK", b"BBBBZ[68"]


def test_chain_keeps_binary_data(hsm: Peer) -> None:
    """Lengths divide the commands, so any byte may stand in them."""
    message = bytes(range(256))
    command = b"B20100" + message
    chain = b"NK001" + f"{len(command):04d}".encode() + command
    assert answers(hsm.ask(chain)) == [b"B300" + message]


@pytest.mark.parametrize(
    "request_",
    ["NK", "NK0", "NK000", "NK001", "NK0X1", "NK0010008B2", "NK002" + "0008B20002OK",
     "NK001" + "00X8B20002OK", "NK0010000", "NK0010001B", "NK1010004AAAA", "NK1010006AAAANK",
     "NK0010005NK000", chained("B20002OK", chained("B20002OK"))],
)  # fmt: skip
def test_chain_that_cannot_be_read(request_: str, hsm: Peer) -> None:
    """52 (51 without a flag), and nothing of it is carried out; no chain within a chain."""
    assert hsm.ask(request_) == (b"NL51" if request_ == "NK" else b"NL52")
    assert hsm.ask("B20002OK") == b"B300OK"


def test_more_than_counted(hsm: Peer) -> None:
    """What follows the last command must be a suffix."""
    assert hsm.ask("NK001" + "0008B20002OK" * 2) == b"NL15"
    assert hsm.ask("NK2010008B20002OK") == b"NL51"


def test_chain_too_long_for_its_answer(hsm: Peer) -> None:
    """The answer is one frame."""
    echo = f"B2{9000:04X}" + "M" * 9000
    assert len(answers(hsm.ask(chained(echo, echo, echo)))) == 3
    bits = chained(*(f"B2{400:04X}" + "M" * 400 for _ in range(79)))
    assert hsm.ask(bits) == b"NL80"


def test_chain_asks_the_operators_too(unmanned: Peer) -> None:
    """What alone is refused is refused within."""
    assert answers(unmanned.ask(chained(f"A8001{ZMK}{ZPK}X", "NO01"))) == [b"A917", b"NP000"]


def test_chain_is_no_way_around_the_pin_counters() -> None:
    """Each wrong PIN within a chain counts."""
    made = Device(by_identifier())
    counted: list[int] = []
    made.pin_failures.count = lambda: counted.append(1)  # type: ignore[method-assign]
    block = keys.block("1234", Z)
    wrong = f"EC{ZPK}{keys.PVK}{block}01{ACCOUNT}19999"
    answer = made.answer(b"0042" + chained(wrong, wrong, wrong).encode())[4:]
    assert answers(answer) == [b"ED01"] * 3
    assert len(counted) == 3


@pytest.mark.parametrize(("inputs", "expected"), vectors("kcv"))
def test_long_check_value_begins_with_the_short(
    inputs: dict[str, str], expected: dict[str, str], legacy_hsm: Peer
) -> None:
    """Sixteen digits where nobody has to be asked."""
    if "AES" in inputs["method"]:
        key, ask = keys.aes_block(inputs["key"], "D0"), "BUFFF{};FFF"
    else:
        key, ask = under_lmk("001", inputs["key"]), "BUFF1{};001"
    long, short = (legacy_hsm.ask(ask.format(key) + kind) for kind in (";000", ";001"))
    assert (len(long), len(short)) == (20, 10)
    assert long.startswith(short)
    assert short[4:].decode() == expected["kcv"][:6]
