"""What is read of a group where it lies is what decoding it gives."""
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from librt.strings import BytesWriter

from noyau.journal.facts import time_in_words
from noyau.journal.telling import line_of, write_lines
from noyau.journal.walking import ANSWERED, FORWARDED, NotAGroup, Records, Span, bounds_in
from specs.journal_format import (
    About,
    Answered,
    Ended,
    Entry,
    Exchange,
    Forwarded,
    Kept,
    NumberGiven,
    Parts,
    Reversed,
    SegmentEnded,
    StandInMode,
    StoodIn,
    Stored,
    group_bytes,
)
from tests.net.journal_records import PAN

TEXTS = st.text(max_size=40) | st.sampled_from(["", "00", "x" * 300, "y" * 70_000, PAN, 'say "'])
NUMBERS = st.integers(-(2**40), 2**40) | st.sampled_from(
    [0, 127, 128, 255, 256, 65_535, 65_536, 2**62, -1, -32, -33, -128, -129, -40_000, -(2**62)])
LATIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20)
PARTS = st.builds(
    Parts, LATIN, LATIN, LATIN, LATIN, LATIN, LATIN, LATIN, LATIN, LATIN,
    st.sampled_from([PAN, "", "123456", "950401000000000000"]), LATIN, LATIN,
    st.sampled_from(["", "000000001000", "12A", "9" * 30]))  # fmt: skip
ABOUT = st.builds(Parts.about, PARTS, TEXTS)
KEPT = st.builds(Kept, TEXTS, TEXTS, TEXTS, st.binary(max_size=300))
EXCHANGE = st.builds(Exchange, TEXTS, TEXTS, TEXTS, TEXTS, NUMBERS, NUMBERS, NUMBERS)
ENTRY_ID = st.tuples(TEXTS, TEXTS)
FORWARDS = st.builds(Forwarded, ABOUT, TEXTS, TEXTS, KEPT)
ANSWERS = st.builds(
    Answered, ABOUT, TEXTS, st.booleans(), st.dictionaries(st.integers(0, 200), TEXTS, max_size=20),
    st.none() | EXCHANGE)
OTHERS: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Reversed, ABOUT, st.booleans()),
    st.builds(Stored, ENTRY_ID, ABOUT, TEXTS, TEXTS, KEPT, st.none() | ENTRY_ID, st.booleans()),
    st.builds(Ended, ENTRY_ID, st.booleans()),
    st.builds(NumberGiven, TEXTS, TEXTS, TEXTS),
    st.builds(StoodIn, TEXTS, TEXTS, st.binary(max_size=20), NUMBERS, st.just(-1),
              st.integers(-(2**40), 0), st.just(-200)),
    st.builds(StandInMode, TEXTS, TEXTS, NUMBERS),
    st.builds(SegmentEnded, NUMBERS),
)
GROUPS = st.lists(FORWARDS | ANSWERS | OTHERS, max_size=20)
AT = time_in_words(1_800_014_400_123)


@dataclass
class Read:
    """Takes texts out of a group."""

    group: bytes

    def text(self, span: Span) -> str:
        return self.group[span.start:span.stop].decode()

    def about(self, records: Records) -> About:
        about = records.about
        return About(self.group[about.start:about.stop], self.text(records.mti))


@settings(max_examples=200, deadline=None)
@given(GROUPS)
@example([SegmentEnded(2)] * 70_000)
def test_every_record_is_found_and_read_as_it_was_written(entries: list[Entry]) -> None:
    group = group_bytes(entries)
    read, records = Read(group), Records(group)
    for entry in entries:
        assert records.goes_on()
        assert records.has_exchange == (getattr(entry, "exchange", None) is not None)
        if isinstance(entry, Forwarded):
            assert records.kind == FORWARDED
            assert (read.about(records), read.text(records.issuer)) == (entry.about, entry.issuer)
        elif isinstance(entry, Answered):
            assert records.kind == ANSWERED
            assert (read.about(records), read.text(records.code)) == (entry.about, entry.code)
            if entry.exchange is not None:
                assert exchange_read(read, records) == entry.exchange
        elif isinstance(entry, Reversed | Stored | Ended):
            assert records.decoded() == entry
    assert not records.goes_on()


def exchange_read(read: Read, records: Records) -> Exchange:
    return Exchange(
        read.text(records.issuer), read.text(records.issuer_stan), read.text(records.decided_by),
        read.text(records.ended_in), records.hsm_us, records.issuer_us, records.recorded_us)


@given(PARTS)
def test_the_parts_of_an_about_are_found(parts: Parts) -> None:
    """Wherever it lies."""
    data = b"\x1f before" + parts.about("0100").text + b"\x1f behind"
    bounds = bounds_in(data, 8, len(data) - 8)
    found = [data[bounds[n]:bounds[n + 1] - 1].decode("latin-1") for n in range(13)]
    assert tuple(found) == parts


def test_an_about_of_fewer_parts_is_none() -> None:
    with pytest.raises(NotAGroup):
        bounds_in(b"\x1f" * 11, 0, 11)


PLAIN = st.text("ab 019-", max_size=15) | st.sampled_from(
    ["", "0" * 12, "0" * 13, "\x7f", "a\"b", "a name of a bank"])
PLAIN_PARTS = st.builds(
    Parts, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN,
    st.text("0123456789", max_size=19), PLAIN, PLAIN, st.text("0123456789", max_size=14))
PLAIN_ANSWERS = st.builds(
    Answered, st.builds(Parts.about, PLAIN_PARTS, PLAIN), PLAIN, st.booleans(), st.just({38: "A"}),
    st.builds(Exchange, PLAIN, PLAIN, PLAIN, PLAIN, NUMBERS, NUMBERS, NUMBERS))


def plain_answer(amount: str = "1", hsm_us: int = 1) -> Answered:
    exchange = Exchange("atlas", "000001", "issuer", "issuer", hsm_us, 2, 3)
    return Answered(Parts(pan=PAN, amount=amount).about("0100"), "00", True, {}, exchange)


@settings(max_examples=400, deadline=None)
@given(st.lists(PLAIN_ANSWERS | ANSWERS, max_size=4))
@example([plain_answer(), plain_answer(amount="9" * 12), plain_answer(amount="9" * 13)])
@example([plain_answer(hsm_us=10**12 - 1), plain_answer(hsm_us=10**12), plain_answer(hsm_us=-1)])
def test_an_event_is_written_as_it_is_encoded(answers: list[Answered]) -> None:
    """Whatever its texts hold: quotes, letters beyond ASCII, the digits of a card."""
    lines = BytesWriter()
    write_lines(lines, "0:7.", AT, group_bytes(answers))
    assert lines.getvalue() == b"".join(
        line_of(answer, f"0:7.{place}", AT)
        for place, answer in enumerate(answers) if answer.exchange is not None)
    assert PAN.encode() not in lines.getvalue()


@settings(max_examples=300, deadline=None)
@given(GROUPS, st.data())
def test_bytes_that_are_no_group_are_refused(entries: list[Entry], data: st.DataObject) -> None:
    """Or read as something: never beyond their end, and never without one."""
    group = bytearray(group_bytes(entries))
    place = data.draw(st.integers(0, len(group) - 1))
    group[place] = data.draw(st.integers(0, 255))
    del group[data.draw(st.integers(place, len(group))):]
    gone_over(bytes(group))


@pytest.mark.parametrize("what", [
    b"", b"\xc0", b"\x91", b"\x91\xc0", b"\x91\x91\x01", b"\x91\x92\xa1F",
    b"\x91\x92\xa1X\xc7\x01\x01\x01",
])
def test_what_noyau_never_wrote_is_refused(what: bytes) -> None:
    with pytest.raises(NotAGroup):
        gone_over(what, is_refused=True)


def gone_over(group: bytes, is_refused: bool = False) -> None:
    try:
        records = Records(group)
        while records.goes_on():
            assert records.at <= len(group)
    except NotAGroup:
        if is_refused:
            raise
