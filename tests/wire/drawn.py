"""Hypothesis strategies: dialects, and values that their elements can hold."""
import string

from hypothesis import strategies as st

from router.wire.codec import Codec
from specs.dialect import dialect_names, load_dialect
from specs.pyiso import CannotSay, pyiso8583_spec
from specs.rules import Dialect, ElementRule

CODECS = {name: Codec(load_dialect(name)) for name in dialect_names()}
DRAWN_LENGTH_MAX = 60  # longer elements only make shrinking slower
ASCII = string.digits + string.ascii_letters + " =^%;?/-"


def is_sayable(dialect: Dialect) -> bool:
    try:
        pyiso8583_spec(dialect)
    except CannotSay:
        return False
    return True


SAYABLE = sorted(name for name, codec in CODECS.items() if is_sayable(codec.dialect))


def texts(rule: ElementRule) -> st.SearchStrategy[str]:
    """Canonical texts that the element can hold."""
    longest = min(rule.length_max, DRAWN_LENGTH_MAX)
    shortest = rule.length_max if rule.is_fixed else 0
    if rule.is_fixed:
        longest = rule.length_max
    if rule.kind == "b":
        return st.binary(min_size=shortest, max_size=longest).map(lambda data: data.hex().upper())
    if rule.kind == "x+n" and rule.encoding == "bcd":
        digits = st.text("0123456789", min_size=longest - 1, max_size=longest - 1)
        return st.tuples(st.sampled_from("CD"), digits).map("".join)
    if rule.encoding == "bcd":
        alphabet = "0123456789ABCDEF" if rule.kind == "z" else "0123456789"
        if rule.counts == "bytes":
            pairs = st.text(alphabet, min_size=2, max_size=2)
            return st.lists(pairs, max_size=longest // 2).map("".join)
        return st.text(alphabet, min_size=shortest, max_size=longest)
    return st.text(ASCII, min_size=shortest, max_size=longest)


@st.composite
def messages(draw: st.DrawFn, names: list[str]) -> tuple[Codec, str, dict[int, str]]:
    """A codec, an MTI and values that it can write."""
    codec = CODECS[draw(st.sampled_from(names))]
    elements = codec.dialect.elements
    chosen = draw(st.lists(st.sampled_from(sorted(elements)), unique=True, max_size=12))
    values = {number: draw(texts(elements[number])) for number in sorted(chosen)}
    mti = draw(st.text("0123456789", min_size=4, max_size=4))
    return codec, mti, values


@st.composite
def damaged(draw: st.DrawFn, names: list[str]) -> tuple[Codec, bytes]:
    """A message, most of the time cut, extended, or with some bytes changed."""
    codec, mti, values = draw(messages(names))
    data = bytearray(codec.written(mti, values).data)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(data) - 1))
        data[place] = draw(st.integers(0, 255))
    cut = draw(st.integers(-4, 4))
    if cut < 0:
        del data[cut:]
    elif draw(st.booleans()):
        data += draw(st.binary(min_size=cut, max_size=cut))
    return codec, bytes(data)
