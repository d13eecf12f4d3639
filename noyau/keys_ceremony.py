"""`noyau keys ceremony`: LMKs of one's own, from shares that several custodians hold."""
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from noyau.keys_source import PassphraseFile, passphrase_of, refuse, secret

if TYPE_CHECKING:
    from hsm_emulator import custody

app = typer.Typer(
    help="LMKs of one's own: shares and key sheets, then the LMK folder under a passphrase.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames print local variables: shares
    rich_markup_mode="rich",
)

Kind = Annotated[str, typer.Option(help="variant, tdes (key block) or aes (key block).")]
Folder = Annotated[Path, typer.Option("--lmk-folder", help="Where LMKs are kept.")]


@app.command("shares")
def shares(
    kind: Kind,
    sheets: Annotated[Path, typer.Option(help="A new folder for the key sheets.")],
    count: Annotated[int, typer.Option(help="How many custodians.", min=2, max=9)] = 3,
) -> None:
    """Make the shares of a new LMK, a printable key sheet for each custodian.

    The sheets are plain text files that only you can read. Print each for its custodian, seal it,
    and delete the files: all shares together are the LMK.

    Example:

      noyau keys ceremony shares --kind aes --count 3 --sheets ./sheets
    """
    from hsm_emulator import lmk_shares  # noqa: PLC0415

    chosen = _kind(kind)
    made = lmk_shares.new_shares(chosen, count)
    try:
        sheets.mkdir(mode=0o700)
        for number, share in enumerate(made, start=1):
            path = sheets / f"share-{number}-of-{count}.txt"
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "w", encoding="utf-8") as sheet:
                sheet.write(lmk_shares.sheet(share, chosen, number, count))
            print(f"{path}  check value {lmk_shares.share_check_value(share, chosen)}")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}; --sheets names a new folder")
    print("print them, seal them, delete them: together they are the LMK", file=sys.stderr)


@app.command("load")
def load(
    kind: Kind,
    folder: Folder,
    identifier: Annotated[str, typer.Option("--id", help="LMK identifier, two digits.")] = "00",
    count: Annotated[int, typer.Option(help="How many shares.", min=2, max=9)] = 3,
    replace: Annotated[bool, typer.Option(help="In place of an LMK with this id.")] = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Enter the shares of an LMK, custodian after custodian, and keep it under a passphrase.

    Shares are read without echo; check values show what was entered. An LMK that the folder has
    already stays: one passphrase opens all of them. A variant share has 20 lines, typed one by one.

    Example:

      noyau keys ceremony load --kind aes --id 02 --count 3 --lmk-folder ./lmks
    """
    from hsm_emulator import custody, lmk_shares, sealed_lmks  # noqa: PLC0415

    chosen = _kind(kind)
    entered = []
    for number in range(1, count + 1):
        share = lmk_shares.share_of(_typed(number, count, chosen), chosen)
        if share is None:
            refuse(f"share {number}: expected {2 * custody.KEY_BYTES[chosen]} hexadecimal digits")
        if share in entered:
            refuse(f"share {number}: it was entered already")
        print(f"share {number} of {count}: check value"
              f" {lmk_shares.share_check_value(share, chosen)}")
        entered.append(share)
    try:
        made = custody.combined(identifier, chosen, entered)
        is_new = not sealed_lmks.exist(folder)
        passphrase = (passphrase_of(folder, passphrase_file) if passphrase_file or not is_new
                      else secret(f"new passphrase of {folder}", confirm=True))
        kept = [] if is_new else sealed_lmks.unsealed(folder, passphrase)
        if any(one.identifier == identifier for one in kept) and not replace:
            refuse(f"{folder} has an LMK {identifier}; --replace takes its place")
        others = [one for one in kept if one.identifier != identifier]
        sealed_lmks.seal(folder, [*others, made], passphrase)
    except custody.NoLmks as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    print(f"LMK {identifier}, {custody.IN_WORDS[chosen]}: check value"
          f" {custody.check_value(made)[:6].decode()}; kept in {folder}")


@app.command("list")
def list_lmks(folder: Folder, passphrase_file: PassphraseFile = None) -> None:
    """Show identifiers, kinds and check values of the LMKs in a folder.

    Example:

      noyau keys ceremony list --lmk-folder ./lmks
    """
    from hsm_emulator import custody, sealed_lmks  # noqa: PLC0415

    try:
        kept = sealed_lmks.unsealed(folder, passphrase_of(folder, passphrase_file))
    except custody.NoLmks as error:
        refuse(str(error))
    for one in kept:
        value = custody.check_value(one)[:6].decode()
        print(f"LMK {one.identifier}  {custody.IN_WORDS[one.kind]:<15}  {value}")


def _typed(number: int, count: int, kind: "custody.Kind") -> str:
    """Ask for one share; a long one line by line."""
    from hsm_emulator import custody, lmk_shares  # noqa: PLC0415

    digits = 2 * custody.KEY_BYTES[kind]
    what = f"share {number} of {count}"
    if digits <= 2 * lmk_shares.LINE_DIGITS:
        return secret(what)
    lines = digits // lmk_shares.LINE_DIGITS
    return "".join(secret(f"{what}, line {place} of {lines}") for place in range(1, lines + 1))


def _kind(text: str) -> "custody.Kind":
    kinds: dict[str, custody.Kind] = {"variant": "variant", "tdes": "tdes", "aes": "aes"}
    if text not in kinds:
        refuse(f"--kind {text}: variant, tdes or aes")
    return kinds[text]
