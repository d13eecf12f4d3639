"""The window of a router with several workers: asked of each, shown as one.

Pages are put together of what the workers say; a worker that is not there makes the router not
ready, and says why. A command is carried out by every worker, or by the one whose business it is;
where one of them is not there, none is asked.
"""
import asyncio
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from router.net.http import Page, Query, Show, json_page, told
from router.net.joined import joined_metrics, joined_stand_in, joined_status
from router.net.pages import PROMETHEUS
from router.net.worker_process import PageAnswer, WorkerProcess

ANSWER_WITHIN_S: Final = 8.0
NOT_THERE: Final = HTTPStatus.CONFLICT

Own = Callable[[], dict[str, Any]]
OwnText = Callable[[], bytes]


class OneWindow:
    """`own` is what the supervisor knows itself; `not_now` why it takes no commands."""

    def __init__(
        self, workers: Sequence[WorkerProcess], own: Own, own_metrics: OwnText,
        not_now: Callable[[], str],
    ) -> None:
        self._workers = workers
        self._own = own
        self._own_metrics = own_metrics
        self._not_now = not_now

    @property
    def pages(self) -> dict[str, Show]:
        """By their paths."""
        return {"/readyz": self.readyz, "/metrics": self.metrics, "/status": self.status}

    @property
    def commands(self) -> dict[str, Show]:
        """By their paths; reload and drain are the supervisor's."""
        return {
            "/keys/exchange": self.exchange_key,
            "/saf/list": self.listed,
            "/saf/retry": self.parked_done("/saf/retry"),
            "/saf/settle": self.parked_done("/saf/settle"),
            "/stand-in": self.stand_in,
        }

    async def status(self, _: Query) -> Page:
        """Everything, for `noyau status`."""
        return json_page(HTTPStatus.OK, await self._status())

    async def readyz(self, _: Query) -> Page:
        """May traffic be sent here, and if not, why."""
        status = await self._status()
        code = HTTPStatus.OK if status["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
        return json_page(code, {"ready": status["ready"], "reasons": status["reasons"]})

    async def metrics(self, _: Query) -> Page:
        """Of all; each worker's series say whose they are."""
        answers = await self._all("/metrics", {})
        texts = {one.number: text for one, (_, text) in answers.items()}
        body = await asyncio.to_thread(joined_metrics, texts, self._own_metrics())
        return Page(HTTPStatus.OK, body, PROMETHEUS)

    async def exchange_key(self, query: Query) -> Page:
        """By the worker that has the acquirer; of an issuer, by the first that has a line up."""
        refusals = []
        for worker in self._workers:
            answer = await self._one(worker, "/keys/exchange", query)
            if answer is None:
                continue
            if answer[0] != NOT_THERE:
                return page_of(answer)
            refusals.append(answer)
        known = [one for one in refusals if not json.loads(one[1])["why_not"].startswith("no peer")]
        return page_of((known or refusals)[0]) if refusals else self._absent()

    async def listed(self, query: Query) -> Page:
        """Entries of all workers."""
        answers = await self._whole("/saf/list", query)
        if isinstance(answers, Page):
            return answers
        limit = int(query.get("limit") or 0) or None
        return json_page(HTTPStatus.OK, {
            "open": sum(one["open"] for one in answers),
            "parked": sum(one["parked"] for one in answers),
            "entries": [entry for one in answers for entry in one["entries"]][:limit],
        })

    def parked_done(self, path: str) -> Show:
        """Each worker does it with those it has."""
        async def done(query: Query) -> Page:
            answers = await self._whole(path, query)
            if isinstance(answers, Page):
                return answers
            ids = [one for answer in answers for one in answer["done"]]
            missing = {one for answer in answers for one in answer["not_parked"]}
            return durable_page(answers, {
                "done": ids, "not_parked": sorted(missing - set(ids))})

        return done

    async def stand_in(self, query: Query) -> Page:
        """In force in all of them."""
        answers = await self._whole("/stand-in", query)
        if isinstance(answers, Page):
            return answers
        states = [one["stand_in"] for one in answers]
        return durable_page(answers, {"stand_in": joined_stand_in(states)})

    async def _status(self) -> dict[str, Any]:
        answers = await self._all("/status", {})
        statuses = {one.number: json.loads(text) for one, (_, text) in answers.items()}
        return joined_status(self._own(), self._workers, statuses)

    async def _whole(self, path: str, query: Query) -> Page | list[dict[str, Any]]:
        """What every worker answers; a page that says why not, where one has something against it.
        """
        if reason := self._not_now():
            return told(NOT_THERE, f"not now: {reason}")
        if any(not worker.is_ready.is_set() for worker in self._workers):
            return self._absent()
        answers = await self._all(path, query)
        for code, text in answers.values():
            if code >= HTTPStatus.BAD_REQUEST:
                return page_of((code, text))
        if len(answers) < len(self._workers):
            return told(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "a worker ended meanwhile: what it should have done, it may not have; ask again")
        return [json.loads(text) for _, text in answers.values()]

    async def _all(self, path: str, query: Query) -> dict[WorkerProcess, PageAnswer]:
        """Of those that answer."""
        answers = await asyncio.gather(*(self._one(one, path, query) for one in self._workers))
        return {
            one: answer for one, answer in zip(self._workers, answers, strict=True)
            if answer is not None
        }

    @staticmethod
    async def _one(worker: WorkerProcess, path: str, query: Query) -> PageAnswer | None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await worker.ask("page", (path, query))
        except TimeoutError:
            return None
        return (answer[0], answer[1]) if answer else None

    def _absent(self) -> Page:
        states = ", ".join(
            f"worker {one.number} is {one.state}" for one in self._workers
            if not one.is_ready.is_set())
        return told(NOT_THERE, f"not now: {states or 'no worker answers'}; nothing was done")


def durable_page(answers: Sequence[dict[str, Any]], content: dict[str, Any]) -> Page:
    """202 when a disk has not taken it yet."""
    is_durable = all(one["durable"] for one in answers)
    code = HTTPStatus.OK if is_durable else HTTPStatus.ACCEPTED
    return json_page(code, {**content, "durable": is_durable})


def page_of(answer: PageAnswer) -> Page:
    """As the worker gave it."""
    return Page(answer[0], answer[1].encode())
