"""Transactions by their keys, found as in a dictionary."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from router.switching.index import Index
from router.switching.message_types import type_of
from router.switching.transaction import Transaction
from specs.journal_format import Key, Parts

STANS: Final = [f"{number:06d}" for number in range(12)]
MANY: Final = 5_000  # the table grows a few times


def of(stan: str, number: int) -> Transaction:
    """Under a made-up hash: those of one hash stand in each other's way."""
    about = Parts("1124101500", "souk", "10", stan).about("0100")
    return Transaction(about.text, type_of("0100"), number, number, 0.0, may_hold=True)


@given(
    st.lists(st.tuples(st.sampled_from(STANS), st.booleans()), min_size=20, max_size=60),
    st.integers(1, 12),
    st.sampled_from([1, 1 << 48]),
)
def test_it_is_a_dictionary(steps: list[tuple[str, bool]], hashes: int, apart: int) -> None:
    """Whatever few hashes there are, 1023 among them: then a table's end is crossed. In one table,
    or in several.
    """
    index, model = Index(is_loose=False), dict[Key, Transaction]()
    for stan, is_put in steps:
        one = of(stan, apart * (1023 - int(stan) % hashes))
        key = one.about.key
        if is_put:
            assert index.put(one.key_hash, one) is model.get(key)
            model[key] = one
        else:
            known = model.pop(key, None)
            assert not index.remove(one.key_hash, one)  # it never was there
            assert known is None or index.remove(known.key_hash, known)
        assert len(index) == len(model)
        for other in STANS:
            asked = of(other, apart * (1023 - int(other) % hashes))
            assert index.get(asked.key_hash, asked.recognised_by) is model.get(asked.about.key)
            if asked.about.key in model:
                assert index.has_hash(asked.key_hash)


def test_it_grows() -> None:
    index = Index(is_loose=True)
    all_of_them = [of(f"{number:06d}", 7 * number) for number in range(MANY)]
    for one in all_of_them:
        assert index.put(one.loose_hash, one) is None
    assert len(index) == MANY
    assert all(index.get(one.loose_hash, one.recognised_by) is one for one in all_of_them)
    for one in all_of_them[::2]:
        assert index.remove(one.loose_hash, one)
    for number, one in enumerate(all_of_them):
        assert index.get(one.loose_hash, one.recognised_by) is (one if number % 2 else None)
