from collections.abc import Iterator

import pytest

from hsm_emulator.rules import LEGACY
from tests.hsm.peer import Peer, device


@pytest.fixture(scope="session")
def hsm_port() -> Iterator[int]:
    with device(authorised=("export", "import", "component", "generate")) as port:
        yield port


@pytest.fixture
def hsm(hsm_port: int) -> Iterator[Peer]:
    """A strict device whose operators have authorised keys to come and go."""
    peer = Peer(hsm_port)
    yield peer
    peer.close()


@pytest.fixture(scope="session")
def legacy_hsm_port() -> Iterator[int]:
    with device(rules=LEGACY) as port:
        yield port


@pytest.fixture
def legacy_hsm(legacy_hsm_port: int) -> Iterator[Peer]:
    """What `noyau hsm --profile legacy` is."""
    peer = Peer(legacy_hsm_port)
    yield peer
    peer.close()
