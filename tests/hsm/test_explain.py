"""`noyau hsm explain`: every example, both ways, with and without length."""
import json
import subprocess
import sys

import pytest

from hsm_emulator.device import COMMANDS
from hsm_emulator.examples import ACCOUNT, K, Z, made, pin_block
from hsm_emulator.explained import NotExplained, explained
from hsm_emulator.public_lmks import by_identifier
from tests.hsm.keys import TPK, ZPK

BLOCK = pin_block("1234", K)
CA = f"0042CA{TPK}{ZPK}12{BLOCK}0101{ACCOUNT}%00\x19end"


def shell(*arguments: str, typed: str = "") -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-m", "noyau", "hsm", "explain", *arguments],
        input=typed, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout or done.stderr


def test_every_example_is_decoded_whole() -> None:
    """No answer keeps bytes that no field explains; with a length it is the same."""
    for one in made():
        for octets, kind in ((one.request, "request"), (one.answer, "answer")):
            frame = b"0042" + octets
            found = explained(frame, COMMANDS)
            names = [name for name, _ in found.fields]
            assert (found.kind, found.command) == (kind, octets[:2].decode())
            assert "refused" not in names
            assert not any(name.startswith("rest") for name in names)
            assert explained(len(frame).to_bytes(2) + frame, COMMANDS) == found


def test_fields_have_their_names_and_secrets_do_not_show() -> None:
    """Formats, types and lengths as they are; keys by their scheme, PIN blocks by their length."""
    code, said = shell(CA.encode("latin-1").hex())
    assert code == 0
    lines = [line.strip().rpartition("  ") for line in said.splitlines()[1:]]
    assert said.startswith("request CA: Translate a PIN from a TPK to a ZPK; header '0042'")
    assert ("source PIN block format", "  ", "01") in lines
    assert "U… 33 characters" in said
    assert "LMK identifier" in said
    for secret in (TPK[1:12], ZPK[1:12], BLOCK[:8], ACCOUNT):
        assert secret not in said


def test_json_says_the_same() -> None:
    """One object; names and values in order."""
    code, said = shell("-", "--json", typed=b"\x00\x060042NC".hex())
    told = json.loads(said)
    assert (code, told["kind"], told["command"], told["header"]) == (0, "request", "NC", "0042")
    code, said = shell(b"0042ND002686040000000000EMUL-0001".hex(), "--json")
    assert [field["name"] for field in json.loads(said)["fields"]] == [
        "error", "LMK check value", "firmware"]


def test_refused_request_shows_how_far_it_went() -> None:
    """The fields before the wrong one, that one, and the code the device would give."""
    wrong = CA.replace("0101", "01XX", 1).partition("%")[0]
    found = explained(wrong.encode(), COMMANDS).fields
    names = [name for name, _ in found]
    assert names[-1] == "refused"
    assert found[-1][1].startswith("23")
    assert ("target PIN block format", "cannot be read") in found


def test_key_block_shows_its_header() -> None:
    """What stands in clear in it."""
    block = next(one for one in made() if b"S00072K0" in one.request)
    shown = dict(explained(b"0042" + block.request, COMMANDS).fields)
    assert any(value.startswith("S00072K0TB00E0001…") for value in shown.values())


@pytest.mark.parametrize(("frame", "why"), [
    (b"0042", "shorter"), (b"0042??", "neither"), (b"", "shorter"), (b"\x00\x05abc", "shorter"),
])
def test_what_is_no_frame(frame: bytes, why: str) -> None:
    """Said plainly; another header's length is an option."""
    with pytest.raises(NotExplained, match=why):
        explained(frame, COMMANDS)
    assert explained(b"12NC", COMMANDS, header_bytes=2).command == "NC"


def test_not_hexadecimal() -> None:
    """Exit code 2, no traceback, nothing of the input."""
    code, said = shell("hello")
    assert code == 2
    assert said == "noyau hsm explain: expected hexadecimal digits, two for each byte\n"


def test_clear_keys_of_the_examples_are_the_published_ones() -> None:
    """Nothing secret is in the program: the keys open under the public LMK to patterns."""
    key, _ = by_identifier()[b"00"].opened(ZPK.encode(), b"001", b"10")
    assert key.clear.hex().upper() == Z
