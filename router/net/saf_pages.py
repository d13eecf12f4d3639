"""What an operator asks about stored entries over HTTP, and does with parked ones.

Answers come when what was done is durable; a disk that does not answer is said, and what was asked
for is done as soon as it does.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from router.net.http import Page, Query, Show, json_page, told
from router.switching.conductor import Conductor
from router.switching.saf_operator import Wanted

DURABLE_WITHIN_S: Final = 5.0
LISTED_MAX: Final = 5_000
WHO_MAX: Final = 64
WHY_MAX: Final = 400
IDS_MAX: Final = 100


class SafPages:
    """`not_now` says why nothing can be done yet; empty when it can."""

    def __init__(self, conductor: Conductor, not_now: Callable[[], str]) -> None:
        self._conductor = conductor
        self._not_now = not_now

    @property
    def commands(self) -> dict[str, Show]:
        """By their paths."""
        return {"/saf/list": self.listed, "/saf/retry": self.retry, "/saf/settle": self.settle}

    async def listed(self, query: Query) -> Page:
        """`issuer=`, `ids=`, `parked=1`, `limit=`: entries with masked PANs, and a count.

        Without `issuer` and `ids`: of all issuers.
        """
        try:
            wanted = wanted_in(query)
            limit = int(query.get("limit") or LISTED_MAX)
        except ValueError as error:
            return told(HTTPStatus.BAD_REQUEST, str(error))
        if not 1 <= limit <= LISTED_MAX:
            return told(HTTPStatus.BAD_REQUEST, f"limit: 1 to {LISTED_MAX}")
        if not wanted.ids and not wanted.issuer:
            wanted = Wanted(everything=True)
        issuers = [issuer for issuer in self._conductor.issuers if wanted.names(issuer)]
        parked_only = bool(query.get("parked"))
        entries = self._conductor.saf_operator.listed(issuers, wanted, parked_only, limit)
        return json_page(
            HTTPStatus.OK,
            {
                "open": sum(len(issuer.entries) for issuer in issuers),
                "parked": sum(len(issuer.parked) for issuer in issuers),
                "entries": entries,
            },
        )

    async def retry(self, query: Query) -> Page:
        """`who=` and `ids=`, `issuer=` or `all=1`: parked entries go back to delivery."""
        return await self._done(query, False)

    async def settle(self, query: Query) -> Page:
        """`who=`, `why=` and `ids=`, `issuer=` or `all=1`: parked entries are over."""
        return await self._done(query, True)

    async def _done(self, query: Query, settles: bool) -> Page:
        if reason := self._not_now():
            return told(HTTPStatus.CONFLICT, f"not now: {reason}")
        try:
            wanted = wanted_in(query)
            who = said(query, "who", WHO_MAX)
            why = said(query, "why", WHY_MAX) if settles else ""
        except ValueError as error:
            return told(HTTPStatus.BAD_REQUEST, str(error))
        operator, issuers = self._conductor.saf_operator, self._conductor.issuers
        durable = asyncio.get_running_loop().create_future()

        def then() -> None:
            if not durable.done():
                durable.set_result(None)

        if settles:
            ids = operator.settle(issuers, wanted, who, why, then)
        else:
            ids = operator.retry(issuers, wanted, who, then)
        is_durable = True
        if ids:
            try:
                async with asyncio.timeout(DURABLE_WITHIN_S):
                    await durable
            except TimeoutError:
                is_durable = False
        missing = sorted(set(wanted.ids) - set(ids))
        answer = {"done": ids, "not_parked": missing, "durable": is_durable}
        return json_page(HTTPStatus.OK if is_durable else HTTPStatus.ACCEPTED, answer)


def wanted_in(query: Query) -> Wanted:
    """Raises ValueError where nothing is meant, or two things are."""
    ids = tuple(one for one in query.get("ids", "").split(",") if one)
    issuer, everything = query.get("issuer", ""), bool(query.get("all"))
    if len(ids) > IDS_MAX:
        raise ValueError(f"at most {IDS_MAX} ids at once")
    if sum((bool(ids), bool(issuer), everything)) > 1:
        raise ValueError("ids, issuer or all: one of them")
    return Wanted(ids, issuer, everything)


def said(query: Query, name: str, longest: int) -> str:
    """Words that go into the journal. Raises ValueError."""
    words = query.get(name, "").strip()
    if not words or len(words) > longest or not words.isprintable():
        raise ValueError(f"{name}: 1 to {longest} characters")
    if any(len(part) >= 12 and part.isdigit() for part in words.split()):  # a PAN's
        raise ValueError(f"{name}: no card numbers")
    return words
