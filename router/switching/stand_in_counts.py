"""What of a stand-in approval the card's limits still count, once some or all of it is undone."""

from router.switching.transaction import Transaction
from specs.journal_format import Record, StoodIn


def taken_back(transaction: Transaction, amount_that_stays: str | None) -> list[Record]:
    """Of one that is reversed: it counts no more, or for what stays. Nothing for any other."""
    counted, issuer = transaction.stood_in, transaction.issuer
    if counted is None or issuer is None:
        return []
    stays_minor = int(amount_that_stays or "0")
    is_whole = stays_minor == 0
    record = StoodIn(
        counted.issuer,
        counted.pan,
        counted.key,
        counted.until,
        -counted.count if is_whole else 0,
        min(0, stays_minor - counted.amount_minor),
        -1,
    )
    issuer.stand_in.activity.add(record)
    transaction.stood_in = None if is_whole else summed(counted, record)
    return [record]


def summed(counted: StoodIn, more: StoodIn) -> StoodIn:
    """Both as one."""
    return StoodIn(
        counted.issuer,
        counted.pan,
        counted.key,
        counted.until,
        counted.count + more.count,
        counted.amount_minor + more.amount_minor,
        more.wrong_pins if more.wrong_pins >= 0 else counted.wrong_pins,
    )
