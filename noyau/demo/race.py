"""Several things awaited at once, of which the first one counts."""
import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


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


async def beside(work: Coroutine[Any, Any, T], *others: Coroutine[Any, Any, Any]) -> T:
    """What the work returns; the others go on as long as it does, and may end it by raising."""
    found: list[T] = []

    async def working() -> None:
        found.append(await work)

    await first_of(working(), *others)
    return found[0]
