"""What `noyau send` says when something is wrong: which line, which element, and what to do."""
import asyncio
import json
import socket
from pathlib import Path

from tests.send.peer import ENOUGH_S, Fields, approved, listening, send, started

PURCHASE = {
    "t": "0100", "2": "9504000000000003", "3": "000000", "4": "000000010000", "41": "TERM0001",
    "49": "504",
}  # fmt: skip


async def refused(
    messages: str | list[dict[str, str]], *options: str
) -> tuple[int, str, list[Fields]]:
    """Exit code, what was said, what the peer heard."""
    async with listening(lambda request: [approved(request)]) as peer:
        sent = await send(messages, f"--to=127.0.0.1:{peer.port}", *options)
    return sent.code, sent.said, peer.heard


async def test_nobody_listens() -> None:
    """One line that names the address and the remedy; nothing was answered: 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    sent = await send([PURCHASE], f"--to=127.0.0.1:{port}")
    assert sent.code == 1
    assert f"cannot connect to 127.0.0.1:{port}" in sent.said
    assert "Is the peer up" in sent.said
    assert "Traceback" not in sent.said


async def test_bad_json_is_named_by_its_line() -> None:
    """What stood before it was sent, and its answer waited for."""
    code, said, heard = await refused(json.dumps(PURCHASE) + "\n\n{oops\n")
    assert (code, len(heard)) == (2, 1)
    assert "line 3: no JSON" in said
    assert "1 sent: 1 answered" in said


async def test_a_mistake_in_a_file_stops_all_of_it(tmp_path: Path) -> None:
    """A file can be read ahead: the first message does not leave when the second cannot."""
    file = tmp_path / "day.jsonl"
    file.write_text(json.dumps(PURCHASE) + '\n{"t": "0100", "4": 100}\n')
    code, said, heard = await refused("", str(file))
    assert (code, heard) == (2, [])
    assert 'line 2: element 4 must be a string, as in {"4": "..."}' in said


async def test_an_element_that_cannot_be_written_is_named_without_its_value() -> None:
    """A PAN too long by one: the line, the element, no digit of it."""
    code, said, heard = await refused([PURCHASE | {"2": "95040000000000000003"}])
    assert (code, heard) == (2, [])
    assert "line 1: element 2" in said
    assert "9504" not in said


async def test_what_is_no_message_is_refused() -> None:
    """Each with its reason."""
    for line, reason in (
        ('["0100"]', "not an object"),
        ('{"2": "1"}', '"t" must be the MTI'),
        ('{"t": "01x0"}', '"t" must be the MTI'),
        ('{"t": "0100", "pan": "1"}', '"pan" is no element'),
        ('{"t": "0100", "999": "1"}', '"999" is no element'),
        ('{"t": "0100", "h": "XY"}', '"h", the header, must be hexadecimal'),
        ('{"t": "0100", "4": "auto"}', 'element 4: cannot be "auto"'),
        ('{"t": "0100", "2": "9504000000000003", "52": "pin:1234"}', "--zpk HEX"),
    ):
        code, said, heard = await refused(line)
        assert (code, heard) == (2, []), line
        assert f"line 1: {reason}" in said or reason in said, said


async def test_the_call_itself_is_wrong() -> None:
    """Each option says what it wants."""
    for options, reason in (
        (["--to=8583"], "HOST:PORT is wanted"),
        (["--to=127.0.0.1:1", "--framing=morse"], "--framing morse: a framing is binary-2"),
        (["--to=127.0.0.1:1", "--dialect=klingon"], "no such dialect; there are iso87-ascii"),
        (["--to=127.0.0.1:1", "--zpk=1234"], "32 hexadecimal digits"),
        (["--to=127.0.0.1:1", "/no/such/file"], "/no/such/file: No such file or directory"),
    ):
        sent = await send("", *options)
        assert sent.code == 2, options
        assert reason in sent.said
        assert "Traceback" not in sent.said


async def test_a_lost_connection_ends_the_run_and_says_so() -> None:
    """The peer hangs up on the second request: that one is silent, the rest is not sent."""
    async with listening(lambda request: [approved(request)]) as peer:

        def hang_up(request: Fields) -> list[Fields]:
            if len(peer.heard) == 2:
                peer.links[0].close()
                return []
            return [approved(request)]

        peer.behaviour = hang_up
        sent = await send([PURCHASE] * 9, f"--to=127.0.0.1:{peer.port}", "--in-flight=1")
    assert sent.code == 1
    assert [line["outcome"] for line in sent.lines] == ["answered", "silent"]
    assert "connection lost after 2 messages: the peer closed the connection" in sent.said
    assert "Traceback" not in sent.said


async def test_another_length_prefix_is_recognised() -> None:
    """The peer sends four ASCII digits: the guess names them, and the option to change."""
    async with listening(lambda _: []) as peer:
        peer.raw = b"0012" + bytes(12)
        sent = await send([PURCHASE], f"--to=127.0.0.1:{peer.port}")
    assert sent.code == 1
    assert "peer sends a 4-digit ASCII length, 2-byte binary is configured" in sent.said
    assert "--framing" in sent.said


async def test_answers_to_nothing_and_unreadable_ones_are_told_and_not_taken() -> None:
    """A wrong STAN and garbage before the answer: the exchange is answered by its own answer."""
    async with listening(lambda request: [approved(request)]) as peer:
        peer.raw = b"\x00\x05hello"
        peer.behaviour = lambda request: [approved(request) | {"11": "999999"}, approved(request)]
        sent = await send([PURCHASE], f"--to=127.0.0.1:{peer.port}", "--first-stan=7")
    assert sent.code == 0, sent.said
    assert sent.lines[0]["received"]["11"] == "000007"
    assert "0110 with STAN 999999 answers nothing that is out" in sent.said
    assert "cannot be read as iso87-ascii" in sent.said


async def test_ctrl_c_prints_what_there_is() -> None:
    """The summary comes before the end, and no traceback."""
    async with listening(lambda _: []) as peer:
        process = await started(f"--to=127.0.0.1:{peer.port}", "--timeout=60")
        assert process.stdin is not None
        process.stdin.write(json.dumps(PURCHASE).encode() + b"\n")
        async with asyncio.timeout(ENOUGH_S):
            while not peer.heard:  # noqa: ASYNC110 - the peer is another process's
                await asyncio.sleep(0.01)
            process.send_signal(2)
            _, err = await process.communicate()
    assert process.returncode == 1
    assert b"1 sent: 0 answered, 0 late, 1 silent" in err
    assert b"stopped" in err
    assert b"Traceback" not in err


async def test_a_reader_of_the_answers_may_go_away() -> None:
    """`noyau send ... | head -1` ends without a traceback."""
    async with listening(lambda request: [approved(request)]) as peer:
        process = await started(f"--to=127.0.0.1:{peer.port}", "--count=2000")
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps(PURCHASE).encode() + b"\n")
        process.stdin.close()
        async with asyncio.timeout(ENOUGH_S):
            await process.stdout.readline()
            process.stdout._transport.close()  # type: ignore[attr-defined]
            err = await process.stderr.read()
            await process.wait()
    assert process.returncode == 1
    assert b"Traceback" not in err
    assert b"Exception" not in err
