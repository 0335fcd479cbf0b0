"""A TCP connection to a server whose name a stranger chose: a profile, an answer, an activation code.

Law: only public addresses are connected to, unless the person said otherwise; and the address that was looked
at is the one that is connected to, so a name that changes its mind in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from lpa.errors import ConnectFailed
from lpa.rsp.bounds import CONNECT_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.obstacles import obstacle
from lpa.server.proxy import Proxy, ProxyChoice

# As `socket.getaddrinfo` with the type SOCK_STREAM.
Resolve = Callable[[str, int], Sequence[tuple[Any, ...]]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # holds an IPv4 address in its last 32 bits
_PRIVATE = "Operators' servers are on the internet. If you mean another, say so with --connect-to."


def resolve(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """Where the name leads, in the system's order of preference. Raises `socket.gaierror`."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Dialler:
    """Connects to servers. Each attempt ends after `patience` seconds, names with many addresses included."""

    def __init__(
        self,
        connect_to: Sequence[ConnectTo] = (),
        *,
        proxy: ProxyChoice | None = None,
        patience: float = CONNECT_SECONDS,
        resolve: Resolve = resolve,
    ) -> None:
        self._connect_to = tuple(connect_to)
        self._proxy = proxy
        self._patience = patience
        self._resolve = resolve

    def dial(self, address: ServerAddress) -> socket.socket:
        """A connection to the server. Raises `ConnectFailed`, also for a name that leads nowhere public."""
        try:
            proxy = self._proxy(address) if self._proxy else None
            return self._dial_through(proxy, address) if proxy else self._dial_directly(address)
        except (OSError, UnicodeError) as error:
            raise self.failed(address, error) from error

    def failed(self, address: ServerAddress, error: BaseException) -> ConnectFailed:
        """That the server could not be reached, and why."""
        host, port = self._target(address) or (address.host, address.port)
        moved = (host, port) != (address.host, address.port)
        where = f"{address} at {host}:{port}" if moved else str(address)
        return ConnectFailed(f"Cannot reach {where}: {obstacle(error)}.")

    def _dial_directly(self, address: ServerAddress) -> socket.socket:
        target = self._target(address)
        found = self._resolve(*(target or (address.host, address.port)))
        return self._connected(found if target else _public(address, found))

    def _dial_through(self, proxy: Proxy, address: ServerAddress) -> socket.socket:
        plain = self._connected(self._resolve(proxy.host, proxy.port))
        try:
            target = self._target(address) or (address.host, address.port)
            proxy.tunnel(plain, *target, patience=self._patience)
        except BaseException:
            plain.close()
            raise
        return plain

    def _target(self, address: ServerAddress) -> tuple[str, int] | None:
        """Where the person wants it, None if they did not say."""
        targets = (row.target(address) for row in self._connect_to)
        return next((target for target in targets if target), None)

    def _connected(self, found: Sequence[tuple[Any, ...]]) -> socket.socket:
        """To the first that answers; each gets its share of the time that is left."""
        ends = time.monotonic() + self._patience
        last: OSError = OSError("the name leads nowhere")
        for tried, (family, kind, protocol, _, where) in enumerate(found):
            left = ends - time.monotonic()
            if left <= 0:
                raise TimeoutError from last
            with contextlib.ExitStack() as undo:
                plain = undo.enter_context(socket.socket(family, kind, protocol))
                plain.settimeout(left / (len(found) - tried))
                try:
                    plain.connect(where)
                except OSError as error:
                    last = error
                    continue
                plain.settimeout(max(ends - time.monotonic(), 0.001))
                undo.pop_all()
                return plain
        raise last


def is_public(text: str) -> bool:
    """Whether an IP address is one of the internet, and stays so whatever address it holds inside itself."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _public(address: ServerAddress, found: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    public = [entry for entry in found if is_public(entry[4][0])]
    if found and not public:
        raise ConnectFailed(
            f"Cannot reach {address}: its name leads to {found[0][4][0]}, "
            "which is no address of the internet.",
            advice=_PRIVATE,
        )
    return public
