"""Child processes: what they said last is told, and none outlives who started it."""
import asyncio
import os
import signal
import sys
import textwrap
from typing import Final

import pytest

from noyau.demo.probes import NotInTime, is_taken, open_port, until
from noyau.demo.programs import Program, ProgramDied, end_all

DEADLINE_S: Final = 20.0


async def test_a_program_that_dies_is_named_with_its_last_lines() -> None:
    """Not just an exit code: the person at the terminal should know what to mend."""
    program = Program("hsm", ["hsm", "--host", "no-such-host.invalid", "--port", "0"])
    await program.start()
    with pytest.raises(ProgramDied, match=r"hsm ended with exit code 2; its last lines:\n +"):
        await asyncio.wait_for(program.died(), DEADLINE_S)


async def test_a_program_that_is_taken_away_is_not_missed_until_it_is_back() -> None:
    """Killed on purpose it is no death; back again, its death is one."""
    program = Program("hsm", ["hsm", "--port", "0"])
    await program.start()
    watched = asyncio.create_task(program.died())
    await asyncio.sleep(0)
    await program.take_away()
    await program.start()
    assert not program.is_away
    assert not watched.done()
    os.kill(program.pid, signal.SIGKILL)
    with pytest.raises(ProgramDied, match="hsm was killed by signal 9"):
        await asyncio.wait_for(watched, DEADLINE_S)


async def test_a_program_that_is_killed_is_named_with_the_signal() -> None:
    program = Program("hsm", ["hsm", "--port", "0"])
    await program.start()
    os.kill(program.pid, signal.SIGKILL)
    with pytest.raises(ProgramDied, match="hsm was killed by signal 9"):
        await asyncio.wait_for(program.died(), DEADLINE_S)


async def test_all_end_when_asked() -> None:
    programs = [Program("hsm", ["hsm", "--port", "0"]) for _ in range(2)]
    for program in programs:
        await program.start()
    await asyncio.wait_for(end_all(programs, 10.0), DEADLINE_S)
    assert not any(is_alive(program.pid) for program in programs)


async def test_children_die_when_their_starter_is_killed() -> None:
    """kill -9 leaves no chance to end them in order; the kernel does it."""
    script = textwrap.dedent("""
        import asyncio
        from noyau.demo.programs import Program
        async def main():
            program = Program("hsm", ["hsm", "--port", "0"])
            await program.start()
            while "hsm_listening" not in str(program.last_lines):  # it says no more then
                await asyncio.sleep(0.01)
            print(program.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """)
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert starter.stdout is not None
    child = int(await asyncio.wait_for(starter.stdout.readline(), DEADLINE_S))
    assert is_alive(child)
    starter.kill()
    await starter.wait()
    async with asyncio.timeout(DEADLINE_S):
        while is_alive(child):  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.01)


async def test_a_program_whose_starter_is_gone_already_does_not_begin() -> None:
    """Between fork and the tether the starter may die."""
    orphan = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "noyau.demo.tether", "1", "hsm", "--port", "0",
        stderr=asyncio.subprocess.PIPE)
    _, said = await asyncio.wait_for(orphan.communicate(), DEADLINE_S)
    assert orphan.returncode == 1
    assert b"gone" in said


async def test_what_is_not_ready_in_time_says_what_it_lacks() -> None:
    async def never() -> str:
        return "no line is signed on"

    with pytest.raises(NotInTime, match=r"router is not ready after 0.05 s: no line is signed on"):
        await until(never, "router", 0.05)


async def test_a_port_is_taken_while_somebody_listens() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(HangsUp, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert is_taken("127.0.0.1", port)
    assert await open_port("127.0.0.1", port) == ""
    server.close()
    await server.wait_closed()
    assert not is_taken("127.0.0.1", port)
    assert "127.0.0.1" in await open_port("127.0.0.1", port)


class HangsUp(asyncio.Protocol):
    """Takes a connection and ends it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def is_alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
