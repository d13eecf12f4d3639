"""Frames: any chunking, every prefix, limits, and the wrong prefix told by name."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.wire.framing import TPDU_BYTES, FrameReader, FrameTooLong, FrameWriter
from specs.dialect import parse_framing

KINDS = ("binary-2", "binary-4", "ascii-4", "bcd-2", "binary-2+self", "ascii-4+self",
         "binary-2+tpdu", "bcd-2+self+tpdu")


@given(
    st.sampled_from(KINDS),
    st.lists(st.binary(min_size=1, max_size=300), max_size=6),
    st.lists(st.integers(1, 50), min_size=1),
)
def test_frames_survive_any_chunking(kind: str, sent: list[bytes], cuts: list[int]) -> None:
    framing = parse_framing(kind)
    writer = FrameWriter(framing)
    reader = FrameReader(framing, 400)
    stream = b"".join(writer.framed(data) for data in sent)
    received: list[bytes] = []
    turn = 0
    while stream:
        size = cuts[turn % len(cuts)]
        received += reader.feed(stream[:size])
        stream = stream[size:]
        turn += 1
    assert received == sent


@pytest.mark.parametrize(
    ("kind", "wire"),
    [
        ("binary-2", b"\x00\x03080"),
        ("binary-4", b"\x00\x00\x00\x03080"),
        ("ascii-4", b"0003080"),
        ("bcd-2", b"\x00\x03080"),
        ("binary-2+self", b"\x00\x05080"),
        ("ascii-4+self", b"0007080"),
        ("bcd-2+tpdu", b"\x00\x08\x60\x00\x00\x00\x00080"),
    ],
)
def test_the_bytes_of_each_framing(kind: str, wire: bytes) -> None:
    framing = parse_framing(kind)
    assert FrameWriter(framing).framed(b"080") == wire
    assert FrameReader(framing, 100).feed(wire) == [b"080"]


def test_a_frame_longer_than_the_limit_is_refused_before_it_comes() -> None:
    """Explicit: the chunking property alone would not notice a check that is gone."""
    reader = FrameReader(parse_framing("binary-2"), 100)
    assert reader.feed(b"\x00\x64" + b"x" * 100) == [b"x" * 100]
    with pytest.raises(FrameTooLong) as caught:
        reader.feed(b"\x00\x65")
    assert (caught.value.length, caught.value.frame_bytes_max) == (101, 100)


def test_frames_before_an_over_long_one_are_delivered() -> None:
    """The next call refuses: what came whole was good."""
    reader = FrameReader(parse_framing("binary-2"), 100)
    assert reader.feed(b"\x00\x01a\x00\x65xyz") == [b"a"]
    with pytest.raises(FrameTooLong):
        reader.feed(b"")


@pytest.mark.parametrize(
    ("configured", "sent_as", "said"),
    [
        ("binary-2", "ascii-4", "peer sends a 4-digit ASCII length, 2-byte binary is configured"),
        ("ascii-4", "binary-2", "peer sends a 2-byte binary length, 4-digit ASCII is configured"),
        ("bcd-2", "ascii-4", "peer sends a 4-digit ASCII length, 2-byte BCD is configured"),
        ("binary-4", "ascii-4", "peer sends a 4-digit ASCII length, 4-byte binary is configured"),
        ("binary-4", "binary-2", "peer sends a 2-byte binary length, 4-byte binary is configured"),
    ],
)
def test_a_wrong_prefix_is_named(configured: str, sent_as: str, said: str) -> None:
    wire = FrameWriter(parse_framing(sent_as)).framed(b"0800" + b"\x82\x20" + b"0" * 180)
    with pytest.raises(FrameTooLong) as caught:
        FrameReader(parse_framing(configured), 2048).feed(wire)
    assert said in str(caught.value)


@pytest.mark.parametrize("configured", ["binary-2", "bcd-2"])
def test_four_digits_are_told_where_the_limit_would_let_them_pass(configured: str) -> None:
    """"0186" read as two bytes announces 12,337 bytes; nobody would ever send them."""
    wire = FrameWriter(parse_framing("ascii-4")).framed(b"0800" + b"\x82\x20" + b"0" * 180)
    reader = FrameReader(parse_framing(configured), 65_535)
    assert reader.feed(wire[:100]) == []
    with pytest.raises(FrameTooLong, match="peer sends a 4-digit ASCII length"):
        reader.feed(wire[100:])


def test_frames_of_no_length_are_keep_alives() -> None:
    reader = FrameReader(parse_framing("binary-2"), 100)
    assert reader.feed(b"\x00\x00\x00\x01a\x00\x00") == [b"a"]
    assert reader.keep_alives == 2


def test_keep_alives_where_the_length_counts_itself() -> None:
    reader = FrameReader(parse_framing("ascii-4+self"), 100)
    assert reader.feed(b"00000004") == []
    assert reader.keep_alives == 2


def test_a_length_shorter_than_itself_is_refused() -> None:
    with pytest.raises(FrameTooLong):
        FrameReader(parse_framing("binary-2+self"), 100).feed(b"\x00\x01")


def test_an_answer_goes_back_where_the_request_came_from() -> None:
    """TPDU: identifier, destination, source."""
    framing = parse_framing("binary-2+tpdu")
    request = b"\x00\x09" + bytes.fromhex("6012345678") + b"0100"
    (frame,) = FrameReader(framing, 100).frames(request)
    tpdu, message = frame[:TPDU_BYTES], frame[TPDU_BYTES:]
    assert message == b"0100"
    answer = FrameWriter(framing).framed(b"0110", tpdu)
    assert answer == b"\x00\x09" + bytes.fromhex("6056781234") + b"0110"


def test_a_frame_that_ends_in_its_tpdu_is_refused() -> None:
    with pytest.raises(FrameTooLong):
        FrameReader(parse_framing("binary-2+tpdu"), 100).feed(b"\x00\x03abc")


def test_a_message_too_long_for_its_prefix_is_not_written() -> None:
    for kind, size in (("ascii-4", 10_000), ("bcd-2", 10_000), ("binary-2", 65_536)):
        with pytest.raises(ValueError, match="bytes"):
            FrameWriter(parse_framing(kind)).framed(b"x" * size)
