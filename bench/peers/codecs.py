"""Other people's codecs, from the package index: programs of their own, in an environment apart.

`make bench-peers` installs them in build/peers, which nothing of ours imports: what is timed is
Python's own `timeit`, called there with a statement. Some are AGPL or LGPL; none is in the lock.
Each decodes and encodes one purchase of 21 elements in the form that it knows best.
"""

import re
import subprocess
from pathlib import Path
from typing import Final

import iso8583
import msgspec

from bench.load.plan import CHIP_DATA_BYTES
from bench.load.purchases import purchase
from specs.dialect import load_dialect
from specs.pyiso import pyiso8583_spec

ENVIRONMENT: Final = Path("build/peers")
BEST: Final = re.compile(r"best of \d+: ([\d.]+) usec per loop")
TIMEIT: Final = ("-m", "timeit", "-u", "usec", "-r", "7")


class PeerCodec(msgspec.Struct):
    """Microseconds a message; what it could not be made to do is 0, and the reason a note."""

    name: str
    version: str
    licence: str
    decode_us: float
    encode_us: float
    note: str


class Known(msgspec.Struct, frozen=True):
    """How it is called."""

    name: str
    licence: str
    note: str
    setup: str
    decode: str
    encode: str


# The placeholders are the message in ASCII, bitmap and binary elements in hexadecimal, with chip
# data and without.
KNOWN: Final = (
    Known(
        "pyiso8583", "MIT", "",
        "import iso8583\nfrom iso8583.specs import default_ascii as spec\n"
        "data = {data!r}\nfields, _ = iso8583.decode(data, spec)",
        "iso8583.decode(data, spec)",
        "iso8583.encode(fields, spec)",
    ),
    Known(
        "py8583", "LGPL-2.0", "numbers become int; DE 52 once its length is set; without DE 55",
        "from py8583.py8583 import Iso8583\nfrom py8583.py8583spec import IsoSpec1987ASCII\n"
        "spec = IsoSpec1987ASCII()\nspec.MaxLength(52, 16)\n"
        "data = {bare!r}\nmessage = Iso8583(data, spec)",
        "Iso8583(data, spec)",
        "message.BuildIso()",
    ),
    Known(
        "iso8583sim", "AGPL-3.0", "DE 55 as text",
        "from iso8583sim.core.parser import ISO8583Parser\n"
        "from iso8583sim.core.builder import ISO8583Builder\n"
        "parser, builder = ISO8583Parser(), ISO8583Builder()\n"
        "data = {data!r}.replace(b'1209F26', b'2409F26').decode()\n"
        "message = parser.parse(data)\nassert len(message.fields[55]) == 240",
        "parser.parse(data)",
        "builder.build(message)",
    ),
)  # fmt: skip


def peer_codecs(environment: Path = ENVIRONMENT) -> list[PeerCodec]:
    """Those that are installed there; none where the environment is missing."""
    python = environment / "bin" / "python"
    if not python.exists():
        return []
    return [one for known in KNOWN if (one := _timed(python, known)) is not None]


def _timed(python: Path, known: Known) -> PeerCodec | None:
    ask = f"import importlib.metadata as m; print(m.version({known.name!r}))"
    version = _said(python, "-c", ask)
    if not version:
        return None
    setup = known.setup.replace("{data!r}", repr(_message(CHIP_DATA_BYTES)))
    setup = setup.replace("{bare!r}", repr(_message(0)))
    decode, encode = (
        _best(_said(python, *TIMEIT, "-s", setup, statement))
        for statement in (known.decode, known.encode)
    )
    return PeerCodec(known.name, version.strip(), known.licence, decode, encode, known.note)


def _said(python: Path, *words: str) -> str:
    """What it printed; nothing where it failed."""
    done = subprocess.run(  # noqa: S603 - a Python of ours, their code
        [str(python), *words], capture_output=True, text=True, check=False
    )
    return "" if done.returncode else done.stdout


def _best(text: str) -> float:
    found = BEST.search(text)
    return float(found[1]) if found else 0.0


def _message(chip_data_bytes: int) -> bytes:
    spec = pyiso8583_spec(load_dialect("iso87-ascii"))
    return bytes(iso8583.encode(purchase(0, "=", chip_data_bytes, 0), spec)[0])
