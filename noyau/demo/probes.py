"""Looking at the platform from outside: is a port free, is it open, what does the router say."""
import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

POLL_S = 0.03
HTTP_S = 2.0
HTTP_BYTES_MAX = 1 << 20


class NotInTime(Exception):
    """Something did not become ready; the text says what it still lacks."""


def is_taken(host: str, port: int) -> bool:
    """Whether somebody listens there; connections that are still closing do not count."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


async def until(is_ready: Callable[[], Awaitable[str]], what: str, limit_s: float) -> None:
    """Ask again and again until the answer is empty; else it says what is lacking."""
    lacking = "it has not answered yet"
    try:
        async with asyncio.timeout(limit_s):
            while lacking := await is_ready():  # noqa: ASYNC110 - it is in another process
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise NotInTime(f"{what} is not ready after {limit_s:g} s: {lacking}") from None


async def open_port(host: str, port: int) -> str:
    """Empty when somebody takes connections there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        return f"{host}:{port}: {error.strerror}"
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return ""


async def http_json(host: str, port: int, path: str) -> Any:
    """The JSON that a GET brings, whatever its status; None when nothing usable came."""
    try:
        async with asyncio.timeout(HTTP_S):
            reader, writer = await asyncio.open_connection(host, port, limit=HTTP_BYTES_MAX)
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode("ascii"))
                answer = await reader.read(HTTP_BYTES_MAX)
                while chunk := await reader.read(HTTP_BYTES_MAX):
                    answer += chunk
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    _, _, body = answer.partition(b"\r\n\r\n")
    try:
        return json.loads(body)
    except ValueError:
        return None
