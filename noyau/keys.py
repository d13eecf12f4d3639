"""`noyau keys`: keys made, carried and checked, by host commands: of a running HSM, or of our own.

What a device answers to a host command is the same either way: with --hsm the command goes there,
else it is done in this process under the LMKs named.
"""
from typing import Annotated

import typer

from noyau import key_exchange, keys_ceremony, keys_clear
from noyau.keys_source import (
    AsJson,
    Hsm,
    LmkFolder,
    LmkId,
    PassphraseFile,
    Profile,
    commander,
    refuse,
    show,
)

app = typer.Typer(
    help="Keys: made, carried, checked, kept; and exchanged by a running router.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames print local variables: keys
    rich_markup_mode="rich",
)
app.command("wrap")(keys_clear.wrap)
app.command("unwrap")(keys_clear.unwrap)
app.command("components")(keys_clear.components)
app.command("exchange")(key_exchange.exchange)
app.add_typer(keys_ceremony.app, name="ceremony")

KeyType = Annotated[str, typer.Option(
    "--type", help="Key type under a variant LMK: 000 ZMK, 001 ZPK, 002 TPK or PVK ...")]
Attributes = Annotated[str, typer.Option(
    help="For a key block: usage, algorithm with length, mode, version, exportability, blocks: "
         "P0T2E00E00.")]
Scheme = Annotated[str, typer.Option(help="Key scheme under the LMK; by default U, or S.")]
Zmk = Annotated[str, typer.Option(help="ZMK as a cryptogram under the LMK.")]
ZmkScheme = Annotated[str, typer.Option(help="Key scheme under the ZMK: X, U, T, S, R ...")]
Key = Annotated[str, typer.Option("--key", help="The key as a cryptogram.")]


@app.command("generate")
def generate(
    key_type: KeyType = "",
    attributes: Attributes = "",
    scheme: Scheme = "",
    zmk: Zmk = "",
    zmk_scheme: ZmkScheme = "",
    lmk: LmkId = "00",
    hsm: Hsm = "",
    lmk_folder: LmkFolder = None,
    passphrase_file: PassphraseFile = None,
    profile: Profile = "strict",
    as_json: AsJson = False,
) -> None:
    """Generate a key (A0), and with --zmk also for the other side of a zone.

    Examples:

      noyau keys generate --type 001

      noyau keys generate --lmk 02 --attributes P0A2E00E00

      noyau keys generate --type 001 --zmk U1234... --zmk-scheme X --hsm 127.0.0.1:1500
    """
    kind, scheme = _kind(key_type, attributes, scheme)
    with commander(hsm, lmk_folder, passphrase_file, profile) as ask:
        zone = f";0{zmk}{zmk_scheme or ('S' if attributes else 'X')}" if zmk else ""
        mode = "1" if zmk else "0"
        marked = f"#{attributes}" if attributes else ""
        answer = ask(f"A0{mode}{kind}{scheme}{zone}%{lmk}{marked}")
    show(_cut(answer, ["key_under_lmk", *(["key_under_zmk"] if zmk else [])]), as_json)


@app.command("import")
def import_key(
    key: Key,
    zmk: Zmk,
    key_type: KeyType = "FFF",
    scheme: Scheme = "",
    lmk: LmkId = "00",
    hsm: Hsm = "",
    lmk_folder: LmkFolder = None,
    passphrase_file: PassphraseFile = None,
    profile: Profile = "strict",
    as_json: AsJson = False,
) -> None:
    """Take in a key that came under a ZMK (A6): X9.17, variant, Thales or TR-31 block.

    Example:

      noyau keys import --type 001 --zmk U1234... --key X5678...
    """
    if not scheme:
        bare = "T" if key[:1] in "TY" else "U"
        scheme = "S" if key_type.upper() == "FFF" else bare
    with commander(hsm, lmk_folder, passphrase_file, profile) as ask:
        answer = ask(f"A6{key_type}{zmk}{key}{scheme}%{lmk}")
    show(_cut(answer, ["key_under_lmk"]), as_json)


@app.command("export")
def export_key(
    key: Key,
    zmk: Zmk,
    key_type: KeyType = "FFF",
    zmk_scheme: ZmkScheme = "",
    exportability: Annotated[str, typer.Option(help="N, S or E of the block sent.")] = "",
    version: Annotated[str, typer.Option(help="A, B, C or D of a TR-31 block.")] = "",
    lmk: LmkId = "00",
    hsm: Hsm = "",
    lmk_folder: LmkFolder = None,
    passphrase_file: PassphraseFile = None,
    profile: Profile = "strict",
    as_json: AsJson = False,
) -> None:
    """Send a key under a ZMK (A8): X9.17, variant, Thales or TR-31 block.

    A running HSM wants the export authorised: noyau hsm console authorise export.

    Examples:

      noyau keys export --type 001 --zmk U1234... --key U5678...

      noyau keys export --zmk S1009... --key S1009... --zmk-scheme R --version D --lmk 02
    """
    chosen = zmk_scheme or ("S" if key[:1] == "S" else "X")
    marks = (f"&{exportability}" if exportability else "") + (f"!{version}" if version else "")
    with commander(hsm, lmk_folder, passphrase_file, profile) as ask:
        answer = ask(f"A8{key_type}{zmk}{key}{chosen}%{lmk}{marks}")
    show(_cut(answer, ["key_under_zmk"]), as_json)


@app.command("kcv")
def kcv(
    key: Annotated[str, typer.Argument(help="A cryptogram; without it a clear key is asked for.")]
    = "",
    key_type: KeyType = "FFF",
    aes: Annotated[bool, typer.Option("--aes", help="Of a clear key: it is an AES key.")] = False,
    lmk: LmkId = "00",
    hsm: Hsm = "",
    lmk_folder: LmkFolder = None,
    passphrase_file: PassphraseFile = None,
    profile: Profile = "strict",
    as_json: AsJson = False,
) -> None:
    """Tell the check value, 6 digits: of a cryptogram (BU), or of a clear key that is typed.

    Examples:

      noyau keys kcv U1234... --type 001

      noyau keys kcv < clear-key.txt
    """
    if not key:
        keys_clear.show_clear_kcv(aes, as_json)
        return
    flag = {"T": "2", "Y": "2", "S": "F"}.get(key[:1], "0" if len(key) in (16, 17) else "1")
    with commander(hsm, lmk_folder, passphrase_file, profile) as ask:
        answer = ask(f"BUFF{flag}{key};{key_type};001%{lmk}")
    show({"kcv": answer[:6]}, as_json)


def _kind(key_type: str, attributes: str, scheme: str) -> tuple[str, str]:
    """Return key type and scheme of a key to make."""
    if bool(key_type) is bool(attributes):
        refuse("give --type for a variant LMK, or --attributes for a key block LMK")
    return (key_type, scheme or "U") if key_type else ("FFF", scheme or "S")


def _cut(answer: str, names: list[str]) -> dict[str, str]:
    """Take the keys and the KCV out of the answer of a command."""
    from hsm_emulator.key_fields import Key as KeyField  # noqa: PLC0415

    found: dict[str, str] = {}
    octets, at = answer.encode("ascii"), 0
    for name in names:
        end = KeyField(name).read(octets, at, [])
        found[name], at = answer[at:end], end
    return {**found, "kcv": answer[at : at + 6]}
