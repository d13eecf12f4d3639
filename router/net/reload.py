"""A configuration read again: all of what can change, or nothing of it."""
import asyncio
from collections.abc import Callable
from typing import Final

from router.net.acquirer_listener import PortTaken
from router.net.acquirer_side import AcquirerSide, fixed_until_restart
from router.net.bin_apart import BinsApart
from router.net.clock import SystemClock
from router.net.configuration import ReadBins, SettingsRejected
from router.net.issuer_side import IssuerSide
from router.net.log import Log
from router.net.reload_outcome import ReloadOutcome, changes, in_table, waiting_for_restart
from router.net.settings import Settings
from router.net.stand_in_side import StandInSide
from router.switching.conductor import Conductor
from router.switching.routing import BinTable
from router.switching.switch import Switch

LIVE_KEYS: Final = ("[router] log_level",)


class Reload:
    """One at a time; what is in flight keeps the issuer it was routed to."""

    def __init__(
        self, settings: Settings, issuers: IssuerSide, stand_in: StandInSide,
        acquirers: AcquirerSide, conductor: Conductor, clock: SystemClock, log: Log,
        read: Callable[[ReadBins], Settings],
    ) -> None:
        """`read` raises SettingsRejected."""
        self._settings = settings
        self._read = read
        self._institution_id = settings.router.institution_id
        self._bin_table = BinTable(settings.bin_table)
        self._issuers = issuers
        self._stand_in = stand_in
        self._acquirers = acquirers
        self._conductor = conductor
        self._clock = clock
        self._log = log
        self._turn = asyncio.Lock()

    async def again(self) -> ReloadOutcome:
        """Never raises: a refusal is an outcome."""
        async with self._turn:
            old = self._settings
            try:
                bins = BinsApart(old.bins)
                new = await asyncio.to_thread(self._read, bins.read)
                differences = changes(old, new, bins.changes)
                if not differences:
                    return ReloadOutcome("unchanged")
                await self._apply(new)
            except SettingsRejected as error:
                return ReloadOutcome("refused", mistakes=tuple(map(str, error.mistakes)))
            except PortTaken as error:
                return ReloadOutcome("refused", mistakes=(str(error),))
            return ReloadOutcome("reloaded", tuple(differences), tuple(after_restart(old, new)))

    def use_switch(self) -> None:
        """What decisions consult, as configured now."""
        self._conductor.use(Switch(
            self._institution_id, self._bin_table, self._issuers.issuers, self._clock))

    async def _apply(self, new: Settings) -> None:
        """What can be refused comes first."""
        self._acquirers.configure(new.acquirers)
        self._settings = new
        self._bin_table = BinTable(new.bin_table)
        self._issuers.configure(new.issuers)
        self._stand_in.configure(new.stand_in)
        self.use_switch()
        self._issuers.open_lines()
        self._log.set_level(new.router.log_level)
        await self._acquirers.open()


def after_restart(old: Settings, new: Settings) -> list[str]:
    """What is read, and in force only when the router starts again."""
    router = [
        one for one in in_table("[router]", old.router, new.router)
        if not one.startswith(LIVE_KEYS)
    ]
    return [*router, *fixed_until_restart(old.acquirers, new.acquirers),
            *waiting_for_restart(old, new)]
