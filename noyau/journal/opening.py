"""A journal opened for reading: its folders, and its key as the HSM unwraps it."""

import asyncio
import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from router.net.hsm_client import HsmAway, HsmClient
from router.net.key_at_rest import DataKeyRefused, unwrapped
from router.net.settings import HsmSettings
from specs.journal_seal import Seal
from specs.journal_segments import key_marks, segments_in, worker_folders, worker_of

TICK_S: Final = 0.05
HSM_WITHIN_S: Final = 5.0


class CannotRead(Exception):
    """Why not, and what to do."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The segments of one, and what opens them."""

    name: str
    folder: Path
    seal: Seal


def workers(hsm: HsmSettings, state: Path, folder: Path | None) -> list[Worker]:
    """Of a router's state folder, or of one folder with segments. Raises CannotRead."""
    folders = [folder] if folder is not None else worker_folders(state / "router")
    try:
        marks = [(one, *key_marks(one)) for one in folders if folder or segments_in(one)]
    except (LookupError, OSError, sqlite3.Error) as error:
        raise CannotRead(f"{error}; --state names the router's state folder") from None
    if not marks:
        raise CannotRead(f"{state}: there is no journal; --state names the router's state folder")
    keys = asyncio.run(_keys(hsm, [wrapped for _, wrapped, _ in marks]))
    found = []
    for (one, _, proof), key in zip(marks, keys, strict=True):
        seal = Seal(key)
        if not seal.proves(proof):
            raise CannotRead(
                f"{one}: the HSM unwraps its key to another one; use the configuration of the"
                " router that wrote it, and its HSM"
            )
        found.append(Worker(worker_of(one), one, seal))
    return found


async def _keys(settings: HsmSettings, wrapped: list[str]) -> list[bytes]:
    hsm = HsmClient(
        settings.endpoints, 1, settings.timeout_s, settings.pending_max, lambda *_: None
    )
    tasks = [asyncio.create_task(hsm.run()), asyncio.create_task(_ticking(hsm))]
    try:
        return [await _key(hsm, settings, one) for one in wrapped]
    except DataKeyRefused as error:
        raise CannotRead(str(error)) from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _key(hsm: HsmClient, settings: HsmSettings, wrapped: str) -> bytes:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HSM_WITHIN_S):
            while True:
                with contextlib.suppress(HsmAway):
                    return await unwrapped(
                        hsm, settings.data_key_under_lmk, settings.data_key_kcv, wrapped
                    )
                await asyncio.sleep(TICK_S)
    where = ", ".join(map(str, settings.endpoints))
    raise CannotRead(
        f"the HSM at {where} does not answer; it unwraps the journal's key: start it, or name the"
        " configuration that has the right one with --config"
    )


async def _ticking(hsm: HsmClient) -> None:
    loop = asyncio.get_running_loop()
    while True:
        hsm.tick(loop.time())
        await asyncio.sleep(TICK_S)
