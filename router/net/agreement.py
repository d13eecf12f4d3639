"""Do the tables of a configuration fit each other? What one table alone cannot show.

Looks at what could be read, so that a mistake elsewhere in a table hides nothing here.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from router.net.addresses import Address
from router.net.key_form import is_aes
from router.net.mistakes import Mistake
from router.net.settings import AcquirerSettings, HttpSettings, IssuerSettings
from router.net.toml_tables import Table
from specs.dialect import DialectError, load_dialect
from specs.elements import DE

ANSWER_MARGIN_S: Final = 0.5  # for stand-in and two commits, after the issuer's share
ISO_4: Final = "48"
ISO_4_BYTES: Final = 16

Acquirers = Sequence[Table[AcquirerSettings]]
Issuers = Sequence[Table[IssuerSettings]]


def disagreements(
    http: Table[HttpSettings] | None, acquirers: Acquirers, issuers: Issuers
) -> Iterator[Mistake]:
    """All of them."""
    yield from same_names(acquirers)
    yield from same_names(issuers)
    yield from same_addresses(http, acquirers)
    yield from tight_timeouts(acquirers, issuers)
    both: list[Table[Any]] = [*acquirers, *issuers]
    for peer in both:
        yield from pin_key_misfits(peer)
        yield from key_exchange_misfits(peer)
    for issuer in issuers:
        yield from retries_out_of_order(issuer)
        if issuer.inner.get("pin_key", {}).get("kind") == "tpk":
            yield issuer.mistake("pin_key.kind", "a tpk is a terminal's", 'issuers have a "zpk"')


def retries_out_of_order(issuer: Table[IssuerSettings]) -> Iterator[Mistake]:
    """The longest wait between two transmissions is no shorter than the first one."""
    first, longest = issuer.values.get("saf_retry_s"), issuer.values.get("saf_retry_s_max")
    if first is not None and longest is not None and first > longest:
        wrong = f"{longest:g} s is less than saf_retry_s, {first:g} s"
        yield issuer.mistake("saf_retry_s_max", wrong, f"{first:g} or more")


def same_names(peers: Acquirers | Issuers) -> Iterator[Mistake]:
    """A name twice."""
    seen: dict[str, str] = {}
    for peer in peers:
        name = peer.values.get("name")
        if name is None:
            continue
        if name in seen:
            yield peer.mistake("name", f'"{name}" is taken by {seen[name]}', "a name of its own")
        seen.setdefault(name, peer.label)


def same_addresses(http: Table[HttpSettings] | None, acquirers: Acquirers) -> Iterator[Mistake]:
    """Two listeners that would want the same port."""
    listeners: list[tuple[Address, Table[Any]]] = []
    tables: list[Table[Any]] = [*([http] if http is not None else []), *acquirers]
    for table in tables:
        address = table.values.get("listen")
        if address is None or address.port == 0:
            continue
        for other, holder in listeners:
            if collide(address, other):
                wrong = f"{address} is where {holder.label} listens"
                yield table.mistake("listen", wrong, "an address of its own")
        listeners.append((address, table))


def collide(one: Address, other: Address) -> bool:
    """Of two listening addresses."""
    anywhere = ("0.0.0.0", "::")
    same_host = one.host == other.host or one.host in anywhere or other.host in anywhere
    return one.port == other.port and same_host


def tight_timeouts(acquirers: Acquirers, issuers: Issuers) -> Iterator[Mistake]:
    """Promise 1: an issuer's share and the margin fit into the answer time of every acquirer."""
    answer_times = [
        (table.values["answer_within_s"], table)
        for table in acquirers
        if "answer_within_s" in table.values
    ]
    if not answer_times:
        return
    shortest, acquirer = min(answer_times, key=lambda pair: pair[0])
    for issuer in issuers:
        timeout = issuer.values.get("issuer_timeout_s")
        if timeout is not None and timeout + ANSWER_MARGIN_S > shortest:
            wrong = (
                f"{timeout:g} s and a margin of {ANSWER_MARGIN_S:g} s do not fit into"
                f" answer_within_s of {acquirer.label}, {shortest:g} s"
            )
            most = shortest - ANSWER_MARGIN_S
            right = f"at most {most:g} here" if most > 0 else "more time there"
            yield issuer.mistake("issuer_timeout_s", wrong, right)


def pin_key_misfits(peer: Table[Any]) -> Iterator[Mistake]:
    """Format and algorithm of a PIN key, and the room for its blocks."""
    key = peer.inner.get("pin_key", {})
    block_format, cryptogram = key.get("block_format"), key.get("under_lmk")
    if block_format is None:
        return
    if cryptogram is not None and is_aes(cryptogram) != (block_format == ISO_4):
        wrong = f'"{block_format}" does not go with ' + ("AES" if is_aes(cryptogram) else "TDES")
        right = '"48" (ISO-4) under an AES key, the others under TDES'
        yield peer.mistake("pin_key.block_format", wrong, right)
    room = pin_block_bytes(peer.values.get("dialect", ""))
    if room is not None and (block_format == ISO_4) != (room == ISO_4_BYTES):
        wrong = f'DE 52 of {peer.values["dialect"]} has {room} bytes, "{block_format}" needs '
        wrong += "16" if block_format == ISO_4 else "8"
        right = 'one of "01", "05", "47", or a dialect with 16 bytes for "48"'
        yield peer.mistake("pin_key.block_format", wrong, right)


def key_exchange_misfits(peer: Table[Any]) -> Iterator[Mistake]:
    """A key to begin with, a scheme that goes with the ZMK, a dialect that can say it."""
    exchange = peer.inner.get("key_exchange", {})
    zmk, scheme = exchange.get("zmk_under_lmk"), exchange.get("scheme")
    if not exchange:
        return
    if "pin_key" not in peer.inner:
        yield peer.mistake(
            "key_exchange", "there is no pin_key to begin with", "a pin_key, or no key_exchange")
    if zmk is not None and scheme is not None and (zmk[:1] == "S") != (scheme in ("S", "R")):
        right = '"S" or "R" under a key block, "U" or "X" otherwise'
        yield peer.mistake("key_exchange.scheme", f'"{scheme}" does not go with this ZMK', right)
    try:
        codes = load_dialect(peer.values.get("dialect", "")).network_codes
    except DialectError:
        return
    if not {"new_key", "key_request"} <= codes.keys():
        wrong = f"{peer.values['dialect']} has no codes for new_key and key_request"
        yield peer.mistake("key_exchange", wrong, "a dialect that has them, or no key_exchange")


def pin_block_bytes(dialect: str) -> int | None:
    """The length of DE 52; 0 where the dialect has none, None where there is no such dialect."""
    try:
        rule = load_dialect(dialect).elements.get(DE.PIN_BLOCK)
    except DialectError:
        return None
    return rule.length_max if rule is not None else 0
