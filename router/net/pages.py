"""What the router shows and takes over HTTP: which path is answered with what."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from router.net.http import Page, Query, Show, json_page
from router.net.metrics import Metrics
from router.net.reload_outcome import ReloadOutcome
from router.net.status import RouterStatus, not_ready, status_json

PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


class Pages:
    """`status` says what is so now; `reload` and `drain` are the daemon's."""

    def __init__(
        self,
        status: Callable[[], RouterStatus],
        metrics: Metrics,
        dropped: Callable[[], Mapping[str, int]],
        reload: Callable[[], Awaitable[ReloadOutcome]],
        drain: Callable[[], None],
        exchange_key: Callable[[str], str],
    ) -> None:
        self._status = status
        self._metrics = metrics
        self._dropped = dropped
        self._reload = reload
        self._drain = drain
        self._exchange_key = exchange_key
        self._scrape: asyncio.Task[bytes] | None = None

    @property
    def pages(self) -> dict[str, Show]:
        """By their paths."""
        return {
            "/healthz": self.healthz,
            "/readyz": self.readyz,
            "/metrics": self.metrics,
            "/status": self.status,
        }

    @property
    def commands(self) -> dict[str, Show]:
        """By their paths."""
        return {
            "/reload": self.reload,
            "/drain": self.drain,
            "/keys/exchange": self.exchange_key,
        }

    async def healthz(self, _: Query) -> Page:
        """The loop turns."""
        return json_page(200, {"alive": True})

    async def readyz(self, _: Query) -> Page:
        """May traffic be sent here, and if not, why."""
        reasons = not_ready(self._status())
        return json_page(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})

    async def status(self, _: Query) -> Page:
        """Everything, for `noyau status`."""
        return json_page(200, status_json(self._status()))

    async def metrics(self, _: Query) -> Page:
        """Written by a thread, once for all who ask meanwhile."""
        if self._scrape is None or self._scrape.done():
            text = asyncio.to_thread(self._metrics.text, self._status(), dict(self._dropped()))
            self._scrape = asyncio.create_task(text)
        return Page(200, await asyncio.shield(self._scrape), PROMETHEUS)

    async def reload(self, _: Query) -> Page:
        """The configuration is read again; 409 when it has mistakes and nothing changed."""
        outcome = await self._reload()
        return json_page(409 if outcome.outcome == "refused" else 200, outcome)

    async def drain(self, _: Query) -> Page:
        """The router stops when what is in flight is answered."""
        self._drain()
        return json_page(202, {"draining": True})

    async def exchange_key(self, query: Query) -> Page:
        """A session key is asked for or delivered, as agreed with `peer`; the log says how it went.

        409 when there is nothing to begin, or no line to begin it on.
        """
        refusal = self._exchange_key(query.get("peer", ""))
        return json_page(409 if refusal else 202, {"begun": not refusal, "why_not": refusal})
