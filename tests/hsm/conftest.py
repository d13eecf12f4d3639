from collections.abc import Iterator

import pytest

from tests.hsm.peer import Peer, device


@pytest.fixture(scope="session")
def hsm_port() -> Iterator[int]:
    with device() as port:
        yield port


@pytest.fixture
def hsm(hsm_port: int) -> Iterator[Peer]:
    peer = Peer(hsm_port)
    yield peer
    peer.close()
