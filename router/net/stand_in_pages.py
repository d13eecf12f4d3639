"""What an operator says over HTTP about standing in for an issuer."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from router.net.http import Page, Query, Show, json_page, told
from router.net.saf_pages import WHO_MAX, said
from router.net.stand_in_side import status_of
from router.switching.conductor import Conductor
from router.switching.stand_in_state import MODES

DURABLE_WITHIN_S: Final = 5.0


class StandInPages:
    """`not_now` says why nothing can be done yet; empty when it can."""

    def __init__(self, conductor: Conductor, not_now: Callable[[], str]) -> None:
        self._conductor = conductor
        self._not_now = not_now

    @property
    def commands(self) -> dict[str, Show]:
        """By their paths."""
        return {"/stand-in": self.stand_in}

    async def stand_in(self, query: Query) -> Page:
        """`issuer=`, `mode=on|off|auto`, `who=`: in force at once. Without a mode: how it is.

        404 where no such issuer lends anything; 202 when the disk has not taken it yet.
        """
        if reason := self._not_now():
            return told(HTTPStatus.CONFLICT, f"not now: {reason}")
        name, mode = query.get("issuer", ""), query.get("mode", "")
        issuer = self._conductor.switch.issuers.get(name)
        if issuer is None or issuer.stand_in.rules is None:
            lending = [
                one.name
                for one in self._conductor.switch.issuers.values()
                if one.stand_in.rules is not None
            ]
            those = ", ".join(lending) or "nobody"
            named = f"{name or 'nobody'} lends nothing: stand_in.toml names {those}"
            return told(HTTPStatus.NOT_FOUND, named)
        is_durable = True
        if mode:
            if mode not in MODES:
                return told(HTTPStatus.BAD_REQUEST, "mode: one of " + ", ".join(MODES))
            try:
                who = said(query, "who", WHO_MAX) if query.get("who") else ""
            except ValueError as error:
                return told(HTTPStatus.BAD_REQUEST, str(error))
            durable = asyncio.get_running_loop().create_future()

            def then() -> None:
                if not durable.done():
                    durable.set_result(None)

            self._conductor.stand_in(issuer, mode, who, then)
            try:
                async with asyncio.timeout(DURABLE_WITHIN_S):
                    await durable
            except TimeoutError:
                is_durable = False
        answer = {"stand_in": status_of(issuer), "durable": is_durable}
        return json_page(HTTPStatus.OK if is_durable else HTTPStatus.ACCEPTED, answer)
