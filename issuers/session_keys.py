"""The keys that PIN blocks to this bank may be under: the configured one, and what was exchanged.

The switch encrypts under a new key only after it knows that the bank has it (162 and its answer),
so both count until a block under the new one was seen, and a little longer. A key is on the disk
before anybody hears that it was taken, or is offered.
"""
import asyncio
import hmac
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from issuers.hsm_client import HsmAway
from issuers.settings import KeyExchangeTable, PinKeyTable
from specs.key_text import OfferedKey, is_key_block, key_at_start, offered_key

log = structlog.get_logger("keys")

Ask = Callable[[bytes], Awaitable[bytes]]

OK: Final = "00"
KEYS_MAX: Final = 3
FORMER_ENDS_AFTER_S: Final = 60.0  # of the new one's first use
KCV_DIGITS: Final = 6


class KeyRefused(Exception):
    """Why the keys there are stay as they are. Holds no key."""


class Stored(msgspec.Struct, frozen=True):
    """The file: what was exchanged over this configured key, the oldest first."""

    base: str
    keys: list[PinKeyTable]


class SessionKeys:
    """Of one bank. `now` is the loop's clock."""

    def __init__(
        self, configured: PinKeyTable | None, exchange: KeyExchangeTable | None, ask: Ask,
        path: Path, now: Callable[[], float],
    ) -> None:
        self._configured = configured
        self._exchange = exchange
        self._ask = ask
        self._path = path
        self._now = now
        self._turn = asyncio.Lock()
        self._former_until = 0.0
        self._keys = self._found() if configured is not None else []

    @property
    def are_exchanged(self) -> bool:
        """A ZMK is configured; else 161 and 162 hear 12."""
        return self._exchange is not None and self._configured is not None

    def to_try(self) -> list[PinKeyTable]:
        """For one PIN block, the one in use first."""
        if self._former_until and self._now() >= self._former_until:
            self._keys, self._former_until = self._keys[-1:], 0.0
        return self._keys if not self._former_until else self._keys[::-1]

    def used(self, key: PinKeyTable) -> None:
        """A block was under this key."""
        if self._former_until == 0.0 and len(self._keys) > 1 and key is self._keys[-1]:
            self._former_until = self._now() + FORMER_ENDS_AFTER_S

    async def take(self, text: str) -> str:
        """What a 162 delivers; its KCV. Raises KeyRefused."""
        offered = offered_key(text)
        if offered is None or self._exchange is None:
            raise KeyRefused("no key under the ZMK and its KCV")
        zmk = self._exchange.zmk_under_lmk
        in_block = is_key_block(zmk)
        key_type, scheme = ("FFF", "S") if in_block else ("001", "U")
        answer = await self._said(f"A6{key_type}{zmk}{offered.under_zmk}{scheme}")
        under_lmk = key_at_start(answer)
        kcv = answer[len(under_lmk):]
        if len(kcv) != KCV_DIGITS or not hmac.compare_digest(kcv, offered.kcv[:KCV_DIGITS]):
            raise KeyRefused(f"the KCV delivered is {offered.kcv}, the HSM finds {kcv}")
        await self._adopt(under_lmk, kcv)
        return kcv

    async def make(self) -> OfferedKey:
        """A new key that counts from now on, ready to be delivered. Raises KeyRefused."""
        if self._exchange is None:
            raise KeyRefused("no [key_exchange] is configured")
        zmk, scheme = self._exchange.zmk_under_lmk, self._exchange.scheme
        in_block = is_key_block(zmk)
        command = f"A01FFFS;0{zmk}{scheme}#P0T2B00E00" if in_block else f"A01001U;0{zmk}{scheme}"
        answer = await self._said(command)
        under_lmk = key_at_start(answer)
        under_zmk = key_at_start(answer[len(under_lmk):])
        kcv = answer[len(under_lmk) + len(under_zmk):]
        if not under_zmk or len(kcv) != KCV_DIGITS:
            raise KeyRefused("the HSM answers A0 with nonsense")
        await self._adopt(under_lmk, kcv)
        return OfferedKey(under_zmk, kcv)

    async def _said(self, command: str) -> str:
        """What follows the error code of an accepted command."""
        try:
            answer = await self._ask(command.encode("ascii"))
        except HsmAway:
            raise KeyRefused("the HSM does not answer") from None
        code = answer[2:4].decode("ascii", "replace")
        if code != OK:
            raise KeyRefused(f"the HSM answers {command[:2]} with {code}")
        return answer[4:].decode("ascii", "replace")

    async def _adopt(self, under_lmk: str, kcv: str) -> None:
        assert self._configured is not None, "the settings demand one"
        async with self._turn:
            if under_lmk == self._keys[-1].under_lmk:
                return  # delivered again: its answer was lost
            block_format = self._configured.block_format
            keys = [*self._keys, PinKeyTable(under_lmk, kcv, block_format)][-KEYS_MAX:]
            try:
                await asyncio.to_thread(self._write, Stored(self._configured.under_lmk, keys))
            except OSError as error:
                raise KeyRefused(f"the disk refuses: {error.strerror}") from None
            self._keys, self._former_until = keys, 0.0
        log.info("key_adopted", kcv=kcv)

    def _write(self, stored: Stored) -> None:
        """Whole or not at all."""
        beside = self._path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(stored))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _found(self) -> list[PinKeyTable]:
        """A configured key that is another makes void what was exchanged over the one before."""
        assert self._configured is not None
        try:
            stored = msgspec.json.decode(self._path.read_bytes(), type=Stored)
        except FileNotFoundError:
            return [self._configured]
        except (OSError, msgspec.DecodeError):
            log.error("keys_unreadable", path=str(self._path))
            return [self._configured]
        if stored.base != self._configured.under_lmk or not stored.keys:
            return [self._configured]
        return stored.keys
