"""An answer that nobody asked for acknowledges nothing: only what follows a request answers it."""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import pytest

from lpa.errors import BadAnswer, ConnectFailed
from lpa.rsp.limits import HEADER_BYTES
from lpa.rsp.names import ServerAddress
from lpa.server.https import HttpAnswer
from lpa.sim.servers.https_server import tls_context
from tests.support.tls_faults import GOOD, HOST, Peer, answering, http, https, plain_peer, tls_peer

ADDRESS = ServerAddress(HOST)
DONE = b"HTTP/1.1 204 No Content\r\n\r\n"


def filled(size: int) -> bytes:
    """An acknowledgement whose header has exactly so many bytes."""
    start, end = b"HTTP/1.1 204 No Content\r\n", b"\r\n\r\n"
    lines = b"".join(b"A: " + 995 * b"b" + b"\r\n" for _ in range((size - len(start)) // 1000 - 1))
    return start + lines + b"A: " + b"b" * (size - len(start + lines + end) - 3) + end


@pytest.mark.parametrize("first", [DONE, filled(HEADER_BYTES - len(DONE)), filled(8192)], ids=len)
def test_a_second_answer_behind_the_first_answers_no_request(first: bytes) -> None:
    """In one TLS record, so that it waits within OpenSSL or in a buffer, and not on the socket."""

    def script(peer: Peer, connection: socket.socket) -> None:
        peer.take(connection)
        connection.sendall(first + DONE)
        peer.take(connection)

    with tls_peer(script) as peer, https(peer) as client:
        for number in (b"first", b"second"):
            assert client.post(ADDRESS, "/", number, {}).status == 204
        assert peer.handshakes == 2
    assert [request[-6:].strip() for request in peer.requests] == [b"first", b"second"]


def test_an_answer_before_the_request_answers_nothing() -> None:
    """It comes with the server's last message of the handshake."""

    def script(_peer: Peer, plain: socket.socket) -> None:
        context = tls_context(GOOD)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # in which the server ends the handshake
        received, written = ssl.MemoryBIO(), ssl.MemoryBIO()
        secure = context.wrap_bio(received, written, server_side=True)
        while True:
            try:
                secure.do_handshake()
                break
            except ssl.SSLWantReadError:
                plain.sendall(written.read())
                received.write(plain.recv(1 << 16))
        secure.write(DONE)
        plain.sendall(written.read())
        plain.recv(1 << 16)

    with (
        plain_peer(script) as peer,
        https(peer) as client,
        pytest.raises(ConnectFailed, match="sent data before a request"),
    ):
        client.post(ADDRESS, "/", b"notification", {})


NO_NUMBER, TOO_LONG = "did not answer with HTTP", "sent more bytes than its answer declares"


@pytest.mark.parametrize(
    ("answer", "objection"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", NO_NUMBER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", NO_NUMBER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0_2\r\n\r\n{}", NO_NUMBER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 0\r\n\r\n{}", NO_NUMBER),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: -1\r\n\r\n", NO_NUMBER),
        (http("200 OK", b"{}") + b"more", TOO_LONG),
        (http("204 No Content") + b"<html>", TOO_LONG),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nmore", TOO_LONG),
    ],
)
def test_a_body_of_another_length_than_declared_is_a_bad_answer(answer: bytes, objection: str) -> None:
    with (
        tls_peer(answering(answer)) as peer,
        https(peer) as client,
        pytest.raises(BadAnswer, match=objection),
    ):
        client.post(ADDRESS, "/", b"", {})


def test_bytes_that_come_later_end_the_connection() -> None:
    def script(peer: Peer, connection: socket.socket) -> None:
        peer.take(connection)
        connection.sendall(DONE)
        if peer.handshakes == 1:
            peer.over.wait(0.05)
            connection.sendall(DONE)
        peer.take(connection)

    with tls_peer(script) as peer, https(peer) as client:
        assert client.post(ADDRESS, "/", b"first", {}).status == 204
        (idle,) = client._idle.values()
        select.select([idle.stream], [], [], 10)
        assert client.post(ADDRESS, "/", b"second", {}) == HttpAnswer(204, b"")
        assert (peer.handshakes, len(peer.requests)) == (2, 2)


def test_a_message_of_tls_itself_leaves_the_connection_clean(tmp_path: Path) -> None:
    """As a session ticket, a change of keys is no data: no new handshake is needed (RFC 8446 §4.6)."""
    (tmp_path / "server.pem").write_bytes(GOOD.pem_chain + GOOD.key_pem)
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(tmp_path / "server.pem")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        shown, typed = server.stdout, server.stdin
        assert shown
        assert typed
        try:
            port = int(_until(shown, b"ACCEPT ").rpartition(b":")[2])
            with ThreadPoolExecutor() as pool, https(Peer(port)) as client:
                for body in (b"first\n", b"second\n"):
                    posted = pool.submit(client.post, ADDRESS, "/", body, {})
                    _until(shown, body)
                    typed.write(DONE)
                    typed.flush()
                    assert posted.result(10).status == 204
                    (idle,) = client._idle.values()
                    typed.write(b"k\n")  # send KeyUpdate
                    typed.flush()
                    assert select.select([idle.stream], [], [], 10)[0]
                assert not idle.ended
        finally:
            server.kill()


def _until(shown: IO[bytes], wanted: bytes) -> bytes:
    """The next line with `wanted`."""
    return next(line for line in shown if wanted in line)
