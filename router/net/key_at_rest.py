"""The key that the journal is sealed with: random, wrapped by the HSM, unwrapped once at start.

It is the only key that the router ever holds.
"""
import asyncio
import os
from collections.abc import Callable
from typing import Final

from router.net.hsm_client import HsmAway, HsmClient
from router.net.journal_file import JournalFile
from router.net.journal_opening import JournalUnusable
from router.net.key_form import is_aes
from router.wire import hsm_frames
from specs.journal_seal import KEY_BYTES

RETRY_AFTER_S: Final = 0.25
SAID_AGAIN_AFTER_S: Final = 30.0


class DataKeyRefused(Exception):
    """The HSM does not take the data key of the settings."""


async def unlocked(
    file: JournalFile, hsm: HsmClient, data_key_under_lmk: str, data_key_kcv: str,
    waits: Callable[[], None],
) -> None:
    """The file is ready for records. Waits for the HSM as long as it takes, and says so.

    Raises JournalUnusable or DataKeyRefused.
    """
    loop = asyncio.get_running_loop()
    said_at = -SAID_AGAIN_AFTER_S
    began = loop.time()
    while True:
        try:
            await _unlocked(file, hsm, data_key_under_lmk, data_key_kcv)
        except HsmAway:
            now = loop.time()
            if now - began > 1.0 and now - said_at >= SAID_AGAIN_AFTER_S:
                said_at = now
                waits()
            await asyncio.sleep(RETRY_AFTER_S if now - began > 1.0 else 0.02)
        else:
            return


async def _unlocked(file: JournalFile, hsm: HsmClient, data_key: str, kcv: str) -> None:
    wrapped = file.wrapped_key
    if wrapped is None:
        await _checked(hsm, data_key, kcv)
        key = os.urandom(KEY_BYTES)
        file.begin_with(key, await _said(hsm, hsm_frames.wrap_key(data_key, key)))
    else:
        key = await unwrapped(hsm, data_key, kcv, wrapped)
    if len(key) != KEY_BYTES:
        raise JournalUnusable(f"{file.path}: its key has {len(key)} bytes; restore it from a copy")
    file.unlock(key)


async def unwrapped(hsm: HsmClient, data_key: str, kcv: str, wrapped: str) -> bytes:
    """The key of a journal that is there. Raises HsmAway, DataKeyRefused."""
    await _checked(hsm, data_key, kcv)
    return bytes.fromhex(await _said(hsm, hsm_frames.unwrap_key(data_key, wrapped)))


async def _checked(hsm: HsmClient, data_key: str, kcv: str) -> None:
    """A TDES key's check value is the beginning of zeros enciphered under it."""
    block_bytes = 16 if is_aes(data_key) else 8
    zeros = await _said(hsm, hsm_frames.wrap_key(data_key, bytes(block_bytes)))
    if not is_aes(data_key) and not zeros.startswith(kcv):
        raise DataKeyRefused(
            f"router.toml: [hsm]: data_key_kcv: the HSM finds {zeros[:len(kcv)]} for this key, not"
            f" {kcv}; correct the check value or the cryptogram, or use the HSM with that LMK")


async def _said(hsm: HsmClient, command: bytes) -> str:
    answer = await hsm.ask(command)
    try:
        error = hsm_frames.error_of(answer, command)
        if error == hsm_frames.ACCEPTED:
            return hsm_frames.enciphered_of(answer)
    except hsm_frames.MalformedAnswer as fault:
        raise DataKeyRefused(f"the HSM answers {command[:2].decode()} with nonsense: {fault}"
                             ) from None
    raise DataKeyRefused(
        f"router.toml: [hsm]: data_key_under_lmk: the HSM answers {command[:2].decode()} with error"
        f" {error}; it must be a data key (type 00B, or a key block of usage D0) under its LMK")
