"""The log: one JSON object per line, nothing of a card in it, and nobody waits for its reader."""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.net.card_data import masked_in
from router.net.line_writer import LineWriter
from router.net.log import Log, json_line, transaction_fields
from router.net.metrics import Metrics
from router.net.observer import RouterObserver
from tests.outside.events import CANARY, MASKED, PURCHASE, event


class Pipe:
    """A log and the other end of it."""

    def __init__(self, level: str = "info", for_terminal: bool = False) -> None:
        self._reading, self._writing = os.pipe()
        self.log = Log(level, self._writing, for_terminal)

    def text(self) -> str:
        """Everything logged; ends the log."""
        self.log.stop()
        os.close(self._writing)
        with os.fdopen(self._reading, encoding="utf-8") as reading:
            return reading.read()

    def events(self) -> list[dict[str, Any]]:
        """The same as JSON."""
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def libraries() -> Iterator[None]:
    """Whatever a test does to the root logger is undone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_transaction_is_one_event_with_all_its_fields() -> None:
    """The fields that an operator's searches are written for."""
    pipe = Pipe()
    RouterObserver(pipe.log, Metrics()).transaction(PURCHASE)
    (logged,) = pipe.events()
    assert logged["event"] == "transaction"
    assert logged["level"] == "info"
    assert logged["at"].endswith("Z")
    assert {key: logged[key] for key in transaction_fields(PURCHASE)} == {
        "mti": "0100", "stan": "000017", "issuer_stan": "004711", "rrn": "123456789012",
        "acquirer": "medina", "issuer": "atlas", "pan_masked": "950400******1234",
        "amount_minor": 10_000, "currency": "504", "response_code": "00", "decided_by": "issuer",
        "ended_in": "issuer", "hsm_us": 800, "issuer_us": 12_000, "total_us": 15_000,
    }  # fmt: skip


def test_the_event_of_a_transaction_passes_the_same_fence_and_level() -> None:
    """It is written past the stages that other events go through."""
    pipe = Pipe()
    pipe.log.transaction(replace(PURCHASE, rrn=f"0{CANARY}", pan_masked=CANARY))
    (logged,) = pipe.events()
    assert (logged["rrn"], logged["pan_masked"]) == (masked_in(f"0{CANARY}"), MASKED)
    assert CANARY not in str(logged)

    quiet = Pipe("warning")
    quiet.log.transaction(PURCHASE)
    quiet.log.set_level("info")
    quiet.log.transaction(PURCHASE)
    assert len(quiet.events()) == 1

    terminal = Pipe(for_terminal=True)
    terminal.log.transaction(PURCHASE)
    assert "950400******1234" in terminal.text()


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        (CANARY, MASKED),
        (f"card {CANARY}, not found", f"card {MASKED}, not found"),
        (int(CANARY), MASKED),
        ("4111 1111 1111 1111", MASKED),
        ("4111-1111-1111-1111", MASKED),
        ("3782 822463 10005", "378282*****0005"),
        (f";{CANARY}=29122010000012345?", f";{MASKED}=[track]?"),
        (f"{CANARY}D2912201", f"{MASKED}=[track]"),
        (f"02{CANARY}000000000000010000", "[36 digits]"),
        (b"\x02" + CANARY.encode(), "[17 bytes]"),
        ([{"values": (CANARY, 7)}], [{"values": [MASKED, 7]}]),
        ({CANARY: True}, {MASKED: True}),
        ({"a": {"b": {"c": {"d": [[[[[CANARY]]]]]}}}}, None),
        (ValueError(CANARY), MASKED),
    ],
)
def test_what_looks_like_a_card_number_is_masked(said: Any, logged: Any) -> None:
    """Belt and braces: nobody should log it, and if somebody does, it is not seen."""
    pipe = Pipe()
    pipe.log.logger.info("canary", said=said)
    (found,) = pipe.events()
    assert "1111111111" not in json.dumps(found)
    if logged is not None:
        assert found["said"] == logged


@given(before=st.text(), after=st.text(), where=st.sampled_from(("text", "list", "exception")))
@example(before="4", after="4", where="text")
@example(before="\\u", after='"', where="text")
def test_no_surroundings_let_a_card_number_pass(before: str, after: str, where: str) -> None:
    """Whatever stands around it, escapes included."""
    text = f"{before}{CANARY}{after}"
    said = {"text": text, "list": [text], "exception": ValueError(text)}[where]
    line = json_line(None, "info", {"event": "canary", "said": said})
    assert json.loads(line)["event"] == "canary"
    assert CANARY.encode() not in line


def test_reference_numbers_and_times_are_not_mistaken_for_cards() -> None:
    """A log that masks everything tells nothing."""
    pipe = Pipe()
    said = {"rrn": "123456789012", "amount_minor": 999_999_999_999, "us": 1_764_000_000}
    said |= {"stan": "004711", "text": "10.11.12.13:8583 at 2026-11-24T01:02:03.456789Z"}
    pipe.log.logger.info("plain", **said)
    (logged,) = pipe.events()
    assert {key: logged[key] for key in said} == said


@pytest.mark.parametrize("key", ["pan", "pin_block", "track_2", "cvv2", "key", "data"])
def test_a_key_that_names_card_data_is_withheld(key: str) -> None:
    """Whatever its value looks like."""
    pipe = Pipe()
    pipe.log.logger.info("canary", **{key: "04126DEEEEEEEEEE"})
    (logged,) = pipe.events()
    assert logged[key] == "[withheld]"


@pytest.mark.parametrize("for_terminal", [False, True])
def test_a_traceback_shows_no_local_variables(for_terminal: bool) -> None:
    """structlog's default does: a decode failure once put a whole PAN into a JSON log."""
    pipe = Pipe(for_terminal=for_terminal)
    pin_block_under_zpk = "04126DEEEEEEEEEE"
    try:
        raise ValueError(f"cannot read {CANARY}")
    except ValueError:
        pipe.log.logger.exception("decode_failed")
    text = pipe.text()
    assert "decode_failed" in text
    assert "ValueError" in text
    assert MASKED in text
    assert CANARY not in text
    assert pin_block_under_zpk not in text


@pytest.mark.usefixtures("libraries")
def test_what_libraries_log_comes_the_same_way() -> None:
    """asyncio tells of forgotten tasks through `logging`, with what they were called with."""
    pipe = Pipe()
    pipe.log.take_over_libraries()
    logging.getLogger("asyncio").error("Task failed: %r", {"pan": CANARY})
    logging.getLogger("asyncio").debug("not at this level")
    (logged,) = pipe.events()
    assert logged["event"] == "library_message"
    assert logged["library"] == "asyncio"
    assert logged["text"] == f"Task failed: {{'pan': '{MASKED}'}}"


def test_the_level_can_be_changed_while_it_runs() -> None:
    """At a reload."""
    pipe = Pipe(level="error")
    pipe.log.logger.info("too_low")
    pipe.log.set_level("debug")
    pipe.log.logger.debug("low_enough")
    assert [one["event"] for one in pipe.events()] == ["low_enough"]


def test_alarms_are_errors_whatever_the_level() -> None:
    """And keep their facts."""
    pipe = Pipe(level="error")
    view = RouterObserver(pipe.log, Metrics())
    view.alarm("saf_entry_parked", issuer="atlas", attempts=40)
    view.transaction(event())
    (logged,) = pipe.events()
    assert (logged["event"], logged["alarm"]) == ("saf_entry_parked", True)
    assert (logged["level"], logged["attempts"]) == ("error", 40)


def test_nobody_waits_for_a_reader_that_does_not_read() -> None:
    """A pipe holds 64 KiB; then lines are kept up to a limit, and dropped and counted beyond it."""
    reading, writing = os.pipe()
    writer = LineWriter(writing, lines_max=100)
    line = b"x" * 1023
    for _ in range(2000):
        writer.msg(line)
    assert writer.dropped > 1000
    os.close(reading)  # the writing thread ends on the broken pipe
    writer.stop()
    os.close(writing)


def test_what_was_logged_is_written_at_the_end(tmp_path: Path) -> None:
    """Nothing is lost at an orderly stop, and nothing is out of order."""
    with (tmp_path / "log").open("wb") as file:
        log = Log("info", file.fileno(), for_terminal=False)
        for number in range(3000):
            log.logger.info("line", number=number)
        log.stop()
    lines = (tmp_path / "log").read_text().splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(3000))
    assert log.lines_dropped == 0
