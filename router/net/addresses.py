"""Addresses as a configuration writes them: "127.0.0.1:8583", "[::1]:8583", "10.1.0.0/16"."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final

from router.net.mistakes import Wrong

HOST_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*")
PORT_MAX: Final = 65_535


class Address:
    """A host and a TCP port."""

    __slots__ = ("host", "port")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port

    @classmethod
    def parsed(cls, text: str) -> "Address":
        """Raises Wrong, a ValueError that says what would be right."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit():
            raise Wrong(f"{text!r} is no address", '"HOST:PORT", such as "127.0.0.1:8583"')
        if int(port) > PORT_MAX:
            raise Wrong(f"{port} is no port", f"1 to {PORT_MAX}, or 0 for any free one")
        return cls(host_of(host), int(port))

    @property
    def is_loopback(self) -> bool:
        """Reached from this machine only."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash((self.host, self.port))


class AllowedPeers:
    """The networks that a listener takes connections from."""

    __slots__ = ("_networks",)

    def __init__(self, networks: Sequence[str]) -> None:
        """Raises Wrong, a ValueError that says what would be right."""
        self._networks = [network_of(network) for network in networks]

    def holds(self, host: str) -> bool:
        """Of a peer's address as the socket tells it."""
        address: ipaddress.IPv4Address | ipaddress.IPv6Address
        address = ipaddress.ip_address(host.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def __str__(self) -> str:
        return ", ".join(str(network) for network in self._networks)

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AllowedPeers) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def host_of(text: str) -> str:
    """A host name or an address, an IPv6 one in brackets."""
    if text.startswith("[") and text.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise Wrong(f"{text} is no IPv6 address", "such as [::1]") from None
    if HOST_NAME.fullmatch(text) is None:
        raise Wrong(f"{text!r} is no host", "a name, an IPv4 address or an IPv6 one in brackets")
    if re.fullmatch(r"[0-9.]+", text) is not None:
        try:
            return str(ipaddress.IPv4Address(text))
        except ValueError:
            raise Wrong(f"{text} is no IPv4 address", "such as 127.0.0.1") from None
    return text


def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """A network, or one address."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        loosely = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Wrong(f"{text!r} is no network", "such as 10.1.0.0/16 or 10.1.2.3") from None
    raise Wrong(f"{text!r} has bits set behind its prefix", f'"{loosely}" is the network')
