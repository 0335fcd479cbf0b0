"""Open TCP connections to servers whose names are untrusted: from profiles, answers and activation codes.

Law: only public addresses are connected to, unless the user says otherwise; and the address that was checked
is the one that is connected to, so a name that resolves differently afterwards (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from lpa.advice.servers import CONNECT_TO
from lpa.advice.storage import CLOSE_PROGRAMS
from lpa.errors import ConnectFailed
from lpa.rsp.limits import CONNECT_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.connection_errors import failure_reason
from lpa.server.proxy import Proxy, ProxyChoice

# As `socket.getaddrinfo` with the type SOCK_STREAM.
Resolve = Callable[[str, int], Sequence[tuple[Any, ...]]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # holds an IPv4 address in its last 32 bits
_INTERNET = ipaddress.IPv6Network("2000::/3")  # all IPv6 addresses that are assigned to hosts of the internet
# Reserved by IANA for other purposes, but public to the oldest supported Python.
_RESERVED = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocols
            "192.31.196.0/24",  # AS112: name servers for misdirected queries
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays
            "192.175.48.0/24",  # AS112
            "2001::/23",  # protocols: Teredo, benchmarks, ORCHID
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
# The last labels of names that are never on the internet: reserved ones (RFC 6761 and its registry), and ones
# that ICANN does not delegate because home networks use them. A proxy would resolve them in its own network.
_RESERVED_NAMES = {"alt", "arpa", "internal", "invalid", "local", "localhost", "onion", "test"}
_NAMES_AT_HOME = {"corp", "home", "lan", "mail"}


class _NoThread(OSError):
    """The system has no thread left to resolve a name in."""


def resolve(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """The addresses of a name, in the system's order of preference. Raises `socket.gaierror`."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Connector:
    """Connects to servers. `timeout`: seconds to resolve a name, and again to connect to its addresses."""

    def __init__(
        self,
        connect_to: Sequence[ConnectTo] = (),
        *,
        proxy: ProxyChoice | None = None,
        timeout: float = CONNECT_SECONDS,
        resolve: Resolve = resolve,
    ) -> None:
        self._connect_to = tuple(connect_to)
        self._proxy = proxy
        self._timeout = timeout
        self._resolve = resolve

    def connect(self, address: ServerAddress) -> socket.socket:
        """A connection to the server. Raises `ConnectFailed`, also for a name without a public address."""
        try:
            proxy = self._proxy(address) if self._proxy else None
            return self._connect_through(proxy, address) if proxy else self._connect_directly(address)
        except (OSError, UnicodeError) as error:
            raise self.failed(address, error) from error

    def failed(self, address: ServerAddress, error: BaseException) -> ConnectFailed:
        """The error for a server that could not be reached."""
        host, port = self._target(address) or (address.host, address.port)
        redirected = (host, port) != (address.host, address.port)
        where = f"{address} at {host}:{port}" if redirected else str(address)
        advice = CLOSE_PROGRAMS if isinstance(error, _NoThread) else None
        return ConnectFailed(f"Cannot reach {where}: {failure_reason(error)}.", advice=advice)

    def _connect_directly(self, address: ServerAddress) -> socket.socket:
        target = self._target(address)
        found = self._resolved(*(target or (address.host, address.port)))
        return self._connected(found if target else _public(address, found))

    def _connect_through(self, proxy: Proxy, address: ServerAddress) -> socket.socket:
        target = self._target(address)
        if not target:
            _check_public_name(address)
        plain = self._connected(self._resolved(proxy.host, proxy.port))
        try:
            proxy.tunnel(plain, *(target or (address.host, address.port)), timeout=self._timeout)
        except BaseException:
            plain.close()
            raise
        return plain

    def _resolved(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        """The addresses of a name. The system may take minutes and cannot be interrupted, only abandoned."""
        answers: queue.SimpleQueue[Sequence[tuple[Any, ...]] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port))
            except Exception as error:  # noqa: BLE001  (raised in the caller's thread)
                answers.put(error)

        try:
            threading.Thread(target=ask, daemon=True).start()
        except RuntimeError as error:
            raise _NoThread(errno.EAGAIN, "this computer cannot start another thread") from error
        try:
            answer = answers.get(timeout=self._timeout)
        except queue.Empty:
            raise TimeoutError("the name does not resolve in time") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _target(self, address: ServerAddress) -> tuple[str, int] | None:
        """The host and port from `--connect-to`, None if no row matches."""
        targets = (row.target(address) for row in self._connect_to)
        return next((target for target in targets if target), None)

    def _connected(self, found: Sequence[tuple[Any, ...]]) -> socket.socket:
        """A connection to the first address that accepts it; each gets its share of the remaining time."""
        deadline = time.monotonic() + self._timeout
        last: OSError = OSError("the name has no addresses")
        for tried, (family, kind, protocol, _, where) in enumerate(found):
            left = deadline - time.monotonic()
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
                plain.settimeout(max(deadline - time.monotonic(), 0.001))
                # Header and body are sent separately. Without this the body would wait until the peer's
                # system acknowledges the header, which it delays (40 ms on Linux).
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                undo.pop_all()
                return plain
        raise last


def is_public(text: str) -> bool:
    """Whether an IP address is public, and so is any IPv4 address that is embedded in it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
        if address not in _INTERNET:
            return False
    reserved = any(address in network for network in _RESERVED)
    return address.is_global and not (reserved or address.is_multicast or address.is_reserved)


def _check_public_name(address: ServerAddress) -> None:
    """Raise `ConnectFailed` if the name cannot be on the internet."""
    _, dot, last = address.host.rpartition(".")
    if not dot or last in _RESERVED_NAMES | _NAMES_AT_HOME:
        raise ConnectFailed(
            f"Cannot reach {address}: this is not a name on the internet.",
            advice=CONNECT_TO,
            reason="notPublic",
        )


def _public(address: ServerAddress, found: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    public = [entry for entry in found if is_public(entry[4][0])]
    if found and not public:
        raise ConnectFailed(
            f"Cannot reach {address}: it resolves to {found[0][4][0]}, which is not a public address.",
            advice=CONNECT_TO,
            reason="notPublic",
        )
    return public
