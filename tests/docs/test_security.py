"""SECURITY.md and docs/demo.md list every test key and every card number that the demo uses."""
import csv
import re
import tomllib

from tests.docs.pages import DOCS, ROOT

CONFIG = ROOT / "config"
KEY = re.compile(r"[0-9A-F]{32}")


def test_every_clear_key_is_listed() -> None:
    """Those of config/demo.toml, written in two halves."""
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8").replace(" ", "")
    keys = KEY.findall((CONFIG / "demo.toml").read_text(encoding="utf-8"))
    assert len(keys) > 8
    assert [key for key in keys if key not in told] == []


def test_every_foreign_card_has_its_source() -> None:
    """A published test number, and a range of its own."""
    told = (DOCS / "demo.md").read_text(encoding="utf-8")
    with (CONFIG / "bins.csv").open(encoding="utf-8", newline="") as file:
        foreign = [row for row in csv.DictReader(file) if row["region"] == "foreign"]
    assert len(foreign) > 20
    assert [row["first"] for row in foreign
            if row["first"] != row["last"] or row["first"] not in told] == []


def test_domestic_ranges_are_for_national_use() -> None:
    """9504: ISO/IEC 7812, 9 and the country."""
    with (CONFIG / "bins.csv").open(encoding="utf-8", newline="") as file:
        domestic = [row for row in csv.DictReader(file) if row["region"] == "domestic"]
    assert domestic
    assert all(row[end].startswith("9504") for row in domestic for end in ("first", "last"))


def test_no_key_of_the_demo_is_for_anything_else() -> None:
    """What TOML calls a key in clear is a test key; the router's own files hold cryptograms."""
    for name in ("acquirers", "issuers"):
        with (CONFIG / f"{name}.toml").open("rb") as file:
            tables = tomllib.load(file)[name.removesuffix("s")]
        for table in tables:
            assert table["pin_key"]["under_lmk"][0] in "UTS"
