"""HSM, issuer hosts and router of a configuration folder, each a process of its own."""
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from issuers.settings import load_settings as load_host
from noyau.demo import probes
from noyau.demo.programs import Program, end_all
from noyau.demo.race import first_of
from router.net.addresses import Address
from router.net.settings import Settings

READY_S = 30.0
END_S = 5.0

WORTH_SAYING = ("warning", "error", "critical")
PLUMBING = ("event", "level", "at", "alarm", "exception")

Say = Callable[[str], None]


class PortTaken(Exception):
    """Another program listens where one of ours must; the text has port and remedy."""


class Platform:
    """`async with`: whatever was started is ended in the end."""

    def __init__(
        self, settings: Settings, state: Path, say: Say, tells_warnings: bool = False
    ) -> None:
        self._tells_warnings = tells_warnings
        self._settings = settings
        self._state = state
        self._say = say
        self.programs: list[Program] = []
        self.hosts = {issuer.name: addresses(load_host(settings.folder, issuer.name).host.listen)
                      for issuer in settings.issuers}

    def refuse_taken_ports(self) -> None:
        """Before anything starts: is a demo up already?"""
        acquirers = [(one.listen, f"acquirer {one.name}") for one in self._settings.acquirers]
        hosts = [(address, f"issuer {name}") for name, listen in self.hosts.items()
                 for address in listen]
        rest = [(self._settings.hsm.endpoints[0], "HSM"), (self._settings.http.listen, "HTTP")]
        for address, who in (*acquirers, *rest, *hosts):
            if address.port and probes.is_taken(address.host, address.port):
                raise PortTaken(
                    f"{address} ({who}) is taken: is `noyau up` running already? Stop it first "
                    "(Ctrl-C there), or give --config DIR with other ports")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await end_all(self.programs, END_S)

    async def any_died(self) -> None:
        """Returns never; raises ProgramDied when one ends by itself."""
        await first_of(*(program.died() for program in self.programs))

    async def status(self) -> Any:
        """What the router shows of its lines; None when it does not answer."""
        http = self._settings.http.listen
        return await probes.http_json(http.host, http.port, "/status")

    async def start(self) -> None:
        """HSM and issuers first, so that the router finds them; it opens 8583 last, by itself."""
        folder, state = str(self._settings.folder), str(self._state)
        hsm = self._settings.hsm.endpoints[0]
        await self._start(Program("hsm", [
            "hsm", "--host", hsm.host, "--port", str(hsm.port), "--config", folder,
            "--state", state]))
        for name in self.hosts:
            await self._start(Program(f"issuer {name}", [
                "issuer", "run", name, "--config", folder, "--state", state]))
        await self._when_open("hsm", [hsm])
        for name, listen in self.hosts.items():
            await self._when_open(f"issuer {name}", listen)
        router = ["router", "--config", folder, "--state", state]
        heard = self._warned if self._tells_warnings else None
        await self._start(Program("router", router, heard))
        await self._until(self._why_not_ready, "router")
        listeners = [f"{one.name} {one.listen} ({one.dialect})" for one in self._settings.acquirers]
        self._say(f"router ready, acquirers may connect: {', '.join(listeners)}")

    def _warned(self, line: str) -> None:
        """A warning of the router: why a stranger's link was closed, what it could not read."""
        try:
            event = json.loads(line)
        except ValueError:
            return
        if isinstance(event, dict) and event.get("level") in WORTH_SAYING:
            facts = [f"{key}={value}" for key, value in event.items() if key not in PLUMBING]
            self._say(f"router: {event.get('event')} {' '.join(facts)}".rstrip())

    async def take_away(self, names: list[str]) -> None:
        """These issuers cannot be reached any more."""
        for name in names:
            await self._issuer(name).take_away()

    async def bring_back(self, names: list[str]) -> None:
        """They can, with their ledgers as they were."""
        for program in map(self._issuer, names):
            if program.is_away:
                await program.start()
        for name in names:
            await self._when_open(f"issuer {name}", self.hosts[name])

    def _issuer(self, name: str) -> Program:
        return next(one for one in self.programs if one.name == f"issuer {name}")

    async def _start(self, program: Program) -> None:
        self.programs.append(program)
        await program.start()

    async def _when_open(self, name: str, listen: list[Address]) -> None:
        for address in listen:
            await self._until(partial(probes.open_port, address.host, address.port), name)
        self._say(f"{name} listens on {', '.join(map(str, listen))}")

    async def _until(self, is_ready: Callable[[], Awaitable[str]], what: str) -> None:
        """Until it is ready, unless a program dies before."""
        try:
            await first_of(probes.until(is_ready, what, READY_S), self.any_died())
        except probes.NotInTime as error:
            said = [line for program in self.programs if program.name == what
                    for line in program.last_lines]
            raise probes.NotInTime("\n    ".join([f"{error}; its last lines:", *said])) from None

    async def _why_not_ready(self) -> str:
        http = self._settings.http.listen
        told = await probes.http_json(http.host, http.port, "/readyz")
        if not isinstance(told, dict):
            return f"http://{http}/readyz does not answer"
        return "" if told.get("ready") else "; ".join(told.get("reasons", [])) or "it says so"


def addresses(texts: list[str]) -> list[Address]:
    return [Address.parsed(text) for text in texts]
