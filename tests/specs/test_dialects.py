"""Every dialect loads whole, and a mistake in a file is named with its key."""
from pathlib import Path

import pytest

from specs import dialect as dialect_module
from specs.dialect import DialectError, dialect_names, load_dialect, parse_framing

SHIPPED = ["iso87-ascii", "iso87-binary", "iso87-ebcdic", "iso93-ascii", "iso93-binary",
           "mastercard-like", "national", "visa-like"]


def test_the_shipped_dialects() -> None:
    assert dialect_names()[: len(SHIPPED)] == SHIPPED


@pytest.mark.parametrize("name", dialect_names())
def test_a_dialect_knows_all_elements_that_a_bitmap_can_announce(name: str) -> None:
    """2 to 128 but for 65, the tertiary bitmap: held-back messages use any of them."""
    dialect = load_dialect(name)
    assert set(dialect.elements) == set(range(2, 129)) - {65}
    assert all(rule.name and not rule.name.startswith("Element ") for rule in
               dialect.elements.values())
    assert dialect.title


@pytest.mark.parametrize("name", dialect_names())
def test_a_dialects_conduct_is_whole(name: str) -> None:
    dialect = load_dialect(name)
    assert 11 in dialect.match_key
    assert set(dialect.network_codes) == {
        "sign_on", "sign_off", "echo", "cutover", "new_key", "key_request"}
    assert dialect.network_element in dialect.elements
    first_digit = {1987: "0", 1993: "1"}[dialect.version]
    assert dialect.mandatory
    for mti, asked in dialect.mandatory.items():
        assert mti[0] == first_digit
        for expression in asked:
            assert all(int(number) in dialect.elements for number in expression.split("|"))
    secrets = {35, 36, 45, 52, 55}
    assert not secrets & set(dialect.echoed), "a response made here would send them back"


@pytest.mark.parametrize("name", dialect_names())
def test_the_head_of_each_file_names_its_sources_or_guesses(name: str) -> None:
    folder = next(f for f in dialect_module.FOLDERS if (f / f"{name}.toml").is_file())
    lines = (folder / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    head = " ".join(line for line in lines if line.startswith("#")).lower()
    assert any(word in head for word in ("source", "guess", "designed", "public", "met in"))


def test_what_an_acquirer_may_leave_out() -> None:
    """The contract: 0100 needs 2 or 35 (or chip data with the PAN), 3, 4, 7, 11, 41, 49."""
    asked = load_dialect("iso87-ascii").mandatory_for("0100")
    assert asked == ("2|35|55", "3", "4", "7", "11", "41", "49")
    assert load_dialect("iso87-ascii").mandatory_for("0101") == asked


def test_an_unknown_name_lists_those_there_are() -> None:
    for name in ("nowhere", "../secrets", "", "ISO87"):
        with pytest.raises(DialectError, match="no such dialect; there are iso87-ascii"):
            load_dialect(name)


@pytest.mark.parametrize(
    ("content", "key", "reason"),
    [
        ("colour = 1", "colour", "unknown key"),
        ('[encodings]\nnumeric = "roman"', "encodings.numeric", "one of ascii"),
        ('[elements]\n3 = { form = "n6", length = 6 }', "elements.3.length", "unknown key"),
        ('[elements]\n3 = { form = "six" }', "elements.3.form", "such as"),
        ('[elements]\n129 = { form = "n6" }', "elements.129", "2 to 128"),
        ('[elements]\nthree = { form = "n6" }', "elements.three", "NUMBER"),
        ('[elements]\n3 = { form = "n..120" }', "elements.3.form", "cannot say 120"),
        ('[elements]\n3 = { encoding = "hex" }', "elements.3.encoding", "kind b"),
        ('[elements]\n55 = { form = "b...999" }', "elements.55.form", "cannot say 1998"),
        ('framing = "carrier-pigeon"', "framing", "binary-2"),
        ("match_key = [7]", "match_key", "must hold 11"),
        ("version = 2024", "version", "1987"),
        ("[header]\nbytes = 4\ndefault = '00'", "header.default", "is 1 bytes"),
        ("[header", "", "Expected"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, key: str, reason: str
) -> None:
    head = 'extends = "iso87-ascii"\n' if not content.startswith("[header\n") else ""
    (tmp_path / "wrong.toml").write_text(head + content, encoding="utf-8")
    monkeypatch.setattr(dialect_module, "FOLDERS", (*dialect_module.FOLDERS, tmp_path))
    with pytest.raises(DialectError) as caught:
        load_dialect("wrong")
    assert caught.value.file == "wrong.toml"
    assert caught.value.key == key
    assert reason in caught.value.reason


def test_files_that_extend_each_other_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hen.toml").write_text('extends = "egg"', encoding="utf-8")
    (tmp_path / "egg.toml").write_text('extends = "hen"', encoding="utf-8")
    monkeypatch.setattr(dialect_module, "FOLDERS", (*dialect_module.FOLDERS, tmp_path))
    with pytest.raises(DialectError, match="files deep"):
        load_dialect("hen")


def test_framings_in_words() -> None:
    for text in ("binary-2", "ascii-4+self", "bcd-2+tpdu", "binary-4+self+tpdu"):
        assert str(parse_framing(text)) == text
    for text in ("", "binary-3", "binary-2+crc", "binary-2 + self"):
        with pytest.raises(ValueError, match="a framing is"):
            parse_framing(text)
