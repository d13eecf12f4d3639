"""`noyau saf list`, `retry` and `settle` against a router's window, as a person types them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from typer.testing import CliRunner, Result

from noyau.cli import app
from router.net.addresses import Address
from router.net.http import HttpServer
from router.net.saf_pages import SafPages
from router.switching.commits import Commit
from specs.journal_format import Ended
from tests.builders import card, purchase
from tests.switching.desk import Desk

PAN = card("950401")


class Window:
    """A conductor of the desk behind a real window; its disk works by itself."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.not_now = ""
        self.address = Address("127.0.0.1", 0)

    async def typed(self, *words: str) -> Result:
        arguments = ["saf", *words, "--at", str(self.address)]
        return await asyncio.to_thread(CliRunner().invoke, app, arguments)

    def park(self, *numbers: int) -> None:
        """Advices that the issuer refuses three times."""
        for number in numbers:
            pan = card(f"950401{number:03d}")
            values = {"stan": f"{number:06d}", "rrn": f"{number:012d}", "pan": pan}
            self.desk.arrive(self.desk.terminal(), purchase("0220", **values))
            for _ in range(3):
                self.desk.answer(self.desk.wire().sent[-1], "12")
                self.desk.pass_time(1.1)

    @property
    def ids(self) -> list[str]:
        return ["/".join(entry_id) for entry_id in self.desk.issuers[0].parked]


@asynccontextmanager
async def window() -> AsyncIterator[Window]:
    one = Window()
    loop, disk = asyncio.get_running_loop(), one.desk.disk
    append = disk.append

    def appended(commit: Commit) -> None:
        append(commit)
        loop.call_soon(disk.work)

    disk.append = appended  # type: ignore[method-assign]
    pages = SafPages(one.desk.conductor, lambda: one.not_now)
    server = HttpServer({}, pages.commands, lambda _: None)
    one.address = await server.start(Address("127.0.0.1", 0))
    try:
        yield one
    finally:
        await server.stop()


async def test_a_list_shows_entries_masked_and_why() -> None:
    async with window() as router:
        router.park(1)
        shown = await router.typed("list", "--parked")
        assert shown.exit_code == 0
        assert router.ids[0] in shown.stdout
        assert "refused 3 times, with 12 at last" in shown.stdout
        assert "open 0, parked 1" in shown.stdout
        assert card("950401001") not in shown.stdout
        assert card("950401001")[:6] + "*" * 6 + card("950401001")[-4:] in shown.stdout


async def test_a_long_list_says_how_many_there_are() -> None:
    async with window() as router:
        router.park(1, 2, 3)
        shown = json.loads((await router.typed("list", "--limit", "2", "--json")).stdout)
        assert (len(shown["entries"]), shown["parked"]) == (2, 3)
        assert "2 shown" in (await router.typed("list", "--limit", "2")).stdout


async def test_settled_by_id_with_who_and_why() -> None:
    async with window() as router:
        router.park(1, 2)
        first, second = router.ids
        words = ("--who", "amina", "--why", "booked by hand, ticket 881")
        done = await router.typed("settle", first, *words)
        assert (done.exit_code, done.stdout) == (0, f"{first}\n1 done\n")
        assert router.ids == [second]
        record = router.desk.disk.records[-1]
        assert isinstance(record, Ended)
        assert (record.who, record.why) == ("amina", "booked by hand, ticket 881")
        again = await router.typed("settle", first, *words)
        assert (again.exit_code, again.stdout) == (1, f"{first}: is not parked\n0 done\n")


async def test_retried_by_issuer_and_all_together() -> None:
    async with window() as router:
        router.park(1, 2)
        done = await router.typed("retry", "--who", "amina", "--issuer", "atlas", "--json")
        assert json.loads(done.stdout)["durable"]
        assert router.ids == []
        assert router.desk.wire().mtis[-2:] == ["0221", "0221"]
        nothing = await router.typed("retry", "--who", "amina", "--all")
        assert (nothing.exit_code, nothing.stdout) == (0, "0 done\n")


@pytest.mark.parametrize(
    ("words", "because"),
    [
        (("settle", "--who", "a", "--why", "b"), "one of them"),
        (("settle", "--who", "a", "--why", "b", "--all", "--issuer", "atlas"), "one of them"),
        (("settle", "--who", "a", "--why", " ", "--all"), "why: 1 to 400 characters"),
        (("settle", "--who", "x" * 65, "--why", "b", "--all"), "who: 1 to 64 characters"),
        (("settle", "--who", "a", "--why", f"card {PAN}", "--all"), "no card numbers"),
    ],
)
async def test_what_is_not_clear_is_refused(words: tuple[str, ...], because: str) -> None:
    """Exit code 2, and nothing is done."""
    async with window() as router:
        router.park(1)
        refused = await router.typed(*words)
        assert refused.exit_code == 2
        assert because in refused.stderr
        assert len(router.ids) == 1


async def test_not_before_the_journal_is_read() -> None:
    async with window() as router:
        router.not_now = "replaying"
        refused = await router.typed("retry", "--who", "amina", "--all")
        assert refused.exit_code == 2
        assert "not now: replaying" in refused.stderr


async def test_a_disk_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is done as soon as the disk does."""
    monkeypatch.setattr("router.net.saf_pages.DURABLE_WITHIN_S", 0.05)
    async with window() as router:
        router.park(1)
        router.desk.disk.stalls = True
        done = await router.typed("settle", "--who", "a", "--why", "b", "--all")
        assert done.exit_code == 1
        assert "as soon as it does" in done.stdout
        router.desk.disk.stalls = False
        router.desk.settle()
        assert router.desk.restarted().issuers[0].parked == {}
