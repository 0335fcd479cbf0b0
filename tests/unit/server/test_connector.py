"""The addresses of a name are checked before any connection."""

import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from lpa.errors import ConnectFailed
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.connector import Connector, is_public
from lpa.server.proxy import choose

ADDRESS = ServerAddress("smdp.example")


def found(*addresses: str, port: int = 443) -> list[tuple[Any, ...]]:
    """The addresses of a name, as the system returns them."""
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
        if ":" in address
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
        for address in addresses
    ]


class Names:
    """A resolver that answers each query with the next of its answers."""

    def __init__(self, *answers: Sequence[tuple[Any, ...]]) -> None:
        self.answers = list(answers)
        self.queries: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        self.queries.append((host, port))
        return self.answers[len(self.queries) - 1]


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "93.184.216.34",
        "172.15.255.255",
        "172.32.0.0",
        "2606:4700:4700::1111",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2002:101:101::",
        "192.0.1.0",
        "192.88.98.255",
        "192.88.100.0",
        "2001:200::1",
        "3ffe:ffff::1",
    ],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  (nothing is bound to it)
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "192.0.0.9",
        "192.0.0.170",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.175.48.1",
        "198.51.100.1",
        "203.0.113.1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b:1::808:808",
        "64:ff9b::c058:6301",
        "100::1",
        "100:0:0:1::1",
        "2001::8.8.8.8",
        "2001:2::1",
        "2001:4:112::1",
        "2001:20::1",
        "2001:1ff::1",
        "2002:c058:6301::1",
        "2620:4f:8000::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
    ],
)
def test_no_other_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254"])
def test_a_private_address_is_not_connected_to(address: str) -> None:
    with pytest.raises(ConnectFailed) as caught:
        Connector(resolve=Names(found(address))).connect(ADDRESS)
    assert str(caught.value) == (
        f"Cannot reach smdp.example: it resolves to {address}, which is not a public address."
    )
    assert "--connect-to" in caught.value.advice


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses that sockets were connected to; each refuses."""
    made: list[Any] = []

    def connect(_socket: socket.socket, where: Any) -> None:
        made.append(where)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return made


def test_of_several_addresses_only_the_public_ones_are_tried(connected: list[Any]) -> None:
    names = Names(found("10.0.0.1", "93.184.216.34", "127.0.0.1", "1.1.1.1"))
    with pytest.raises(ConnectFailed, match=r"Cannot reach smdp\.example: connection refused"):
        Connector(resolve=names).connect(ADDRESS)
    assert connected == [("93.184.216.34", 443), ("1.1.1.1", 443)]


def test_the_address_that_was_checked_is_connected_to(connected: list[Any]) -> None:
    """DNS rebinding: a second query would resolve to this computer."""
    names = Names(found("93.184.216.34"), found("127.0.0.1"))
    with pytest.raises(ConnectFailed):
        Connector(resolve=names).connect(ADDRESS)
    assert connected == [("93.184.216.34", 443)]
    assert names.queries == [("smdp.example", 443)]


def test_connect_to_may_name_a_private_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        names = Names(found("127.0.0.1", port=port))
        Connector([ConnectTo.parse(f"::other.example:{port}")], resolve=names).connect(ADDRESS).close()
        assert names.queries == [("other.example", port)]


def test_the_next_address_is_tried_when_one_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        names = Names([*found("127.0.0.1", port=1), *found("127.0.0.1", port=port)])
        with Connector([ConnectTo.parse("::x.example:")], resolve=names).connect(ADDRESS) as plain:
            assert plain.getpeername()[1] == port


def test_the_body_of_a_request_does_not_wait_for_the_header_to_be_acknowledged() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        names = Names(found("127.0.0.1", port=listener.getsockname()[1]))
        with Connector([ConnectTo.parse("::x.example:")], resolve=names).connect(ADDRESS) as plain:
            assert plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_name_without_addresses_is_reported() -> None:
    with pytest.raises(ConnectFailed, match="the name has no addresses"):
        Connector(resolve=Names([])).connect(ADDRESS)


def test_an_invalid_name_is_reported() -> None:
    with pytest.raises(ConnectFailed):
        Connector().connect(ServerAddress(f"{'a' * 63}." * 3 + "a" * 63 + "." + "b" * 63))


def test_a_name_that_does_not_resolve_in_time_is_abandoned() -> None:
    over = threading.Event()

    def resolving(_host: str, _port: int) -> Sequence[tuple[Any, ...]]:
        over.wait(10)
        return []

    try:
        with pytest.raises(ConnectFailed, match=r"Cannot reach smdp\.example: it did not answer in time"):
            Connector(resolve=resolving, timeout=0.05).connect(ADDRESS)
    finally:
        over.set()


# A proxy resolves the name


class ProxyUsed(Exception):
    """The proxy was connected to."""


def through_a_proxy(host: str, *rows: str) -> None:
    def resolve(host: str, _port: int) -> Sequence[tuple[Any, ...]]:
        assert host == "proxy.example"
        raise ProxyUsed

    rows_ = [ConnectTo.parse(row) for row in rows]
    Connector(rows_, proxy=choose("http://proxy.example"), resolve=resolve).connect(ServerAddress.parse(host))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "a.localhost",
        "printer.local",
        "metadata.google.internal",
        "router.home.arpa",
        "a.service.arpa",
        "1.0.0.127.in-addr.arpa",
        "a.test",
        "a.invalid",
        "a.onion",
        "a.alt",
        "intranet",
        "a.corp",
        "a.home",
        "a.lan",
        "A.LOCAL.",
    ],
)
def test_a_local_name_is_not_sent_to_a_proxy(host: str) -> None:
    with pytest.raises(ConnectFailed, match="this is not a name on the internet") as caught:
        through_a_proxy(host)
    assert "--connect-to" in caught.value.advice
    with pytest.raises(ProxyUsed):
        through_a_proxy(host, "::10.0.0.1:")


@pytest.mark.parametrize("host", ["smdp.example", "local.example", "a.internal.com", "localhost.com"])
def test_other_names_are_sent_to_a_proxy(host: str) -> None:
    with pytest.raises(ProxyUsed):
        through_a_proxy(host)
