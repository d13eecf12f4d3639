"""Each transaction of a run is in exactly one account, and what is wrong in none that is good."""
from dataclasses import replace

import pytest

from noyau.demo.accounts import Account
from noyau.demo.book import Entry, Undo
from noyau.demo.ledgers import Posting
from tests.demo.test_comparison import ADVISED, DECLINED, HELD, RELEASED, entry, outcome


@pytest.mark.parametrize(("written", "posted", "account"), [
    (entry(), [HELD], Account.APPROVED),
    (entry(), [ADVISED], Account.STOOD_IN),
    (entry(), [RELEASED, ADVISED], Account.STOOD_IN),
    (entry(undo=Undo.ACKNOWLEDGED), [RELEASED], Account.TAKEN_BACK),
    (entry(undo=Undo.ACKNOWLEDGED), [replace(ADVISED, standing_minor=0)], Account.TAKEN_BACK),
    (entry(heard="51"), [DECLINED], Account.DECLINED),
    (entry(heard="61"), [replace(ADVISED, response_code="00", moved_minor=0, standing_minor=0)],
     Account.DECLINED_HERE),
    (entry(heard="61"), [RELEASED], Account.DECLINED_HERE),
    (entry(heard="92", issuer=""), [], Account.DECLINED_HERE),
    (entry(heard="91"), [RELEASED], Account.REVERSED),
    (entry(heard="91"), [], Account.NEVER_LEFT),
    (entry(), [], Account.UNACCOUNTED),
    (entry(heard="91"), [HELD], Account.UNACCOUNTED),
    (entry(heard="", gave_up=True), [], Account.UNACCOUNTED),
])
def test_each_is_in_one_account(
    written: Entry, posted: list[Posting], account: Account
) -> None:
    assert outcome(written, *posted).accounts == {account: 1}
