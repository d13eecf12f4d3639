"""docs/life-of-an-authorization.md shows what the programs do, not what they once did."""
import asyncio
import json
from typing import Any

import msgspec
import pytest

from router.wire.codec import Codec
from router.wire.message import Message
from specs.dialect import load_dialect
from specs.elements import DE
from specs.journal_format import (
    About,
    Answered,
    Ended,
    Forwarded,
    Kept,
    Reversed,
    Stored,
)
from tests.docs.one_purchase import Captured, captured
from tests.docs.pages import FRAMES, HSM, LIFE, blocks, columns, frame_of, parts_of
from tests.docs.recorder import LENGTH_BYTES

# What cannot be the same twice: our own numbers and time towards the issuer, its code, HSM headers.
OURS = {DE.TRANSMISSION_TIME, DE.STAN}
VARIES = {
    "outbound": OURS,
    "issuer_answer": OURS | {DE.AUTHORIZATION_CODE},
    "answer": {DE.AUTHORIZATION_CODE},
    "repeat_answer": {DE.AUTHORIZATION_CODE},
    "reversal": OURS | {DE.ORIGINAL_DATA},
    "reversal_answer": OURS | {DE.ORIGINAL_DATA},
}
HEADER = slice(LENGTH_BYTES, LENGTH_BYTES + 4)
TIMES_VARY = ("hsm_us", "issuer_us", "recorded_us")
EVENT_VARIES = ("issuer_stan", *TIMES_VARY, "at")
TEXT = LIFE.read_text(encoding="utf-8")
SHOWN = {name: frame_of(body) for name, body in blocks(TEXT, "hex").items()}
ISO = [name for name, dialect in FRAMES.items() if dialect != HSM]
COMMANDS = [name for name, dialect in FRAMES.items() if dialect == HSM]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    """The real programs, once for all tests here."""
    return asyncio.run(captured(tmp_path_factory.mktemp("purchase")))


def message(frame: bytes, dialect: str) -> Message:
    codec = Codec(load_dialect(dialect))
    scanned = codec.scan(frame[LENGTH_BYTES:])
    codec.verify(scanned)
    return scanned


def element(frames: dict[str, bytes], name: str, number: int) -> str:
    return message(frames[name], FRAMES.get(name, FRAMES["outbound"])).text(number)


def test_every_frame_is_shown() -> None:
    assert sorted(SHOWN) == sorted(FRAMES)


@pytest.mark.parametrize("name", FRAMES)
def test_the_length_is_that_of_the_frame(name: str) -> None:
    """Two bytes, which do not count themselves."""
    frame = SHOWN[name]
    assert int.from_bytes(frame[:LENGTH_BYTES], "big") == len(frame) - LENGTH_BYTES


@pytest.mark.parametrize("name", ISO)
def test_a_message_is_the_one_that_the_programs_send(name: str, fresh: Captured) -> None:
    """Element by element, but for those that are named above."""
    shown, sent = (message(frames[name], FRAMES[name]) for frames in (SHOWN, fresh.frames))
    varying = VARIES.get(name, set())
    assert (shown.mti, shown.elements()) == (sent.mti, sent.elements())
    for number in shown.elements():
        if number not in varying:
            assert (number, shown.text(number)) == (number, sent.text(number))
    if not varying:
        assert SHOWN[name] == fresh.frames[name]
    assert len(SHOWN[name]) == len(fresh.frames[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_a_host_command_is_the_one_that_the_programs_send(name: str, fresh: Captured) -> None:
    """All of it but the four characters by which its answer is found."""
    shown, sent = bytearray(SHOWN[name]), bytearray(fresh.frames[name])
    shown[HEADER] = sent[HEADER]
    assert shown == sent


@pytest.mark.parametrize("name", FRAMES)
def test_each_line_says_what_its_bytes_are(name: str) -> None:
    """Cut where the element ends, with its number and its text."""
    true = {(part.hex().upper(), *words.split("  ")) for part, words in parts_of(name, SHOWN[name])}
    told = [line for line in columns(blocks(TEXT, "hex")[name]) if len(line) > 1]
    assert told
    for line in told:
        assert any(tuple(line[:len(part)]) == part for part in true), line


@pytest.mark.parametrize("where", ["document", "programs"])
def test_numbers_hang_together(where: str, fresh: Captured) -> None:
    """What one frame gives, the next one has."""
    frames = SHOWN if where == "document" else fresh.frames
    for number in OURS:
        sent = element(frames, "outbound", number)
        assert sent == element(frames, "issuer_answer", number)
        assert sent != element(frames, "answer", number) == element(frames, "arrives", number)
    code = element(frames, "issuer_answer", DE.AUTHORIZATION_CODE)
    assert element(frames, "answer", DE.AUTHORIZATION_CODE) == code
    assert frames["repeat_answer"] == frames["answer"]
    block = element(frames, "outbound", DE.PIN_BLOCK)
    for name in ("translated", "verify"):
        assert block.encode() in frames[name]
    assert frames["translate"][HEADER] == frames["translated"][HEADER]
    for number in OURS | {DE.ORIGINAL_DATA}:
        said = element(frames, "reversal", number)
        assert said == element(frames, "reversal_answer", number)


def test_the_reversal_names_what_was_sent(fresh: Captured) -> None:
    """By the issuer's numbers, not the acquirer's."""
    sent = message(fresh.frames["silent_outbound"], "national")
    named = (sent.mti + sent.text(DE.STAN) + sent.text(DE.TRANSMISSION_TIME)
             + sent.text(DE.ACQUIRER_ID).zfill(11) + sent.text(DE.FORWARDER_ID).zfill(11))
    assert element(fresh.frames, "reversal", DE.ORIGINAL_DATA) == named


def test_de_90_is_taken_apart_rightly() -> None:
    """The table's first column, joined, is the element."""
    table = TEXT.partition("| digits |")[2].partition("\n\n")[0].splitlines()[2:]
    digits = "".join(row.split("`")[1] for row in table)
    assert digits == element(SHOWN, "reversal", DE.ORIGINAL_DATA)


@pytest.mark.parametrize(("name", "number"), [("forwarded", 0), ("answered", 1)])
def test_a_record_is_the_one_in_the_journal(name: str, number: int, fresh: Captured) -> None:
    """With the numbers that the document's own frames have."""
    record = fresh.records[number]
    assert isinstance(record, (Forwarded, Answered)[number])
    found = json.loads(json.dumps(plain(record)))
    if isinstance(record, Forwarded):
        for one in OURS:
            found["outbound"]["values"][str(one)] = element(SHOWN, "outbound", one)
    else:
        code = element(SHOWN, "answer", DE.AUTHORIZATION_CODE)
        found["elements"][str(DE.AUTHORIZATION_CODE)] = code
    shown = json.loads(blocks(TEXT, "json")[name])
    if isinstance(record, Answered):
        found["exchange"]["issuer_stan"] = element(SHOWN, "outbound", DE.STAN)
        found["exchange"].update({time: shown["exchange"][time] for time in TIMES_VARY})
    assert shown == found


def plain(struct: Any) -> Any:
    """With the names of its fields; a kept message as its elements, an About as its parts."""
    if isinstance(struct, About):
        return {"mti": struct.mti, **struct.parts._asdict()}
    if isinstance(struct, Kept):
        return {"mti": struct.mti, "values": plain(struct.values)}
    if isinstance(struct, msgspec.Struct):
        return {name: plain(getattr(struct, name)) for name in struct.__struct_fields__}
    return msgspec.to_builtins(struct, str_keys=True)


def test_the_silent_issuer_leaves_these_records(fresh: Captured) -> None:
    """In the order that the document tells; nothing of a purchase that ended at the HSM."""
    kinds = [type(record) for record in fresh.records]
    assert kinds == [Forwarded, Answered, Forwarded, Reversed, Stored, Answered, Ended]


def test_the_event_is_the_one_that_is_logged(fresh: Captured) -> None:
    """One for each request; that of the first record is shown."""
    shown = json.loads(blocks(TEXT, "json")["transaction"])
    logged = next(event for event in fresh.events if "id" in event)
    assert list(shown) == list(logged)
    assert {**shown, **{name: logged[name] for name in EVENT_VARIES}} == logged
    assert shown["issuer_stan"] == element(SHOWN, "outbound", DE.STAN)
    answered = [(event["mti"], event["stan"], event["response_code"]) for event in fresh.events]
    assert sorted(answered) == [
        ("0100", "000017", "00"), ("0100", "000018", "91"), ("0100", "000019", "86"),
        ("0101", "000017", "00")]
