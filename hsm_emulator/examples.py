"""A request of every command with patterned test keys: for the manual, tests, fuzzing and load.

Each is really asked of a device, in order: some need an earlier answer (a MAC to verify, a PIN
under the LMK). Bytes that the device draws at random are patterned too while they are made.
"""
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.device import Device
from hsm_emulator.key_block import Attributes
from hsm_emulator.key_types import KEY_BLOCK
from hsm_emulator.pin_blocks import ISO_0, block_of
from hsm_emulator.public_lmks import by_identifier
from hsm_emulator.rules import STRICT
from hsm_emulator.secret_key import AES_, TDES, SecretKey

K: Final = "0123456789ABCDEFFEDCBA9876543210"
Z: Final = "13131313131313132525252525252525"
AES_K: Final = "00112233445566778899AABBCCDDEEFF"
PIN, NEW_PIN = "1234", "5678"
PAN: Final = "4012345678909"
ACCOUNT: Final = "401234567890"
CARD: Final = "4000001234562000"
PAN_AND_NUMBER: Final = bytes.fromhex("0000123456200001")
CARD_ACCOUNT: Final = CARD[-13:-1]
ATC, UNPREDICTABLE = b"\x00\x1c", b"\x12\x34\x56\x78"
TRANSACTION: Final = bytes.fromhex(
    "0000000123000000000000000504000000000009782611240012345678180000"
)
KSN: Final = "605FFFF9876543210E00001"
TABLE: Final = "0123456789012345"
VALIDATION: Final = "4012345678N9"
CRYPTOGRAM: Final = bytes.fromhex("7007A294664C7FDE")
UNBLOCK, CHANGE = bytes.fromhex("8424000008"), bytes.fromhex("8424000210")
MESSAGE: Final = "4E4F59415520303130302030393132"
AUTHORISED: Final = ("export", "import", "component", "generate", "pin", "diagnostic")

TPK, ZPK, ZPK_2 = under_lmk("002", K), under_lmk("001", Z), under_lmk("001", K)
PVK, CVK, ZMK = under_lmk("002", K), under_lmk("402", K), under_lmk("000", Z)
TAK, TAK_2, ZAK = under_lmk("003", K), under_lmk("003", Z), under_lmk("008", K)
DEK, DEK_2, BDK = under_lmk("00B", K), under_lmk("00B", Z), under_lmk("009", K)
MK_AC, TMK = under_lmk("109", K), under_lmk("002", Z)
MK_SMI, MK_SMC, TK = under_lmk("209", K), under_lmk("309", Z), under_lmk("00A", Z)


@dataclass(frozen=True, slots=True)
class Example:
    """One request and its true answer, both without header, and what it shows."""

    command: str
    title: str
    request: bytes
    answer: bytes


@contextmanager
def patterned() -> Iterator[None]:
    """While this lasts, "random" bytes are the same each time. Not for anything but examples."""
    drawn = 0

    def token_bytes(nbytes: int | None = None) -> bytes:
        nonlocal drawn
        drawn += 1
        wanted = 32 if nbytes is None else nbytes
        blocks = [f"{drawn} {number}".encode() for number in range(wanted // 32 + 1)]
        return b"".join(sha256(block).digest() for block in blocks)[:wanted]

    def randbelow(exclusive_upper_bound: int) -> int:
        return int.from_bytes(token_bytes(16)) % exclusive_upper_bound

    originals = secrets.token_bytes, secrets.randbelow
    secrets.token_bytes, secrets.randbelow = token_bytes, randbelow
    try:
        yield
    finally:
        secrets.token_bytes, secrets.randbelow = originals


def example_device() -> Device:
    """Return a strict device whose operators have authorised everything that the examples need."""
    device = Device(by_identifier(replace(STRICT, clear_pins=True)))
    for activity in AUTHORISED:
        device.authorisations.authorise(activity, ("amina", "brahim"), 3600)
    return device


def key_block(
    clear: str, usage: str, algorithm: str = TDES, mode: str = "N", lmk: str = "01"
) -> str:
    """Return a key block of a clear test key under LMK 01 (TDES) or 02 (AES)."""
    attributes = Attributes(usage, algorithm, mode, "00", "E")
    key = SecretKey(bytes.fromhex(clear), algorithm)
    return by_identifier()[lmk.encode()].wrapped(key, KEY_BLOCK, b"S", attributes).decode("ascii")


def pin_block(pin: str, key: str, account: str = ACCOUNT) -> str:
    """Return a format 0 PIN block under a clear TDES test key."""
    clear = block_of(pin, ISO_0, account.encode("ascii"))
    return SecretKey(bytes.fromhex(key)).encrypt(clear).hex().upper()


def made(device: Device | None = None, pin: str = PIN) -> list[Example]:
    """Ask a device for every example and return them in the order of its tables."""
    desk = _Desk(device or example_device(), pin)
    _of_the_device(desk)
    _of_keys(desk)
    _of_pins(desk)
    _of_verification(desk)
    _of_cards(desk)
    _of_scripts(desk)
    _of_macs(desk)
    _of_data(desk)
    return desk.examples


class _Desk:
    """Asks, keeps what was asked, and gives the answer behind the error code."""

    def __init__(self, device: Device, pin: str) -> None:
        self.examples: list[Example] = []
        self.pin = pin
        self._device = device

    def ask(self, title: str, request: str | bytes, expects: bytes = b"00") -> str:
        asked = request.encode("ascii") if isinstance(request, str) else request
        answer = self._device.done(asked)
        if answer[2:4] != expects:
            raise AssertionError(f"example {asked[:2]!r}, {title}: {answer[2:4]!r}")
        self.examples.append(Example(asked[:2].decode("ascii"), title, asked, answer))
        return answer[4:].decode("latin-1")


def _of_the_device(desk: _Desk) -> None:
    desk.ask("LMK 00", "NC")
    desk.ask("LMK 02", "NC%02")
    desk.ask("the interface", "NO00")
    desk.ask("not PCI", "NO01")
    desk.ask("five bytes, with a trailer", "B20005HELLO\x19end of message")
    desk.ask("two commands without headers", "NK0020002NC0009B20003ABC")


def _of_keys(desk: _Desk) -> None:
    desk.ask("a ZPK under LMK 00", "A00001U")
    desk.ask("a ZPK, and for the other side of a zone", f"A01001U;0{ZMK}X")
    desk.ask("a ZPK in a key block under LMK 01", "A00FFFS%01#P0T2E00E00")
    desk.ask("an AES key in a key block under LMK 02", "A00FFFS%02#P0A1E00E00")
    desk.ask("a terminal's initial DUKPT key", f"A0A302U01{BDK}FFFF9876543210E")
    desk.ask("two components of a ZMK", f"A42000U{under_lmk('000', K)}{under_lmk('000', Z)}")
    sent = SecretKey(bytes.fromhex(Z)).encrypt(bytes.fromhex(K)).hex().upper()
    kept = desk.ask("a ZPK sent in X9.17 form", f"A6001{ZMK}X{sent}U")
    desk.ask("and sent on", f"A8001{ZMK}{kept[:33]}X")
    zmk, zpk = key_block(Z, "K0", mode="B"), key_block(K, "P0", mode="E")
    desk.ask("a key block, not to be exported again", f"A8FFF{zmk}{zpk}S&N")
    desk.ask("of a ZPK, 6 digits", f"BUFF1{ZPK};001;001")
    desk.ask("of a key block", f"BUFFF{zpk};FFF;001")
    in_zone = desk.ask("a ZPK to send", f"GC{ZMK}{ZPK};XU1")
    desk.ask("a ZPK received", f"FA{ZMK}{in_zone[:33]};XU1")
    desk.ask("a ZPK for a zone", f"IA{ZMK};XU1")
    desk.ask("a new TMK under the current one", f"HC{TMK};XU1")


def _of_pins(desk: _Desk) -> None:
    under_tpk, under_zpk = pin_block(desk.pin, K), pin_block(desk.pin, Z)
    desk.ask("terminal to zone", f"CA{TPK}{ZPK}12{under_tpk}0101{ACCOUNT}")
    blocks = key_block(K, "71"), key_block(Z, "P0")
    desk.ask("the same with key blocks", f"CA{blocks[0]}{blocks[1]}12{under_tpk}0101{ACCOUNT}%01")
    desk.ask("zone to zone", f"CC{ZPK}{ZPK_2}12{under_zpk}0101{ACCOUNT}")
    tdes, aes = key_block(Z, "P0", lmk="02"), key_block(AES_K, "P0", AES_, lmk="02")
    desk.ask("to an AES key, format 4", f"CC{tdes}{aes}12{under_zpk}0148{PAN};")
    of_terminal = desk.ask("to a DUKPT key", f"CA{TPK}*{BDK}{KSN}12{under_tpk}0101{ACCOUNT}")[2:18]
    desk.ask("from a DUKPT terminal", f"CI{BDK}{ZPK}{KSN}{of_terminal}01{ACCOUNT}")
    desk.ask("from a DUKPT terminal", f"G0{BDK}{ZPK}{KSN}{of_terminal}0101{ACCOUNT}")
    desk.ask("six digits", f"JA{ACCOUNT}06")
    desk.ask("in authorised state, where enabled", f"BA{desk.pin}F{ACCOUNT}")
    desk.ask("from a terminal", f"JC{TPK}{under_tpk}01{ACCOUNT}")
    pin = desk.ask("from a zone", f"JE{ZPK}{under_zpk}01{ACCOUNT}")
    desk.ask("into a zone", f"JG{ZPK}01{ACCOUNT}{pin}")
    desk.ask("a terminal's PIN", f"BC{TPK}{under_tpk}01{ACCOUNT}{pin}")
    desk.ask("a PIN of a zone", f"BE{ZPK}{under_zpk}01{ACCOUNT}{pin}")


def _of_verification(desk: _Desk) -> None:
    under_tpk, under_zpk = pin_block(desk.pin, K), pin_block(desk.pin, Z)
    new_block = pin_block(NEW_PIN, Z)
    pin = desk.ask("the PIN of the next ones", f"JE{ZPK}{under_zpk}01{ACCOUNT}")
    of_terminal = desk.ask("the same", f"CA{TPK}*{BDK}{KSN}12{under_tpk}0101{ACCOUNT}")[2:18]
    pvv = desk.ask("of a PIN under the LMK", f"DG{PVK}{pin}{ACCOUNT}1")
    desk.ask("of a PIN block", f"FW001{ZPK}{PVK}{under_zpk}01{ACCOUNT}1")
    desk.ask("a terminal's PIN", f"DC{TPK}{PVK}{under_tpk}01{ACCOUNT}1{pvv}")
    desk.ask("a PIN of a zone", f"EC{ZPK}{PVK}{under_zpk}01{ACCOUNT}1{pvv}")
    wrong = f"{(int(pvv) + 1) % 10_000:04d}"
    desk.ask("a wrong PIN", f"EC{ZPK}{PVK}{under_zpk}01{ACCOUNT}1{wrong}", b"01")
    desk.ask("a DUKPT PIN", f"GQ0{BDK}{PVK}{KSN}{of_terminal}01{ACCOUNT}1{pvv}")
    desk.ask("a PIN change", f"CU001{ZPK}{PVK}{under_zpk}01{ACCOUNT}1{pvv}{new_block}")
    ibm = f"{ACCOUNT}{TABLE}{VALIDATION}"
    offset = desk.ask("of a PIN under the LMK", f"DE{PVK}{pin}04{ibm}")
    desk.ask("of a PIN block", f"BK001{ZPK}{PVK}{under_zpk}0104{ibm}")
    desk.ask("a terminal's PIN", f"DA{TPK}{PVK}12{under_tpk}0104{ibm}{offset}")
    desk.ask("a PIN of a zone", f"EA{ZPK}{PVK}12{under_zpk}0104{ibm}{offset}")
    desk.ask("a DUKPT PIN", f"GO0{BDK}{PVK}{KSN}{of_terminal}0104{ibm}{offset}")
    desk.ask("a PIN change", f"DU001{ZPK}{PVK}{under_zpk}0104{ibm}{offset}{new_block}")
    desk.ask("back to the PIN", f"EE{PVK}{offset}04{ibm}")


def _of_cards(desk: _Desk) -> None:
    cvv = desk.ask("of the stripe", f"CW{CVK}{CARD};2811201")
    desk.ask("of the stripe", f"CY{CVK}{cvv}{CARD};2811201")
    cvv2 = desk.ask("a CVV2", f"CW{CVK}{CARD};2811000")
    desk.ask("a CVV2", f"CY{CVK}{cvv2}{CARD};2811000")
    counted = b"%02X" % len(TRANSACTION) + TRANSACTION + b";"
    card = PAN_AND_NUMBER + ATC
    for code, scheme, between in (("KQ", "0", UNPREDICTABLE), ("KQ", "1", UNPREDICTABLE),
                                  ("KW", "2", b"")):  # fmt: skip
        asked = card + between + counted
        head = f"{code}0{scheme}{MK_AC}".encode()
        title = {"0": "VIS", "1": "M/Chip", "2": "common session keys"}[scheme]
        wrong = head + asked + bytes(8)
        told = desk.ask(f"{title}: a wrong ARQC in authorised state", wrong, b"01")
        arqc = told.encode("latin-1")
        desk.ask(f"{title}: an ARQC", head + asked + arqc)
        head = f"{code}1{scheme}{MK_AC}".encode()
        desk.ask(f"{title}: with an ARPC, response code 00", head + asked + arqc + b"00")


def _of_scripts(desk: _Desk) -> None:
    new, current = (bytes.fromhex(pin_block(pin, Z, CARD_ACCOUNT)) for pin in (NEW_PIN, desk.pin))
    data = SecretKey(bytes.fromhex(Z)).encrypt(bytes(range(8)))
    unblock = b"%04X%b;" % (len(UNBLOCK) + 10, UNBLOCK + ATC + CRYPTOGRAM)
    command = b"%04X%b;" % (len(CHANGE) + 10, CHANGE + ATC + CRYPTOGRAM)
    place = b"%04X" % (len(CHANGE) + 10)
    of_pin = f";0{ZPK}01"
    counted = b"%04X" % len(new) + new
    two = b"%04X" % (2 * len(new)) + new + current
    for scheme, session in (("0", bytes(6) + ATC), ("1", CRYPTOGRAM)):
        title = {"0": "VIS", "1": "M/Chip"}[scheme]
        card = MK_SMI.encode() + PAN_AND_NUMBER + session
        desk.ask(f"{title}: a MAC to unblock the PIN", f"KU0{scheme}".encode() + card + unblock)
        part = session + place
        asked = f"KU2{scheme}".encode() + card + command + f"{MK_SMC}{TK}".encode() + part
        desk.ask(f"{title}: data from under TK", asked + b"0008" + data + b";")
        asked = f"KU4{scheme}".encode() + card + command + MK_SMC.encode() + part
        behind = f"{of_pin}34{CARD_ACCOUNT}".encode()
        desk.ask(f"{title}: a new PIN, format 34", asked + counted + behind)
        if scheme == "0":
            behind = f"{of_pin}41{CARD_ACCOUNT}{MK_AC}".encode()
            desk.ask("VIS: a new PIN, format 41", asked + counted + behind)
            behind = f"{of_pin}42{CARD_ACCOUNT}{MK_AC}".encode()
            desk.ask("VIS: a new PIN over the current one, format 42", asked + two + behind)
    card = MK_SMI.encode() + PAN_AND_NUMBER + CRYPTOGRAM
    part = CRYPTOGRAM + place
    asked = b"KU11" + card + command + TK.encode() + part
    desk.ask("M/Chip: data enciphered by MK-SMI", asked + b"0008" + data + b";")
    behind = f"{of_pin}34{CARD_ACCOUNT}".encode()
    asked = b"KU31" + card + command + part
    desk.ask("M/Chip: a new PIN enciphered by MK-SMI", asked + counted + behind)


def _of_macs(desk: _Desk) -> None:
    length = f"{len(MESSAGE):04X}"
    request = f"01131003{TAK}{length}{MESSAGE}"
    mac = desk.ask("retail MAC of 15 bytes", f"M6{request}")
    desk.ask("the same, verified", f"M8{request}{mac}")
    other = f"01131003{TAK_2}"
    desk.ask("to another key", f"MY01131003{TAK}{other}{length}{MESSAGE}{mac}")
    aes = key_block(AES_K, "M6", AES_, lmk="02")
    desk.ask("AES-CMAC", f"M601160FFF{aes}{length}{MESSAGE}%02")
    short = desk.ask("of 15 bytes", f"MA{TAK}{MESSAGE}")
    desk.ask("the same, verified", f"MC{TAK}{short}{MESSAGE}")
    desk.ask("to another TAK", f"ME{TAK}{TAK_2}{short}{MESSAGE}")
    message = bytes.fromhex(MESSAGE)
    counted = f"{len(message):04X}".encode() + message
    of_terminal = desk.ask("of a DUKPT terminal", f"GW41{BDK}{KSN}".encode() + counted)
    head = f"GW11{BDK}{KSN}{of_terminal}".encode()
    desk.ask("the same, verified", head + counted)


def _of_data(desk: _Desk) -> None:
    clear = "00112233445566778899AABBCCDDEEFF"
    vector = "0000000000000000"
    there = desk.ask("CBC, hexadecimal", f"M0011100B{DEK}{vector}0020{clear}")
    desk.ask("and back", f"M2011100B{DEK}{vector}{there}")
    desk.ask("to another key", f"M401011100B{DEK}00B{DEK_2}{vector}{vector}{there}")
