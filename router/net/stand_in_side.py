"""What issuers lend, given to the decisions; and what is told of who is stood in for.

The state itself is switching's. Here it is looked at once a tick: a change is logged, counted as an
alarm where the stand-in took over by itself, and published.
"""

import datetime
from collections.abc import Mapping, Sequence

from router.net.business_day import BusinessDays
from router.net.observer import RouterObserver
from router.net.stand_in_settings import Lent
from router.net.status import StandInStatus
from router.switching.peers import Issuer
from router.switching.stand_in_rules import Automatic, CvvCheck, Limit, PinCheck, Rules


class DayEnds:
    """The port BusinessDays of the rules, by the house's business days."""

    __slots__ = ("_days",)

    def __init__(self, days: BusinessDays) -> None:
        self._days = days

    def end_of(self, wall: float) -> int:
        """Seconds since 1970."""
        today = self._days.date_at(int(wall * 1000))
        return self._days.begins_at(today + datetime.timedelta(days=1)) // 1000


class StandInSide:
    """`issuers` is the issuer side's own table: what comes and goes there is seen here."""

    def __init__(
        self, issuers: Mapping[str, Issuer], days: BusinessDays, observer: RouterObserver
    ) -> None:
        self._issuers = issuers
        self._days = DayEnds(days)
        self._observer = observer
        self._seen: dict[str, tuple[str, str]] = {}  # mode and why

    @property
    def statuses(self) -> list[StandInStatus]:
        """Of every issuer that lends us anything, or that an operator spoke of."""
        return [
            status_of(issuer)
            for issuer in self._issuers.values()
            if issuer.stand_in.rules is not None
        ]

    def configure(self, lent: Sequence[Lent]) -> None:
        """From now on; what was approved stays counted."""
        by_name = {one.name: one for one in lent}
        for name, issuer in self._issuers.items():
            one = by_name.get(name)
            issuer.stand_in.use(rules_of(one, self._days) if one is not None else None)

    def tick(self) -> None:
        """What has changed since the last one."""
        for name, issuer in self._issuers.items():
            state = issuer.stand_in
            now = (state.mode, state.reason)
            if now == self._seen.get(name, ("auto", "")):
                continue
            before = self._seen.get(name, ("auto", ""))
            self._seen[name] = now
            self._observer.stand_in_moved(
                name, state.mode, state.reason, takes_over=bool(state.because and not before[1])
            )


def status_of(issuer: Issuer) -> StandInStatus:
    """As shown."""
    state = issuer.stand_in
    return StandInStatus(
        issuer=issuer.name,
        mode=state.mode,
        reason=state.reason,
        approvals=state.approvals,
        declines=state.declines,
        cards=len(state.activity),
    )


def rules_of(lent: Lent, days: DayEnds) -> Rules:
    """As decisions read them."""
    settings = lent.stand_in
    pin, cvv = settings.pin_check, settings.cvv_check
    return Rules(
        currency=settings.currency,
        period_s=settings.period_h * 3600 if settings.period == "rolling" else 0,
        days=days,
        limits=tuple(
            Limit(
                products=one.products,
                channels=one.channels,
                countries=one.countries,
                pin=one.pin,
                amount_max_minor=one.amount_max_minor,
                count_max=one.count_max,
                total_max_minor=one.total_max_minor,
            )
            for one in lent.limits
        ),
        negative=lent.negative,
        pin_check=PinCheck(
            pin.method, pin.pvk_under_lmk, pin.decimalisation_table, pin.tries_max, lent.pin_values
        )
        if pin is not None
        else None,
        cvv_check=CvvCheck(cvv.cvk_under_lmk, cvv.position, cvv.chip_service_code)
        if cvv is not None
        else None,
        advise_declines=settings.advise_declines,
        reason_element=settings.reason_element,
        cards_max=settings.cards_max,
        automatic=Automatic(
            window_s=settings.window_s,
            requests_min=settings.requests_min,
            silences_percent=settings.silences_percent,
            recover_after=settings.recover_after,
            trial_every_s=settings.trial_every_s,
        ),
    )
