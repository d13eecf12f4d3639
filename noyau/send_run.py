"""One run of `noyau send`: the connection, the lines out, the summary, the exit code."""
import asyncio
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import msgspec

from noyau.flat_form import flat
from noyau.send_input import BadLine, is_file, repeated, templates_of_file
from noyau.send_stamps import Stamps
from noyau.send_summary import Summary
from noyau.sender import ConnectionLost, Exchange, Sender, written
from router.wire.codec import Codec
from specs.dialect import DialectError, Framing, load_dialect, parse_framing

DONE: Final = 0
NOT_ALL_ANSWERED: Final = 1
WRONG_CALL: Final = 2
CONNECT_S: Final = 5.0
REMARKS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Call:
    """The options of the command."""

    to: str
    dialect: str
    framing: str
    count: int
    rate: float | None
    timeout_s: float
    in_flight: int
    first_stan: int | None
    zpk: str
    reveal: bool


class CallIsWrong(Exception):
    """An option, a file or a line of input; says which and what would be right."""


class CannotConnect(Exception):
    """Nobody answers at that address."""


def run(call: Call, file: str) -> int:
    """Everything; errors are lines on standard error."""
    try:
        with _opened(file) as descriptor:
            return asyncio.run(_Run(call, descriptor).whole())
    except (CallIsWrong, DialectError, BadLine) as error:
        _say(str(error))
        return WRONG_CALL
    except CannotConnect as error:
        _say(str(error))
    except BrokenPipeError:
        # Whoever read the answers has gone; nor can the interpreter flush what is left to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        _say("stopped")
    return NOT_ALL_ANSWERED


class _Run:
    def __init__(self, call: Call, descriptor: int) -> None:
        self._call = call
        self._descriptor = descriptor
        self._dialect = load_dialect(call.dialect)
        self._codec = Codec(self._dialect)
        self._framing = _framing(call.framing) if call.framing else self._dialect.framing
        self._address = _address(call.to)
        if call.zpk and not re.fullmatch(r"[0-9A-Fa-f]{32}", call.zpk):
            raise CallIsWrong("--zpk: a double-length test key has 32 hexadecimal digits")
        self._summary = Summary()
        self._remarks = 0

    async def whole(self) -> int:
        if is_file(self._descriptor):
            self._check_file()
        sender = await self._connected()
        code = DONE
        try:
            await sender.send_all(repeated(self._descriptor, self._call.count))
        except BadLine as error:
            _say(f"{error} (nothing was sent from there on)")
            code = WRONG_CALL
        except ConnectionLost as error:
            _say(f"connection lost after {sender.sent} messages: {error}")
            code = NOT_ALL_ANSWERED
        finally:
            _say(self._summary.line(sender.sent))
        if code == DONE and not self._summary.is_all_answered(sender.sent):
            code = NOT_ALL_ANSWERED
        return code

    def _check_file(self) -> None:
        """A mistake in a file's last line is known before its first is sent."""
        stamps = self._stamps()
        for one in templates_of_file(self._descriptor):
            written(self._codec, stamps, one)

    async def _connected(self) -> Sender:
        host, port = self._address
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, sender = await loop.create_connection(self._sender, host, port)
        except (OSError, TimeoutError) as error:
            raise CannotConnect(
                f"cannot connect to {self._call.to}: {error or 'no answer'}."
                " Is the peer up, and is this its port? (the demo: `noyau up`, 127.0.0.1:8583)"
            ) from None
        return sender

    def _sender(self) -> Sender:
        call = self._call
        return Sender(
            self._codec, self._framing, self._stamps(), self._report, self._remark,
            call.timeout_s, call.in_flight, call.rate,
        )  # fmt: skip

    def _stamps(self) -> Stamps:
        return Stamps(self._dialect, self._call.zpk, self._call.first_stan)

    def _report(self, exchange: Exchange) -> None:
        self._summary.count(exchange)
        received = exchange.received
        line = {
            "sent": flat(exchange.sent, self._call.reveal),
            "received": received and flat(received, self._call.reveal),
            "latency_ms": round(exchange.latency_s * 1000, 3),
            "outcome": exchange.outcome,
        }
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()

    def _remark(self, remark: str) -> None:
        self._remarks += 1
        if self._remarks <= REMARKS_MAX:
            _say(remark)
        elif self._remarks == REMARKS_MAX + 1:
            _say("more of these are not printed")


@contextmanager
def _opened(file: str) -> Iterator[int]:
    if file == "-":
        yield sys.stdin.fileno()
        return
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError as error:
        raise CallIsWrong(f"{file}: {error.strerror}") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise CallIsWrong(f"--to {text}: HOST:PORT is wanted, such as 127.0.0.1:8583")
    return host.strip("[]"), int(port)


def _framing(text: str) -> Framing:
    try:
        return parse_framing(text)
    except ValueError as error:
        raise CallIsWrong(f"--framing {text}: {error}") from None


def _say(what: str) -> None:
    print(f"noyau send: {what}", file=sys.stderr)
