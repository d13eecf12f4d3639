"""The command line of `noyau journal`. Card numbers are asked for, never given as arguments."""

import gc
import json
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from noyau.journal.asking import (
    asked_pan,
    found_line,
    head_asked,
    opened,
    progress,
    reading,
    refuse,
    time_asked,
)
from noyau.journal.facts import Wanted, place_from, time_in_words
from noyau.journal.opening import CannotRead, Worker

app = typer.Typer(
    help="The router's journal: show, find, verify, export; while the router runs, and without it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames print local variables: card data
    rich_markup_mode="rich",
)

Config = Annotated[
    Path | None, typer.Option("--config", help="Configuration folder: it names the HSM.")
]
State = Annotated[Path, typer.Option("--state", help="The router's state folder.")]
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Segments elsewhere, such as an archive.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
STATE = Path("state")


@app.command("show")
def show(
    transaction: Annotated[str, typer.Argument(help="As `find` names it, such as 0:1234.5.")],
    config: Config = None,
    state: State = STATE,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Tell one transaction's story: every record about it and its stored entries, masked.

    Exit code 0: told. 1: there is no such transaction. 2: the journal cannot be read.

    Examples:

      noyau journal show 0:1234.5
    """
    from noyau.journal.searching import story  # noqa: PLC0415 - --help need not load it
    from noyau.journal.shown import Shown, story_lines  # noqa: PLC0415

    try:
        place = place_from(transaction)
    except ValueError:
        refuse("show", f"{transaction} names no transaction: WORKER:ROW.PLACE, as find prints it")
    with reading("show"):
        told = [
            one
            for worker in opened(config, state, folder)
            if folder is not None or worker.name == place.worker
            for one in story(worker, place)
        ]
    if not told:
        typer.echo(f"noyau journal show: there is no transaction {transaction}", err=True)
        raise typer.Exit(1)
    shown = Shown()
    records = [shown.entry(str(one.place), one.at, one.file, one.entry) for one in told]
    print("\n".join(map(json.dumps, records) if as_json else story_lines(records)))


@app.command("find")
def find(
    pan: Annotated[
        bool, typer.Option("--pan", help="By card number: typed, or a line of standard input.")
    ] = False,
    rrn: Annotated[str, typer.Option(help="Retrieval reference number, DE 37.")] = "",
    stan: Annotated[str, typer.Option(help="The acquirer's DE 11, six digits.")] = "",
    terminal: Annotated[str, typer.Option(help="DE 41.")] = "",
    acquirer: Annotated[str, typer.Option(help="Its name in the configuration.")] = "",
    issuer: Annotated[str, typer.Option(help="Its name in the configuration.")] = "",
    since: Annotated[str, typer.Option(help="From this time on, such as 2026-11-24T08:00.")] = "",
    until: Annotated[str, typer.Option(help="Before this time; UTC without an offset.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="The latest so many.")] = 100,
    config: Config = None,
    state: State = STATE,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Find transactions, the latest first. What the index does not know yet is searched as well.

    Exit code 0: found. 1: nothing found. 2: the journal cannot be read, or the call is wrong.

    Examples:

      noyau journal find --pan

      noyau journal find --rrn 632810000017 --json

      noyau journal find --issuer atlas --since 2026-11-24T08:00+01:00 --limit 20
    """
    from noyau.journal.searching import find as found_in  # noqa: PLC0415
    from noyau.journal.shown import who  # noqa: PLC0415

    wanted = Wanted(
        asked_pan() if pan else "", rrn, stan, terminal, acquirer, issuer,
        time_asked("find", "--since", since), time_asked("find", "--until", until))  # fmt: skip
    with reading("find"):
        found = [
            one
            for worker in opened(config, state, folder)
            for one in found_in(worker, wanted, limit)
        ]
    found = sorted(found, key=lambda one: (one.at, one.place), reverse=True)[:limit]
    for one in found:
        fields = {"id": str(one.place), "at": time_in_words(one.at), **who(one.about)}
        fields["issuer"] = one.facts.issuer
        print(json.dumps(fields) if as_json else found_line(fields))
    if not found:
        typer.echo("noyau journal find: nothing found", err=True)
        raise typer.Exit(1)


@app.command("verify")
def verify(
    head: Annotated[
        str, typer.Option(help="ROW:TAG as an earlier run printed it: that row must be there.")
    ] = "",
    config: Config = None,
    state: State = STATE,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Read every row; say whether anything was changed, swapped, or is missing, and where.

    The head that it prints, kept elsewhere, proves later that nothing up to it was taken away.

    Exit code 0: whole. 1: not, the first bad row is named. 2: it cannot be read.

    Examples:

      noyau journal verify

      noyau journal verify --head 48213:5ff0c1d2a9b84e77c2f1e6d0834a9b10 --json
    """
    from noyau.journal.verifying import verified  # noqa: PLC0415

    expected = head_asked(head)
    with reading("verify"):
        found = opened(config, state, folder)
        if expected is not None and len(found) > 1:
            refuse("verify", "--head is of one worker; name its folder with --folder")
        with progress("verifying") as says:
            verdicts = [verified(worker, expected, says) for worker in found]
    for one in verdicts:
        if as_json:
            print(json.dumps(one.as_json()))
        elif one.is_whole:
            print(f"worker {one.worker}: whole: {one.rows:,} rows, {one.records:,} records in"
                  f" {one.segments} segment(s), {one.first} to {one.last}")  # fmt: skip
            print(f"  head {one.head}")
            if one.runs_without_head:
                print(f"  {one.runs_without_head} of {one.runs} runs began without a head: rows"
                      " may be missing before them")  # fmt: skip
        else:
            print(f"worker {one.worker}: NOT WHOLE: {one.file}: row {one.row}: {one.what}")
    raise typer.Exit(0 if all(one.is_whole for one in verdicts) else 1)


@app.command("export")
def export(
    since: Annotated[str, typer.Option(help="Rows from this time on.")] = "",
    until: Annotated[str, typer.Option(help="Rows before this time; UTC without an offset.")] = "",
    config: Config = None,
    state: State = STATE,
    folder: Folder = None,
) -> None:
    """Every record as one JSON object a line, in order, masked.

    Exit code 0: all of it. 1: a row is damaged, what is before it was written. 2: not readable.

    Examples:

      noyau journal export --since 2026-11-24 | jq 'select(.record == "answered")'
    """
    from noyau.journal.shown import Shown  # noqa: PLC0415
    from specs.journal_reading import Damage, JournalReader  # noqa: PLC0415

    begins, ends = time_asked("export", "--since", since), time_asked("export", "--until", until)
    shown = Shown()
    with reading("export"):
        for worker in opened(config, state, folder):
            try:
                for row in JournalReader(worker.folder, worker.seal).rows():
                    if begins <= row.at and (not ends or row.at < ends):
                        for fields in shown.row(worker.name, row):
                            print(json.dumps(fields))
            except Damage as error:
                typer.echo(f"noyau journal export: {error}", err=True)
                raise typer.Exit(1) from None


@app.command("follow")
def follow(
    once: Annotated[bool, typer.Option("--once", help="Catch up, and end.")] = False,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when standard input ends.")
    ] = False,
    events: Annotated[
        bool,
        typer.Option("--events", help="A `transaction` event for each answer, as a JSON line."),
    ] = False,
    config: Config = None,
    state: State = STATE,
) -> None:
    """Keep the index for searching up to date, until SIGTERM or Ctrl-C.

    It may be stopped, and its index.sqlite deleted, at any time: it is made again. With --events
    it writes what was answered to standard output, each once; killed, it may repeat the last ones.

    Exit code 0: ended. 1: a row is damaged. 2: the journal cannot be read, or is followed already
    (by the router's own, unless [journal] follow says false).

    Examples:

      noyau journal follow

      noyau journal follow --once
    """
    from noyau.journal.ending import stopped_by_signal_or_parent  # noqa: PLC0415
    from noyau.journal.following import follow as follow_one  # noqa: PLC0415
    from specs.journal_reading import Damage  # noqa: PLC0415

    with reading("follow"):
        found = opened(config, state, None)
        gc.disable()  # rows are trees: looking for cycles in them took half the time
        stopped = stopped_by_signal_or_parent(with_parent)
        failed: list[Exception] = []

        def run(worker: Worker, says: Callable[[int, int], None]) -> None:
            try:
                events_to = sys.stdout.fileno() if events else None
                follow_one(worker, stopped, once, says, events_to, with_parent)
            except BlockingIOError:
                failed.append(CannotRead(f"{worker.folder}: another follower is at work there"))
                stopped.set()
            except (Damage, OSError, sqlite3.Error) as error:
                failed.append(error)
                stopped.set()

        with progress("following") as says:
            threads = [threading.Thread(target=run, args=(one, says)) for one in found]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    for error in failed:
        typer.echo(f"noyau journal follow: {error}", err=True)
    raise typer.Exit(failed_code(failed))


def failed_code(failed: list[Exception]) -> int:
    """Of `follow`."""
    from specs.journal_reading import Damage  # noqa: PLC0415

    if not failed:
        return 0
    return 1 if any(isinstance(one, Damage) for one in failed) else 2
