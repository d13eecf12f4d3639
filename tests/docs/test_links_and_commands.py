"""What the documents point at is there: files, headings, commands, options."""
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from noyau.cli import app
from tests.docs.pages import LIFE, ROOT, blocks, frame_of

DOCUMENTS = sorted(
    path for path in [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")]
    if path.relative_to(ROOT).parts[0] != "build")
FENCE = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.M)
MADE = "bench/results/"  # by `noyau bench`
OURS = re.compile(
    r"`((?:bench|config|docs|hsm_emulator|issuers|noyau|router|specs|tests)/[\w./-]+)`")
FUNCTION = re.compile(r"`([A-Za-z_]\w*(?:\.\w+)*)`[^`.;:]{0,40}\(`(router/[\w/]+\.py)`\)")
COMMAND = re.compile(r"(?<![\w/.-])noyau ([a-z][a-z-]*(?: [a-z]+)?)((?:[^\S\n]+[^\s`|>;#]+)*)")
OPTION = re.compile(r"(?<!\S)(--?[a-z][a-z-]*)")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", text_of(path)))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    """To a file or folder, and to a heading of it where one is named."""
    for link in LINK.findall(FENCE.sub("", text_of(path))):
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, anchor = unquote(link).partition("#")
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_file_of_ours_that_is_named_exists(path: Path) -> None:
    """In code style, from the root of the repository; a word in capitals stands for any."""
    for named in OURS.findall(text_of(path)):
        if ("." in named or named.endswith("/")) and not named.startswith(MADE):
            pattern = re.sub(r"\b[A-Z]{2,}\b", "*", named.rstrip("/"))
            assert any(ROOT.glob(pattern)), named


def test_every_function_stands_where_the_document_says() -> None:
    """`name` (`file`): the last part of a dotted name is defined there."""
    found = FUNCTION.findall(text_of(LIFE).replace("\n", " "))
    assert len(found) > 10
    for name, file in found:
        source = text_of(ROOT / file)
        for part in name.split("."):
            defined = rf"^\s*(?:async )?(?:def|class) {part}\b|^{part}\b.*="
            assert re.search(defined, source, re.M), (name, file)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """In code only, in a line or in a block: a command, and what follows it."""
    code = [block[0] for block in re.finditer(FENCE, text)]
    code += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    code += re.findall(r"^    .*$", text, re.M)
    for piece in code:
        joined = piece.replace("\\\n", " ")
        yield from COMMAND.findall(joined)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_command_exists_with_the_options_that_are_shown(path: Path) -> None:
    """By its own --help."""
    for words, rest in commands(text_of(path)):
        first, *second = words.split(" ")
        group = get_command(app).commands  # type: ignore[attr-defined]
        assert first in group, words
        command = group[first]
        if hasattr(command, "commands") and second:
            assert second[0] in command.commands, words
            command = command.commands[second[0]]
            if hasattr(command, "commands") and (third := rest.split()[:1]):
                assert third[0] in command.commands, f"{words} {third[0]}"
                command = command.commands[third[0]]
        known = {name for parameter in command.params for name in parameter.opts}
        known |= {"-", "--help", "-h"}
        for option in OPTION.findall(rest):
            assert option in known, f"noyau {words}{rest}"


def every_command() -> Iterator[list[str]]:
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        yield [name]
        for inner in getattr(command, "commands", {}):
            yield [name, inner]


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_help_is_there(words: list[str]) -> None:
    """Of every command that there is; the README or a document names it."""
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0, result.output
    named = {one for path in DOCUMENTS for one, _ in commands(text_of(path))}
    assert any(one.split(" ")[:len(words)] == words for one in named), words


EXACT = [
    (path, body) for path in DOCUMENTS
    for body in re.findall(r"^```console\n(.*?)^```$", text_of(path), re.M | re.S)
]


@pytest.mark.parametrize(("path", "body"), EXACT, ids=[body.split("\n")[0] for _, body in EXACT])
def test_a_console_shows_what_is_printed(
    path: Path, body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of language `console` are exact; NAME.hex is the block of that name."""
    monkeypatch.chdir(tmp_path)
    for name, block in blocks(text_of(path), "hex").items():
        (tmp_path / f"{name}.hex").write_text(frame_of(block).hex())
    first, _, expected = body.partition("\n")
    program, *arguments = shlex.split(first.removeprefix("$ "))
    assert program == "noyau"
    if arguments[0] in {"explain", "demo-cards", "check"}:
        arguments += ["--config", str(ROOT / "config")]
    result = CliRunner().invoke(app, arguments)
    assert [line.rstrip() for line in result.stdout.splitlines()] == expected.splitlines()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_target_of_make_exists(path: Path) -> None:
    """In code style or in a block."""
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.M))
    for target in re.findall(r"(?:`| {4}|^)make ([a-z-]+)", text_of(path), re.M):
        assert target in targets, target
