"""One compiled codec per dialect, shared by all peers that speak it."""
from router.wire.codec import Codec
from specs.dialect import load_dialect


class Codecs:
    """Made when first asked for."""

    def __init__(self) -> None:
        self._by_dialect: dict[str, Codec] = {}

    def of(self, dialect: str) -> Codec:
        """The settings checked that there is such a dialect."""
        codec = self._by_dialect.get(dialect)
        if codec is None:
            codec = self._by_dialect[dialect] = Codec(load_dialect(dialect))
        return codec
