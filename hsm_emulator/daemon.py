"""The device on a TCP port, with its console and its audit log. Only this module wires."""
import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import structlog

from hsm_emulator import control
from hsm_emulator.audit import AuditLog
from hsm_emulator.connection import Connection, Limits
from hsm_emulator.console import Console
from hsm_emulator.custody import Lmks, public_test_lmks
from hsm_emulator.device import Device
from hsm_emulator.operators import Operators
from hsm_emulator.pin_failures import PinFailures
from hsm_emulator.rules import STRICT, admitted
from hsm_emulator.settings import Settings
from hsm_emulator.state import audit_path, control_path, locked

_log = structlog.get_logger("hsm_emulator")

COUNTS_EVERY_S: Final = 1.0


class AuditFailed(Exception):
    """The audit log cannot be written: nothing is done unaudited, so the device stopped."""


class CannotListen(Exception):
    """The address cannot be opened; the text says why."""


def run(settings: Settings, lmks: Lmks, state: Path | None) -> None:
    """Serve until SIGTERM or SIGINT, on uvloop where there is one.

    Without a state folder there is neither console nor audit log.
    """
    try:
        import uvloop  # noqa: PLC0415  (absent on some platforms)
    except ImportError:
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    else:
        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(serve(settings, lmks, state))


async def serve(settings: Settings, lmks: Lmks, state: Path | None) -> None:
    """Serve until SIGTERM or SIGINT, or until the audit log fails."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    failures = PinFailures(settings.pin_failures)
    header_bytes = settings.device.header_characters
    device = Device(lmks.by_identifier, pin_failures=failures, header_bytes=header_bytes)
    listener = running(settings.device.host, settings.device.port, settings.limits, device, lmks)
    try:
        port = await listener.bind()
    except OSError as error:
        raise CannotListen(error.strerror) from None
    with _kept(state, port, settings) as audit:
        if audit is None or state is None:
            async with listener:
                _log.info("not_audited", remedy="give --state for audit log and console")
                await stopped.wait()
        else:
            operators = Operators(settings.operators, names_suffice=lmks.are_test)
            minutes_max = settings.authorisation.minutes_max
            console = Console(device, lmks, operators, audit, minutes_max, stopped.set)
            await _serve_audited(listener, console, audit, control_path(state, port), stopped)
    _log.info("hsm_stopped")


async def _serve_audited(
    listener: "running", console: Console, audit: AuditLog, path: Path, stopped: asyncio.Event
) -> None:
    device = console.device
    ids = sorted(console.lmks.kinds)
    audit.write("started", profile=device.rules.profile, admits=admitted(device.rules), lmks=ids,
                test_lmks=console.lmks.are_test)  # fmt: skip
    with control.bound(path) as socket:
        server = await control.listen(socket, console)
        async with server, listener:
            while not stopped.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(COUNTS_EVERY_S):
                        await stopped.wait()
                _write_counts(device, audit)
    if console.audit_failed:
        raise AuditFailed
    _write_counts(device, audit)
    audit.write("stopped")


def _write_counts(device: Device, audit: AuditLog) -> None:
    try:
        audit.write_counts(device.taken_counts())
    except OSError:
        raise AuditFailed from None


@contextlib.contextmanager
def _kept(state: Path | None, port: int, settings: Settings) -> Iterator[AuditLog | None]:
    """Hold this device's place in the state folder and its audit log, as long as it runs."""
    if state is None:
        yield None
        return
    with locked(state, port):
        audit = AuditLog(audit_path(state, port), settings.audit.file_bytes_max)
        try:
            yield audit
        finally:
            audit.close()


class running:  # noqa: N801  (reads as a verb: `async with running(...)`)
    """The listener with its connections, for as long as the block lasts; gives the port."""

    def __init__(
        self,
        host: str,
        port: int,
        limits: Limits,
        device: Device | None = None,
        lmks: Lmks | None = None,
    ) -> None:
        """Take the device, or make one with the public test LMKs and the strict rules."""
        self._host = host
        self._port = port
        self._limits = limits
        self._device = device or Device(public_test_lmks(STRICT).by_identifier)
        self._are_test = lmks is None or lmks.are_test
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def bind(self) -> int:
        """Take the port without answering yet, and return it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._connection, self._host, self._port, start_serving=False
        )
        return self._bound()

    async def __aenter__(self) -> int:
        """Open the port, after saying what this is not."""
        bound = await self.bind() if self._server is None else self._bound()
        assert self._server is not None
        _log.warning(
            "not_a_certified_hsm",
            lmks="public test keys" if self._are_test else "own keys, in the memory of a process",
            protects="nothing: software emulator without certificate or tamper boundary",
        )
        rules = self._device.rules
        if admitted(rules):
            _log.warning("rules_weakened", profile=rules.profile, admits=admitted(rules))
        await self._server.start_serving()
        _log.info("hsm_listening", host=self._host, port=bound)
        return bound

    async def __aexit__(self, *_reason: object) -> None:
        """Close the port and every connection."""
        assert self._server is not None
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        await self._server.wait_closed()

    def _bound(self) -> int:
        assert self._server is not None
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def _connection(self) -> Connection:
        return Connection(self._device, self._limits, self._connections)
