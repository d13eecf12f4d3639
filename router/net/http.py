"""The router's window: pages for anybody who can connect, commands from this machine only.

A small HTTP/1.1 server of our own: one request per connection, no bodies (a command's words are its
query), everything bounded. It shares the loop with the transactions, so nothing here may take long
or wait without a deadline.
"""

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from router.net.addresses import Address

HEAD_BYTES_MAX: Final = 8192
CONNECTIONS_MAX: Final = 64
REQUEST_TIMEOUT_S: Final = 5.0
RESPONSE_TIMEOUT_S: Final = 30.0
QUERY_WORDS_MAX: Final = 16
LINGER_S: Final = 1.0
LINGER_READS_MAX: Final = 32
REQUEST_LINE: Final = re.compile(r"([A-Z]{1,16}) (/[!-~]{0,6000}) HTTP/1\.[01]")
HEADER_LINE: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
REASONS: Final = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    code: int
    body: bytes
    kind: str = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """As far as anybody here needs it."""

    method: str
    path: str
    query: Mapping[str, str]
    comes_from_browser: bool


class BadRequest(Exception):
    """Not HTTP, or more of it than is taken here."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


Query = Mapping[str, str]
Show = Callable[[Query], Awaitable[Page]]


class HttpServer:
    """`pages` answer GET and HEAD to anybody who can connect, `commands` POST from loopback."""

    def __init__(
        self, pages: dict[str, Show], commands: dict[str, Show], failed: Callable[[str], None]
    ) -> None:
        self._pages = pages
        self._commands = commands
        self._failed = failed  # hears which path could not be shown, from within the except block
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, listen: Address) -> Address:
        """Opens the port; the address it got."""
        self._server = await asyncio.start_server(
            self._connected, listen.host, listen.port, limit=HEAD_BYTES_MAX
        )
        return Address(listen.host, self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Closes the port and what is connected."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._connections) >= CONNECTIONS_MAX:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            async with asyncio.timeout(RESPONSE_TIMEOUT_S):
                await self._answer(reader, writer)
        except (TimeoutError, ConnectionError, asyncio.CancelledError):
            # Cancelled by `stop` only, as the last thing; asyncio would log a cancelled task.
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await read_request(reader)
        except BadRequest as error:
            await write(writer, told(error.code, error.why), with_body=True)
            await discard_rest(reader, writer)
            return
        if request is None:
            return
        peer = str(writer.get_extra_info("peername")[0])
        page = await self._page(request, peer)
        await write(writer, page, with_body=request.method != "HEAD")

    async def _page(self, request: Request, peer: str) -> Page:
        if request.path in self._commands:
            if request.method != "POST":
                return told(405, "POST only")
            if request.comes_from_browser or not ipaddress.ip_address(peer).is_loopback:
                return told(403, "from this machine only, and not from a web page")
            return await self._shown(request, self._commands[request.path])
        if request.path not in self._pages:
            return told(404, "there are " + ", ".join([*self._pages, *self._commands]))
        if request.method not in ("GET", "HEAD"):
            return told(405, "GET and HEAD only")
        return await self._shown(request, self._pages[request.path])

    async def _shown(self, request: Request, show: Show) -> Page:
        try:
            return await show(request.query)
        except Exception:
            # This supervises the connection: a page that fails must cost nobody else anything.
            self._failed(request.path)
            return told(500, "see the router's log")


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The head of a request; None when nothing came. Raises BadRequest."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
    except TimeoutError:
        raise BadRequest(408, "no request in time") from None
    except asyncio.LimitOverrunError:
        raise BadRequest(431, f"more than {HEAD_BYTES_MAX} bytes") from None
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise BadRequest(400, "the request ends within its head") from None
    return request_of(head)


def request_of(head: bytes) -> Request:
    """Raises BadRequest."""
    request_line, *header_lines = head.decode("latin-1")[:-4].split("\r\n")
    found = REQUEST_LINE.fullmatch(request_line)
    if found is None:
        raise BadRequest(400, "no HTTP request line")
    headers: dict[str, str] = {}
    for line in header_lines:
        header = HEADER_LINE.fullmatch(line)
        if header is None:
            raise BadRequest(400, "a header line without a name")
        headers[header[1].lower()] = header[2].strip()
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise BadRequest(400, "no body is taken here")
    path, _, words = found[2].partition("?")
    try:
        query = dict(parse_qsl(words, keep_blank_values=True, max_num_fields=QUERY_WORDS_MAX))
    except ValueError:
        raise BadRequest(400, f"more than {QUERY_WORDS_MAX} words in the query") from None
    is_from_browser = "origin" in headers or "sec-fetch-site" in headers
    return Request(found[1], path, query, is_from_browser)


async def write(writer: asyncio.StreamWriter, page: Page, with_body: bool) -> None:
    """The whole answer; the connection ends with it."""
    head = (
        f"HTTP/1.1 {page.code} {REASONS[page.code]}\r\n"
        f"Content-Type: {page.kind}\r\nContent-Length: {len(page.body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode("ascii") + (page.body if with_body else b""))
    await writer.drain()


async def discard_rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closing over unread bytes would reset the connection, and the peer might miss the answer."""
    writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            for _ in range(LINGER_READS_MAX):
                if not await reader.read(HEAD_BYTES_MAX):
                    break


def told(code: int, why: str) -> Page:
    """An answer in words."""
    return json_page(code, {"error": why})


def json_page(code: int, content: object) -> Page:
    """An answer as JSON, on one line."""
    return Page(code, msgspec.json.encode(content) + b"\n")
