"""`noyau keys`: what custodians do at a command line; clear keys come by standard input only."""
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hsm_emulator import lmk_shares
from hsm_emulator.cryptograms import kcv, under_lmk
from noyau.cli import app
from tests.hsm import keys
from tests.hsm.keys import ZMK, K, Z
from tests.hsm.peer import Peer, device

AES_K = "00112233445566778899AABBCCDDEEFF"
PASSPHRASE = "correct horse battery"


def run(*arguments: str, typed: Sequence[str] = (), code: int = 0) -> str:
    """Return what was printed, both streams when it failed."""
    done = CliRunner().invoke(
        app, ["keys", *arguments], input="".join(f"{line}\n" for line in typed))
    assert done.exit_code == code, done.output
    return done.output if code else done.stdout


def told(*arguments: str, typed: Sequence[str] = ()) -> dict[str, str]:
    answer: dict[str, str] = json.loads(run(*arguments, "--json", typed=typed))
    return answer


def test_key_is_generated_for_both_sides_of_a_zone() -> None:
    """What goes to the other side comes back as the same key."""
    made = told("generate", "--type", "001", "--zmk", ZMK)
    assert made["key_under_zmk"][0] == "X"
    back = told("import", "--type", "001", "--zmk", ZMK, "--key", made["key_under_zmk"])
    assert back == {"key_under_lmk": made["key_under_lmk"], "kcv": made["kcv"]}
    sent = told("export", "--type", "001", "--zmk", ZMK, "--key", made["key_under_lmk"],
                "--zmk-scheme", "U")  # fmt: skip
    assert sent["key_under_zmk"][0] == "U"
    assert sent["kcv"] == made["kcv"]


@pytest.mark.parametrize(("lmk", "attributes"), [("01", "P0T2E00E00"), ("02", "P0A1E00E00")])
def test_key_block_travels_as_thales_and_as_tr31(lmk: str, attributes: str) -> None:
    """Under a ZMK of the same kind, there and back, with the same check value."""
    algorithm = "A" if lmk == "02" else "T"
    zmk = keys.key_block(AES_K if lmk == "02" else Z, "K0", algorithm, "B", lmk)
    made = told("generate", "--lmk", lmk, "--attributes", attributes)
    for scheme, tag in (("S", "S"), ("R", "R")):
        sent = told("export", "--zmk", zmk, "--key", made["key_under_lmk"], "--zmk-scheme", scheme,
                    "--lmk", lmk)  # fmt: skip
        assert sent["key_under_zmk"][0] == tag
        back = told("import", "--zmk", zmk, "--key", sent["key_under_zmk"], "--lmk", lmk)
        assert back["kcv"] == made["kcv"]


def test_running_hsm_does_the_same() -> None:
    """With --hsm the command goes there; its authorised state holds."""
    with device(authorised=("export",)) as port:
        there = ("--hsm", f"127.0.0.1:{port}")
        made = told("generate", "--type", "001", "--zmk", ZMK, *there)
        assert told("kcv", made["key_under_lmk"], "--type", "001", *there) == {"kcv": made["kcv"]}
        peer = Peer(port)
        assert peer.ask(f"BUFF1{made['key_under_lmk']};001;001")[4:] == made["kcv"].encode()
        peer.close()
    with device() as port:
        there = ("--hsm", f"127.0.0.1:{port}")
        refused = run("generate", "--type", "001", "--zmk", ZMK, *there, code=2)
    assert "error 17, not authorised" in refused
    assert "--hsm" in run("kcv", ZMK, "--type", "000", "--hsm", f"127.0.0.1:{port}", code=2)


@pytest.mark.parametrize(("options", "key"), [
    (("--type", "001"), K), (("--type", "000"), Z), (("--lmk", "01", "--attributes", "P0TN00E"), K),
    (("--lmk", "02", "--attributes", "D0AN00N", "--aes"), AES_K),
])
def test_clear_key_goes_under_an_lmk_and_comes_back(options: tuple[str, ...], key: str) -> None:
    """The cryptogram is the one the device makes."""
    made = told("wrap", *options, typed=[key])
    where = [option for option in options if option != "--aes"]
    back = told("unwrap", made["key"], *where[: 2 if "--lmk" in where or "--type" in where else 0])
    assert (back["clear_key"], back["kcv"]) == (key, made["kcv"])
    if options[0] == "--type":
        assert made["key"] == under_lmk(options[1], key)
        assert made["kcv"] == kcv(key)


@pytest.mark.parametrize("form", ["X", "U", "S", "RA", "RB", "RC"])
def test_clear_key_goes_under_a_clear_zmk_and_comes_back(form: str) -> None:
    """In every form that others may send."""
    attributes = ("--attributes", "P0TE00N") if form[0] in "SR" else ()
    made = told("wrap", "--under", "zmk", "--form", form, *attributes, typed=[Z, K])
    assert made["key"].startswith(form)
    back = told("unwrap", made["key"], "--under", "zmk", typed=[Z])
    assert (back["clear_key"], back["kcv"]) == (K, kcv(K))
    assert back.get("usage", "P0") == "P0"


def test_aes_key_goes_under_an_aes_kbpk() -> None:
    """TR-31 version D."""
    made = told("wrap", "--under", "zmk-aes", "--form", "RD", "--attributes", "D0AE00N",
                typed=[AES_K, AES_K])  # fmt: skip
    assert made["key"].startswith("RD")
    assert told("unwrap", made["key"], "--under", "zmk-aes", typed=[AES_K])["clear_key"] == AES_K


def test_components_make_the_key_that_was_cut() -> None:
    """In any order; each has a check value; new ones make the key whose value is shown."""
    cut = told("components", "--split", "--count", "3", typed=[K])
    parts = [cut[f"component_{number}"].split()[0] for number in (3, 1, 2)]
    made = told("components", "--combine", "--count", "3", "--type", "001", typed=parts)
    assert made == {"key": under_lmk("001", K), "kcv": kcv(K)}
    new = told("components", "--count", "2", "--size", "24")
    parts = [new[f"component_{number}"].split()[0] for number in (1, 2)]
    assert {len(part) for part in parts} == {48}
    assert told("components", "--combine", "--type", "001", typed=parts)["kcv"] == new["kcv"]
    assert new["component_1"].split()[1] == kcv(parts[0])
    assert all(keys.odd(part) == part for part in parts)


def test_kcv_of_a_clear_key_and_of_a_cryptogram() -> None:
    """TDES and AES."""
    assert told("kcv", typed=[K]) == told("kcv", ZMK_OF_K, "--type", "000") == {"kcv": kcv(K)}
    assert told("kcv", "--aes", typed=[AES_K]) == {"kcv": kcv(AES_K, "aes")}


ZMK_OF_K = under_lmk("000", K)


@pytest.mark.parametrize(("arguments", "typed", "says"), [
    (("generate",), (), "--type"),
    (("generate", "--type", "001", "--lmk", "07"), (), "error 13"),
    (("generate", "--type", "0ZZ"), (), "error 28"),
    (("wrap", "--type", "001"), (), "standard input ended"),
    (("wrap", "--type", "001"), (K[:-2],), "error"),
    (("wrap", "--type", "001"), ("hello",), "error 15"),
    (("wrap", "--type", "001"), (K[:16],), "error 27"),
    (("wrap", "--under", "tmk"), (), "lmk, zmk or zmk-aes"),
    (("unwrap", K, "--lmk", "09"), (), "known: 00, 01, 02"),
    (("components", "--size", "17"), (), "--size"),
    (("components", "--combine", "--type", "001"), (K, "12"), "component 2"),
    (("kcv", ZMK_OF_K, "--type", "001", "--hsm", "nowhere"), (), "HOST:PORT"),
])
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], typed: tuple[str, ...], says: str
) -> None:
    """Exit code 2, one line, no key in it."""
    said = run(*arguments, typed=typed, code=2)
    assert says in said
    assert "Traceback" not in said
    assert not any(secret in said for secret in typed if len(secret) > 8)


def test_ceremony_from_sheets_to_a_running_device(tmp_path: Path) -> None:
    """Three custodians type what their sheets say; the device then has an LMK that nobody has."""
    sheets, folder = tmp_path / "sheets", tmp_path / "lmks"
    secret = tmp_path / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n")
    printed = run("ceremony", "shares", "--kind", "aes", "--sheets", str(sheets), "--count", "3")
    paths = sorted(sheets.iterdir())
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600] * 3
    typed, values = [], []
    for path in paths:
        lines = path.read_text().splitlines()
        rows = [line.split()[1:] for line in lines if line.strip()[:1] in ("1", "2")]
        typed.append(" ".join(" ".join(row) for row in rows))
        values.append(next(line.split()[-1] for line in lines if line.startswith("Check value")))
    assert all(value in printed for value in values)
    assert not any("".join(share.split())[:12] in printed for share in typed)
    said = run("ceremony", "load", "--kind", "aes", "--id", "02", "--lmk-folder", str(folder),
               typed=[*typed, PASSPHRASE])  # fmt: skip
    assert all(value in said for value in values)
    listed = run("ceremony", "list", "--lmk-folder", str(folder), "--passphrase-file", str(secret))
    assert listed.split()[-1] == said.split("check value")[-1].split(";")[0].strip()
    own = ("--lmk-folder", str(folder), "--passphrase-file", str(secret), "--lmk", "02")
    made = told("generate", "--attributes", "P0A1E00E00", *own)
    assert told("kcv", made["key_under_lmk"], *own) == {"kcv": made["kcv"]}
    assert "error A4" in run("kcv", made["key_under_lmk"], "--lmk", "02", code=2)


def test_second_lmk_joins_the_first(tmp_path: Path) -> None:
    """One passphrase for the folder; an LMK is replaced only when asked."""
    folder = ("--lmk-folder", str(tmp_path / "lmks"))
    variant = [line for share in lmk_shares.new_shares("variant", 2)
               for line in lmk_shares.lines_of(share)]  # fmt: skip
    tdes = [share.hex() for share in lmk_shares.new_shares("tdes", 2)]
    load = ("ceremony", "load", *folder, "--count", "2")
    run(*load, "--kind", "variant", "--id", "00", typed=[*variant, PASSPHRASE])
    run(*load, "--kind", "tdes", "--id", "01", typed=[*tdes, PASSPHRASE])
    again = run(*load, "--kind", "tdes", "--id", "01", typed=[*tdes, PASSPHRASE], code=2)
    assert "--replace" in again
    run(*load, "--kind", "tdes", "--id", "01", "--replace", typed=[*tdes, PASSPHRASE])
    wrong = run(*load, "--kind", "tdes", "--id", "03", typed=[*tdes, "wrong passphrase"], code=2)
    assert "passphrase" in wrong
    listed = run("ceremony", "list", *folder, typed=[PASSPHRASE]).splitlines()
    assert [line.split()[1] for line in listed] == ["00", "01"]


def test_same_share_twice_is_noticed(tmp_path: Path) -> None:
    """And one that is too short; nothing is kept."""
    share = "1F" * 32
    folder = str(tmp_path / "l")
    load = ("ceremony", "load", "--kind", "aes", "--lmk-folder", folder, "--count", "2")
    assert "already" in run(*load, typed=[share, share], code=2)
    assert "64 hexadecimal digits" in run(*load, typed=[share[:-2], share], code=2)
    assert not (tmp_path / "l").exists()
