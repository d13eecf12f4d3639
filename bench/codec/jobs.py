"""What is timed: three jobs, each as our codec does it and as pyiso8583 does it.

Both sides of a job produce the same values, which is looked at before the clock starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import iso8583

from bench.codec.messages import OTHER_PIN_BLOCK, Sample

READ: Final = (2, 7, 11, 37, 41, 52)  # what routing looks at, beside the MTI
READ_BY_NAME: Final = tuple(map(str, READ))
PIN_BLOCK: Final = 52


@dataclass(frozen=True, slots=True)
class Job:
    """Two ways to do the same."""

    name: str
    ours: Callable[[], object]
    reference: Callable[[], object]


class Disagreement(Exception):
    """Our codec and pyiso8583 made different things of one message; says at which job."""


def jobs_on(sample: Sample) -> list[Job]:
    """Checked: a job that both sides do differently raises Disagreement."""
    codec, spec, data = sample.codec, sample.spec, sample.data
    values = codec.scan(data).values()
    fields, _ = iso8583.decode(data, spec)

    def scan() -> object:
        return codec.scan(data)

    def route() -> object:
        message = codec.scan(data)
        read = [message.mti, *map(message.text, READ)]
        return read, message.replacing(None, {PIN_BLOCK: OTHER_PIN_BLOCK}).data

    def reference_route() -> object:
        decoded, _ = iso8583.decode(data, spec)
        read = [decoded["t"], *map(decoded.__getitem__, READ_BY_NAME)]
        decoded["52"] = OTHER_PIN_BLOCK
        return read, bytes(iso8583.encode(decoded, spec)[0])

    def decode() -> object:
        message = codec.scan(data)
        codec.verify(message)  # as pyiso8583 does: a text in ASCII holds ASCII
        return message.values()

    def reference_decode() -> object:
        return iso8583.decode(data, spec)[0]

    def encode() -> object:
        return codec.written("0100", values).data

    def reference_encode() -> object:
        return bytes(iso8583.encode(fields, spec)[0])

    decoded = {int(name): text for name, text in fields.items() if name.isdigit()}
    decoded.pop(1, None)
    _agree("route", route(), reference_route())
    _agree("decode", decode(), decoded)
    _agree("encode", encode(), reference_encode())
    return [
        Job("scan", scan, reference_decode),
        Job("route", route, reference_route),
        Job("decode", decode, reference_decode),
        Job("encode", encode, reference_encode),
    ]


def _agree(job: str, ours: object, theirs: object) -> None:
    if ours != theirs:
        raise Disagreement(job)
