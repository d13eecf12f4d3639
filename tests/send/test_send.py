"""`noyau send` as people use it: JSON lines in and out, against a peer of other software."""
import asyncio
import json
import time
from pathlib import Path

from tests.send.peer import ENOUGH_S, Fields, Peer, approved, framed, listening, send, started

PAN = "9504000000000003"
PURCHASE = {
    "t": "0100", "2": PAN, "3": "000000", "4": "000000010000", "41": "TERM0001", "49": "504",
}  # fmt: skip
PIN_BLOCK = "CFB709CC37D9262A"
TEST_ZPK = "0123456789ABCDEFFEDCBA9876543210"


def to(peer: Peer) -> str:
    return f"--to=127.0.0.1:{peer.port}"


async def test_an_answer_is_printed_beside_what_was_sent() -> None:
    """One line in, one line out; STAN and DE 7 were left to the tool and stand in both."""
    async with listening(lambda request: [approved(request)]) as peer:
        sent = await send([PURCHASE], to(peer))
    assert sent.code == 0, sent.said
    (line,) = sent.lines
    assert line["outcome"] == "answered"
    assert line["received"]["t"] == "0110"
    assert line["received"]["39"] == "00"
    assert line["received"]["11"] == line["sent"]["11"] == peer.heard[0]["11"]
    assert len(line["sent"]["7"]) == 10
    assert 0 < line["latency_ms"] < 5000
    assert "1 sent: 1 answered, 0 late, 0 silent | codes 00: 1 | p50" in sent.said


async def test_card_data_is_masked_unless_asked_for() -> None:
    """PAN in part, track, chip and PIN not at all, in both directions; the wire has them whole."""
    secrets = {"35": f"{PAN}=30121011234", "52": "0123456789ABCDEF", "55": "5A08" + PAN}
    message = PURCHASE | secrets
    async with listening(lambda request: [approved(request) | {"52": "0123456789ABCDEF"}]) as peer:
        hidden = await send([message], to(peer))
        shown = await send([message], to(peer), "--reveal")
    assert peer.heard[0]["2"] == PAN
    assert hidden.lines[0]["sent"]["2"] == hidden.lines[0]["received"]["2"] == "950400******0003"
    for secret in (PAN, "30121011234", "0123456789ABCDEF"):
        assert secret not in hidden.printed + hidden.said
        assert secret in shown.printed


async def test_answers_are_matched_by_key_and_not_by_their_order() -> None:
    """The peer holds five requests back and answers the last first."""
    held: list[Fields] = []

    def backwards(request: Fields) -> list[Fields]:
        held.append(approved(request) | {"38": request["4"][-6:]})
        return held[::-1] if len(held) == 5 else []

    messages = [PURCHASE | {"4": f"{n:012}"} for n in range(5)]
    async with listening(backwards) as peer:
        sent = await send(messages, to(peer))
    assert sent.code == 0, sent.said
    assert [line["sent"]["4"][-1] for line in sent.lines] == ["4", "3", "2", "1", "0"]
    assert all(line["sent"]["4"][-6:] == line["received"]["38"] for line in sent.lines)


async def test_an_unanswered_request_is_silent_and_the_exit_code_says_so() -> None:
    """The second of two is never answered."""
    async with listening(
        lambda request: [approved(request)] if request["4"] == PURCHASE["4"] else []
    ) as peer:
        sent = await send([PURCHASE, PURCHASE | {"4": "000000000001"}], to(peer), "--timeout=0.3")
    assert sent.code == 1
    assert [line["outcome"] for line in sent.lines] == ["answered", "silent"]
    assert sent.lines[1]["received"] is None
    assert "1 answered, 0 late, 1 silent" in sent.said


async def test_an_answer_after_the_timeout_is_late() -> None:
    """It came while the tool was waiting a little longer: told, and not a success."""
    process = None

    async with listening(lambda _: []) as peer:
        process = await started(to(peer), "--timeout=1.5")
        assert process.stdin is not None
        process.stdin.write(json.dumps(PURCHASE).encode())
        process.stdin.close()
        async with asyncio.timeout(ENOUGH_S):
            while not peer.heard:  # noqa: ASYNC110 - the peer is another process's
                await asyncio.sleep(0.01)
            await asyncio.sleep(2.0)  # over the timeout, under twice it
            peer.links[0].write(framed(approved(peer.heard[0])))
            out, err = await process.communicate()
    line = json.loads(out)
    assert (line["outcome"], line["received"]["39"], process.returncode) == ("late", "00", 1)
    assert b"0 answered, 1 late, 0 silent" in err


async def test_each_line_is_answered_while_the_input_is_still_open() -> None:
    """A program can talk to it: write a line, read a line."""
    async with listening(lambda request: [approved(request)]) as peer:
        process = await started(to(peer))
        assert process.stdin is not None
        assert process.stdout is not None
        async with asyncio.timeout(ENOUGH_S):
            for amount in ("000000000001", "000000000002"):
                process.stdin.write(json.dumps(PURCHASE | {"4": amount}).encode() + b"\n")
                assert json.loads(await process.stdout.readline())["received"]["4"] == amount
            process.stdin.close()
            await process.communicate()
    assert process.returncode == 0


async def test_count_sends_a_file_over_and_each_copy_has_its_own_stan(tmp_path: Path) -> None:
    """Two lines, three times, at a rate: six requests, STANs counting on."""
    file = tmp_path / "purchases.jsonl"
    line = json.dumps(PURCHASE | {"11": "auto", "37": "auto"}) + "\n"
    file.write_text(line + line)
    async with listening(lambda request: [approved(request)]) as peer:
        sent = await send("", to(peer), str(file), "--count=3", "--rate=200", "--first-stan=999998")
    assert sent.code == 0, sent.said
    stans = ["999998", "999999", "000001", "000002", "000003", "000004"]
    assert [request["11"] for request in peer.heard] == stans
    assert [request["37"][6:] for request in peer.heard] == stans


async def test_count_repeats_what_came_through_a_pipe() -> None:
    """Standard input cannot be read twice; it is kept."""
    async with listening(lambda request: [approved(request)]) as peer:
        sent = await send([PURCHASE, PURCHASE | {"4": "000000000007"}], to(peer), "--count=2")
    assert sent.code == 0, sent.said
    assert [request["4"][-5:] for request in peer.heard] == ["10000", "00007"] * 2


async def test_no_more_requests_are_out_than_allowed() -> None:
    """With two in flight the third waits until one of them is overdue."""
    waiting: list[Fields] = []
    most = 0

    def two_at_a_time(request: Fields) -> list[Fields]:
        nonlocal most
        waiting.append(approved(request))
        most = max(most, len(waiting))
        if len(waiting) < 2:
            return []
        answers = waiting.copy()
        waiting.clear()
        return answers

    async with listening(two_at_a_time) as peer:
        sent = await send([PURCHASE], to(peer), "--count=10", "--in-flight=2")
    assert sent.code == 0, sent.said
    assert (len(sent.lines), most) == (10, 2)


async def test_a_rate_spaces_what_a_pipe_delivers_at_once() -> None:
    """Five requests at 20 a second leave over four gaps, however fast they are answered."""
    arrived: list[float] = []

    def noted(request: Fields) -> list[Fields]:
        arrived.append(asyncio.get_running_loop().time())
        return [approved(request)]

    async with listening(noted) as peer:
        sent = await send([PURCHASE] * 5, to(peer), "--rate=20")
    assert sent.code == 0, sent.said
    assert arrived[-1] - arrived[0] > 3.5 / 20


async def test_with_a_rate_a_stalled_peer_is_charged_for_all_it_kept_waiting() -> None:
    """One in flight, the first answer takes half a second: the second request was due long before.

    It was answered at once when it left; its latency says what it waited for its turn.
    """
    stalls = [0.5]

    def stalls_once(request: Fields) -> list[Fields]:
        time.sleep(stalls.pop() if stalls else 0)
        return [approved(request)]

    async with listening(stalls_once) as peer:
        sent = await send([PURCHASE] * 3, to(peer), "--rate=100", "--in-flight=1")
    assert sent.code == 0, sent.said
    assert all(line["latency_ms"] > 300 for line in sent.lines)


async def test_the_same_key_twice_is_two_exchanges() -> None:
    """A repeat sent on purpose: same STAN and DE 7, answered twice, two lines."""
    repeat = PURCHASE | {"7": "1124010203", "11": "000042"}
    async with listening(lambda request: [approved(request)]) as peer:
        sent = await send([repeat, repeat | {"t": "0101"}], to(peer))
    assert sent.code == 0, sent.said
    assert [line["sent"]["t"] for line in sent.lines] == ["0100", "0101"]


async def test_a_pin_in_clear_becomes_a_block_under_the_test_key() -> None:
    """ISO 9564 format 0 under the public test key; the value was computed with OpenSSL.

    PIN 1234, account 400000000000: 041234FFFFFFFFFF xor 0000400000000000, which `openssl enc
    -des-ede -K 0123456789ABCDEFFEDCBA9876543210 -nopad` enciphers.
    """
    async with listening(lambda request: [approved(request)]) as peer:
        asked = PURCHASE | {"52": "pin:1234"}
        sent = await send([asked], to(peer), f"--zpk={TEST_ZPK}", "--reveal")
    assert sent.code == 0, sent.said
    assert peer.heard[0]["52"] == sent.lines[0]["sent"]["52"] == PIN_BLOCK
    assert "1234" not in sent.lines[0]["sent"]["52"]
