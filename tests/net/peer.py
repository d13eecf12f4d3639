"""What the hand-written peers share: a framing of their own, and pyiso8583 for the content."""
import asyncio
import copy
from collections.abc import Mapping
from typing import Any

import iso8583
from iso8583.specs import default_ascii

SPEC: dict[str, Any] = copy.deepcopy(default_ascii)


def written(mti: str, elements: Mapping[str, str]) -> bytes:
    """A message in the dialect iso87-ascii, by a library that is not ours."""
    raw, _ = iso8583.encode({"t": mti, **elements}, SPEC)
    return bytes(raw)


def read(data: bytes) -> dict[str, str]:
    """Its elements."""
    decoded, _ = iso8583.decode(data, SPEC)
    return {key: value for key, value in decoded.items() if key not in ("p", "1")}


def framed(data: bytes) -> bytes:
    """Behind two bytes of length."""
    return len(data).to_bytes(2, "big") + data


async def frame(reader: asyncio.StreamReader) -> bytes:
    """The next one. Raises IncompleteReadError when the peer closed."""
    length = int.from_bytes(await reader.readexactly(2), "big")
    return await reader.readexactly(length)
