"""Every mistake of a configuration is told at once, with its place and what would be right."""

from pathlib import Path

import pytest

from tests.settings.folders import ACQUIRERS, BINS, ISSUERS, ROUTER, changed, folder, mistakes, said

ACQUIRER_1 = '[[acquirer]] 1 "medina"'
ISSUER_1 = '[[issuer]] 1 "atlas"'


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    """One run, one list: nobody mends a configuration one error at a time."""
    found = mistakes(
        folder(
            tmp_path,
            router=changed(ROUTER, '"504900"', "504900") + "frames = 1\n",
            acquirers=changed(ACQUIRERS, "ascii-4", "ascii-5").replace("10.0.0.0/8", "10.0.0.1/8"),
            issuers=changed(ISSUERS, "domestic", "local").replace("3.5", "0"),
            bins=changed(BINS, "950400,950400", "95040,950400")
            + "950500,950500,nobody,0,domestic,,,,no\n",
        )
    )
    assert [(one.file, one.table, one.key) for one in found] == [
        ("router.toml", "[router]", "institution_id"),
        ("router.toml", "[hsm]", "frames"),
        ("acquirers.toml", '[[acquirer]] 2 "corniche"', "allowed, entry 1"),
        ("acquirers.toml", '[[acquirer]] 2 "corniche"', "framing"),
        ("issuers.toml", ISSUER_1, "region"),
        ("issuers.toml", ISSUER_1, "issuer_timeout_s"),
        ("bins.csv", "line 2", "first"),
        ("bins.csv", "line 2", "last"),
        ("bins.csv", "line 5", "issuer"),
    ]
    assert all(one.wrong and one.right for one in found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '"504900"',
            '"504900"\nframe_byte_max = 9',
            "[router]: frame_byte_max: unknown key; did you mean frame_bytes_max?",
        ),
        (
            'institution_id = "504900"',
            "",
            "[router]: institution_id: is missing; 1 to 11 digits, in quotes",
        ),
        (
            '"504900"',
            '"504900"\nlog_level = "loud"',
            '[router]: log_level: is \'loud\'; one of "debug", "info", "warning", "error"',
        ),
        (
            '"504900"',
            '"504900"\nin_flight_max = 0',
            "[router]: in_flight_max: is 0; a whole number, 1 to 1000000",
        ),
        (
            '"504900"',
            '"504900"\nin_flight_max = true',
            "[router]: in_flight_max: is true; a whole number, 1 to 1000000",
        ),
        (
            '"504900"',
            '"504900"\nrepeat_window_s = nan',
            "[router]: repeat_window_s: is nan; a number above 0, up to 86400",
        ),
        (
            '"504900"',
            '"504900"\nrepeat_window_s = inf',
            "[router]: repeat_window_s: is inf; a number above 0, up to 86400",
        ),
        (
            '"127.0.0.1:1501"',
            '"127.0.0.1:150100"',
            "[hsm]: endpoints, entry 2: 150100 is no port; 1 to 65535, or 0 for any free one",
        ),
        (
            '"127.0.0.1:1501"',
            '"127.0.0.256:1501"',
            "[hsm]: endpoints, entry 2: 127.0.0.256 is no IPv4 address; such as 127.0.0.1",
        ),
        ('["127.0.0.1:1500", "127.0.0.1:1501"]', "[]", "[hsm]: endpoints: has 0 entries; 1 to 16"),
        (
            '["127.0.0.1:1500", "127.0.0.1:1501"]',
            '"127.0.0.1:1500"',
            "[hsm]: endpoints: '127.0.0.1:1500' is no list; "
            'a list; each entry an address, such as "127.0.0.1:8583"',
        ),
        (
            '"1AA0CC"',
            '"1aa0cc"',
            "[hsm]: data_key_kcv: is '1aa0cc'; 6 or 16 hexadecimal digits in capitals, in quotes",
        ),
        ("[hsm]", "[hms]", "[hms]: unknown table; did you mean hsm?"),
    ],
)
def test_a_mistake_in_router_toml_names_table_key_and_remedy(
    tmp_path: Path,
    old: str,
    new: str,
    expected: str,
) -> None:
    """As a person reads it."""
    assert f"router.toml: {expected}" in said(tmp_path, router=changed(ROUTER, old, new))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    """Next to the table that was meant."""
    assert "router.toml: [hsm]: is missing; the table [hsm] with its keys" in said(
        tmp_path, router=changed(ROUTER, "[hsm]", "[hms]")
    )


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("E3", "has no key scheme in front"),
        ("U0619FE0D7B98425994430636DBB281B", "has 31 digits after U; 32 digits after U"),
        ("u30619fe0d7b98425994430636dbb281b", "has no key scheme in front"),
        ("U30619FE0D7B98425994430636DBB281Z", "other characters than hexadecimal digits"),
        ("S00072P0TE00N000030619FE0D7B98425", "has 32 characters after S; 72, as its header says"),
        ("S-nonsense", "has no key block header"),
    ],
)
def test_a_key_of_the_wrong_form_is_refused_unseen(tmp_path: Path, key: str, expected: str) -> None:
    """The message says what is wrong with it and never repeats it."""
    found = said(tmp_path, acquirers=changed(ACQUIRERS, "U30619FE0D7B98425994430636DBB281B", key))
    assert len(found) == 1
    assert found[0].startswith(f"acquirers.toml: {ACQUIRER_1}: pin_key.under_lmk: ")
    assert expected in found[0]
    assert key not in found[0]


def test_an_issuer_has_no_terminal_key(tmp_path: Path) -> None:
    """A tpk is between a terminal and its acquirer."""
    found = said(tmp_path, issuers=changed(ISSUERS, 'kind = "zpk"', 'kind = "tpk"'))
    assert found == [
        f'issuers.toml: {ISSUER_1}: pin_key.kind: a tpk is a terminal\'s; issuers have a "zpk"'
    ]


def test_iso_4_needs_an_aes_key_and_sixteen_bytes(tmp_path: Path) -> None:
    """Neither fits here; both are told."""
    found = said(
        tmp_path,
        acquirers=changed(ACQUIRERS, 'kcv = "232FE6"', 'kcv = "232FE6"\nblock_format = "48"'),
    )
    assert len(found) == 2
    assert '"48" does not go with TDES' in found[0]
    assert 'DE 52 of iso87-ascii has 8 bytes, "48" needs 16' in found[1]


def test_an_unknown_dialect_suggests_a_near_one(tmp_path: Path) -> None:
    """The names are in specs/."""
    found = said(tmp_path, issuers=ISSUERS.replace("iso87-ascii", "iso87-asci", 1))
    assert found == [
        f'issuers.toml: {ISSUER_1}: dialect: there is no dialect "iso87-asci"; '
        "did you mean iso87-ascii?"
    ]


def test_the_issuers_share_must_fit_into_the_acquirers_deadline(tmp_path: Path) -> None:
    """Promise 1: 3.6 s and the margin of 0.5 s are more than the 4 s of the tightest acquirer."""
    found = said(tmp_path, issuers=changed(ISSUERS, "3.5", "3.6"))
    assert found == [
        f"issuers.toml: {ISSUER_1}: issuer_timeout_s: 3.6 s and a margin of 0.5 s do not fit into "
        f"answer_within_s of {ACQUIRER_1}, 4 s; at most 3.5 here"
    ]


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """Metrics, logs and journal know peers by their names."""
    found = said(tmp_path, acquirers=ACQUIRERS.replace("corniche", "medina"))
    assert found == [
        'acquirers.toml: [[acquirer]] 2 "medina": name: "medina" is taken by '
        f"{ACQUIRER_1}; a name of its own"
    ]


@pytest.mark.parametrize("address", ["127.0.0.1:8583", "0.0.0.0:8583", "127.0.0.1:9583"])
def test_two_listeners_do_not_share_an_address(tmp_path: Path, address: str) -> None:
    """Neither with an acquirer, nor through 0.0.0.0, nor with the HTTP window."""
    found = said(tmp_path, acquirers=changed(ACQUIRERS, "127.0.0.1:8584", address))
    assert len(found) == 1
    assert "listen" in found[0]
    assert "an address of its own" in found[0]


def test_a_file_that_is_not_there_is_one_mistake(tmp_path: Path) -> None:
    """Not one for each name that it would have held."""
    folder(tmp_path)
    (tmp_path / "issuers.toml").unlink()
    found = [str(one) for one in mistakes(tmp_path)]
    assert found == [
        f"issuers.toml: cannot be read (No such file or directory); it belongs into {tmp_path}"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[[issuer]]\nname = \n", "issuers.toml: is no TOML: Invalid value (at line 2, column 8)"),
        (b"# caf\xe9\n", "issuers.toml: byte 5 is not UTF-8; save it as UTF-8"),
        (
            b"",
            "issuers.toml: [[issuer]]: there is none; one or more tables, each headed [[issuer]]",
        ),
        (
            b"issuer = 3\n",
            "issuers.toml: [[issuer]]: there is none; one or more tables, each headed [[issuer]]",
        ),
        (b"issuer = [3]\n", "issuers.toml: [[issuer]] 1: 3 is no table; keys and values"),
    ],
)
def test_a_file_that_is_no_configuration_says_where(
    tmp_path: Path,
    content: bytes,
    expected: str,
) -> None:
    """Line and column of TOML, the byte that is not UTF-8."""
    folder(tmp_path)
    (tmp_path / "issuers.toml").write_bytes(content)
    assert any(str(one).startswith(expected) for one in mistakes(tmp_path))


def test_a_password_file_must_be_there(tmp_path: Path) -> None:
    """Not noticed only when the broker refuses."""
    found = said(tmp_path, router=ROUTER + '[mqtt]\nhost = "b"\npassword_file = "nowhere"\n')
    assert found == [
        "router.toml: [mqtt]: password_file: "
        f"{tmp_path / 'nowhere'} is no file; a path from this folder on, or a whole one"
    ]
