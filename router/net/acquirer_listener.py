"""Where one acquirer connects: its port, who may come, and how many.

The port is taken when the listener is made, so that a port in use is found at once; connections are
accepted only after `open`.
"""
import asyncio
import errno
import socket
from typing import cast

from router.net.acquirer_link import AcquirerLink
from router.net.addresses import Address, AllowedPeers
from router.net.key_exchange import KeyExchange
from router.net.observer import RouterObserver
from router.net.turns import Turns
from router.switching.conductor import Conductor
from router.switching.peers import Acquirer
from router.switching.ports import Clock
from specs.dialect import Framing


class PortTaken(Exception):
    """The address cannot be listened on."""

    def __init__(self, what: str, address: Address, error: OSError) -> None:
        remedy = {
            errno.EADDRINUSE: f"another program holds port {address.port}, perhaps another router:"
                              f" `ss -ltnp 'sport = :{address.port}'` names it",
            errno.EADDRNOTAVAIL: "this machine has no such address",
            errno.EACCES: "ports below 1024 need a privilege; choose a higher one",
        }.get(error.errno or 0, str(error.strerror or error))
        super().__init__(f"{what}: cannot listen on {address}: {remedy}")


class ListenerTerms:
    """What is agreed about the connections of one acquirer."""

    __slots__ = (
        "allowed", "connections_max", "frame_bytes_max", "framing", "institution_id",
        "malformed_max", "sign_on_required",
    )

    def __init__(
        self, framing: Framing, allowed: AllowedPeers, sign_on_required: bool,
        connections_max: int, frame_bytes_max: int, malformed_max: int, institution_id: str,
    ) -> None:
        self.institution_id = institution_id  # ours, in what we send of ourselves
        self.framing = framing
        self.allowed = allowed
        self.sign_on_required = sign_on_required
        self.connections_max = connections_max
        self.frame_bytes_max = frame_bytes_max
        self.malformed_max = malformed_max


class AcquirerListener:
    """Its links are found in `links`, in the order they came."""

    def __init__(
        self, acquirer: Acquirer, terms: ListenerTerms, listen: Address, taken: socket.socket,
        conductor: Conductor, clock: Clock, observer: RouterObserver,
    ) -> None:
        """`taken` has its port."""
        self.acquirer = acquirer
        self.terms = terms
        self.links: dict[AcquirerLink, None] = {}
        self.keys: KeyExchange | None = None
        self.is_draining = False
        self.turns = Turns(asyncio.get_running_loop(), self._turn_took)
        self._conductor = conductor
        self._clock = clock
        self._observer = observer
        self._socket: socket.socket | None = taken
        self.address = Address(listen.host, taken.getsockname()[1])
        self._server: asyncio.Server | None = None

    @property
    def is_open(self) -> bool:
        """It accepts connections."""
        return self._server is not None

    async def open(self) -> None:
        """Accept connections from now on. Raises PortTaken."""
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: cast("asyncio.Protocol", AcquirerLink(
                    self, self._conductor, self._observer, self._clock)),
                sock=self._socket, backlog=512,
            )
        except OSError as error:  # taken by another between bind and listen
            raise PortTaken(f'acquirer "{self.acquirer.name}"', self.address, error) from None
        self._socket = None  # the server's now
        self._observer.listening(self.acquirer.name, self.address)

    def _turn_took(self, took_s: float) -> None:
        self._conductor.turn_took(took_s)

    def use(self, acquirer: Acquirer, terms: ListenerTerms) -> None:
        """After a reload."""
        self.acquirer = acquirer
        self.terms = terms
        for link in self.links:
            link.use(acquirer)

    def links_for_keys(self) -> list[AcquirerLink]:
        """On which network messages may go now."""
        return [link for link in self.links if link.is_signed_on]

    def refuses(self, host: str) -> str:
        """Why a connection from there is not taken; empty when it is."""
        if not host or not self.terms.allowed.holds(host):
            return "its address is not allowed"
        if len(self.links) >= self.terms.connections_max:
            return f"all {self.terms.connections_max} connections are in use"
        return ""

    def tick(self, now: float) -> None:
        """Its links' deadlines."""
        for link in list(self.links):
            link.tick(now)

    def stop_accepting(self) -> None:
        """New connections are refused, new requests on the old ones declined."""
        self.is_draining = True
        for link in self.links:
            link.drain()
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Everything."""
        self.stop_accepting()
        for link in list(self.links):
            link.close("the router stops")


def bound(what: str, address: Address) -> socket.socket:
    """A socket that has its port and does not listen yet. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setblocking(False)
        one.bind((address.host, address.port))
    except OSError as error:
        one.close()
        raise PortTaken(what, address, error) from None
    return one
