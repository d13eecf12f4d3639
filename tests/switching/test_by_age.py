"""Transactions in the order of age."""

from hypothesis import given
from hypothesis import strategies as st

from router.switching import by_age
from router.switching.by_age import ByAge
from router.switching.message_types import type_of
from router.switching.transaction import Transaction
from specs.journal_format import Parts

STAY = 100

def transaction(number: int) -> Transaction:
    about = Parts("1124101500", "souk", "10", f"{number:06d}").about("0100")
    return Transaction(about.text, type_of("0100"), number, number, 0.0, may_hold=True)


@given(st.lists(st.one_of(st.none(), st.integers(0, 8)), min_size=20, max_size=80))
def test_it_is_a_dictionary_in_the_order_of_insertion(steps: list[int | None]) -> None:
    """None: another one enters. A number: the one so far behind the oldest leaves."""
    rows, model = ByAge(), list[Transaction]()
    for number, leaving in enumerate(steps):
        if leaving is None:
            model.append(transaction(number))
            rows.enter(model[-1])
        elif leaving < len(model):
            rows.leave(model.pop(leaving))
        assert list(rows) == model


def test_places_that_were_left_are_taken_off() -> None:
    """Most of them, while one that is open stays where it is."""
    rows = ByAge()
    many = [transaction(number) for number in range(3 * by_age.EMPTY_MAX)]
    for one in many:
        rows.enter(one)
    for one in many[1:-1]:
        rows.leave(one)
    assert list(rows) == [many[0], many[-1]]
    rows.leave(many[0])
    rows.enter(many[0])
    assert list(rows) == [many[-1], many[0]]
    rows.leave(many[-1])
    rows.leave(many[0])
    assert list(rows) == []


def test_one_that_stays_does_not_keep_the_places_of_all_that_leave() -> None:
    """As the transaction does whose reversal waits for its issuer."""
    rows, stays = ByAge(), transaction(0)
    rows.enter(stays)
    passing = [transaction(number) for number in range(20 * by_age.EMPTY_MAX)]
    for number, one in enumerate(passing):
        rows.enter(one)
        if number >= STAY:
            rows.leave(passing[number - STAY])
    assert list(rows) == [stays, *passing[-STAY:]]
    assert rows.places < 2 * STAY + 2 * by_age.EMPTY_MAX
