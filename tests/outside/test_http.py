"""The HTTP window, spoken to as a socket: good requests, bad ones, slow ones, too many."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from router.net import http
from router.net.addresses import Address
from router.net.metrics import Metrics
from router.net.pages import Pages
from router.net.reload_outcome import ReloadOutcome
from router.net.status import RouterStatus
from tests.outside.events import status

DEADLINE_S = 10.0


class Router:
    """What a window shows, and what is asked through it."""

    def __init__(self) -> None:
        self.state = status()
        self.outcome = ReloadOutcome("reloaded", changes=("bins: 1 added (atlas)",))
        self.reloads = 0
        self.drains = 0
        self.failed: list[str] = []
        self.address = Address("127.0.0.1", 0)

    def show(self) -> RouterStatus:
        """The state, or a fault where a test put none."""
        assert self.state is not None
        return self.state

    async def reload(self) -> ReloadOutcome:
        """Counted."""
        self.reloads += 1
        return self.outcome

    def drain(self) -> None:
        """Counted."""
        self.drains += 1

    async def connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the window."""
        return await asyncio.open_connection(self.address.host, self.address.port)

    async def answer(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Code, headers and body of the answer to these bytes."""
        reader, writer = await self.connected()
        async with asyncio.timeout(DEADLINE_S):
            try:
                writer.write(request)
                data = await reader.read()
            finally:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return int(first.split()[1]), headers, body

    async def asked(self, method: str, path: str, *headers: str) -> tuple[int, Any]:
        """Code and JSON of a good request."""
        lines = "".join(f"{line}\r\n" for line in ("Host: x", *headers))
        code, _, body = await self.answer(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode())
        return code, json.loads(body)


@contextlib.asynccontextmanager
async def window() -> AsyncIterator[Router]:
    """A router's window on a free port."""
    router = Router()
    pages = Pages(router.show, Metrics(), lambda: {"log_lines": 0}, router.reload, router.drain,
                  lambda _: "")
    server = http.HttpServer(pages.pages, pages.commands, router.failed.append)
    router.address = await server.start(Address("127.0.0.1", 0))
    try:
        yield router
    finally:
        await server.stop()


async def test_health_readiness_and_state_are_json() -> None:
    """For a load balancer, and for `noyau status`."""
    async with window() as router:
        assert await router.asked("GET", "/healthz") == (200, {"alive": True})
        assert await router.asked("GET", "/readyz?verbose=1") == (
            200, {"ready": True, "reasons": []})  # fmt: skip
        code, answer = await router.asked("GET", "/status")
        assert (code, answer["in_flight"]) == (200, 3)


async def test_a_router_that_is_not_ready_says_why_with_503() -> None:
    """Alive all the same."""
    async with window() as router:
        router.state = status(hsm_connections=0)
        code, answer = await router.asked("GET", "/readyz")
        assert (code, answer["reasons"]) == (503, ["hsm: no connection is up"])
        assert (await router.asked("GET", "/healthz"))[0] == 200


async def test_metrics_are_in_prometheus_text() -> None:
    """With the type that scrapers look for."""
    async with window() as router:
        code, headers, body = await router.answer(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert code == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert b'noyau_line_up{issuer="atlas",line="atlas-1"} 1.0\n' in body
        assert int(headers["Content-Length"]) == len(body)


async def test_many_scrapes_at_once_are_all_answered() -> None:
    """They share what is written meanwhile."""
    async with window() as router:
        request = b"GET /metrics HTTP/1.1\r\n\r\n"
        answers = await asyncio.gather(*(router.answer(request) for _ in range(20)))
        assert {code for code, _, _ in answers} == {200}


async def test_head_has_no_body() -> None:
    """But its length."""
    async with window() as router:
        code, headers, body = await router.answer(b"HEAD /healthz HTTP/1.0\r\n\r\n")
        assert (code, body) == (200, b"")
        assert int(headers["Content-Length"]) > 0


async def test_a_reload_is_answered_with_its_outcome() -> None:
    """409 when it was refused: nothing changed."""
    async with window() as router:
        code, answer = await router.asked("POST", "/reload", "Content-Length: 0")
        assert (code, answer["changes"]) == (200, ["bins: 1 added (atlas)"])
        router.outcome = ReloadOutcome("refused", mistakes=("bins.csv: cannot be read",))
        code, answer = await router.asked("POST", "/reload")
        assert (code, answer["mistakes"]) == (409, ["bins.csv: cannot be read"])
        assert router.reloads == 2


async def test_a_drain_is_accepted() -> None:
    """It takes as long as what is in flight."""
    async with window() as router:
        assert await router.asked("POST", "/drain") == (202, {"draining": True})
        assert router.drains == 1


@pytest.mark.parametrize("header", ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site"])
async def test_a_web_page_cannot_drain_the_router(header: str) -> None:
    """A page in a browser on this machine can send a POST here, but not without saying so."""
    async with window() as router:
        assert (await router.asked("POST", "/drain", header))[0] == 403
        assert router.drains == 0


async def test_another_machine_cannot_drain_the_router() -> None:
    """Where the window is open to others, it shows and takes no commands."""
    router = Router()
    pages = Pages(router.show, Metrics(), dict, router.reload, router.drain, lambda _: "")
    server = http.HttpServer(pages.pages, pages.commands, router.failed.append)
    for peer, code in (("10.0.0.1", 403), ("2001:db8::1", 403), ("127.0.0.1", 202), ("::1", 202)):
        drain = http.Request("POST", "/drain", {}, comes_from_browser=False)
        page = await server._page(drain, peer)
        assert page.code == code
    shown = await server._page(
        http.Request("GET", "/readyz", {}, comes_from_browser=False), "10.0.0.1")
    assert shown.code == 200


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/reload", 405),
        ("GET", "/drain", 405),
        ("POST", "/metrics", 405),
        ("DELETE", "/status", 405),
        ("GET", "/", 404),
        ("GET", "/../etc/passwd", 404),
    ],
)
async def test_what_is_not_offered_is_refused(method: str, path: str, code: int) -> None:
    """And nothing happens."""
    async with window() as router:
        assert (await router.asked(method, path))[0] == code
        assert (router.reloads, router.drains) == (0, 0)


@pytest.mark.parametrize(
    ("request_bytes", "code"),
    [
        (b"\x00\x1a0100\r\n\r\n", 400),
        (b"GET /healthz\r\n\r\n", 400),
        (b"GET /healthz HTTP/2\r\n\r\n", 400),
        (b"GET http://x/healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\nHost: x\n\r\n\r\n", 400),
        (b"POST /reload HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 400),
        (b"POST /reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET /" + b"a" * 7000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n", 431),
    ],
)
async def test_a_bad_request_gets_a_clear_answer(request_bytes: bytes, code: int) -> None:
    """And costs nobody else anything."""
    async with window() as router:
        answered, _, body = await router.answer(request_bytes)
        assert answered == code
        assert json.loads(body)["error"]
        assert router.reloads == 0
        assert (await router.asked("GET", "/healthz"))[0] == 200


async def test_a_request_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a connection for a few seconds at most."""
    monkeypatch.setattr(http, "REQUEST_TIMEOUT_S", 0.05)
    monkeypatch.setattr(http, "LINGER_S", 0.05)
    async with window() as router:
        assert (await router.answer(b"GET /healthz HT"))[0] == 408


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit a connection is closed at once; afterwards there is room again."""
    monkeypatch.setattr(http, "CONNECTIONS_MAX", 2)
    async with window() as router:
        idle = [await router.connected() for _ in range(2)]
        await refusing(router, True)
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()
        await refusing(router, False)


async def refusing(router: Router, expected: bool) -> None:
    """Waits until new connections are refused, or no longer are."""
    async with asyncio.timeout(DEADLINE_S):
        while await is_refused(router) is not expected:
            pass


async def is_refused(router: Router) -> bool:
    """Closed without an answer."""
    try:
        await router.asked("GET", "/healthz")
    except (ConnectionResetError, BrokenPipeError, IndexError):
        return True
    return False


async def test_a_page_that_fails_is_told_and_logged() -> None:
    """The reason is in the log, not in the answer."""
    async with window() as router:
        router.state = None  # type: ignore[assignment]
        code, answer = await router.asked("GET", "/readyz")
        assert (code, answer) == (500, {"error": "see the router's log"})
        assert router.failed == ["/readyz"]


async def test_a_stop_ends_what_is_connected() -> None:
    """Nobody can hold up the end of the router."""
    async with window() as router:
        reader, writer = await router.connected()
        await router.asked("GET", "/healthz")
    async with asyncio.timeout(DEADLINE_S):
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
