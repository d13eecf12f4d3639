"""What became of a transaction: each of a run ends in exactly one of these accounts."""
from collections.abc import Sequence
from enum import StrEnum

from noyau.demo.book import Entry, Undo
from noyau.demo.ledgers import Posting


class Account(StrEnum):
    """In the words of the closing report."""

    APPROVED = "approved by the issuer, and in its ledger"
    STOOD_IN = "approved by the stand-in, its advice in the issuer's ledger"
    TAKEN_BACK = "approved and taken back, nothing of it stands"
    DECLINED = "declined by the issuer"
    DECLINED_HERE = "declined by the switch, nothing stands"
    REVERSED = "heard 91, reached the issuer, nothing of it stands"
    NEVER_LEFT = "heard 91, never reached an issuer"
    UNACCOUNTED = "not accounted for"


def account_of(entry: Entry, posted: Sequence[Posting]) -> Account:
    """Of one with which nothing is wrong."""
    decided = [one for one in posted if not one.is_advice]
    if entry.undo is Undo.ACKNOWLEDGED:
        return Account.TAKEN_BACK
    if entry.is_approved:
        return Account.STOOD_IN if len(decided) < len(posted) else Account.APPROVED
    if entry.is_timed_out:
        return Account.REVERSED if decided else Account.NEVER_LEFT
    told_so = any(one.response_code == entry.heard for one in decided)
    return Account.DECLINED if told_so else Account.DECLINED_HERE
