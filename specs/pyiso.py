"""A dialect as a specification for pyiso8583, the reference codec.

The issuer hosts and the tests speak through it, so that ours is never its own witness. What
pyiso8583 has no word for is refused here with the reasons, never approximated.
"""
from typing import Any

from specs.rules import EBCDIC, Dialect, ElementRule

CODECS = {"ascii": "ascii", "ebcdic": EBCDIC, "hex": "ascii", "hex-ebcdic": EBCDIC}


class CannotSay(Exception):
    """What pyiso8583 cannot express of a dialect, one reason per element or rule."""

    def __init__(self, dialect: str, reasons: list[str]) -> None:
        super().__init__(f"{dialect}: pyiso8583 cannot say: {'; '.join(reasons)}")
        self.reasons = reasons


def pyiso8583_spec(dialect: Dialect) -> dict[str, dict[str, Any]]:
    """The `spec` argument of iso8583.decode and iso8583.encode."""
    reasons = [
        f"element {rule.number}: {reason}"
        for rule in dialect.elements.values()
        if (reason := _unsayable(rule)) is not None
    ]
    if dialect.secondary_bitmap_always:
        reasons.insert(0, "a secondary bitmap that is sent without bit 1")
    if reasons:
        raise CannotSay(dialect.name, reasons)
    mti_is_bcd = dialect.mti_encoding == "bcd"
    bitmap_is_binary = dialect.bitmap_encoding == "binary"
    bitmap = _fixed("b" if bitmap_is_binary else CODECS[dialect.bitmap_encoding],
                    8 if bitmap_is_binary else 16, "Bitmap")
    spec = {
        "h": _fixed("b", dialect.header_bytes, "Message header"),
        "t": _fixed("b" if mti_is_bcd else CODECS[dialect.mti_encoding],
                    2 if mti_is_bcd else 4, "Message type"),
        "p": bitmap,
        "1": bitmap,
    }
    spec |= {str(number): _element(rule) for number, rule in dialect.elements.items()}
    return spec


def _unsayable(rule: ElementRule) -> str | None:
    if rule.kind == "x+n" and rule.encoding == "bcd":
        return "a sign in one character before BCD digits"
    if rule.encoding in ("hex", "hex-ebcdic") and rule.counts == "bytes":
        return "hexadecimal digits whose length prefix counts bytes"
    return None


def _fixed(encoding: str, size: int, words: str) -> dict[str, Any]:
    return {"data_enc": encoding, "len_enc": "ascii", "len_type": 0, "max_len": size, "desc": words}


def _element(rule: ElementRule) -> dict[str, Any]:
    size = rule.prefix_max
    said = _fixed(CODECS.get(rule.encoding, "b"), size, rule.name)
    said["len_type"] = rule.prefix_bytes
    prefix = rule.prefix_encoding
    said["len_enc"] = {"binary": "b", "ebcdic": EBCDIC}.get(prefix, prefix)
    if rule.counts == "nibbles":
        said["len_count"] = "nibbles"
    if rule.encoding == "bcd" and rule.counts == "nibbles":
        said[f"{rule.odd}_pad"] = rule.pad
    return said
