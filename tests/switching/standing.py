"""What an issuer lends for its stand-in, in memory; and a desk whose bank lends it."""

from dataclasses import replace
from typing import Any, Final

from router.switching.peers import Issuer
from router.switching.stand_in_rules import Automatic, CardValues, Limit, PinCheck, Rules
from specs.elements import DE
from specs.journal_format import Record, StoodIn, Stored
from tests.builders import HOME_CARD
from tests.switching.desk import Desk, bank

DAY_S: Final = 86_400
KEY: Final = b"of this process"
PVK: Final = "U" + "B" * 32
CVK: Final = "U" + "C" * 32
LIMIT: Final = Limit((), (), (), "if_present", 50_000, 3, 100_000)
PIN_BLOCK: Final = "0123456789ABCDEF"


class Midnights:
    """Business days that end at midnight UTC."""

    def end_of(self, wall: float) -> int:
        return (int(wall) // DAY_S + 1) * DAY_S


def cards(values: dict[str, str]) -> CardValues:
    return CardValues(KEY, values)


AUTOMATIC: Final = Automatic(
    window_s=20.0, requests_min=4, silences_percent=50, recover_after=3, trial_every_s=5.0
)
RULES: Final = Rules(
    currency="504",
    period_s=0,
    days=Midnights(),
    limits=(LIMIT,),
    negative=cards({}),
    pin_check=None,
    cvv_check=None,
    advise_declines=False,
    reason_element=DE.RESERVED_60,
    cards_max=100,
    automatic=AUTOMATIC,
)


def pin_check(method: str = "pvv", value: str = "11234") -> PinCheck:
    return PinCheck(method, PVK, "0123456789012345", 3, cards({HOME_CARD: value}))


def lending(issuer: Issuer | None = None, **changed: Any) -> Issuer:
    """A bank that lends its stand-in these rules."""
    one = issuer if issuer is not None else bank("atlas")
    one.stand_in.rules = replace(RULES, **changed)
    return one


def limited(**changed: Any) -> tuple[Limit, ...]:
    """The one limit, changed."""
    return (replace(LIMIT, **changed),)


def desk(**changed: Any) -> Desk:
    """A switch whose only bank is stood in for."""
    return Desk(lending(**changed))


def advices(records: list[Record]) -> list[Stored]:
    """The 0120s among them."""
    return [one for one in records if isinstance(one, Stored) and one.message.mti == "0120"]


def counted(records: list[Record]) -> list[StoodIn]:
    return [one for one in records if isinstance(one, StoodIn)]
