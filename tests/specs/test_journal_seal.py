"""The seal of a segment's rows: what it writes, and that no nonce comes twice."""

import pytest

from specs.journal_seal import (
    NONCE_BYTES,
    NONCES_AT_ONCE,
    NotSealedSo,
    Seal,
    SegmentSeal,
    sealed_bytes,
)

KEY = bytes(range(32))
BEFORE = bytes(16)


def seal() -> SegmentSeal:
    return Seal(KEY).of_segment(1)


def test_rows_in_the_same_room_are_opened_each_as_it_was() -> None:
    """A shorter one after a longer one, too."""
    one, room = seal(), bytearray(200)
    for number, data in enumerate((b"a" * 150, b"b", b""), start=1):
        sealed = bytes(one.closed_in(room, number, 5, BEFORE, bytearray(data)))
        assert len(sealed) == sealed_bytes(len(data))
        assert seal().opened(number, 5, BEFORE, sealed) == data
        with pytest.raises(NotSealedSo):
            seal().opened(number + 1, 5, BEFORE, sealed)


def test_no_nonce_comes_twice() -> None:
    """Under one key, two rows of the same nonce would give both away."""
    ones = [seal(), seal()]
    rows = 3 * NONCES_AT_ONCE + 1
    nonces = {one.closed(1, 5, BEFORE, b"x")[:NONCE_BYTES] for one in ones for _ in range(rows)}
    assert len(nonces) == len(ones) * rows
    assert all(len(nonce) == NONCE_BYTES for nonce in nonces)
