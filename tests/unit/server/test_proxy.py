"""A proxy is used only on request, and sees only where the connection goes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from lpa.errors import ConnectFailed, NotVerified
from lpa.rsp.limits import HEADER_BYTES
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.server import proxy
from lpa.server.connect_to import ConnectTo
from lpa.server.https import Https
from lpa.server.proxy import Proxy, choose
from lpa.server.trust import Trust
from tests.support.tls_faults import CI, GOOD, HOST, Peer, http, plain_peer, recording, tls_peer

ADDRESS = ServerAddress(HOST)
CI_PKIDS = (KeyIdentifier(CI.key_identifier),)
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n"


@contextlib.contextmanager
def relay(peer: Peer, answer: bytes = ESTABLISHED) -> Iterator[Peer]:
    """A proxy that connects everything to `peer`; its `received` is the request to connect."""

    def script(own: Peer, plain: socket.socket) -> None:
        while not own.received.endswith(b"\r\n\r\n"):
            own.received += plain.recv(1)
        plain.sendall(answer)
        if answer != ESTABLISHED:
            return
        with socket.create_connection(("127.0.0.1", peer.port)) as onward:
            back = threading.Thread(target=_pass_on, args=(onward, plain))
            back.start()
            _pass_on(plain, onward)
            back.join()

    with plain_peer(script) as own:
        yield own


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(4096):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def test_tls_passes_through_a_proxy_to_the_server_by_name() -> None:
    with tls_peer(recording, GOOD) as peer, relay(peer) as between:
        chosen = choose(f"http://me:pass%20word@127.0.0.1:{between.port}")
        with Https(Trust.system(), proxy=chosen) as client:
            client.post(ADDRESS, "/", b"secret", {}, ci_pkids=CI_PKIDS)
        assert bytes(between.received) == (
            b"CONNECT smdp.example:443 HTTP/1.1\r\n"
            b"Host: smdp.example:443\r\n"
            b"Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n\r\n"
        )


def test_connect_to_applies_behind_a_proxy() -> None:
    with tls_peer(recording, GOOD) as peer, relay(peer) as between:
        row = ConnectTo.parse("::[2001:db8::1]:8443")
        chosen = choose(f"127.0.0.1:{between.port}")
        with Https(Trust.system(), connect_to=[row], proxy=chosen) as client:
            client.handshake(ADDRESS, ci_pkids=CI_PKIDS)
        assert between.received.startswith(b"CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n")
        assert b"Authorization" not in between.received


def test_a_proxy_that_answers_itself_is_refused() -> None:
    with (
        tls_peer(
            recording, CI.issue_server("other.example", now=GOOD.certificate.not_valid_before_utc)
        ) as peer,
        relay(peer) as between,
        Https(Trust.system(), proxy=choose(f"127.0.0.1:{between.port}")) as client,
        pytest.raises(NotVerified),
    ):
        client.post(ADDRESS, "/", b"secret", {}, ci_pkids=CI_PKIDS)
    assert peer.received == b""


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (http("407 Proxy Authentication Required"), r"answered 407 \(Proxy Authentication Required\)"),
        (http("502 Bad Gateway"), r"the proxy 127\.0\.0\.1:[0-9]+ answered 502 \(Bad Gateway\)"),
        (http("302 Found", b"", "Location: https://elsewhere.example"), "answered 302"),
        (b"", "did not answer with HTTP"),
        (b"SSH-2.0-x\r\n\r\n", "did not answer with HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "did not answer with HTTP"),
        (b"HTTP/1.1\r\n\r\n", "did not answer with HTTP"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * (HEADER_BYTES + 2), "did not answer with HTTP"),
    ],
)
def test_a_proxy_that_does_not_connect_is_reported(answer: bytes, reason: str) -> None:
    with (
        relay(Peer(1), answer) as between,
        Https(Trust.system(), proxy=choose(f"127.0.0.1:{between.port}")) as client,
        pytest.raises(ConnectFailed, match=reason),
    ):
        client.handshake(ADDRESS)


@pytest.mark.parametrize(("more", "accepted"), [(0, True), (1, False)])
def test_a_proxys_header_may_be_as_long_as_the_limit_and_not_a_byte_longer(more: int, accepted: bool) -> None:
    """The connection stays open, so only the limit ends a header that is too long."""
    start = b"HTTP/1.1 200 OK\r\nA: "
    head = start + b"b" * (HEADER_BYTES - len(start) - 4 + more) + b"\r\n\r\n"
    near, far = socket.socketpair()
    with near, far:
        writer = threading.Thread(target=far.sendall, args=(head + b"S",))
        writer.start()
        if accepted:
            Proxy("p.example", 80).tunnel(near, HOST, 443, timeout=10)
        else:
            with pytest.raises(proxy.ProxyRefused, match="did not answer with HTTP"):
                Proxy("p.example", 80).tunnel(near, HOST, 443, timeout=10)
        assert near.recv(1) == b"S"  # What follows is the server's.
        writer.join()


def test_a_slow_proxy_is_abandoned() -> None:
    def dripping(peer: Peer, plain: socket.socket) -> None:
        plain.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not peer.over.wait(0.005):
            plain.sendall(b"y")

    with (
        plain_peer(dripping) as between,
        Https(Trust.system(), proxy=choose(f"127.0.0.1:{between.port}"), connect_timeout=0.2) as client,
        pytest.raises(ConnectFailed, match="it did not answer in time"),
    ):
        client.handshake(ADDRESS)


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("http://proxy.example", Proxy("proxy.example", 80)),
        ("http://proxy.example:3128/", Proxy("proxy.example", 3128)),
        ("proxy.example:3128", Proxy("proxy.example", 3128)),
        ("http://[::1]:3128", Proxy("::1", 3128)),
        ("http://a:b@proxy.example", Proxy("proxy.example", 80, "Basic YTpi")),
    ],
)
def test_a_proxy_url_is_parsed(url: str, parsed: Proxy) -> None:
    assert Proxy.parse(url) == parsed


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "https://p.example",
        "socks5://p.example",
        "http://p.example/x",
        "http://p.example:x",
        "http://[",
    ],
)
def test_an_invalid_proxy_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^a proxy is given as http://HOST:PORT$"):
        Proxy.parse(url)


def test_a_password_is_not_shown() -> None:
    assert "YTpi" not in repr(Proxy.parse("http://a:b@proxy.example"))


def test_env_uses_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "near.example")
    chosen = choose("env")
    assert chosen(ADDRESS) == Proxy("proxy.example", 3128)
    assert chosen(ServerAddress("a.near.example")) is None
    monkeypatch.delenv("https_proxy")
    assert chosen(ADDRESS) is None


def test_an_invalid_proxy_in_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://me:secret@proxy.example")
    with pytest.raises(proxy.ProxyRefused) as caught:
        choose("env")(ADDRESS)
    assert "secret" not in str(caught.value)
    with (
        pytest.raises(ConnectFailed, match="is not valid"),
        Https(Trust.system(), proxy=choose("env")) as client,
    ):
        client.handshake(ADDRESS)
