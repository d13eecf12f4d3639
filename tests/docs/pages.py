"""Blocks of code in the documents, and how a frame is written in one: a part of it on each line.

A block is opened by its language and its name: "hex arrives". Of a line of hexadecimal digits what
follows after two spaces is for people; where it begins with an element's number and text, these
must be true.
"""
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from noyau.explained import explained
from router.wire.codec import Codec
from specs.dialect import load_dialect
from tests.docs.recorder import LENGTH_BYTES

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
LIFE: Final = DOCS / "life-of-an-authorization.md"
ACQUIRER: Final = "iso87-ascii"
ISSUER: Final = "national"
HSM: Final = "hsm"
FRAMES: Final = {
    "arrives": ACQUIRER, "translate": HSM, "translated": HSM, "outbound": ISSUER,
    "verify": HSM, "verified": HSM, "issuer_answer": ISSUER, "answer": ACQUIRER,
    "away_answer": ACQUIRER, "reversal": ISSUER,
    "reversal_answer": ISSUER, "silent_answer": ACQUIRER,
    "repeat_answer": ACQUIRER,
}  # fmt: skip
HSM_FIELDS: Final = {
    "translate": ((4, "header"), (2, "command"), (33, "source key"), (33, "destination key"),
                  (2, "PIN length"), (16, "PIN block"), (2, "source format"),
                  (2, "destination format"), (12, "account")),
    "translated": ((4, "header"), (2, "answer"), (2, "error"), (2, "PIN length"),
                   (16, "PIN block"), (2, "format")),
    "verify": ((4, "header"), (2, "command"), (33, "ZPK"), (33, "PVK pair"), (16, "PIN block"),
               (2, "format"), (12, "account"), (1, "PVKI"), (4, "PVV")),
    "verified": ((4, "header"), (2, "answer"), (2, "error")),
}  # fmt: skip
BLOCK: Final = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.M | re.S)
HEX_COLUMN: Final = 36
SPACES: Final = re.compile(r" {2,}")


def blocks(text: str, language: str) -> dict[str, str]:
    """Those that have a name."""
    return {name: body for kind, name, body in BLOCK.findall(text) if kind == language and name}


def parts_of(name: str, frame: bytes) -> Iterator[tuple[bytes, str]]:
    """Of a frame: bytes, and what they are."""
    yield frame[:LENGTH_BYTES], f"{len(frame) - LENGTH_BYTES} bytes follow"
    data = frame[LENGTH_BYTES:]
    if FRAMES[name] == HSM:
        at = 0
        for size, words in HSM_FIELDS[name]:
            yield data[at:at + size], f"{words}  {data[at:at + size].decode()}"
            at += size
        assert at == len(data), name
        return
    for part in explained(Codec(load_dialect(FRAMES[name])), data, reveal=True):
        stop = part.offset + part.prefix_bytes + part.size
        label = {"t": "MTI", "p": "bitmap"}.get(part.label, f"DE {part.label}")
        yield data[part.offset:stop], f"{label}  {part.value}".rstrip()


def as_block(name: str, frame: bytes) -> str:
    """As the document has it, without what is said about it."""
    lines = [f"{part.hex().upper():{HEX_COLUMN}}  {words}" for part, words in parts_of(name, frame)]
    return "\n".join([f"```hex {name}", *lines, "```", ""])


def columns(body: str) -> list[list[str]]:
    """The digits of each line, what they are, their text, and what is said about them."""
    return [SPACES.split(line.strip()) for line in body.splitlines()]


def frame_of(body: str) -> bytes:
    """The bytes of a block."""
    return bytes.fromhex("".join(line[0] for line in columns(body)))
