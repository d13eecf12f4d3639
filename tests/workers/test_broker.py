"""Several workers and a broker: the router's state is the supervisor's, lines are below workers."""
from functools import partial
from pathlib import Path

from tests.net.house import empty_house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer
from tests.outside.broker import Ear, broker, free_port, listening, say, until, until_open
from tests.workers.crew import Crew

LINES = ("worker-0/line/atlas/atlas-w0-1", "worker-1/line/atlas/atlas-w1-1")


def is_signed_on(ear: Ear, topic: str) -> bool:
    """As the broker was told last."""
    return b"signed_on" in (ear.last(topic) or b"")


async def test_each_worker_tells_its_lines_and_the_supervisor_the_rest(tmp_path: Path) -> None:
    """And a reload that is asked for there happens once, in all of them."""
    port = free_port()
    with broker(tmp_path, port):
        await until_open(port)
        async with (
            listening(port) as ear, hsm_peer() as hsm, issuer_peer() as issuer,
            empty_house(tmp_path, hsm, as_process=True) as house,
        ):
            router = Crew(house, issuer)
            router.configure(2)
            with (house.config / "router.toml").open("a") as file:
                file.write(f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n')
            await router.start()
            for line in LINES:
                await until(partial(is_signed_on, ear, f"noyau/router/{line}"))
            await until(lambda: ear.last("noyau/router/state") == b"up")
            router.configure(2, others=2)
            with (house.config / "router.toml").open("a") as file:
                file.write(f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n')
            await say(port, "noyau/router/reload")
            await until(lambda: ear.jsons("noyau/router/reload/outcome") != [])
            assert ear.jsons("noyau/router/reload/outcome")[-1]["outcome"] == "reloaded"
            assert len((await router.is_ready())["listeners"]) == 3
            assert await house.stop() == 0
            await until(lambda: ear.last("noyau/router/state") == b"stopped")
            await until(lambda: ear.last("noyau/router/worker-1/state") == b"stopped")
