"""One purchase from socket to socket: acquirer, router, HSM, issuer, each a peer of its own."""
from pathlib import Path

from tests.net.acquirer_peer import acquirer_peer, purchase
from tests.net.house import house
from tests.net.hsm_peer import PIN_BLOCK, TRANSLATED, hsm_peer
from tests.net.issuer_peer import issuer_peer


async def test_a_purchase_with_a_pin_reaches_its_issuer_and_comes_back(tmp_path: Path) -> None:
    """The PIN block arrives translated; STAN and DE 7 towards the acquirer are its own."""
    async with hsm_peer() as hsm, issuer_peer() as issuer, house(
            tmp_path, hsm, issuer, as_process=True) as router:
        async with acquirer_peer(router.acquirer) as acquirer:
            request = purchase(e52=PIN_BLOCK)
            answer = await acquirer.asks(request)
        assert (answer["t"], answer["39"], answer["38"]) == ("0110", "00", "ABC123")
        assert {n: answer[n] for n in ("7", "11", "37", "41")} == {
            n: request[n] for n in ("7", "11", "37", "41")}
        sent = await issuer.hears("0100")
        assert sent["52"] == TRANSLATED
        assert sent["33"] == "504900"
        assert "52" not in answer
        event = await router.logged("transaction")
        assert event["response_code"] == "00"
        assert event["decided_by"] == "issuer"
        assert await router.stop() == 0
        assert [one["70"] for one in issuer.of("0800")] == ["001", "002"]
