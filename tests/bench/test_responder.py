"""The issuer responder answers each request with its own numbers, and knows a wrong PIN block."""

import iso8583
import pytest
from iso8583.specs import default_ascii

from bench.load.frames import PREFIX_BYTES
from bench.load.purchases import ACQUIRER_ZPK, Purchases
from bench.load.responder import Issuer

OTHER_ZPK = "13131313131313132525252525252525"


def purchases(count: int) -> list[bytes]:
    source = Purchases("iso87-ascii")
    source.stamp()
    return [source.take()[0][PREFIX_BYTES:] for _ in range(count)]


def read(frame: bytes) -> dict[str, str]:
    assert int.from_bytes(frame[:PREFIX_BYTES], "big") == len(frame) - PREFIX_BYTES
    fields, _ = iso8583.decode(frame[PREFIX_BYTES:], default_ascii)
    return dict(fields)


def test_each_answer_is_of_its_own_request() -> None:
    """The first of a layout goes through pyiso8583, the others are patched: no difference."""
    issuer = Issuer("iso87-ascii", ACQUIRER_ZPK)
    for request in purchases(130):
        asked, answer = read_request(request), read(issuer.answered(request))
        assert (answer["t"], answer["39"]) == ("0110", "00")
        for name in ("2", "3", "4", "7", "11", "37", "41", "49"):
            assert answer[name] == asked[name]
        assert answer.keys().isdisjoint({"35", "52"})


def test_a_pin_block_under_another_key_hears_55() -> None:
    """Each time, not only the first: a router that forgot to translate is seen."""
    issuer = Issuer("iso87-ascii", OTHER_ZPK)
    assert [read(issuer.answered(request))["39"] for request in purchases(70)] == ["55"] * 70


def test_a_card_whose_block_is_suddenly_another_hears_55() -> None:
    """What was right once is compared every time."""
    issuer = Issuer("iso87-ascii", ACQUIRER_ZPK)
    first, second = purchases(2)
    assert read(issuer.answered(first))["39"] == "00"
    block = read_request(second)["52"].encode()
    swapped = first.replace(read_request(first)["52"].encode(), block)
    assert read(issuer.answered(swapped))["39"] == "55"
    assert read(issuer.answered(first))["39"] == "00"


@pytest.mark.parametrize(("mti", "response_mti"), [("0800", "0810"), ("0420", "0430")])
def test_other_requests_are_answered_too(mti: str, response_mti: str) -> None:
    """Sign-on and echo, and a reversal should the router ever send one."""
    asked = {"t": mti, "7": "1124010203", "11": "000007", "70": "301"}
    data, _ = iso8583.encode(asked, default_ascii)
    answer = read(Issuer("iso87-ascii", ACQUIRER_ZPK).answered(bytes(data)))
    assert (answer["t"], answer["11"], answer["39"]) == (response_mti, "000007", "00")


def read_request(data: bytes) -> dict[str, str]:
    fields, _ = iso8583.decode(data, default_ascii)
    return dict(fields)
