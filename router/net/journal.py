"""Records made durable in groups: one commit at a time, whatever came meanwhile is the next group.

A thread writes; the event loop hears of each group once. Small groups are begun a little apart,
where there is company to be expected; the thread waits, for timers of the event loop are too coarse
for it.

A disk that refuses costs the group it refused, and the next one is tried as if nothing had been. Of
a disk that does not answer nobody knows what became of the group it was given: that group waits,
whatever comes after it is refused at once, until the disk answers.
"""
import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from router.net.journal_file import JournalFile
from router.net.journal_opening import JournalUnusable
from router.net.journal_retention import Retention
from router.net.waiting import until
from router.switching import ports
from router.switching.commits import Commit, entries_of
from specs.journal_reading import Damage

LINGER_S: Final = 0.001  # small groups begin so far apart: an fsync costs all the same
SMALL_GROUP: Final = 32
GOOD_COMPANY: Final = 12  # commits; where a group has fewer, there is little to do,
LINGER_OF_FEW: Final = 0.75  # and the next begins sooner
LEAST_WAIT_S: Final = 0.0001  # a sleep may take half of that longer
GROUP_COMMITS_MAX: Final = 4096  # it takes what another turn gave only below
STALLED_AFTER_S: Final = 2.0
LOOK_EVERY_S: Final = 0.1
HOUSE_EVERY: Final = 10  # of those,
RETENTION_EVERY: Final = 600  # or of those
CHECKPOINT_GROUPS: Final = 256  # not many more: moving thousands at once keeps the core from others

Landed = Callable[[list[Commit], bool], None]
Alarm = Callable[[str], None]


class Journal(ports.Journal):
    """The port Journal. `landed` is the conductor's; set before the first record."""

    def __init__(
        self, file: JournalFile, waiting_max: int, alarm: Alarm,
        retention: Retention | None = None, linger_s: float = LINGER_S,
    ) -> None:
        self.fault = ""  # why it takes no records; empty when it does
        self.landed: Landed | None = None
        self.in_flight: Callable[[], int] | None = None  # requests; any of them may bring a record
        self._loop = asyncio.get_running_loop()
        self._file = file
        self._waiting_max = waiting_max
        self._alarm = alarm
        self._retention = retention
        self._linger_s = linger_s
        self._housekeeping = ""  # what of it failed last
        self._given: list[Commit] = []  # in this turn
        self._overflow: list[Commit] = []
        self._outstanding = 0
        self._since = 0.0  # something is outstanding, and nothing landed
        self._is_stalled = False
        self._last_group = 0
        self._began = 0.0  # it
        self._groups_since_checkpoint = 0
        self._lost = ""  # why nothing written can be durable any more
        self._turns: SimpleQueue[list[Commit] | None] = SimpleQueue()  # what each turn gave
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._write_groups, name="journal", daemon=True),
            threading.Thread(target=self._keep_house, name="journal-house", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_idle(self) -> bool:
        """Everything handed over has landed."""
        return not self._outstanding and not self._overflow

    def append(self, commit: Commit) -> None:
        """`landed` hears of it exactly once, and never from within this call."""
        if self._is_stalled or self._outstanding >= self._waiting_max:
            if not self._overflow:
                self._loop.call_soon(self._refuse_overflow)
            self._overflow.append(commit)
            return
        if not self._outstanding:
            self._since = self._loop.time()
        self._outstanding += 1
        if not self._given:
            self._loop.call_soon(self._hand_over)
        self._given.append(commit)

    def tick(self, now: float) -> None:
        """A disk that does not answer is a fault, too."""
        if self._outstanding and now - self._since > STALLED_AFTER_S and not self._is_stalled:
            self._is_stalled = True
            self._failed(f"the disk has not answered for {STALLED_AFTER_S:.0f} s")
            refused, is_over = self._taken()
            if is_over:
                self._turns.put(None)
            refused += self._given
            self._given = []
            self._outstanding -= len(refused)
            self._tell(refused, False)

    async def stop(self, timeout_s: float) -> bool:
        """Everything written, the threads ended, the file closed. False: the disk hangs."""
        deadline = self._loop.time() + timeout_s
        await until(lambda: self.is_idle, timeout_s)
        self._stopped.set()
        self._turns.put(None)
        for thread in self._threads:
            left_s = max(0.0, deadline - self._loop.time())
            await asyncio.to_thread(thread.join, left_s + 0.05)
        if any(thread.is_alive() for thread in self._threads):
            return False  # they are daemons: the process ends without them
        self._file.close()
        return True

    # On the loop.

    def _hand_over(self) -> None:
        given, self._given = self._given, []
        if given:
            self._turns.put(given)

    def _written(self, group: list[Commit], fault: str) -> None:
        self._outstanding -= len(group)
        self._since = self._loop.time()
        self._is_stalled = False
        if fault:
            self._failed(fault)
        elif self.fault:
            self.fault = ""
        self._tell(group, not fault)

    def _refuse_overflow(self) -> None:
        refused, self._overflow = self._overflow, []
        self._tell(refused, False)

    def _tell(self, group: list[Commit], durable: bool) -> None:
        assert self.landed is not None, "the daemon sets it before the first record"
        self.landed(group, durable)

    def _failed(self, fault: str) -> None:
        if fault != self.fault:
            self.fault = fault
            self._alarm(fault)

    # In threads of their own.

    def _write_groups(self) -> None:
        is_over = False
        while not is_over and (group := self._turns.get()) is not None:
            more, is_over = self._taken()
            group += more
            wait_s = self._wait_s(len(group), time.monotonic() - self._began)
            if wait_s > LEAST_WAIT_S and not is_over:
                time.sleep(wait_s)
                more, is_over = self._taken()
                group += more
            self._began = time.monotonic()
            self._last_group = len(group)
            fault = self._lost
            try:
                if not fault:
                    self._file.append(entries_of(group))
                    self._groups_since_checkpoint += 1
            except (sqlite3.Error, OSError) as error:
                fault = str(error)
            except Exception as error:
                # The supervisor of this thread: a mistake in our code costs this group only.
                fault = f"a mistake in our code: {type(error).__name__}"
            self._loop.call_soon_threadsafe(self._written, group, fault)
            with contextlib.suppress(sqlite3.Error):
                self._file.begin_log_anew()

    def _taken(self) -> tuple[list[Commit], bool]:
        """What turns gave and nobody took, up to a limit; and whether it is the last."""
        taken: list[Commit] = []
        with contextlib.suppress(Empty):
            while len(taken) < GROUP_COMMITS_MAX:
                given = self._turns.get_nowait()
                if given is None:
                    return taken, True
                taken += given
        return taken, False

    def _wait_s(self, commits: int, since_last_s: float) -> float:
        """For more, before a group of these commits begins; not where nobody else is under way."""
        if max(commits, self._last_group) >= SMALL_GROUP:
            return 0.0
        if self.in_flight is not None and self.in_flight() <= commits:
            return 0.0
        share = 1.0 if self._last_group >= GOOD_COMPANY else LINGER_OF_FEW
        return self._linger_s * share - since_last_s

    def _keep_house(self) -> None:
        """Off the way of the commits."""
        looks = 0
        while not self._stopped.wait(LOOK_EVERY_S):
            looks += 1
            if looks % HOUSE_EVERY and self._groups_since_checkpoint < CHECKPOINT_GROUPS:
                continue
            if not self._file.is_there():
                self._lost = f"{self._file.path} was deleted or replaced while in use; restart"
                self._loop.call_soon_threadsafe(self._failed, self._lost)
                continue
            fault = ""
            try:
                self._file.write_head()
                self._file.prepare()
                if self._groups_since_checkpoint >= CHECKPOINT_GROUPS:
                    self._groups_since_checkpoint = 0
                    self._file.checkpoint()
                self._file.finish()
                if self._retention is not None and looks % RETENTION_EVERY == 0:
                    self._retention.step()
            except (sqlite3.Error, OSError, Damage, JournalUnusable) as error:
                fault = str(error)
            if fault and fault != self._housekeeping and not self.fault:
                # Records are taken all the same; where they are not, that is said there.
                self._loop.call_soon_threadsafe(self._alarm, f"housekeeping: {fault}")
            self._housekeeping = fault
