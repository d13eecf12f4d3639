"""The documents say what the program does: keys and defaults, codes, metrics, topics."""

import dataclasses
import json
import re
import typing
from pathlib import Path
from typing import Any

import pytest

from noyau.journal.event import Event
from router.net import journal_settings, settings, stand_in_settings
from router.net.metrics import Metrics
from router.net.reload_outcome import ReloadOutcome
from router.net.status import status_json
from router.switching.response_codes import ResponseCode
from specs.elements import DE
from specs.versions import translate
from tests.outside.events import event, status
from tests.settings.folders import BINS

DOCS = Path(__file__).parents[2] / "docs"


def section(document: str, heading: str) -> str:
    """The text below one heading."""
    text = (DOCS / document).read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in it, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row, after in zip(cells, [*cells[1:], []], strict=True)
            if not set(row[0]) <= {"-"} and not (after and set(after[0]) == {"-"})]  # fmt: skip


def default_in_words(field: "dataclasses.Field[Any]") -> str:
    """As the table has it."""
    if field.default is dataclasses.MISSING:
        return "required"
    if field.default is None:
        return "none"
    if field.default == ():
        return "`[]`"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, int | float):
        return f"`{field.default}`"
    return f'`"{field.default}"`'


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("[router]", settings.RouterSettings),
        ("[hsm]", settings.HsmSettings),
        ("[http]", settings.HttpSettings),
        ("[journal]", journal_settings.JournalSettings),
        ("[mqtt]", settings.MqttSettings),
        ("[[acquirer]]", settings.AcquirerSettings),
        ("[[issuer]]", settings.IssuerSettings),
        ("[acquirer.pin_key] and [issuer.pin_key]", settings.PinKeySettings),
        ("[acquirer.key_exchange] and [issuer.key_exchange]", settings.KeyExchangeSettings),
        ("[[stand_in]]", stand_in_settings.StandInSettings),
        ("[stand_in.pin_check]", stand_in_settings.PinCheckSettings),
        ("[stand_in.cvv_check]", stand_in_settings.CvvCheckSettings),
        ("[[limit]]", stand_in_settings.LimitSettings),
    ],
)
def test_every_key_is_documented_with_its_default(heading: str, kind: Any) -> None:
    """In the order of the code."""
    documented = [(row[0].strip("`"), row[1]) for row in rows(section("configuration.md", heading))]
    assert documented == [(one.name, default_in_words(one)) for one in dataclasses.fields(kind)]


def test_every_column_of_the_bin_table_is_documented() -> None:
    """And no other."""
    cells = ", ".join(row[0] for row in rows(section("configuration.md", "bins.csv")))
    assert sorted(re.findall(r"`(\w+)`", cells)) == sorted(BINS.splitlines()[0].split(","))


def test_every_code_of_the_router_is_documented() -> None:
    """With the action code that an acquirer of 1993 hears."""
    ours = {
        value
        for name, value in vars(ResponseCode).items()
        if name.isupper() and isinstance(value, str)
    }
    text = (DOCS / "response-codes.md").read_text(encoding="utf-8")
    assert ours <= set(re.findall(r"\*\*(\d\d)\*\*", text))
    for _, code, action, *_ in rows(section("response-codes.md", "A request")):
        if code:
            response = translate({DE.RESPONSE_CODE: code.strip("*")}, "0110", 1987, 1993)
            assert response[1][DE.RESPONSE_CODE] == action, code


def test_every_metric_is_documented_with_its_labels() -> None:
    """By the names that a query is written with."""
    metrics = Metrics()
    metrics.exchanges.add("medina", "atlas", "0100", "00", "issuer", 800, 12_000, 15_000)
    metrics.counted("late_response", "atlas-1")
    metrics.alarm("saf_entry_parked")
    metrics.reloaded("reloaded")
    text = metrics.text(status(), {"log_lines": 0}).decode()
    text += metrics.of_supervisor([(0, True, 1)]).decode()
    found = dict(re.findall(r"^(noyau_\w+?)(?:_sum|_count)?(\{.*?\})? ", text, re.M))
    shown = {
        name: set(re.findall(r"(\w+)=", labels))
        for name, labels in found.items()
        if not name.endswith("_bucket")
    }
    documented = {
        name: set(row[1].split(", ")) if row[1] else set()
        for row in rows(section("operating.md", "Metrics"))
        for name in re.findall(r"`(\w+)`", row[0])
    }
    assert documented == shown


def test_the_event_in_the_document_is_the_one_that_is_logged() -> None:
    """The follower's field by field; the router's own has one of another name."""
    text = section("operating.md", "The log")
    shown = json.loads(text.partition("```json")[2].partition("```")[0])
    assert list(shown) == list(Event.__struct_fields__)
    own = {field.name for field in dataclasses.fields(event())}
    assert own - set(shown) == {"total_us"}
    assert "with `total_us` and without `id`" in text


def test_the_outcome_of_a_reload_is_documented() -> None:
    """As it comes by HTTP and MQTT."""
    names = ", ".join(f'"{field.name}"' for field in dataclasses.fields(ReloadOutcome))
    assert f"{{{names}}}" in section("operating.md", "MQTT")


def test_types_of_settings_can_be_resolved() -> None:
    """The reader asks for them when a folder is loaded."""
    for kind in (settings.AcquirerSettings, settings.Settings):
        assert typing.get_type_hints(kind, include_extras=True)
    assert status_json(status())["ready"] is True
