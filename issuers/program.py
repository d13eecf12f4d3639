"""The process of one issuer host, from its settings to its last answer. Only this module wires."""
import asyncio
import datetime
import signal
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from issuers import control, state
from issuers.bank import Bank
from issuers.cards import Card
from issuers.checks import CardChecks
from issuers.codes import ResponseCode
from issuers.host import IssuerHost
from issuers.hsm_client import HsmAway, HsmClient
from issuers.ledger import Ledger
from issuers.log import log_unhandled
from issuers.messages import Codec
from issuers.misbehaviour import Misbehaviour
from issuers.session_keys import SessionKeys
from issuers.settings import HostSettings, HsmTable
from specs.dialect import Framing

new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
try:
    import uvloop
except ImportError:
    pass
else:
    new_event_loop = uvloop.new_event_loop

log = structlog.get_logger("program")

Announce = Callable[[Sequence[str]], None]


class LedgerFailed(Exception):
    """The disk refused; what was not answered before is not answered."""


class CannotListen(Exception):
    """An address of the configuration cannot be opened."""


async def run_host(
    settings: HostSettings, framing: Framing, codec: Codec, cards: Mapping[str, Card],
    state_folder: Path, announce: Announce,
) -> None:
    """Run until SIGTERM or SIGINT; `announce` hears the addresses once they are open."""
    name = settings.host.name
    control_path = state.control_path(state_folder, name)
    with state.locked(state_folder, name), control.bound(control_path) as commands:
        ledger = Ledger(state.ledger_path(state_folder, name))
        try:
            await _run(settings, framing, codec, cards, ledger, commands, announce,
                       state.keys_path(state_folder, name))
        finally:
            ledger.close()


async def _run(
    settings: HostSettings, framing: Framing, codec: Codec, cards: Mapping[str, Card],
    ledger: Ledger, commands: socket.socket, announce: Announce, keys_file: Path,
) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(log_unhandled)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    bank = Bank(cards, ledger, settings.host.pin_tries_max,
                ResponseCode(settings.host.unknown_original), today)
    hsm = _hsm_client(settings.hsm)
    ask = hsm.ask if hsm else _no_hsm
    keys = SessionKeys(settings.pin_key, settings.key_exchange, ask, keys_file,
                       asyncio.get_running_loop().time)
    checks = CardChecks(ask, keys, settings.pin_check, settings.cvv)
    misbehaviour = Misbehaviour(settings.misbehaviour)
    host = IssuerHost(
        settings.host, framing, codec, cards, bank, ledger, checks, keys, misbehaviour)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(ledger.commit_groups())]
        if hsm is not None:
            running.append(tasks.create_task(hsm.keep_connected()))
        servers = [await control.listen(commands, misbehaviour, host.exchange_key)]
        try:
            servers += [await _listening(host, address) for address in settings.host.listen]
            addresses = [_address_of(server) for server in servers[1:]]
            log.info("listening", addresses=addresses, cards=len(cards))
            announce(addresses)
            await stop.wait()
            log.info("stopping")
        finally:
            for server in servers:
                server.close()
            await host.stop(answering=stop.is_set())
            for task in running:
                task.cancel()
    log.info("stopped")


async def _listening(host: IssuerHost, address: str) -> asyncio.Server:
    name, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(host.new_link, name.strip("[]"), int(port))
    except OSError as error:
        raise CannotListen(f"{address}: {error.strerror or error}") from None


def _address_of(server: asyncio.Server) -> str:
    name, port = server.sockets[0].getsockname()[:2]
    return f"{name}:{port}"


def _hsm_client(hsm: HsmTable | None) -> HsmClient | None:
    if hsm is None:
        return None
    return HsmClient(hsm.endpoints, hsm.connections, hsm.timeout_s, hsm.pending_max)


async def _no_hsm(command: bytes) -> bytes:
    raise HsmAway


def run(
    settings: HostSettings, framing: Framing, codec: Codec, cards: Mapping[str, Card],
    state_folder: Path, announce: Announce,
) -> None:
    """`run_host` on uvloop where it is installed."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        try:
            runner.run(run_host(settings, framing, codec, cards, state_folder, announce))
        except* sqlite3.Error as errors:
            log.error("ledger_failed", reasons=[str(error) for error in errors.exceptions])
            raise LedgerFailed from None
        except* CannotListen as errors:
            raise errors.exceptions[0] from None
