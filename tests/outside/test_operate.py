"""`noyau status`, `reload` and `drain` against a window, as a person types them."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from noyau.cli import app
from router.net.reload_outcome import ReloadOutcome
from tests.outside.events import status
from tests.outside.test_http import Router, window
from tests.settings.folders import ROUTER, folder


async def typed(router: Router, *words: str) -> Result:
    """A command with --at; it blocks, so it has a thread."""
    arguments = [*words, "--at", str(router.address)]
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


async def test_status_shows_lines_and_listeners() -> None:
    """Exit code 0: ready."""
    async with window() as router:
        shown = await typed(router, "status")
        assert shown.exit_code == 0
        assert "ready\n" in shown.stdout
        for word in ("atlas-1", "signed_on", "atlas-2", "down", "medina", "127.0.0.1:8583"):
            assert word in shown.stdout


async def test_status_of_a_router_that_is_not_ready_exits_with_1() -> None:
    """And says why; as JSON too."""
    async with window() as router:
        router.state = status(hsm_connections=0)
        shown = await typed(router, "status")
        assert shown.exit_code == 1
        assert "hsm: no connection is up" in shown.stdout
        as_json = await typed(router, "status", "--json")
        assert as_json.exit_code == 1
        assert json.loads(as_json.stdout)["reasons"] == ["hsm: no connection is up"]


async def test_reload_prints_what_changed() -> None:
    """Exit code 0: in force."""
    async with window() as router:
        shown = await typed(router, "reload")
        assert (shown.exit_code, shown.stdout) == (0, "bins: 1 added (atlas)\n\nReloaded.\n")


async def test_a_refused_reload_prints_every_mistake_and_exits_with_1() -> None:
    """Nothing changed."""
    async with window() as router:
        router.outcome = ReloadOutcome("refused", mistakes=("bins.csv: line 5: a", "b"))
        shown = await typed(router, "reload")
        assert shown.exit_code == 1
        assert shown.stdout == "bins.csv: line 5: a\nb\n\nRefused: nothing changed.\n"


async def test_drain_asks_once() -> None:
    """And comes back at once: it takes as long as what is in flight."""
    async with window() as router:
        shown = await typed(router, "drain")
        assert (shown.exit_code, router.drains) == (0, 1)


@pytest.mark.parametrize("command", ["status", "reload", "drain"])
async def test_no_router_there_is_said_plainly(command: str) -> None:
    """Exit code 2, and where it looked."""
    async with window() as router:
        pass
    shown = await typed(router, command)
    assert shown.exit_code == 2
    assert f"no router answers at {router.address}" in shown.stderr


async def test_the_address_comes_from_the_configuration(tmp_path: Path) -> None:
    """Though the rest of it may be wrong: it is the running router that is asked."""
    async with window() as router:
        text = ROUTER.replace("[router]", "[rooter]")
        folder(tmp_path, router=f'{text}[http]\nlisten = "{router.address}"\n')
        words = ["status", "--config", str(tmp_path)]
        shown = await asyncio.to_thread(CliRunner().invoke, app, words)
        assert shown.exit_code == 0
