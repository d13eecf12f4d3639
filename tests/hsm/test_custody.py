"""LMKs of one's own: made of shares, kept under a passphrase, used by the device."""
import json
from pathlib import Path

import pytest

from hsm_emulator import custody, lmk_shares, sealed_lmks
from hsm_emulator.custody import KEY_BYTES, ClearLmk, Kind, NoLmks
from hsm_emulator.device import Device
from hsm_emulator.public_lmks import AES_KEY_BLOCK, TDES_KEY_BLOCK, VARIANT_PAIRS
from hsm_emulator.rules import STRICT
from hsm_emulator.secret_key import has_odd_parity

PASSPHRASE = "correct horse battery"
KINDS: tuple[Kind, ...] = ("variant", "tdes", "aes")


@pytest.mark.parametrize("kind", KINDS)
def test_shares_make_an_lmk(kind: Kind) -> None:
    """In any order; DES parts have odd parity; a device works with it."""
    shares = lmk_shares.new_shares(kind, 3)
    made = custody.combined("07", kind, shares)
    assert made == custody.combined("07", kind, shares[::-1])
    assert len(made.key) == KEY_BYTES[kind]
    assert kind == "aes" or has_odd_parity(made.key)
    device = Device(custody.own_lmks([made], STRICT).by_identifier)
    answer = device.done(b"NC%07")
    assert answer[:4] == b"ND00"
    assert answer[4:10] != b"000000"
    asked = b"A00001U%07" if kind == "variant" else b"A00FFFS%07#P0T2N00E00"
    assert device.done(asked)[:4] == b"A100"


def test_fewer_shares_are_another_key() -> None:
    """Whoever lacks one has nothing."""
    shares = lmk_shares.new_shares("aes", 3)
    whole, partial = (custody.combined("00", "aes", some) for some in (shares, shares[:2]))
    assert whole.key != partial.key


@pytest.mark.parametrize(("kind", "shares"), [
    ("aes", [bytes(32)]),
    ("aes", [bytes(32), bytes(31)]),
    ("aes", [b"\x55" * 32, b"\x55" * 32]),
    ("tdes", [b"\x01" * 24, b"\x02" * 24]),
    ("variant", [b"\x11" * 320, b"\x11" * 320]),
], ids=["alone", "short", "cancel out", "repeats", "weak"])
def test_shares_that_make_no_key(kind: Kind, shares: list[bytes]) -> None:
    """Said before anything is kept."""
    with pytest.raises(NoLmks):
        custody.combined("00", kind, shares)


def test_share_is_read_as_it_is_printed() -> None:
    """The sheet has the digits in lines with numbers, the check value, and no other share."""
    for kind in KINDS:
        one, other = lmk_shares.new_shares(kind, 2)
        sheet = lmk_shares.sheet(one, kind, 1, 2)
        typed = " ".join(lmk_shares.lines_of(one))
        assert all(line in sheet for line in lmk_shares.lines_of(one))
        assert lmk_shares.share_of(typed.lower(), kind) == one
        assert lmk_shares.share_check_value(one, kind) in sheet
        assert lmk_shares.lines_of(other)[0] not in sheet
        assert lmk_shares.share_of(typed[:-1], kind) is None
        assert lmk_shares.share_of("hello", kind) is None


def test_check_value_notices_every_slip() -> None:
    """Of a long variant share too: a digit altered, two lines exchanged."""
    share = bytearray(lmk_shares.new_shares("variant", 1)[0])
    value = lmk_shares.share_check_value(bytes(share), "variant")
    altered = bytes([share[0] ^ 2]) + bytes(share[1:])
    exchanged = bytes(share[16:32] + share[:16] + share[32:])
    for other in (altered, exchanged):
        assert lmk_shares.share_check_value(other, "variant") != value


def test_kept_lmks_come_back(tmp_path: Path) -> None:
    """Under the passphrase only; the file shows nothing and is for its user."""
    kept = [
        ClearLmk("00", "variant", b"".join(VARIANT_PAIRS)),
        ClearLmk("01", "tdes", TDES_KEY_BLOCK),
        ClearLmk("02", "aes", AES_KEY_BLOCK),
    ]
    sealed_lmks.seal(tmp_path / "lmks", kept, PASSPHRASE)
    assert sealed_lmks.unsealed(tmp_path / "lmks", PASSPHRASE) == kept
    file = tmp_path / "lmks" / sealed_lmks.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [sealed_lmks.FILE]
    for one in kept:
        assert one.key[:16].hex() not in file.read_text().lower()
    with pytest.raises(NoLmks, match="passphrase"):
        sealed_lmks.unsealed(tmp_path / "lmks", PASSPHRASE + "!")


def test_file_that_was_touched_is_refused(tmp_path: Path) -> None:
    """Its parameters are bound to it, foreign ones cannot exhaust this machine, modes matter."""
    sealed_lmks.seal(tmp_path, [ClearLmk("02", "aes", AES_KEY_BLOCK)], PASSPHRASE)
    file = tmp_path / sealed_lmks.FILE
    whole = json.loads(file.read_text())
    for change in ({"iterations": 4}, {"memory_kib": 1 << 40}, {"lanes": 0}, {"version": 2},
                   {"salt": "AAAA"}, {"sealed": "AAAA"}):  # fmt: skip
        file.write_text(json.dumps(whole | change))
        with pytest.raises(NoLmks):
            sealed_lmks.unsealed(tmp_path, PASSPHRASE)
    file.write_text(json.dumps(whole))
    file.chmod(0o640)
    with pytest.raises(NoLmks, match="chmod 600"):
        sealed_lmks.unsealed(tmp_path, PASSPHRASE)


def test_short_passphrase_keeps_nothing(tmp_path: Path) -> None:
    """Twelve characters at least."""
    with pytest.raises(NoLmks, match="12"):
        sealed_lmks.seal(tmp_path / "new", [ClearLmk("02", "aes", AES_KEY_BLOCK)], "short")
    assert not (tmp_path / "new").exists()


def test_lmk_prints_without_its_key() -> None:
    """Neither repr nor str."""
    one = ClearLmk("02", "aes", AES_KEY_BLOCK)
    assert AES_KEY_BLOCK.hex() not in f"{one} {one!r}".lower()
    assert repr(AES_KEY_BLOCK) not in f"{one} {one!r}"
