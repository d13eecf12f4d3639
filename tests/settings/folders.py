"""Configuration folders for tests: a small good one, and changes to its text."""

from pathlib import Path
from typing import Final

from router.net.configuration import load_settings
from router.net.mistakes import Mistake, SettingsRejected
from router.net.settings import Settings

ROUTER: Final = """
[router]
institution_id = "504900"

[hsm]
endpoints = ["127.0.0.1:1500", "127.0.0.1:1501"]
data_key_under_lmk = "UAC58299B87BFB581A4987F3D5703211E"
data_key_kcv = "1AA0CC"
"""

ACQUIRERS: Final = """
[[acquirer]]
name = "medina"
listen = "127.0.0.1:8583"
allowed = ["127.0.0.0/8", "::1"]
dialect = "iso87-ascii"
institution_id = "504001"
answer_within_s = 4
[acquirer.pin_key]
kind = "tpk"
under_lmk = "U30619FE0D7B98425994430636DBB281B"
kcv = "232FE6"

[[acquirer]]
name = "corniche"
listen = "127.0.0.1:8584"
allowed = ["10.0.0.0/8"]
dialect = "iso87-ascii"
framing = "ascii-4"
institution_id = "504002"
sign_on = "optional"
"""

ISSUERS: Final = """
[[issuer]]
name = "atlas"
region = "domestic"
dialect = "iso87-ascii"
lines = ["127.0.0.1:8601", "127.0.0.1:8601"]
issuer_timeout_s = 3.5
[issuer.pin_key]
kind = "zpk"
under_lmk = "U364697134FFB23B23EF9F677A35EB68B"
kcv = "214F4A"

[[issuer]]
name = "meridian"
region = "foreign"
dialect = "iso87-ascii"
lines = ["scheme.example:8611"]
issuer_timeout_s = 3
"""

BINS: Final = """first,last,issuer,priority,region,brand,country,product,e_commerce
950400,950400,atlas,0,domestic,national,504,debit,yes
950490,950499,,0,,,,,no
4111111111111111,4111111111111111,meridian,0,foreign,visa,840,test,yes
"""


def folder(
    into: Path,
    router: str = ROUTER,
    acquirers: str = ACQUIRERS,
    issuers: str = ISSUERS,
    bins: str = BINS,
) -> Path:
    """The good one, unless a file is given otherwise."""
    files = {
        "router.toml": router,
        "acquirers.toml": acquirers,
        "issuers.toml": issuers,
        "bins.csv": bins,
    }
    for name, text in files.items():
        (into / name).write_text(text, encoding="utf-8")
    return into


def settings(into: Path, **files: str) -> Settings:
    """Of a good folder."""
    return load_settings(folder(into, **files))


def mistakes(into: Path) -> list[Mistake]:
    """Of a folder; none when it is good."""
    try:
        load_settings(into)
    except SettingsRejected as rejected:
        return rejected.mistakes
    return []


def said(into: Path, **files: str) -> list[str]:
    """The mistakes of a folder as a person reads them."""
    return [str(mistake) for mistake in mistakes(folder(into, **files))]


def changed(text: str, old: str, new: str) -> str:
    """The text with one place changed; the place must be there once."""
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    return text.replace(old, new)
