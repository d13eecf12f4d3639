"""The HSM against other people's libraries, over TCP: `make hsm-against-others ROUNDS=500 SEED=1`.

psec and pyemv compute what the device should answer to requests drawn at random, keys of every
length under all three LMKs. They are installed beside the lock, by that target only.
"""
import sys
import time
from collections import Counter
from random import Random
from typing import Final

from psec import cvv, mac, pin, pinblock, tr31
from pyemv import cvn, kd, sm

from hsm_emulator.cryptograms import under_lmk
from hsm_emulator.rules import LEGACY
from hsm_emulator.secret_key import AES_, SecretKey, with_odd_parity
from tests.hsm import emv_requests
from tests.hsm.keys import key_block
from tests.hsm.peer import Peer, device

BLOCKS: Final = {
    "01": (pinblock.encode_pinblock_iso_0, pinblock.decode_pinblock_iso_0),
    "47": (pinblock.encode_pinblock_iso_3, pinblock.decode_pinblock_iso_3),
}
TERMINAL: Final = {
    "tag_9f02": 6, "tag_9f03": 6, "tag_9f1a": 2, "tag_95": 5, "tag_5f2a": 2, "tag_9a": 3,
    "tag_9c": 1, "tag_9f37": 4, "tag_82": 2, "tag_9f36": 2,
}  # fmt: skip


class Rounds:
    """One seed's requests, each held against what another library says."""

    def __init__(self, peer: Peer, seed: int) -> None:
        self.dice = Random(seed)  # must be repeatable
        self.peer = peer
        self.checked: Counter[str] = Counter()
        self.lmk = "00"

    def round(self) -> None:
        """One request of each kind, all keys under one LMK."""
        self.lmk = self.dice.choice(("00", "01", "02"))
        self.translation()
        self.translation_of_aes()
        self.verification_values()
        self.macs()
        self.blocks_of_other_devices()
        for scheme in (self.visa_10, self.visa_18, self.mastercard_own, self.mastercard_common):
            scheme()
        self.scripts()
        self.data_in_scripts()

    def expect(self, what: str, got: bytes, wanted: bytes) -> None:
        self.checked[what] += 1
        if got != wanted:
            sys.exit(f"{what}: the device says {got!r}, the other library {wanted!r}")

    def digits(self, least: int, most: int = 0) -> str:
        count = self.dice.randint(least, most or least)
        return "".join(self.dice.choices("0123456789", k=count))

    def key(self, *lengths: int) -> bytes:
        return with_odd_parity(self.dice.randbytes(self.dice.choice(lengths or (16,))))

    def under(self, clear: bytes, key_type: str, usage: str) -> str:
        if self.lmk == "00":
            return under_lmk(key_type, clear.hex())
        return key_block(clear.hex(), usage, lmk=self.lmk)

    def translation(self) -> None:
        source, target = self.key(16, 24), self.key(16, 24)
        chosen, pan = self.digits(4, 12), self.digits(13, 19)
        (came, made) = self.dice.choices(sorted(BLOCKS), k=2)
        block = SecretKey(source).encrypt(BLOCKS[came][0](chosen, pan)).hex()
        keys = self.under(source, "001", "P0") + self.under(target, "001", "72")
        answer = self.peer.ask(f"CC{keys}12{block}{came}{made}{pan[-13:-1]}")
        clear = SecretKey(target).decrypt(bytes.fromhex(answer[6:22].decode()))
        opened = BLOCKS[made][1](clear, pan)
        self.expect("CC", answer[:6] + opened.encode(), f"CD00{len(chosen):02d}{chosen}".encode())

    def translation_of_aes(self) -> None:
        source, target = (self.dice.randbytes(self.dice.choice((16, 24, 32))) for _ in range(2))
        chosen, pan = self.digits(4, 12), self.digits(13, 19)
        block = pinblock.encipher_pinblock_iso_4(source, chosen, pan).hex()
        keys = "".join(key_block(key.hex(), "P0", AES_, lmk="02") for key in (source, target))
        answer = self.peer.ask(f"CC{keys}12{block}4848{pan};")
        opened = pinblock.decipher_pinblock_iso_4(target, bytes.fromhex(answer[6:38].decode()), pan)
        self.expect("CC, format 4", opened.encode(), chosen.encode())

    def verification_values(self) -> None:
        zpk, pvk, cvk = self.key(16, 24), self.key(), self.key()
        chosen, pan, index = self.digits(4, 12), self.digits(16), self.digits(1)
        value = pin.generate_visa_pvv(pvk, index, chosen[:4], pan)
        block = SecretKey(zpk).encrypt(pinblock.encode_pinblock_iso_0(chosen, pan)).hex()
        keys = self.under(zpk, "001", "P0") + self.under(pvk, "002", "V2")
        request = f"EC{keys}{block}01{pan[-13:-1]}{index}{value}"
        self.expect("EC", self.peer.ask(request), b"ED00")
        expiry, service = self.digits(4), self.digits(3)
        made = cvv.generate_cvv(cvk, pan, expiry, service)
        request = f"CW{self.under(cvk, '402', 'C0')}{pan};{expiry}{service}"
        self.expect("CW", self.peer.ask(request), b"CX00" + made.encode())

    def macs(self) -> None:
        text, padding = self.dice.randbytes(self.dice.randint(1, 300)), self.dice.choice("123")
        key, retail = self.key(16, 24), self.key()
        for number, under, made in (
            ("1", key, mac.generate_cbc_mac(key, text, int(padding))),
            ("3", retail, mac.generate_retail_mac(retail[:8], retail[8:], text, int(padding))),
        ):
            kind = "003" if self.lmk == "00" else "FFF"
            head = f"M6001{number}{padding}{kind}{self.under(under, '003', f'M{number}')}"
            answer = self.peer.ask(f"{head}{len(text):04X}".encode() + text)
            self.expect(f"M6, algorithm {number}", answer, b"M700" + made.hex().upper().encode())

    def blocks_of_other_devices(self) -> None:
        version, usage = self.dice.choice("ABC"), self.dice.choice(("P0", "K0", "C0", "V2", "E0"))
        kbpk, key = self.key(16, 24), self.key(8, 16, 24)
        block = tr31.wrap(kbpk, tr31.Header(version, usage, "T", "N", "00", "E"), key)
        kind, scheme = ("FFF", {8: "Z", 16: "U", 24: "T"}[len(key)] if self.lmk == "00" else "S")
        answer = self.peer.ask(f"A6{kind}{self.under(kbpk, '000', 'K0')}R{block}{scheme}")
        value = SecretKey(key).check_value()[:3].hex().upper()
        self.expect(f"A6, version {version}", answer[:4] + answer[-6:], b"A700" + value.encode())

    def card(self) -> tuple[str, bytes, str, dict[str, bytes], str]:
        """Return MK-AC under the LMK and in clear, PAN, the terminal's data singly and joined."""
        master, pan = self.key(), self.digits(16)
        tags = {name: self.dice.randbytes(length) for name, length in TERMINAL.items()}
        return self.under(master, "109", "E0"), master, pan, tags, b"".join(tags.values()).hex()

    def visa_10(self) -> None:
        under, master, pan, tags, text = self.card()
        results, code = self.dice.randbytes(4), self.dice.randbytes(2)
        other = cvn.VisaCVN10(master, master, master, pan, "00")
        arqc = other.generate_ac(**tags, cvr=results)
        request = emv_requests.kq(
            1, 0, under, emv_requests.card(pan, "00"), tags["tag_9f36"].hex(),
            tags["tag_9f37"].hex(), arqc.hex(), text + results.hex(), code.hex(),
        )  # fmt: skip
        self.expect("KQ, CVN 10", self.peer.ask(request), b"KR00" + other.generate_arpc(arqc, code))

    def visa_18(self) -> None:
        under, master, pan, tags, text = self.card()
        data, update = self.dice.randbytes(7), self.dice.randbytes(4)
        other = cvn.VisaCVN18(master, master, master, pan, "00")
        arqc = other.generate_ac(**tags, tag_9f10=data)
        request = emv_requests.kw(
            3, 2, under, emv_requests.card(pan, "00"), tags["tag_9f36"].hex(), arqc.hex(),
            emv_requests.padded(text + data.hex()), update.hex(),
        )  # fmt: skip
        arpc = other.generate_arpc(arqc, tags["tag_9f36"], update)
        self.expect("KW, CVN 18", self.peer.ask(request), b"KX00" + arpc)

    def mastercard_own(self) -> None:
        under, master, pan, tags, text = self.card()
        results, code = self.dice.randbytes(6), self.dice.randbytes(2)
        other = cvn.MasterCardCVN16(master, master, master, pan, "00")
        arqc = other.generate_ac(**tags, cvr=results)
        request = emv_requests.kq(
            1, 1, under, emv_requests.card(pan, "00"), tags["tag_9f36"].hex(),
            tags["tag_9f37"].hex(), arqc.hex(), emv_requests.padded(text + results.hex()),
            code.hex(),
        )  # fmt: skip
        self.expect("KQ, CVN 16", self.peer.ask(request), b"KR00" + other.generate_arpc(arqc, code))

    def mastercard_common(self) -> None:
        under, master, pan, tags, text = self.card()
        results, code = self.dice.randbytes(6), self.dice.randbytes(2)
        other = cvn.MasterCardCVN20(master, master, master, pan, "00")
        arqc = other.generate_ac(**tags, cvr=results)
        request = emv_requests.kw(
            1, 2, under, emv_requests.card(pan, "00"), tags["tag_9f36"].hex(), arqc.hex(),
            emv_requests.padded(text + results.hex()), code.hex(),
        )  # fmt: skip
        arpc = other.generate_arpc(arqc, tags["tag_9f36"], code)
        self.expect("KW, CVN 20", self.peer.ask(request), b"KX00" + arpc)

    def scripts(self) -> None:
        """KU: a new PIN for a card of VIS, over its current one or not, and for one of M/Chip."""
        ac, smi, smc, zpk = (self.key() for _ in range(4))
        pan, chosen, current = self.digits(16), self.digits(4, 12), self.digits(4, 12)
        atc, cryptogram = self.dice.randbytes(2), self.dice.randbytes(8)
        visa = cvn.VisaCVN10(ac, smi, smc, pan, "00")
        mchip = cvn.MasterCardCVN16(ac, smi, smc, pan, "00")
        asked = cryptogram, atc
        for scheme, session, target, whole in (
            ("0", bytes(6) + atc, "41", visa.generate_pin_change_command(chosen, *asked)),
            ("0", bytes(6) + atc, "42", visa.generate_pin_change_command(chosen, *asked, current)),
            ("1", cryptogram, "34", mchip.generate_pin_change_command(chosen, *asked)),
        ):
            came = self.dice.choice(sorted(BLOCKS))
            pins = (chosen, current) if target == "42" else (chosen,)
            blocks = [SecretKey(zpk).encrypt(BLOCKS[came][0](one, pan)) for one in pins]
            part = emv_requests.Part(
                b"".join(blocks), self.under(smc, "309", "E1"), session=session,
                pin=f"0{self.under(zpk, '001', 'P0')}{came}{target}{pan[-13:-1]}",
                ac="" if target == "34" else self.under(ac, "109", "E0"),
            )  # fmt: skip
            request = emv_requests.script(
                f"KU4{scheme}", self.under(smi, "209", "E2"),
                bytes.fromhex(emv_requests.card(pan, "00")), session,
                whole[:5] + atc + cryptogram, part,
            )  # fmt: skip
            wanted = b"KV00" + whole[-8:] + b"%04X" % len(whole[5:-8]) + whole[5:-8]
            self.expect(f"KU, format {target}", self.peer.ask(request), wanted)

    def data_in_scripts(self) -> None:
        """KU: data of any length for a card of M/Chip."""
        smi, smc, tk = self.key(), self.key(), self.key(16, 24)
        pan, cryptogram = self.digits(16), self.dice.randbytes(8)
        content = self.dice.randbytes(8 * self.dice.randint(1, 8))
        keys = [kd.derive_common_sk(kd.derive_icc_mk_a(key, pan, "00"), cryptogram)
                for key in (smi, smc)]  # fmt: skip
        enciphered = sm.encrypt_command_data(keys[1], content, sm.EncryptionType.MASTERCARD)
        command = self.dice.randbytes(self.dice.randint(5, 40))
        part = emv_requests.Part(
            SecretKey(tk).encrypt(content), self.under(smc, "309", "E1"),
            self.under(tk, "00A", "D0"), cryptogram,
        )  # fmt: skip
        request = emv_requests.script(
            "KU21", self.under(smi, "209", "E2"), bytes.fromhex(emv_requests.card(pan, "00")),
            cryptogram, command, part,
        )  # fmt: skip
        made = sm.generate_command_mac(keys[0], command + enciphered)
        wanted = b"KV00" + made + b"%04X" % len(enciphered) + enciphered
        self.expect("KU, data", self.peer.ask(request), wanted)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    sys.stdout.write(f"seed {seed}, {count} rounds\n")
    with device(rules=LEGACY) as port:
        peer = Peer(port)
        rounds = Rounds(peer, seed)
        for _ in range(count):
            rounds.round()
        peer.close()
    told = ", ".join(f"{what}: {times}" for what, times in sorted(rounds.checked.items()))
    sys.stdout.write(f"{rounds.checked.total()} answers agree. {told}\n")


if __name__ == "__main__":
    main()
