"""KU: scripts for cards, of every scheme and mode, what they refuse, and why.

Keys, card and answers are those of pyemv's tests unless said otherwise (`test_emv.py` has the same
answers without a device in between).
"""
from dataclasses import replace
from typing import Any

import pytest

from hsm_emulator import emv, emv_keys
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import COMMANDS
from hsm_emulator.pin_blocks import format_4_of
from hsm_emulator.rules import LEGACY
from hsm_emulator.secret_key import AES_, SecretKey
from tests.hsm import keys
from tests.hsm.emv_requests import Part, card, script
from tests.hsm.peer import Peer, device

PAN, PSN = "1234567890123456", "01"
CARD = bytes.fromhex(card(PAN, PSN))
ACCOUNT = PAN[-13:-1]
SMI = keys.odd("0123456789ABCDEFFEDCBA9876543210")
SMC = keys.odd("11111111111111112222222222222222")
AC = "FEDCBA98765432100123456789ABCDEF"
AES_ZPK = "00112233445566778899AABBCCDDEEFF"
CRYPTOGRAM = bytes.fromhex("ABCDEF1234567890")
ATC = bytes(6) + b"\xff\xff"
CHANGE, OVER_CURRENT = bytes.fromhex("8424000210"), bytes.fromhex("8424000110")

# Scheme, session data, command, target format, current PIN, new PIN, what is enciphered, MAC.
NEW_PINS = {
    "VIS": (
        "KU{}0", ATC, CHANGE, "41", "", "9999",
        "D421231A6FD2F0FAEE671384F0D3A7B9", "F67E37E67B06AB99",
    ),
    "VIS over the current PIN": (
        "KU{}0", ATC, OVER_CURRENT, "42", "8888", "9999",
        "C29371CC36BA70C1EE671384F0D3A7B9", "6AB3AD15D8B0621A",
    ),
    "M/Chip": (
        "KU{}1", CRYPTOGRAM, CHANGE, "34", "", "9999", "28367E05DE3381C2", "8C4D10091A093B5B",
    ),
    "M/Chip, twelve digits": (
        "KU{}1", CRYPTOGRAM, CHANGE, "34", "", "999999999999",
        "99AD3AF9EB3ECF0C", "1471D88C6393BE21",
    ),
}  # fmt: skip
LMKS = ("00", "01", "02")


def under(lmk: str, clear: str, key_type: str, usage: str, mode: str = "N") -> str:
    """Return a key under one of the public LMKs."""
    return under_lmk(key_type, clear) if lmk == "00" else keys.key_block(clear, usage, mode=mode,
                                                                         lmk=lmk)  # fmt: skip


def blocks(*pins: str, number: bytes = b"01", account: str = ACCOUNT) -> bytes:
    """Return PIN blocks under the ZPK, one behind the other."""
    return b"".join(bytes.fromhex(keys.block(pin, keys.Z, account, number)) for pin in pins)


def new_pin(target: str, current: str = "", pin: str = "9999", lmk: str = "00") -> Part:
    """Return a new PIN that came under a ZPK in format 01; the session data are missing."""
    return Part(
        blocks(pin, current) if current else blocks(pin),
        smc=under(lmk, SMC, "309", "E1"),
        pin=f"0{under(lmk, keys.Z, '001', 'P0')}01{target}{ACCOUNT}",
        ac=under(lmk, AC, "109", "E0") if target in ("41", "42") else "",
    )


def answer(enciphered: str, mac: str) -> bytes:
    octets = bytes.fromhex(enciphered)
    part = b"%04X%b" % (len(octets), octets) if octets else b""
    return b"KV00" + bytes.fromhex(mac) + part


@pytest.mark.parametrize("lmk", LMKS)
@pytest.mark.parametrize(
    ("verb", "session", "command", "target", "current", "pin", "enciphered", "mac"),
    NEW_PINS.values(), ids=NEW_PINS.keys(),
)  # fmt: skip
def test_new_pin(
    verb: str, session: bytes, command: bytes, target: str, current: str, pin: str,
    enciphered: str, mac: str, lmk: str, hsm: Peer,
) -> None:  # fmt: skip
    """Enciphered by MK-SMC, and the MAC over the command with it; the same under every LMK."""
    part = replace(new_pin(target, current, pin, lmk), session=session)
    request = script(verb.format(4), under(lmk, SMI, "209", "E2"), CARD, session, command, part)
    assert hsm.ask(request) == answer(enciphered, mac)
    told = hsm.ask(request + b"%" + lmk.encode() + b"\x19%")
    assert told == answer(enciphered, mac) + b"\x19%"


@pytest.mark.parametrize(
    ("verb", "session", "command", "_target", "_current", "_pin", "enciphered", "mac"),
    NEW_PINS.values(), ids=NEW_PINS.keys(),
)  # fmt: skip
def test_mac_alone(
    verb: str, session: bytes, command: bytes, _target: str, _current: str, _pin: str,
    enciphered: str, mac: str, hsm: Peer,
) -> None:  # fmt: skip
    """Mode 0 makes it over what the host sends, the enciphered part among it."""
    whole = command + bytes.fromhex(enciphered)
    request = script(verb.format(0), under_lmk("209", SMI), CARD, session, whole)
    assert hsm.ask(request) == answer("", mac)


def test_mac_of_the_common_core_is_that_of_mchip(hsm: Peer) -> None:
    """What else CCD needs has no command here; enciphered elsewhere, its part can be signed."""
    whole = CHANGE + bytes.fromhex("28367E05DE3381C29D30A6055A8DEB86")
    request = script("KU01", under_lmk("209", SMI), CARD, CRYPTOGRAM, whole)
    assert hsm.ask(request) == answer("", "69DA1EE208823022")


def test_no_layout_no_command(hsm: Peer) -> None:
    """KY is unknown, whatever follows."""
    request = script("KY02", under_lmk("209", SMI), CARD, CRYPTOGRAM, CHANGE)
    assert hsm.ask(request) == b"KZ68"


DATA = {
    "VIS": ("KU{}0", ATC, "049999FFC4B001F1", *NEW_PINS["VIS"][-2:]),
    "M/Chip": ("KU{}1", CRYPTOGRAM, "249999FFFFFFFFFF", *NEW_PINS["M/Chip"][-2:]),
}


@pytest.mark.parametrize("lmk", LMKS)
@pytest.mark.parametrize(
    ("verb", "session", "content", "enciphered", "mac"), DATA.values(), ids=DATA.keys()
)
def test_data_of_the_host(
    verb: str, session: bytes, content: str, enciphered: str, mac: str, lmk: str, hsm: Peer
) -> None:
    """Modes 1 and 2: what came under the TK goes to the card, and nobody sees it between.

    Mode 1 has one master key for both: what is enciphered is known, what is signed computed here.
    """
    tk, smc = under(lmk, keys.K, "00A", "D0"), under(lmk, SMC, "309", "E1")
    part = Part(
        SecretKey(bytes.fromhex(keys.K)).encrypt(bytes.fromhex(content)), smc, tk, session,
    )  # fmt: skip
    smi = under(lmk, SMI, "209", "E2")
    request = script(verb.format(2), smi, CARD, session, CHANGE, part)
    assert hsm.ask(request) == answer(enciphered, mac)
    one = under(lmk, SMC, "209", "E2")
    request = script(verb.format(1), one, CARD, session, CHANGE, replace(part, smc=""))
    card_key = emv_keys.card_key(SecretKey(bytes.fromhex(SMC)), CARD)
    signing = (
        emv_keys.visa_script_key(card_key, session[6:])
        if session == ATC
        else emv_keys.common_session_key(card_key, session)
    )
    made = emv.script_mac(signing, CHANGE + bytes.fromhex(enciphered)).hex()
    assert hsm.ask(request) == answer(enciphered, made)


def test_one_master_key_for_a_new_pin(hsm: Peer) -> None:
    """Mode 3 enciphers with the MK-SMI; session data of MAC and encipherment are two things."""
    part = replace(new_pin("34"), smc="", session=CRYPTOGRAM)
    request = script("KU31", under_lmk("209", SMC), CARD, CRYPTOGRAM[::-1], CHANGE, part)
    told = hsm.ask(request)
    card_key = emv_keys.card_key(SecretKey(bytes.fromhex(SMC)), CARD)
    signing = emv_keys.common_session_key(card_key, CRYPTOGRAM[::-1])
    made = emv.script_mac(signing, CHANGE + bytes.fromhex("28367E05DE3381C2")).hex()
    assert told == answer("28367E05DE3381C2", made)


def test_part_stands_where_the_host_says(hsm: Peer) -> None:
    """At the start, within or at the end; one byte further is refused."""
    signing = emv_keys.common_session_key(
        emv_keys.card_key(SecretKey(bytes.fromhex(SMI)), CARD), CRYPTOGRAM
    )
    part = replace(new_pin("34"), session=CRYPTOGRAM)
    command, enciphered = CHANGE + b"more", bytes.fromhex("28367E05DE3381C2")
    for place in range(len(command) + 1):
        whole = command[:place] + enciphered + command[place:]
        request = script(
            "KU41", under_lmk("209", SMI), CARD, CRYPTOGRAM, command, replace(part, place=place)
        )
        made = emv.script_mac(signing, whole).hex()
        assert hsm.ask(request) == answer(enciphered.hex(), made)
    over = replace(part, place=len(command) + 1)
    request = script("KU41", under_lmk("209", SMI), CARD, CRYPTOGRAM, command, over)
    assert hsm.ask(request) == b"KV15"


@pytest.mark.parametrize(
    ("kind", "key", "number"),
    [
        ("0", under_lmk("001", keys.Z), b"01"),
        ("0", under_lmk("001", keys.Z), b"05"),
        ("0", under_lmk("001", keys.Z), b"47"),
        ("1", under_lmk("002", keys.Z), b"01"),
    ],
)
def test_pin_comes_in_what_may_be_translated(
    kind: str, key: str, number: bytes, hsm: Peer
) -> None:
    """Formats 0, 1 and 3, from a zone or a terminal; format 1 gains the binding to a card."""
    pin = f"{kind}{key}{number.decode()}34{ACCOUNT}"
    content = blocks("9999", number=number)
    part = replace(new_pin("34"), session=CRYPTOGRAM, pin=pin, content=content)
    request = script("KU41", under_lmk("209", SMI), CARD, CRYPTOGRAM, CHANGE, part)
    assert hsm.ask(request) == answer(*NEW_PINS["M/Chip"][-2:])


@pytest.mark.parametrize("usage", ["P0", "71", "72"])
@pytest.mark.parametrize("lmk", ["01", "02"])
def test_key_block_says_what_its_pin_key_is(usage: str, lmk: str, hsm: Peer) -> None:
    """Key type F; a TPK's block is no ZPK, nor the other way round."""
    key = keys.key_block(keys.Z, usage, mode="D", lmk=lmk)
    for kind, other in (("F", ""), ("0", "71"), ("1", "72")):
        part = replace(
            new_pin("34", lmk=lmk), session=CRYPTOGRAM, pin=f"{kind}{key}0134{ACCOUNT}"
        )
        told = hsm.ask(
            script("KU41", under(lmk, SMI, "209", "E2"), CARD, CRYPTOGRAM, CHANGE, part)
        )
        right = answer(*NEW_PINS["M/Chip"][-2:])
        assert told == (b"KVA6" if usage == other else right)


def test_pin_under_an_aes_key(hsm: Peer) -> None:
    """Format 4, the whole PAN with its mark, the MK-AC behind it."""
    zpk = SecretKey(bytes.fromhex(AES_ZPK), AES_)
    two = b"".join(
        format_4_of(zpk, pin, PAN.encode(), bytes(range(8))) for pin in ("9999", "8888")
    )
    part = replace(
        new_pin("42", "8888", lmk="02"), session=ATC, content=two,
        pin=f"F{keys.aes_block(AES_ZPK, 'P0')}4842{PAN};",
    )  # fmt: skip
    request = script("KU40", under("02", SMI, "209", "E2"), CARD, ATC, OVER_CURRENT, part)
    assert hsm.ask(request) == answer(*NEW_PINS["VIS over the current PIN"][-2:])


def test_pin_goes_on_its_own_card_only(hsm: Peer, legacy_hsm: Peer) -> None:
    """The account that the block is bound to must be the card's, unless tokens are in use."""
    other = "999999999999"
    part = replace(
        new_pin("34"), session=CRYPTOGRAM, content=blocks("9999", account=other),
        pin=f"0{keys.ZPK}0134{other}",
    )  # fmt: skip
    request = script("KU41", under_lmk("209", SMI), CARD, CRYPTOGRAM, CHANGE, part)
    assert hsm.ask(request) == b"KV22"
    assert legacy_hsm.ask(request) == answer(*NEW_PINS["M/Chip"][-2:])


def test_old_blocks_and_separate_terminal_keys_follow_their_rules(legacy_hsm: Peer) -> None:
    """Diebold's in the profile legacy; a TPK of type 70D where PIN keys have types of their own."""
    right = answer(*NEW_PINS["M/Chip"][-2:])
    smi = under_lmk("209", SMI)
    part = replace(
        new_pin("34"), session=CRYPTOGRAM, content=blocks("9999", number=b"03"),
        pin=f"0{keys.ZPK}0334{ACCOUNT}",
    )  # fmt: skip
    assert legacy_hsm.ask(script("KU41", smi, CARD, CRYPTOGRAM, CHANGE, part)) == right
    with device(rules=replace(LEGACY, separate_pin_keys=True, any_parity=False)) as port:
        separate = Peer(port)
        for key_type, told in (("70D", right), ("002", b"KV11")):
            pin = f"1{under_lmk(key_type, keys.Z)}0134{ACCOUNT}"
            part = replace(new_pin("34"), session=CRYPTOGRAM, pin=pin)
            assert separate.ask(script("KU41", smi, CARD, CRYPTOGRAM, CHANGE, part)) == told
        separate.close()


def test_any_byte_may_stand_in_a_script(hsm: Peer) -> None:
    """Marks, trailers, separators are bytes here, and the trailer still comes back."""
    marks = b"%01;#&\x19\x1c"
    request = script("KU01", under_lmk("209", SMI), marks, marks, marks * 3)
    signing = emv_keys.common_session_key(
        emv_keys.card_key(SecretKey(bytes.fromhex(SMI)), marks), marks
    )
    made = b"KV00" + emv.script_mac(signing, marks * 3)
    assert hsm.ask(request) == made
    assert hsm.ask(request + b"%00\x19" + marks) == made + b"\x19" + marks


KEY = under_lmk("209", SMI)
TK = under_lmk("00A", keys.K)


def ku(
    verb: str = "KU41", smi: str = KEY, mac_session: bytes = CRYPTOGRAM, **changed: Any
) -> bytes:
    """Return a KU with a new PIN for M/Chip, or what else is said of its part."""
    part = replace(new_pin("34"), session=CRYPTOGRAM)
    return script(verb, smi, CARD, mac_session, CHANGE, replace(part, **changed))


def pin_of(kind: str = "0", key: str = keys.ZPK, formats: str = "0134", to: str = ACCOUNT) -> str:
    return f"{kind}{key}{formats}{to}"


def data(content: bytes = bytes(8), tk: str = TK, verb: str = "KU21", **changed: Any) -> bytes:
    """Return a KU with data from under a TK."""
    return ku(verb, content=content, transport=tk, pin="", **changed)


GOOD = ku()
VIS: dict[str, Any] = {"verb": "KU40", "mac_session": ATC, "session": ATC}
ALONE = script("KU01", KEY, CARD, CRYPTOGRAM, CHANGE)
SINGLE = under_lmk("209", SMI + keys.Z[:16])
REFUSALS = {
    "unknown mode": (b"KU5" + ALONE[3:], b"KV04"),
    "unknown scheme": (b"KU02" + ALONE[4:], b"KV05"),
    "nothing to sign": (script("KU01", KEY, CARD, CRYPTOGRAM, b""), b"KV80"),
    "command shorter than announced": (ALONE[:-3], b"KV80"),
    "length of the command not hexadecimal": (ALONE.replace(b"0005", b"000G"), b"KV80"),
    "no mark behind the command": (ALONE[:-1] + b":", b"KV15"),
    "more than there is": (ALONE + b"0", b"KV15"),
    "cut within the session data": (ALONE[:50], b"KV15"),
    "cut before the part": (GOOD[:65], b"KV15"),
    "ATC at the wrong end": (ku(**{**VIS, "mac_session": ATC[::-1]}), b"KV15"),
    "ATC of the encipherment at the wrong end": (ku(**{**VIS, "session": ATC[::-1]}), b"KV15"),
    "place not hexadecimal": (GOOD.replace(b"00050008", b"000G0008"), b"KV15"),
    "no mark behind the block": (GOOD.replace(b";0U", b":0U"), b"KV15"),
    "unknown type of PIN key": (ku(pin=pin_of("2")), b"KV15"),
    "variant key that should say what it is": (ku(pin=pin_of("F")), b"KV28"),
    "account of letters": (ku(pin=pin_of(to="12345678901A")), b"KV22"),
    "account too short": (ku(pin=pin_of(to="1234")), b"KV22"),
    "no MK-AC for a block of VIS": (ku(**VIS, pin=pin_of(formats="0141")), b"KV15"),
    "MK-AC where none belongs": (ku(ac=under_lmk("109", AC)), b"KV15"),
    "block of VIS for M/Chip": (ku(pin=pin_of(formats="0141"), ac=KEY), b"KV23"),
    "block of interchange for a card": (ku(pin=pin_of(formats="0101")), b"KV23"),
    "format without a layout": (ku(pin=pin_of(formats="0135")), b"KV69"),
    "format that is none": (ku(pin=pin_of(formats="0199")), b"KV23"),
    "format of letters": (ku(pin=pin_of(formats="01XX")), b"KV23"),
    "PIN that comes in a chip's format": (ku(pin=pin_of(formats="3434")), b"KV23"),
    "PIN that comes in Diebold's": (ku(pin=pin_of(formats="0334")), b"KV69"),
    "block of another key": (ku(content=bytes(8)), b"KV20"),
    "block that names no length": (
        ku(content=SecretKey(bytes.fromhex(keys.Z)).encrypt(bytes.fromhex("0F00000000000000"))),
        b"KV24",
    ),
    "half a block": (ku(content=blocks("9999")[:4]), b"KV80"),
    "current PIN where none belongs": (ku(content=blocks("9999", "8888")), b"KV80"),
    "no current PIN": (
        ku(**VIS, pin=pin_of(formats="0142"), ac=under_lmk("109", AC)), b"KV80",
    ),
    "current PIN in a wrong block": (
        ku(**VIS, pin=pin_of(formats="0142"), ac=under_lmk("109", AC),
           content=blocks("9999") + bytes(8)),
        b"KV20",
    ),
    "no data": (data(b""), b"KV80"),
    "data of half a block": (data(bytes(12)), b"KV80"),
    "data longer than VIS can say": (data(bytes(256), **{**VIS, "verb": "KU20"}), b"KV80"),
    "MK-SMC for MK-SMI": (ku(smi=under_lmk("309", SMC)), b"KV10"),
    "MK-SMI for MK-SMC": (ku(smc=KEY), b"KV11"),
    "TPK for a ZPK": (ku(pin=pin_of(key=keys.TPK)), b"KV11"),
    "ZPK for a TPK": (ku(pin=pin_of("1")), b"KV11"),
    "ZPK for a TK": (data(tk=keys.ZPK), b"KV11"),
    "data key for a TK": (data(tk=under_lmk("00B", keys.K)), b"KV11"),
    "MK-SMI for MK-AC": (ku(**VIS, pin=pin_of(formats="0141"), ac=KEY), b"KV11"),
    "master key of triple length": (ku(smi=SINGLE), b"KV27"),
    "key block under the variant LMK": (ku(smi=keys.key_block(SMI, "E2")) + b"%00", b"KVA1"),
}  # fmt: skip
SMI_BLOCK, SMC_BLOCK = keys.key_block(SMI, "E2"), keys.key_block(SMC, "E1")
ZPK_BLOCK, TK_BLOCK = keys.key_block(keys.Z, "P0"), keys.key_block(keys.K, "22")


def in_blocks(
    smi: str = SMI_BLOCK, smc: str = SMC_BLOCK, zpk: str = ZPK_BLOCK, formats: str = "0134",
    ac: str = "", verb: str = "KU41", session: bytes = CRYPTOGRAM,
) -> bytes:  # fmt: skip
    return ku(smi=smi, smc=smc, pin=pin_of("F", zpk, formats), ac=ac, verb=verb,
              mac_session=session, session=session)  # fmt: skip


REFUSALS |= {
    "MK-SMI's block of another usage": (in_blocks(smi=SMC_BLOCK), b"KVA6"),
    "MK-SMI's block of another mode": (
        in_blocks(smi=keys.key_block(SMI, "E2", mode="E")), b"KVA8",
    ),
    "MK-SMC's block of another usage": (in_blocks(smc=SMI_BLOCK), b"KVA6"),
    "MK-SMC's block of another mode": (
        in_blocks(smc=keys.key_block(SMC, "E1", mode="C")), b"KVA8",
    ),
    "PIN key's block of another usage": (in_blocks(zpk=TK_BLOCK), b"KVA6"),
    "PIN key's block that only enciphers": (
        in_blocks(zpk=keys.key_block(keys.Z, "P0", mode="E")), b"KVA8",
    ),
    "TK's block of another usage": (
        data(smi=SMI_BLOCK, smc=SMC_BLOCK, tk=ZPK_BLOCK), b"KVA6",
    ),
    "TK's block that only enciphers": (
        data(smi=SMI_BLOCK, smc=SMC_BLOCK, tk=keys.key_block(keys.K, "22", mode="E")), b"KVA8",
    ),
    "MK-AC's block of another usage": (
        in_blocks(formats="0141", ac=SMI_BLOCK, verb="KU40", session=ATC), b"KVA6",
    ),
    "block that was altered": (in_blocks(smc=SMC_BLOCK[:-1] + "0"), b"KVA4"),
    "master key of AES": (
        ku(smi=keys.aes_block(AES_ZPK, "E2"), smc=keys.key_block(SMC, "E1", lmk="02")), b"KVA7",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "told"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_with_its_code(request_: bytes, told: bytes, hsm: Peer) -> None:
    """The connection lives on."""
    assert hsm.ask(request_) == told
    assert hsm.ask("B20002OK") == b"B300OK"


def test_order_of_refusals(hsm: Peer) -> None:
    """Form before keys, keys before the PIN's format, the format before what is in the block."""
    elsewhere = "999999999999"
    wrong: dict[str, Any] = {
        "place": 99, "smi": under_lmk("309", SMC), "smc": KEY, "content": bytes(8),
        "pin": pin_of("0", keys.TPK, "0135", elsewhere),
    }  # fmt: skip
    for told, mended in (
        (b"KV10", {"smi": KEY}),
        (b"KV11", {"smc": under_lmk("309", SMC)}),
        (b"KV15", {"place": -1}),
        (b"KV11", {"pin": pin_of(formats="0135", to=elsewhere)}),
        (b"KV69", {"pin": pin_of(to=elsewhere)}),
        (b"KV22", {"pin": pin_of()}),
        (b"KV20", {}),
    ):
        assert hsm.ask(ku(**wrong)) == told
        wrong |= mended


def test_code_of_its_own_has_its_meaning() -> None:
    """04, 05 and 11 mean here what the manual says of them."""
    own = COMMANDS[b"KU"].codes
    assert set(own) == {b"04", b"05", b"11"}


def test_longest_data_of_vis(hsm: Peer) -> None:
    """248 bytes are the most whole blocks that one byte of length can say."""
    part = Part(bytes(248), under_lmk("309", SMC), TK, ATC)
    told = hsm.ask(script("KU20", KEY, CARD, ATC, CHANGE, part))
    assert told[:4] == b"KV00"
    assert told[12:16] == b"0100"
