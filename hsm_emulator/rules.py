"""What the device insists on: one flag for each rule that a real device has a switch for.

Two profiles: STRICT, the default, holds to the standards of today; LEGACY admits what old estates
still have. An operator may set single flags in hsm.toml, table [rules].
"""
from dataclasses import dataclass, fields, replace
from typing import Final

# Decimalisation tables that may come in clear; each reaches all ten digits, none more than twice.
STANDARD_TABLES: Final = ("0123456789012345", "1234567890123456")


@dataclass(frozen=True, slots=True)
class Rules:
    """What is admitted. Every flag set makes the device weaker, `separate_pin_keys` apart."""

    profile: str = "strict"
    single_length_keys: bool = False
    """TDES keys of 8 bytes."""
    single_length_zmk: bool = False
    """A ZMK without a tag has 16 digits (ZMK length single), not 32."""
    any_parity: bool = False
    """Keys of even parity are taken as they stand (no 10, 11, or 01 of A6)."""
    weak_keys: bool = False
    """Weak and semi-weak DES keys, and keys that repeat their halves (no 75)."""
    weak_key_encryption: bool = False
    """A key may travel under a weaker one (triple length under double, AES under TDES)."""
    diebold_blocks: bool = False
    """PIN block formats 02 Docutel, 03 Diebold, 04 Plus, and translation to and from them."""
    short_macs: bool = False
    """MACs shorter than 8 digits."""
    unpadded_emv_data: bool = False
    """KQ and KW also verify what was made over data that lack the padding of EMV (80, zeros)."""
    any_translation: bool = False
    """PIN blocks of any format into any other: the PCI matrix is not applied; off in both."""
    tokens_in_translation: bool = False
    """G0 may make a block for another account than the one it came for (a token's); KU may put
    a PIN on the card of another account."""
    tokens_in_verification: bool = False
    """EC and GQ may judge a PIN by another account than its block is bound to (a token's)."""
    chip_pin_blocks: bool = False
    """PIN blocks are made in format 34 (ISO 2), for the chip of a card."""
    pvk_length_warning: bool = False
    """IBM PIN commands answer 02, with their data, for a PVK longer than single; off in both."""
    clear_decimalisation_tables: bool = False
    """Decimalisation tables in clear beyond those of `decimalisation_tables`."""
    any_decimalisation_table: bool = False
    """Decimalisation tables of fewer than 8 digits, or with one more than 4 times."""
    bare_keys: bool = False
    """Keys enter and leave a key block LMK in variant schemes too, outside of key blocks."""
    any_lmk_id: bool = False
    """A key block is opened by the LMK that %nn names, whatever its header names (no A3); without
    %nn by the first LMK of its version, when the LMK that its header names is of another."""
    free_export: bool = False
    """Activities `export`, `import` and `component` need no authorised state (no 17)."""
    separate_pin_keys: bool = False
    """TPK is key type 70D, TMK 80D, TKR 90D instead of 002 (PCI); off in both profiles."""
    clear_pins: bool = False
    """BA takes clear PINs, in authorised state; off in both profiles."""
    decimalisation_tables: tuple[str, ...] = STANDARD_TABLES
    """Tables that may stand in clear in a request; others are under the LMK."""

    def of_derived_keys(self) -> "Rules":
        """Return the rules for keys that were derived: their parity is what it is."""
        return self if self.any_parity else replace(self, any_parity=True)


STRICT: Final = Rules()
LEGACY: Final = Rules(
    profile="legacy",
    single_length_keys=True,
    single_length_zmk=True,
    any_parity=True,
    weak_keys=True,
    weak_key_encryption=True,
    diebold_blocks=True,
    short_macs=True,
    unpadded_emv_data=True,
    tokens_in_translation=True,
    tokens_in_verification=True,
    chip_pin_blocks=True,
    clear_decimalisation_tables=True,
    bare_keys=True,
    any_lmk_id=True,
    free_export=True,
)
PROFILES: Final = {rules.profile: rules for rules in (STRICT, LEGACY)}


def admitted(rules: Rules) -> list[str]:
    """Return the names of the flags that are set."""
    return [field.name for field in fields(rules) if getattr(rules, field.name) is True]
