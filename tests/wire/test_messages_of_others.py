"""Messages made by other software, read and written back. Sources in tests/vectors/iso8583.md."""
import json
from pathlib import Path
from typing import Any

import pytest

from noyau.flat_form import flat, message_of
from router.wire.codec import Codec, MalformedMessage
from specs.dialect import load_dialect

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "iso8583_messages.json").read_text(encoding="ascii")
)
POSITIVE = [vector for vector in VECTORS if not vector.get("negative")]
NEGATIVE = [vector for vector in VECTORS if vector.get("negative")]


def _name(vector: dict[str, Any]) -> str:
    return f"{vector['dialect']}-{vector['source'].split('/')[-1]}".replace(" ", "_")


@pytest.mark.parametrize("vector", POSITIVE, ids=_name)
def test_reads_to_its_stated_elements_and_writes_back_to_the_same_bytes(
    vector: dict[str, Any],
) -> None:
    codec = Codec(load_dialect(vector["dialect"]))
    data = bytes.fromhex(vector["hex"])[vector["skip"] :]
    message = codec.scan(data)
    codec.verify(message)
    said = flat(message, reveal=True)
    assert said == vector["fields"]
    assert message_of(codec, said).data == data


@pytest.mark.parametrize("vector", NEGATIVE, ids=_name)
def test_a_truncated_reversal_is_refused_with_element_and_byte(vector: dict[str, Any]) -> None:
    codec = Codec(load_dialect(vector["dialect"]))
    with pytest.raises(MalformedMessage) as caught:
        codec.scan(bytes.fromhex(vector["hex"]))
    assert (caught.value.element, caught.value.offset) == (55, 185)
    assert str(caught.value) == "element 55 at byte 185: expected 30 bytes, found 21 bytes"
