"""Waiting for a condition that many things together make true: at the start and at the end only."""
import asyncio
from collections.abc import Callable
from typing import Final

LOOK_EVERY_S: Final = 0.01


async def until(is_so: Callable[[], bool], limit_s: float) -> bool:
    """False: the limit came first."""
    deadline = asyncio.get_running_loop().time() + limit_s
    while not is_so():
        if asyncio.get_running_loop().time() >= deadline:
            return False
        # An event would have to be set in every place that might make the condition true.
        await asyncio.sleep(LOOK_EVERY_S)
    return True
