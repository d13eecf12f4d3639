"""`noyau keys wrap`, `unwrap`, `components`: keys in the clear, as their custodians have them.

Clear keys come from a prompt without echo or from standard input, never from the command line.
"""
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from noyau.keys_source import (
    AsJson,
    LmkFolder,
    LmkId,
    PassphraseFile,
    Profile,
    lmks_of,
    refuse,
    refuse_code,
    rules_of,
    secret,
    show,
)

if TYPE_CHECKING:
    from hsm_emulator.key_block import Attributes
    from hsm_emulator.lmk import Lmk
    from hsm_emulator.rules import Rules
    from hsm_emulator.secret_key import SecretKey

KeyType = Annotated[str, typer.Option(
    "--type", help="Key type under a variant LMK: 000 ZMK, 001 ZPK ...")]
AttributesText = Annotated[str, typer.Option("--attributes", help=(
    "For a block: usage, algorithm, mode, version, exportability as in its header: P0TN00E."))]
Aes = Annotated[bool, typer.Option("--aes", help="The key is an AES key.")]
Under = Annotated[str, typer.Option("--under", help=(
    "lmk; or zmk, a clear key that is asked for (KBPK of a TR-31 block); zmk-aes, an AES one."))]

WARNING = "clear keys: for test keys, or where nobody looks on"


def wrap(
    under: Under = "lmk",
    key_type: KeyType = "",
    attributes: AttributesText = "",
    form: Annotated[str, typer.Option(
        help="Under a ZMK: X U T Y Z, S a Thales block, RA RB RC RD a TR-31 block.")] = "",
    aes: Aes = False,
    lmk: LmkId = "00",
    lmk_folder: LmkFolder = None,
    passphrase_file: PassphraseFile = None,
    profile: Profile = "strict",
    as_json: AsJson = False,
) -> None:
    """Make the cryptogram of a clear key: under an LMK, or under a clear ZMK.

    Asks for the key that protects (with --under zmk), then for the key.

    Examples:

      noyau keys wrap --type 001

      noyau keys wrap --under zmk --form RB --attributes P0TE00N
    """
    from hsm_emulator import clear_keys  # noqa: PLC0415
    from hsm_emulator.errors import Refused  # noqa: PLC0415

    print(WARNING, file=sys.stderr)
    rules = rules_of(profile)
    try:
        asked = clear_keys.attributes_of_text(attributes)
        algorithm = "A" if aes or (asked and asked.algorithm == "A") else "T"
        if under == "lmk":
            if bool(key_type) is bool(attributes):
                refuse("give --type for a variant LMK, or --attributes for a key block LMK")
            opened = _lmk(lmk, lmks_of(lmk_folder, passphrase_file, rules).by_identifier)
            key = _clear("key", algorithm, rules)
            wrapped = clear_keys.under_lmk(opened, key, key_type, asked)
        else:
            zmk = _protecting(under, rules)
            key = _clear("key", algorithm, rules)
            wrapped = clear_keys.under_key(key, zmk, form or ("S" if asked else "X"), asked, rules)
    except Refused as refusal:
        refuse_code("wrap", refusal.code)
    show({"key": wrapped, "kcv": clear_keys.check_value(key)}, as_json)


def unwrap(
    key: Annotated[str, typer.Argument(help="The cryptogram: variant, Thales or TR-31 block.")],
    under: Under = "lmk",
    key_type: KeyType = "",
    lmk: LmkId = "00",
    lmk_folder: LmkFolder = None,
    passphrase_file: PassphraseFile = None,
    profile: Profile = "strict",
    as_json: AsJson = False,
) -> None:
    """Print the clear key of a cryptogram: under an LMK, or under a clear ZMK that is asked for.

    Examples:

      noyau keys unwrap U1234... --type 001

      noyau keys unwrap RB0080P0TE00N0000... --under zmk
    """
    from hsm_emulator import clear_keys  # noqa: PLC0415
    from hsm_emulator.errors import Refused  # noqa: PLC0415

    print(WARNING, file=sys.stderr)
    rules = rules_of(profile)
    try:
        if under == "lmk":
            opened = _lmk(lmk, lmks_of(lmk_folder, passphrase_file, rules).by_identifier)
            found, attributes = clear_keys.from_lmk(opened, key, key_type)
        else:
            found, attributes = clear_keys.from_key(key, _protecting(under, rules), rules)
    except Refused as refusal:
        refuse_code("unwrap", refusal.code)
    told = {"clear_key": found.clear.hex().upper(), "kcv": clear_keys.check_value(found)}
    show(told | _described(attributes), as_json)


def components(
    count: Annotated[int, typer.Option(help="How many.", min=2, max=9)] = 2,
    size: Annotated[int, typer.Option(help="Bytes of new ones: 16, 24, or 32 of AES.")] = 16,
    split: Annotated[bool, typer.Option(help="Cut a key that is asked for.")] = False,
    combine: Annotated[bool, typer.Option(help="Ask for them, and make the key.")] = False,
    key_type: KeyType = "",
    attributes: AttributesText = "",
    aes: Aes = False,
    lmk: LmkId = "00",
    lmk_folder: LmkFolder = None,
    passphrase_file: PassphraseFile = None,
    profile: Profile = "strict",
    as_json: AsJson = False,
) -> None:
    """Make new components of a key, cut a key into them, or combine them to its cryptogram.

    Examples:

      noyau keys components --count 3

      noyau keys components --split --count 2 < clear-key.txt

      noyau keys components --combine --count 3 --type 000
    """
    from hsm_emulator import clear_keys  # noqa: PLC0415
    from hsm_emulator.errors import Refused  # noqa: PLC0415

    print(WARNING, file=sys.stderr)
    rules = rules_of(profile)
    try:
        asked = clear_keys.attributes_of_text(attributes)
        algorithm = "A" if aes or (asked and asked.algorithm == "A") else "T"
        if combine:
            if bool(key_type) is bool(attributes):
                refuse("give --type for a variant LMK, or --attributes for a key block LMK")
            opened = _lmk(lmk, lmks_of(lmk_folder, passphrase_file, rules).by_identifier)
            key = clear_keys.combined(_entered(count, algorithm), algorithm, rules)
            told = {"key": clear_keys.under_lmk(opened, key, key_type, asked)}
        else:
            if split:
                key = _clear("key", algorithm, rules)
                parts = clear_keys.components_of(key, count)
            else:
                _check_size(size, algorithm)
                parts = clear_keys.new_components(algorithm, size, count)
                digits = [part.clear.hex() for part in parts]
                key = clear_keys.combined(digits, algorithm, rules)
            told = {f"component_{number}": f"{part.clear.hex().upper()} "
                    f"{clear_keys.check_value(part)}" for number, part in enumerate(parts, 1)}
    except Refused as refusal:
        refuse_code("components", refusal.code)
    show({**told, "kcv": clear_keys.check_value(key)}, as_json)


def show_clear_kcv(aes: bool, as_json: bool) -> None:
    """Ask for a clear key and print its check value."""
    from hsm_emulator import clear_keys  # noqa: PLC0415
    from hsm_emulator.errors import Refused  # noqa: PLC0415

    try:
        key = _clear("key", "A" if aes else "T", rules_of("legacy"))
    except Refused as refusal:
        refuse_code("kcv", refusal.code)
    show({"kcv": clear_keys.check_value(key)}, as_json)


def _entered(count: int, algorithm: str) -> list[str]:
    """Ask for components, showing each one's check value to its custodian."""
    from hsm_emulator.lmk_shares import component_check_value  # noqa: PLC0415

    entered = []
    for number in range(1, count + 1):
        component = "".join(secret(f"component {number} of {count}").split())
        value = component_check_value(component, algorithm)
        if value is None:
            refuse(f"component {number}: expected the digits of a whole key")
        print(f"component {number}: check value {value}", file=sys.stderr)
        entered.append(component)
    return entered


def _clear(what: str, algorithm: str, rules: "Rules") -> "SecretKey":
    from hsm_emulator.clear_keys import key_of_text  # noqa: PLC0415

    return key_of_text(secret(f"clear {what}"), algorithm, rules)


def _protecting(under: str, rules: "Rules") -> "SecretKey":
    if under not in ("zmk", "zmk-aes"):
        refuse(f"--under {under}: lmk, zmk or zmk-aes")
    return _clear("ZMK", "A" if under == "zmk-aes" else "T", rules)


def _lmk(identifier: str, lmks: "dict[bytes, Lmk]") -> "Lmk":
    found = lmks.get(identifier.encode("utf-8"))
    if found is None:
        known = ", ".join(sorted(name.decode() for name in lmks))
        refuse(f"--lmk {identifier}: there is none; known: {known}")
    return found


def _check_size(size: int, algorithm: str) -> None:
    if size not in ((16, 24, 32) if algorithm == "A" else (16, 24)):
        refuse(f"--size {size}: 16 or 24 bytes, or 32 of an AES key")


def _described(attributes: "Attributes | None") -> dict[str, str]:
    if attributes is None:
        return {}
    return {"usage": attributes.usage, "algorithm": attributes.algorithm, "mode": attributes.mode,
            "key_version": attributes.key_version, "exportability": attributes.exportability}
