"""The issuer's own framing: any chunking, every kind of length, and an end to nonsense."""
import pytest
from hypothesis import given, strategies

from issuers.framing import BadFrame, FrameSplitter
from specs.dialect import parse_framing

KINDS = ("binary-2", "binary-4", "ascii-4", "bcd-2", "binary-2+self", "ascii-4+self",
         "binary-2+tpdu", "bcd-2+self+tpdu")


def splitter(kind: str, frame_bytes_max: int = 200) -> FrameSplitter:
    return FrameSplitter(parse_framing(kind), frame_bytes_max)


@given(kind=strategies.sampled_from(KINDS),
       payloads=strategies.lists(strategies.binary(min_size=1, max_size=150), max_size=5),
       cuts=strategies.lists(strategies.integers(1, 20), max_size=60))
def test_frames_survive_any_chunking(kind: str, payloads: list[bytes], cuts: list[int]) -> None:
    """However the stream is cut, the same payloads come out."""
    stream = b"".join(splitter(kind).framed(payload) for payload in payloads)
    reader = splitter(kind)
    frames = []
    for cut in (*cuts, len(stream)):
        frames += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert [frame.payload for frame in frames] == payloads


@pytest.mark.parametrize(("kind", "stream"), [
    ("binary-2", b"\x00\x05hello"),
    ("binary-4", b"\x00\x00\x00\x05hello"),
    ("ascii-4", b"0005hello"),
    ("bcd-2", b"\x00\x05hello"),
    ("bcd-2+self", b"\x00\x07hello"),
])
def test_known_bytes(kind: str, stream: bytes) -> None:
    """Each kind as it looks on the wire, written by hand."""
    assert splitter(kind).framed(b"hello") == stream
    assert [frame.payload for frame in splitter(kind).feed(stream)] == [b"hello"]


def test_a_tpdu_comes_back_with_its_addresses_swapped() -> None:
    """60 0001 0002 asks, 60 0002 0001 answers."""
    reader = splitter("binary-2+tpdu")
    [frame] = reader.feed(b"\x00\x0a\x60\x00\x01\x00\x02hello")
    assert frame.payload == b"hello"
    assert reader.framed(b"hi", frame.tpdu) == b"\x00\x07\x60\x00\x02\x00\x01hi"


def test_keep_alives_are_swallowed() -> None:
    """Frames of length zero carry nothing."""
    assert splitter("binary-2").feed(b"\x00\x00\x00\x00") == []


@pytest.mark.parametrize(("kind", "stream"), [
    ("binary-2", b"\x01\x00"),
    ("ascii-4", b"0201"),
    ("ascii-4", b"\x00\x05he"),
    ("bcd-2", b"0:"),
    ("binary-2+self", b"\x00\x01"),
])
def test_an_impossible_length_ends_the_link(kind: str, stream: bytes) -> None:
    """Too long for the limit, not digits, or shorter than itself."""
    with pytest.raises(BadFrame):
        splitter(kind).feed(stream)
