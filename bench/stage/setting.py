"""What a stage is made for: who speaks what, how many of each, how long the issuer thinks."""

from dataclasses import dataclass
from typing import Final

from bench.load.plan import CHIP_DATA_BYTES

NATIONAL: Final = "national"


@dataclass(frozen=True, slots=True)
class Setting:
    """The usual one is the budget's: both sides speak `national`, 351 bytes, PIN, 20,000 ranges."""

    acquirer_dialect: str = NATIONAL
    issuer_dialect: str = NATIONAL
    ranges: int = 20_000  # of 9 digits each; a national table has about as many
    acquirers: int = 1  # each with a listener of its own
    workers: int = 1
    issuer_delay_s: float = 0.0
    with_pin: bool = True
    chip_data_bytes: int = CHIP_DATA_BYTES
    private_bytes: int = 0


USUAL: Final = Setting()
