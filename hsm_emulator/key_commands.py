"""Commands about keys, all of them."""
from typing import Final

from hsm_emulator import key_exchange, key_generation, zone_key_commands

COMMANDS: Final = (
    *key_generation.COMMANDS,
    *key_exchange.COMMANDS,
    *zone_key_commands.COMMANDS,
)
