"""TLS servers on loopback that do what servers should not: each is a script run on one connection.

A script gets the connection after the handshake, and its `Peer`: what the test sees of the server.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lpa.server.connect_to import ConnectTo
from lpa.server.https import Https
from lpa.server.trust import Trust
from lpa.sim.crypto.pki import Authority, Credentials, pem
from lpa.sim.servers.https_server import tls_context

HOST = "smdp.example"
NOW = datetime.now(UTC)
CI = Authority.mint(now=NOW)
GOOD = CI.issue_server(HOST, now=NOW)


@dataclass
class Peer:
    """A running server: where it listens, how many handshakes succeeded, and what it read after them.

    `requests`: whole ones; `received`: by `recording`, whatever it was.
    """

    port: int
    handshakes: int = 0
    requests: list[bytes] = field(default_factory=list)
    received: bytearray = field(default_factory=bytearray)
    over: threading.Event = field(default_factory=threading.Event)

    def take(self, connection: socket.socket) -> bool:
        """Read one whole request with a Content-Length; False if the client left instead."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(4096)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(4096)
        self.requests.append(head + b"\r\n\r\n" + body)
        return True


Script = Callable[[Peer, socket.socket], object]


def trusting(authority: Authority) -> Trust:
    return Trust(pem(authority.certificate).decode())


def plain_context(authority: Authority) -> ssl.SSLContext:
    """TLS of a client that shares nothing with ours. It trusts `authority` and does not care for names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem(authority.certificate).decode())
    context.check_hostname = False
    if authority.key.curve.name.startswith("brainpool"):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ecdh_curve(authority.key.curve.name)
    return context


def https(
    peer: Peer,
    *,
    trust: Trust | None = None,
    read_timeout: float = 5.0,
    deadline: float = 5.0,
    max_body: int = 1 << 20,
) -> Https:
    """A client that trusts CI and goes to `peer` whatever the address says."""
    row = ConnectTo.parse(f"::127.0.0.1:{peer.port}")
    trust = trust or trusting(CI)
    return Https(trust, connect_to=[row], read_timeout=read_timeout, deadline=deadline, max_body=max_body)


def showing(*ders: bytes, key: ec.EllipticCurvePrivateKey = GOOD.key) -> ssl.SSLContext:
    """TLS of a server that shows whatever bytes for certificates, its own first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if key.curve.name.startswith("brainpool"):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ecdh_curve(key.curve.name)
    held = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(held + "".join(map(ssl.DER_cert_to_PEM_cert, ders)))
        file.flush()
        context.load_cert_chain(file.name)
    return context


@contextlib.contextmanager
def tls_peer(
    script: Script, credentials: Credentials = GOOD, *, context: ssl.SSLContext | None = None
) -> Iterator[Peer]:
    """A server that does the handshake with `credentials` and then runs `script` on each connection."""
    secured = context or tls_context(credentials)

    def handshake(peer: Peer, plain: socket.socket) -> None:
        with secured.wrap_socket(plain, server_side=True) as secure:
            peer.handshakes += 1
            script(peer, secure)

    with plain_peer(handshake) as peer:
        yield peer


@contextlib.contextmanager
def plain_peer(script: Script) -> Iterator[Peer]:
    """A server that knows no TLS and runs `script` on each connection, in a thread of its own."""
    threads: list[threading.Thread] = []

    def talk(plain: socket.socket) -> None:
        with plain, contextlib.suppress(OSError):
            script(peer, plain)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listener.accept()
                plain.settimeout(10)
                threads.append(threading.Thread(target=talk, args=(plain,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = Peer(listener.getsockname()[1])
        threads.append(threading.Thread(target=listen))
        threads[0].start()
        try:
            yield peer
        finally:
            peer.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def answering(*answers: bytes) -> Script:
    """Give one answer to each request, then say goodbye properly."""

    def script(peer: Peer, connection: socket.socket) -> None:
        for answer in answers:
            if not peer.take(connection):
                return
            connection.sendall(answer)
        if isinstance(connection, ssl.SSLSocket):
            connection.unwrap()

    return script


def recording(peer: Peer, connection: socket.socket) -> None:
    """Take down whatever comes after the handshake, and answer as soon as it could be a request."""
    while piece := connection.recv(4096):
        peer.received += piece
        if b"secret" in piece:
            connection.sendall(http("204 No Content"))


def cutting(answer: bytes) -> Script:
    """Take a request, send `answer` and cut the wire without a TLS goodbye."""

    def script(peer: Peer, connection: socket.socket) -> None:
        peer.take(connection)
        connection.sendall(answer)

    return script


def dripping(start: bytes, drop: bytes) -> Script:
    """Take a request, send `start`, then `drop` again and again every few milliseconds."""

    def script(peer: Peer, connection: socket.socket) -> None:
        peer.take(connection)
        connection.sendall(start)
        while not peer.over.wait(0.005):
            connection.sendall(drop)

    return script


def endless(start: bytes, piece: bytes) -> Script:
    """Take a request, send `start`, then `piece` as often as the client will have it."""

    def script(peer: Peer, connection: socket.socket) -> None:
        peer.take(connection)
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return script


def silent(peer: Peer, connection: socket.socket) -> None:
    """Take what comes and say nothing, until a client that waits for ever would be one that hangs."""
    connection.recv(4096)
    peer.over.wait(10)


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP/1.1 answer with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
