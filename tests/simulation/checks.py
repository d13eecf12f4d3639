"""The promises, from the ledgers of both sides and the journal, once everything is over."""

from collections.abc import Mapping, Sequence

from router.switching import message_types
from router.switching.peers import Issuer
from specs.elements import DE
from specs.journal_format import Answered, Record, Reversed, StoodIn
from tests.simulation.acquirer_host import AcquirerHost, Purchase
from tests.simulation.issuer_host import IssuerHost
from tests.simulation.platter import Platter
from tests.simulation.setting import STAND_IN_COUNT, STAND_IN_TOTAL
from tests.simulation.world import World


def check_ledgers(
    world: World,
    acquirers: Sequence[AcquirerHost],
    issuers: Sequence[IssuerHost],
    known: Mapping[str, Issuer],
    records: Sequence[Record],
    unheard: set[str],
) -> None:
    """What the issuers hold is what the acquirers heard and did not reverse."""
    parked: set[str] = set()
    for issuer in known.values():
        parked |= {entry.stored.message.values[DE.RRN] for entry in issuer.parked.values()}
        for entry_id in issuer.entries:
            world.violated("2, no orphan hold", f"still open: {entry_id}")
    for acquirer in acquirers:
        for purchase in acquirer.purchases.values():
            if purchase.name not in parked:  # else open, until an operator settles it
                held = sum(issuer.held_for(purchase.name) for issuer in issuers)
                held_in = max(issuer.held_in.get(purchase.name, 0) for issuer in issuers)
                is_unheard = purchase.name in unheard
                check_purchase(world, purchase, held, held_in, records, is_unheard)


def check_purchase(
    world: World,
    purchase: Purchase,
    held: int,
    held_in: int,
    records: Sequence[Record],
    is_unheard: bool,
) -> None:
    what = f"{purchase.name[-6:]} is {purchase.state}: {held} held"
    if purchase.state in ("waiting", "reversing"):
        world.violated("1, one answer", what)
    elif purchase.state == "stopped":
        if held and (is_unheard or not is_approval_on_record(purchase.name, records)):
            world.violated("2, no orphan hold", f"{what} without an answer")
    elif purchase.state == "declined" and is_decline_forgotten(purchase, held_in, records):
        return
    elif held != purchase.stays:
        world.violated("2, no orphan hold", f"{what}, {purchase.stays} stays")


def is_decline_forgotten(purchase: Purchase, held_in: int, records: Sequence[Record]) -> bool:
    """It needed no record, a kill came, and a copy that came later was approved on record.

    An acquirer that hears that reverses it; here its answer was lost on the way. The hold is of a
    later start than the purchase: a decline behind the approval of the same start is H1.
    """
    if held_in <= purchase.begun_in or not is_approval_on_record(purchase.name, records):
        return False
    return not any(
        isinstance(record, Answered)
        and not record.approves
        and record.about.parts.rrn == purchase.name
        for record in records
    )


def is_approval_on_record(purchase: str, records: Sequence[Record]) -> bool:
    """What a restart finds *answered* belongs to the acquirer: the one hold it may leave."""
    approved = False
    for record in records:
        if isinstance(record, Answered | Reversed) and record.about.parts.rrn == purchase:
            if isinstance(record, Reversed):
                approved = approved and record.partial
            elif not message_types.is_reversal(record.about.mti):
                approved = record.approves
    return approved


def check_journal(world: World, platter: Platter) -> None:
    """It can be read; and a row that is changed, or missing, does not go unseen."""
    for how in ("changed", "missing"):
        if platter.is_blind_to(how, world.random):
            world.violated("journal", f"a row was {how}, and nobody saw it")


def check_limits(world: World, issuers: Mapping[str, Issuer], in_flight: int, most: int) -> None:
    """Promise 6."""
    if in_flight > most:
        world.violated("6, bounded", f"{in_flight} in flight, {most} may be")
    for issuer in issuers.values():
        for line in issuer.lines:
            if line.load > line._pending_max + issuer.terms.saf_window:
                world.violated("6, bounded", f"{line.load} wait on {line.name}")


def check_stand_in(world: World, records: Sequence[Record]) -> None:
    """What was approved for a card and stays is within its limits, whatever was restarted.

    What is taken back counts no more from that moment, though the record of it may land later.
    """
    sums: dict[tuple[str, str, int], tuple[int, int]] = {}
    for record in records:
        if isinstance(record, StoodIn):
            which = (record.issuer, record.pan, record.until)
            count, total = sums.get(which, (0, 0))
            sums[which] = (count + record.count, total + record.amount_minor)
    for count, total in sums.values():
        if count > STAND_IN_COUNT or total > STAND_IN_TOTAL:
            world.violated("the stand-in's limits", f"{count} approvals of a card, {total} in all")
