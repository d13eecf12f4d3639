"""How long a turn of the event loop takes, measured now and then while messages arrive."""

import asyncio
from collections.abc import Callable
from typing import Final

MEASURE_EVERY_S: Final = 0.005  # each measure keeps the loop from resting for two turns


class Turns:
    """`told` hears the length of a whole turn, in seconds."""

    __slots__ = ("_began", "_is_measuring", "_loop", "_next_at", "_told")

    def __init__(self, loop: asyncio.AbstractEventLoop, told: Callable[[float], None]) -> None:
        self._loop = loop
        self._told = told
        self._next_at = 0.0
        self._began = 0.0
        self._is_measuring = False

    def arrived(self) -> None:
        """Something was received: the turn that begins next is measured, if it is time."""
        if not self._is_measuring and self._loop.time() >= self._next_at:
            self._is_measuring = True
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._began = self._loop.time()
        self._loop.call_soon(self._end)

    def _end(self) -> None:
        now = self._loop.time()
        self._is_measuring = False
        self._next_at = now + MEASURE_EVERY_S
        self._told(now - self._began)
