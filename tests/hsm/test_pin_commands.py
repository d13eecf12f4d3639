"""PIN commands beyond the published answers: each field, option and refusal of its own."""
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hsm_emulator import dukpt_tdes, mac
from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import COMMANDS
from hsm_emulator.pin_blocks import ISO_1, ISO_2, ISO_3, ISO_4, deciphered_pin, format_4_of, pin_of
from hsm_emulator.public_lmks import VARIANT_PAIRS
from hsm_emulator.rules import LEGACY, STRICT
from hsm_emulator.secret_key import AES_, SecretKey
from tests.hsm import keys
from tests.hsm.keys import ACCOUNT, PVK, TPK, ZPK, K, Z
from tests.hsm.peer import Peer, device
from tests.hsm.test_known_answers_pin import PIN_COMMANDS

PAN, TOKEN = "1122334455667788", "4999998887776663"
TOKEN_ACCOUNT = TOKEN[3:-1]
TABLE, DATA = "1234567890123456", "11223344N788"
BDK = under_lmk("009", K)
KSN_BYTES = bytes.fromhex("FFFF9876543210E00005")
KSN = f"A05{KSN_BYTES.hex().upper()}"
TERMINAL_KEY = dukpt_tdes.pin_key(SecretKey(bytes.fromhex(K)), KSN_BYTES).clear.hex()
AES = "00112233445566778899AABBCCDDEEFF"
AES_ZPK, AES_TPK = keys.aes_block(AES, "P0"), keys.aes_block(AES, "71")
JUDGING = {"DA", "EA", "DC", "EC", "BC", "BE", "CU", "DU", "GO", "GQ"}


@pytest.fixture
def aes_blocks() -> dict[str, str]:
    """Return format 4 blocks of three PINs under the AES key."""
    key = SecretKey(bytes.fromhex(AES), AES_)
    return {
        pin: format_4_of(key, pin, PAN.encode(), b"12345678").hex().upper()
        for pin in ("1234", "1235", "98765")
    }


def kept(hsm: Peer, pin: str, zpk: str = ZPK) -> str:
    """Return a PIN under the LMK of the ZPK."""
    return hsm.ask(f"JE{zpk}{keys.block(pin, Z)}01{ACCOUNT}")[4:].decode()


def test_every_command_of_the_part_is_there() -> None:
    """And whoever judges a PIN is counted by the device."""
    codes = {code.decode() for code in COMMANDS}
    assert codes >= PIN_COMMANDS
    assert {code for code in PIN_COMMANDS if COMMANDS[code.encode()].judges_pin} == JUDGING


@pytest.mark.parametrize("digits", ["", *(f"{length:02d}" for length in range(4, 13))])
def test_random_pin(digits: str, hsm: Peer) -> None:
    """JA makes one of the length asked for, four digits when none is; JG can send it."""
    for zpk, lmk in ((ZPK, "%00"), (keys.key_block(Z, "P0"), "%01")):
        answers = {hsm.ask(f"JA{ACCOUNT}{digits}{lmk}") for _ in range(8)}
        assert len(answers) > 1
        for answer in answers:
            assert answer[:4] == b"JB00"
            pin = answer[4:]
            assert len(pin) == int(digits or 4) + 1
            block = hsm.ask(f"JG{zpk}01{ACCOUNT}{pin.decode()}")
            assert block[:4] == b"JH00"
            sent = SecretKey(bytes.fromhex(Z)).decrypt(bytes.fromhex(block[4:].decode()))
            assert len(pin_of(sent, b"01", ACCOUNT.encode())) == int(digits or 4)


def test_random_pin_of_no_length(hsm: Peer) -> None:
    """Three and thirteen digits make no PIN; an LMK of neither kind is asked."""
    assert hsm.ask(f"JA{ACCOUNT}03") == b"JB24"
    assert hsm.ask(f"JA{ACCOUNT}13") == b"JB24"
    assert hsm.ask(f"JA{ACCOUNT}4") == b"JB15"
    assert hsm.ask(f"JA{ACCOUNT}%07") == b"JB13"


def test_pin_goes_under_the_lmk_and_out_again(hsm: Peer, aes_blocks: dict[str, str]) -> None:
    """JC, JE, JG in every format of interchange, under each LMK."""
    for pin in ("1234", "123456789012"):
        for number in (b"01", ISO_1, ISO_3):
            under = hsm.ask(f"JC{TPK}{keys.block(pin, K, number=number)}{number.decode()}{ACCOUNT}")
            assert under == b"JD00" + kept(hsm, pin).encode()
        assert hsm.ask(f"JG{ZPK}01{ACCOUNT}{under[4:].decode()}")[4:].decode() == keys.block(pin, Z)
    assert hsm.ask(f"JG{ZPK}05{ACCOUNT}{kept(hsm, '1234')}") == b"JH23"
    zpk = keys.key_block(Z, "P0", lmk="02")
    for head, mark in ((f"JC{AES_TPK}", ";"), (f"JE{AES_ZPK}", "")):
        answer = hsm.ask(f"{head}{aes_blocks['1234']}48{PAN}{mark}")
        assert answer[4:] == kept(hsm, "1234", zpk).encode()
    sent = hsm.ask(f"JG{AES_ZPK}48{PAN};{answer[4:].decode()}")
    made = bytes.fromhex(sent[4:].decode())
    key = SecretKey(bytes.fromhex(AES), AES_)
    assert deciphered_pin(key, made, ISO_4, PAN.encode()) == "1234"


def test_pin_under_the_lmk_belongs_to_its_account_and_lmk(hsm: Peer) -> None:
    """Nine in ten foreign values are noticed (14); none opens to the PIN."""
    answers = [
        hsm.ask(f"BE{zpk}{keys.block('1234', Z, account)}01{account}{kept(hsm, '1234')}")
        for account in (f"{number:012d}" for number in range(40))
        for zpk in (ZPK, keys.key_block(Z, "P0"))
    ]
    assert set(answers) == {b"BF14", b"BF01"}
    assert answers.count(b"BF14") > len(answers) // 2


@pytest.mark.parametrize(("code", "key", "clear"), [("BC", TPK, K), ("BE", ZPK, Z)])
def test_comparison(code: str, key: str, clear: str, hsm: Peer) -> None:
    """Same digits, same length."""
    pin = kept(hsm, "12345")
    for entered, answer in (("12345", b"00"), ("12344", b"01"), ("1234", b"01"), ("123456", b"01")):
        request = f"{code}{key}{keys.block(entered, clear)}01{ACCOUNT}{pin}"
        assert hsm.ask(request)[2:] == answer
    assert hsm.ask(f"{code}{key}{keys.block('12345', clear)}34{ACCOUNT}{pin}")[2:] == b"23"
    assert hsm.ask(f"{code}{key}{keys.block('12345', clear)}03{ACCOUNT}{pin}")[2:] == b"69"
    assert hsm.ask(f"{code}{key}{keys.block('12345', clear)}01{ACCOUNT}123")[2:] == b"15"


def test_clear_pin_needs_its_rule_and_two_operators(hsm: Peer) -> None:
    """BA: 17 until authorised, 68 where the rules have none, then a PIN under the LMK."""
    request = f"BA12345FFF{ACCOUNT}"
    assert hsm.ask(request) == b"BB17"
    with device(authorised=("pin",)) as port:
        peer = Peer(port)
        assert peer.ask(request) == b"BB68"
        peer.close()
    with device(rules=replace(STRICT, clear_pins=True), authorised=("pin",)) as port:
        peer = Peer(port)
        assert peer.ask(request) == b"BB00" + kept(hsm, "12345").encode()
        assert peer.ask(f"BA123456789012{ACCOUNT}")[:4] == b"BB00"
        assert peer.ask(f"BA123FF{ACCOUNT}") == b"BB24"
        assert peer.ask(f"BA1234567890123{ACCOUNT}") == b"BB24"
        assert peer.ask(f"BA12F45{ACCOUNT}") == b"BB15"
        assert peer.ask(f"BA{ACCOUNT}") == b"BB15"
        peer.close()


def test_token_account_in_translation(legacy_hsm: Peer, hsm: Peer) -> None:
    """G0 takes a block that binds a token to one that binds the PAN, and back; never from 1.

    A strict device knows no tokens.
    """
    block = keys.block("1234", TERMINAL_KEY, TOKEN_ACCOUNT)
    made = legacy_hsm.ask(f"G0{BDK}{ZPK}{KSN}{block}0101{TOKEN_ACCOUNT};{ACCOUNT}")
    assert made == f"G10004{keys.block('1234', Z)}01".encode()
    assert legacy_hsm.ask(f"G0{BDK}{ZPK}{KSN}{block}0101{ACCOUNT};{TOKEN_ACCOUNT}") == b"G120"
    free = keys.block("1234", TERMINAL_KEY, number=ISO_1)
    assert legacy_hsm.ask(f"G0{BDK}{ZPK}{KSN}{free}0501{TOKEN_ACCOUNT};{ACCOUNT}") == b"G123"
    bdk, zpk = keys.key_block(K, "B0", lmk="02"), AES_ZPK
    for accounts in (f"{TOKEN};{PAN};", f"{TOKEN};{PAN}", f"{TOKEN};;{PAN}"):
        answer = legacy_hsm.ask(f"G0{bdk}{zpk}{KSN}{block}0148{accounts}")
        assert answer[:6] == b"G10004"
        opened = deciphered_pin(
            SecretKey(bytes.fromhex(AES), AES_), bytes.fromhex(answer[6:38].decode()), ISO_4,
            PAN.encode(),
        )  # fmt: skip
        assert opened == "1234"
    assert hsm.ask(f"G0{BDK}{ZPK}{KSN}{block}0101{TOKEN_ACCOUNT};{ACCOUNT}") == b"G129"


def test_token_account_in_verification(legacy_hsm: Peer, hsm: Peer) -> None:
    """EC, GQ: the block binds the token, the PVV the account behind it.

    A strict device knows no tokens.
    """
    for zpk, pvk in ((ZPK, PVK), (keys.key_block(Z, "P0"), keys.key_block(K, "V2"))):
        pvv = legacy_hsm.ask(f"DG{pvk}{kept(legacy_hsm, '1234', zpk)}{ACCOUNT}1")[4:].decode()
        block = keys.block("1234", Z, TOKEN_ACCOUNT)
        request = f"EC{zpk}{pvk}{block}01{TOKEN_ACCOUNT}"
        assert legacy_hsm.ask(f"{request};{ACCOUNT}1{pvv}") == b"ED00"
        assert legacy_hsm.ask(f"{request}1{pvv}") == b"ED01"
        assert legacy_hsm.ask(f"{request};{TOKEN_ACCOUNT}1{pvv}\x19x") == b"ED01\x19x"
        assert legacy_hsm.ask(f"{request};{ACCOUNT}") == b"ED22"
        assert hsm.ask(f"{request};{ACCOUNT}1{pvv}") == b"ED29"
    block = keys.block("1234", TERMINAL_KEY, TOKEN_ACCOUNT)
    request = f"GQ0{BDK}{PVK}{KSN}{block}01{TOKEN_ACCOUNT}"
    assert legacy_hsm.ask(f"{request};{ACCOUNT}1{pvv}") == b"GR00"
    assert hsm.ask(f"{request};{ACCOUNT}1{pvv}") == b"GR29"
    assert legacy_hsm.ask(f"{request}1{pvv}") == b"GR01"
    assert legacy_hsm.ask(f"{request};1{pvv}") == b"GR22"


def test_verification_of_format_4(
    hsm: Peer, legacy_hsm: Peer, aes_blocks: dict[str, str]
) -> None:
    """PVV and offset of a PIN in an AES block, the whole PAN in the account."""
    pvk, ibm = keys.key_block(K, "V2", lmk="02"), keys.key_block(K, "V1", lmk="02")
    right, wrong = aes_blocks["1234"], aes_blocks["1235"]
    pvv = hsm.ask(f"FWFFF{AES_ZPK}{pvk}{right}48{PAN};1")[4:].decode()
    offset = hsm.ask(f"BKFFF{AES_ZPK}{ibm}{right}4804{PAN};{TABLE}{DATA}")[4:].decode()
    assert pvv == hsm.ask(f"FW001{ZPK}{PVK}{keys.block('1234', Z)}01{ACCOUNT}1")[4:].decode()
    for block, code in ((right, b"00"), (wrong, b"01")):
        for key, (dc, da) in ((AES_TPK, ("DC", "DA")), (AES_ZPK, ("EC", "EA"))):
            assert hsm.ask(f"{dc}{key}{pvk}{block}48{PAN};1{pvv}")[2:] == code
            assert hsm.ask(f"{da}{key}{ibm}12{block}4804{PAN};{TABLE}{DATA}{offset}")[2:] == code
    assert legacy_hsm.ask(f"EC{AES_ZPK}{pvk}{right}48{PAN};{ACCOUNT}1{pvv}") == b"ED00"


@pytest.mark.parametrize(
    ("key_type", "key", "clear"),
    [("001", ZPK, Z), ("002", TPK, K), ("FFF", keys.key_block(Z, "72"), Z),
     ("FFF", keys.key_block(K, "71"), K), ("FFF", keys.key_block(Z, "P0"), Z)],
)  # fmt: skip
def test_change_of_a_pin(key_type: str, key: str, clear: str, hsm: Peer) -> None:
    """CU and DU verify the old PIN, then answer for the new one, whatever its length."""
    in_block = key[:1] == "S"
    pvk = keys.key_block(K, "V0") if in_block else PVK
    old, new = keys.block("1234", clear), keys.block("987654", clear)
    head = f"{key_type}{key}{pvk}"
    pvv, new_pvv = (hsm.ask(f"FW{head}{block}01{ACCOUNT}3")[4:].decode() for block in (old, new))
    assert hsm.ask(f"CU{head}{old}01{ACCOUNT}3{pvv}{new}") == b"CV00" + new_pvv.encode()
    assert hsm.ask(f"CU{head}{new}01{ACCOUNT}3{pvv}{old}") == b"CV01"
    assert hsm.ask(f"CU{head}{old}01{ACCOUNT}3{pvv}{'0' * 16}") == b"CV20"
    rest = f"01{{}}{ACCOUNT}{TABLE}{DATA}"
    offset, new_offset = (
        hsm.ask(f"BK{head}{block}{rest.format('04')}")[4:].decode() for block in (old, new)
    )
    assert offset[4:] == "F" * 8
    assert new_offset[6:] == "F" * 6
    changed = hsm.ask(f"DU{head}{old}{rest.format('04')}{offset}{new}")
    assert changed == b"DV00" + new_offset.encode()
    assert hsm.ask(f"DU{head}{new}{rest.format('04')}{offset}{old}") == b"DV01"
    assert hsm.ask(f"DU{head}{new}{rest.format('06')}{new_offset}{old}") == b"DV24"
    assert hsm.ask(f"BK{head}{old}{rest.format('06')}") == b"BL24"
    assert hsm.ask(f"FW009{key}{pvk}{old}01{ACCOUNT}3") == b"FX28"


def test_check_length_is_the_least_and_the_offset_says_how_many(hsm: Peer) -> None:
    """A longer offset is compared whole; one shorter than the check length is refused."""
    pin = kept(hsm, "123456")
    offset = hsm.ask(f"DE{PVK}{pin}04{ACCOUNT}{TABLE}{DATA}")[4:].decode()
    assert offset[6:] == "FFFFFF"
    assert hsm.ask(f"EE{PVK}{offset}04{ACCOUNT}{TABLE}{DATA}") == b"EF00" + pin.encode()
    for entered, given, code in (
        ("123456", offset, b"00"), ("123457", offset, b"01"), ("12345", offset, b"01"),
        ("123456", offset[:4] + "F" * 8, b"00"), ("123499", offset[:4] + "F" * 8, b"00"),
        ("123456", offset[:3] + "F" * 9, b"15"), ("123456", offset[:4] + "F0FFFFFF", b"15"),
    ):  # fmt: skip
        block = keys.block(entered, Z)
        answer = hsm.ask(f"EA{ZPK}{PVK}12{block}0104{ACCOUNT}{TABLE}{DATA}{given}")
        assert answer[2:] == code, (entered, given)
    assert hsm.ask(f"DE{PVK}{kept(hsm, '1234')}05{ACCOUNT}{TABLE}{DATA}") == b"DF24"
    assert hsm.ask(f"DE{PVK}{pin}13{ACCOUNT}{TABLE}{DATA}") == b"DF15"


def test_lengths_of_a_pvk(legacy_hsm: Peer, hsm: Peer) -> None:
    """IBM: any; Visa: a pair. One of single length is for old estates, without a tag."""
    single = SecretKey(VARIANT_PAIRS[7]).encrypt(bytes.fromhex(K[:16])).hex().upper()
    pair = SecretKey(VARIANT_PAIRS[7]).encrypt(bytes.fromhex(K)).hex().upper()
    triple = under_lmk("002", K + Z[:16])
    pin = kept(hsm, "1234")
    for pvk in (single, "Z" + single, PVK, triple):
        answer = legacy_hsm.ask(f"DE{pvk}{pin}04{ACCOUNT}{TABLE}{DATA}")
        assert answer[:4] == b"DF00"
        offset = answer[4:].decode()
        request = f"EA{ZPK}{pvk}12{keys.block('1234', Z)}0104{ACCOUNT}{TABLE}{DATA}{offset}"
        assert legacy_hsm.ask(request) == b"EB00"
        assert legacy_hsm.ask(f"EE{pvk}{offset}04{ACCOUNT}{TABLE}{DATA}") == b"EF00" + pin.encode()
    assert hsm.ask(f"DEZ{single}{pin}04{ACCOUNT}{TABLE}{DATA}") == b"DF27"
    assert legacy_hsm.ask(f"DG{pair}{pin}{ACCOUNT}1") == legacy_hsm.ask(f"DG{PVK}{pin}{ACCOUNT}1")
    assert legacy_hsm.ask(f"DGZ{single}{pin}{ACCOUNT}1") == b"DH27"
    assert legacy_hsm.ask(f"DG{triple}{pin}{ACCOUNT}1") == b"DH27"
    assert hsm.ask(f"DE{keys.aes_block(AES, 'V1')}{pin}04{ACCOUNT}{TABLE}{DATA}") == b"DFA7"


@pytest.fixture(scope="module")
def warning_port() -> Iterator[int]:
    with device(rules=replace(LEGACY, pvk_length_warning=True)) as port:
        yield port


def test_warning_comes_with_the_answer(warning_port: int, hsm: Peer) -> None:
    """02 with data, as old devices say that a PVK is longer than single; 01 stays 01."""
    peer = Peer(warning_port)
    single = SecretKey(VARIANT_PAIRS[7]).encrypt(bytes.fromhex(K[:16])).hex().upper()
    pin, block = kept(hsm, "1234"), keys.block("1234", Z)
    data = f"04{ACCOUNT}{TABLE}{DATA}"
    offset = hsm.ask(f"DE{PVK}{pin}{data}")[4:].decode()
    terminal = keys.block("1234", TERMINAL_KEY)
    for request, answer in (
        (f"DE{PVK}{pin}{data}", f"DF02{offset}"),
        (f"BK001{ZPK}{PVK}{block}01{data}", f"BL02{offset}"),
        (f"EE{PVK}{offset}{data}", f"EF02{pin}"),
        (f"EA{ZPK}{PVK}12{block}01{data}{offset}", "EB02"),
        (f"EA{ZPK}{PVK}12{keys.block('1235', Z)}01{data}{offset}", "EB01"),
        (f"DA{TPK}{PVK}12{keys.block('1234', K)}01{data}{offset}", "DB02"),
        (f"DU001{ZPK}{PVK}{block}01{data}{offset}{block}", f"DV02{offset}"),
        (f"GO0{BDK}{PVK}{KSN}{terminal}01{data}{offset}", "GP02"),
    ):
        assert peer.ask(request) == answer.encode()
    assert peer.ask(f"DE{single}{pin}{data}")[:4] == b"DF00"
    peer.close()


def terminal_mac(message: bytes, usage: dukpt_tdes.Usage, algorithm: str) -> str:
    key = dukpt_tdes.working_key(SecretKey(bytes.fromhex(K)), KSN_BYTES, usage)
    if algorithm == "CMAC":
        return key.cmac(message).hex().upper()
    return mac.algorithm_3(key, mac.padded(message, b"1", 8), bytes(8)).hex().upper()


@pytest.mark.parametrize(
    ("method", "usage", "algorithm"),
    [("1", dukpt_tdes.Usage.MAC_REQUEST, "X9.19"), ("2", dukpt_tdes.Usage.MAC_RESPONSE, "X9.19"),
     ("3", dukpt_tdes.Usage.MAC_REQUEST, "CMAC"), ("4", dukpt_tdes.Usage.MAC_RESPONSE, "CMAC")],
)  # fmt: skip
def test_mac_beside_a_pin(
    method: str, usage: dukpt_tdes.Usage, algorithm: str, hsm: Peer
) -> None:
    """GO and GQ: the PIN is judged first, then the MAC of the same transaction, or one is made."""
    message, block = b"%01\x19 any;bytes\xff", keys.block("1234", TERMINAL_KEY)
    pvv = hsm.ask(f"DG{PVK}{kept(hsm, '1234')}{ACCOUNT}1")[4:].decode()
    offset = hsm.ask(f"DE{PVK}{kept(hsm, '1234')}04{ACCOUNT}{TABLE}{DATA}")[4:].decode()
    right = terminal_mac(message, usage, algorithm)
    counted = f"{len(message):04X}".encode() + message
    for code, rest, wrong in (
        ("GO", f"01{'04'}{ACCOUNT}{TABLE}{DATA}{offset}", "0000FFFFFFFF"),
        ("GQ", f"01{ACCOUNT}1{pvv}", "0000"),
    ):
        body = f"{BDK}{PVK}{KSN}{block}{rest}"
        for mode, shown in (("1", right), ("2", right[:8])):
            head = f"{code}1{mode}{method}{body}"
            assert hsm.ask(f"{head}{shown}".encode() + counted)[2:] == b"0000"
            assert hsm.ask(f"{head}{shown.lower()}".encode() + counted + b"\x19t") == (
                chr(ord(code[1]) + 1).join(["G", "0000\x19t"]).encode()
            )
            altered = shown[:-1] + ("0" if shown[-1] != "0" else "1")
            assert hsm.ask(f"{head}{altered}".encode() + counted)[2:] == b"0001"
            refused = f"{code}1{mode}{method}{body[: -len(wrong)]}{wrong}{shown}"
            assert hsm.ask(refused.encode() + counted)[2:] == b"01"
        for mode, shown in (("4", right), ("5", right[:8])):
            made = hsm.ask(f"{code}1{mode}{method}{body}".encode() + counted)
            assert made[2:] == b"0000" + shown.encode()
        assert hsm.ask(f"{code}17{method}{body}".encode() + counted)[2:] == b"15"
        assert hsm.ask(f"{code}0{body}")[2:] == b"00"
        assert hsm.ask(f"{code}2{body}")[2:] == b"15"


def test_terminal_keys_may_be_kept_apart_from_pvks() -> None:
    """With `separate_pin_keys` a TPK is key type 70D: one of 002 is noise."""
    apart = under_lmk("70D", K)
    with device(rules=replace(STRICT, separate_pin_keys=True)) as port:
        peer = Peer(port)
        block = keys.block("1234", K)
        for code, rest in (("CA", f"{ZPK}12{block}0101{ACCOUNT}"), ("JC", f"{block}01{ACCOUNT}")):
            assert peer.ask(f"{code}{apart}{rest}")[2:4] == b"00"
            assert peer.ask(f"{code}{TPK}{rest}")[2:] == b"10"
        assert peer.ask(f"FW70D{apart}{PVK}{block}01{ACCOUNT}1")[:4] == b"FX00"
        assert peer.ask(f"FW002{TPK}{PVK}{block}01{ACCOUNT}1") == b"FX28"
        peer.close()


def test_format_2_is_made_for_old_estates_only(hsm: Peer, legacy_hsm: Peer) -> None:
    """For the chip of a card (34), out of the LMK or another block; never taken in."""
    for request in (f"JG{ZPK}34{ACCOUNT}{kept(hsm, '1234')}",
                    f"CA{TPK}{ZPK}12{keys.block('1234', K)}0134{ACCOUNT}"):  # fmt: skip
        assert hsm.ask(request)[2:] == b"23"
        assert keys.block("1234", Z, number=ISO_2).encode() in legacy_hsm.ask(request)
    for device_ in (hsm, legacy_hsm):
        block = keys.block("1234", Z, number=ISO_2)
        assert device_.ask(f"JE{ZPK}{block}34{ACCOUNT}") == b"JF23"


def test_old_formats_may_be_verified_in_old_estates(hsm: Peer, legacy_hsm: Peer) -> None:
    """A PIN in a Diebold block, against its PVV; a strict device says 69."""
    block = keys.block("1234", Z, number=b"03")
    pvv = hsm.ask(f"DG{PVK}{kept(hsm, '1234')}{ACCOUNT}1")[4:].decode()
    request = f"EC{ZPK}{PVK}{block}03{ACCOUNT}1{pvv}"
    assert legacy_hsm.ask(request) == b"ED00"
    assert hsm.ask(request) == b"ED69"
    assert legacy_hsm.ask(f"JG{ZPK}03{ACCOUNT}{kept(hsm, '1234')}") == b"JH00" + block.encode()
    assert legacy_hsm.ask(f"EC{ZPK}{PVK}{block}46{ACCOUNT}1{pvv}") == b"ED23"


def test_part_of_an_aes_block_leaves_nothing_behind(hsm: Peer) -> None:
    """Sixteen digits in format 48 under an AES BDK are refused; the next request is not spoilt."""
    bdk, ksn = keys.aes_block(AES, "B0", "X"), "A05112233445566778800000001"
    assert hsm.ask(f"G0{bdk}{AES_ZPK}{ksn}{'0' * 16}4848{PAN};") == b"G120"
    block = format_4_of(SecretKey(bytes.fromhex(AES), AES_), "1234", PAN.encode(), bytes(8))
    answer = hsm.ask(f"CC{AES_ZPK}{AES_ZPK}12{block.hex()}4848{PAN};")
    assert answer[:6] == b"CD0004"


def test_a_bdk_is_known_where_its_ksn_looks_like_the_rest(hsm: Peer) -> None:
    """CA is read by one pattern in its usual form; a KSN with formats in it is not that form."""
    bdk, ksn = keys.key_block(K, "B0"), "605FFFF98765432101" + "01015"
    head = f"CA{keys.key_block(K, '71')}{bdk}{ksn}12"
    assert hsm.ask(f"{head}12345678901234560101{ACCOUNT}") == b"CB20"
    assert hsm.ask(f"{head}{keys.block('1234', K)}0101{ACCOUNT}")[:6] == b"CB0004"


@pytest.mark.parametrize(
    ("mode", "source", "target"), [("X", "00", "00"), ("N", "00", "00"), ("B", "00", "00"),
                                   ("D", "00", "A8"), ("E", "A8", "00"), ("V", "A8", "A8")],
)  # fmt: skip
def test_mode_of_a_bdk(mode: str, source: str, target: str, hsm: Peer) -> None:
    """One that may only decipher makes no blocks, and the other way round."""
    bdk, zpk = keys.key_block(K, "B0", mode=mode), keys.key_block(Z, "P0")
    block = keys.block("1234", TERMINAL_KEY)
    assert hsm.ask(f"CI{bdk}{zpk}{KSN}{block}01{ACCOUNT}")[2:4] == source.encode()
    made = hsm.ask(f"CA{keys.key_block(K, '71')}{bdk}{KSN}12{keys.block('1234', K)}0101{ACCOUNT}")
    assert made[2:4] == target.encode()


def test_twelve_digits_alone_bind_format_4(hsm: Peer) -> None:
    """Where something follows the account, only `;` ends a longer one."""
    key, zpk = SecretKey(bytes.fromhex(AES), AES_), keys.key_block(Z, "P0", lmk="02")
    block = format_4_of(key, "1234", ACCOUNT.encode(), bytes(8)).hex()
    pin = kept(hsm, "1234", zpk)
    assert hsm.ask(f"BC{AES_TPK}{block}48{ACCOUNT}{pin}") == b"BD00"
    assert hsm.ask(f"BC{AES_TPK}{block}48{ACCOUNT};{pin}") == b"BD00"


@pytest.mark.parametrize(("number", "code"), [("34", b"23"), ("03", b"69"), ("99", b"23")])
def test_offsets_are_not_for_every_format(number: str, code: bytes, hsm: Peer) -> None:
    """Verified or made, a PIN comes in a format of interchange."""
    block, data = keys.block("1234", Z), f"04{ACCOUNT}{TABLE}{DATA}"
    assert hsm.ask(f"EA{ZPK}{PVK}12{block}{number}{data}0000FFFFFFFF")[2:] == code
    assert hsm.ask(f"BK001{ZPK}{PVK}{block}{number}{data}")[2:] == code
    assert hsm.ask(f"FW001{ZPK}{PVK}{block}{number}{ACCOUNT}1")[2:] == code


def test_single_length_keys_of_old_estates(hsm: Peer, legacy_hsm: Peer) -> None:
    """CA between keys of one DES key each, sixteen digits without a tag."""
    tpk, zpk = "0123456789ABCDEF", "FEDCBA9876543210"
    under = [
        SecretKey(VARIANT_PAIRS[pair]).encrypt(bytes.fromhex(clear)).hex().upper()
        for pair, clear in ((7, tpk), (3, zpk))
    ]
    block, account = keys.block("1234", tpk), ACCOUNT
    for tag in ("", "Z"):
        request = f"CA{tag}{under[0]}{tag}{under[1]}12{block}0101{account}"
        assert legacy_hsm.ask(request) == f"CB0004{keys.block('1234', zpk)}01".encode()
        assert hsm.ask(request) == b"CB27"
