"""Several things awaited at once, of which the first one counts."""
import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*entrants: Coroutine[Any, Any, Any]) -> None:
    """Until one is done; the others are cancelled. What the first raised is raised."""
    tasks = [asyncio.create_task(entrant) for entrant in entrants]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:  # in the order they were given
            if task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
