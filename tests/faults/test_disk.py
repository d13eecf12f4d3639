"""A disk that is full, and one that hangs, under a real router: declines, and no end."""
from pathlib import Path

import pytest

from router.net.waiting import until
from tests.faults.own_disk import OwnDisk, own_disk
from tests.net.acquirer_peer import AcquirerPeer, acquirer_peer, purchase
from tests.net.house import House, house
from tests.net.hsm_peer import hsm_peer
from tests.net.issuer_peer import issuer_peer


async def code_of(acquirer: AcquirerPeer) -> str:
    return (await acquirer.asks(purchase()))["39"]


async def started_on(router: House, disk: OwnDisk) -> None:
    """The same router, its state on that disk."""
    await router.stop()
    router.state = disk.path / "state"
    await router.start()


async def test_a_full_disk_means_declines_until_there_is_room(tmp_path: Path) -> None:
    """96 at once and an alarm; nothing reaches the issuer; no restart is needed afterwards."""
    with own_disk(tmp_path) as disk:
        async with hsm_peer() as hsm, issuer_peer() as issuer, house(
                tmp_path, hsm, issuer, as_process=True) as router:
            await started_on(router, disk)
            async with acquirer_peer(router.acquirer) as acquirer:
                assert await code_of(acquirer) == "00"
                filler = disk.fill()
                codes: list[str] = []
                while "96" not in codes and len(codes) < 5_000:  # the log has some room of its own
                    codes.append(await code_of(acquirer))
                assert codes[-1] == "96"
                assert (await router.logged("journal_refuses"))["why"]
                assert (await router.page("/readyz"))[0] == 503
                reached = len(issuer.of("0100"))
                declined = [await code_of(acquirer) for _ in range(5)]
                assert declined == ["96"] * 5
                assert len(issuer.of("0100")) == reached
                filler.unlink()
                assert await code_of(acquirer) == "00"
                assert (await router.page("/readyz"))[0] == 200
            await router.kill()
            await router.start()
            async with acquirer_peer(router.acquirer) as acquirer:
                assert await code_of(acquirer) == "00"
            assert await router.stop() == 0


async def test_a_disk_that_hangs_means_declines_at_once_and_silence_for_what_it_was_given(
        tmp_path: Path) -> None:
    """The approval on its way to the disk is heard by nobody else; afterwards all is as before."""
    with own_disk(tmp_path) as disk:
        async with hsm_peer() as hsm, issuer_peer() as issuer, house(
                tmp_path, hsm, issuer, as_process=True) as router:
            await started_on(router, disk)
            async with acquirer_peer(router.acquirer) as acquirer, acquirer_peer(
                    router.acquirer) as other:
                assert await code_of(acquirer) == "00"
                issuer.delay_s = 0.3
                handed_over = purchase()
                acquirer.send(handed_over)
                await issuer.hears("0100", 2)
                with disk.stalled():
                    await router.logged("journal_refuses")
                    assert (await other.asks(purchase(), within_s=0.5))["39"] == "96"
                    assert len(issuer.of("0100")) == 2
                    with pytest.raises(TimeoutError):
                        await acquirer.hears(within_s=1.5)
                issuer.delay_s = 0.0
                assert await until(lambda: bool(issuer.of("0420", "0421")), 8.0)
                assert issuer.of("0420", "0421")[0]["37"] == handed_over["37"]
                assert (await other.asks(purchase()))["39"] == "00"
                again = await other.asks({**handed_over, "t": "0101"})
                assert again["39"] == "91"


async def test_a_start_on_a_full_disk_declines_or_says_so(tmp_path: Path) -> None:
    """After a kill its log is there and it declines; after a stop it cannot begin one."""
    with own_disk(tmp_path) as disk:
        async with hsm_peer() as hsm, issuer_peer() as issuer, house(
                tmp_path, hsm, issuer, as_process=True) as router:
            await started_on(router, disk)
            filler = disk.fill()
            await router.kill()
            await router.start()
            async with acquirer_peer(router.acquirer) as acquirer:
                assert await code_of(acquirer) == "96"
            await router.stop()
            filler.unlink()
            filler = disk.fill()
            await router.launch()
            assert await router.ended() == 2
            assert "is there room on the disk?" in router.log_path.read_text()
            filler.unlink()
            await router.start()
            async with acquirer_peer(router.acquirer) as acquirer:
                assert await code_of(acquirer) == "00"
