"""What a peer can and cannot do to a TLS connection."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from lpa.server import tls
from lpa.sim.crypto.certificate_parts import der
from lpa.sim.crypto.pki import Credentials
from tests.support.tls_faults import CI, GOOD, HOST, NOW, Peer, Script, plain_peer, showing, silent, tls_peer

SHOWN = der(GOOD.certificate)
OTHER = CI.issue_server("other.example", now=NOW)


@contextlib.contextmanager
def stream(peer: Peer) -> Iterator[tls.TlsStream]:
    """A connection to `peer`, before the handshake."""
    plain = socket.create_connection(("127.0.0.1", peer.port))
    connected = tls.TlsStream(tls.context(), plain, HOST)
    try:
        yield connected
    finally:
        connected.hang_up()


def test_a_handshake_has_the_peers_certificates_and_openssls_objections() -> None:
    with tls_peer(silent, GOOD) as peer, stream(peer) as connected:
        handshake = connected.handshake()
    assert handshake.chain == (SHOWN,)
    assert 20 in handshake.objections  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY


def test_an_answer_can_be_collected_after_what_it_was_read_from() -> None:
    with tls_peer(silent) as peer, stream(peer) as connected:
        reader = connected.makefile()
        reader.raw.close()
        reader.flush()
        reader.close()


def test_an_authority_of_the_context_leaves_no_objection_and_is_the_root() -> None:
    with tls_peer(silent, GOOD) as peer:
        plain = socket.create_connection(("127.0.0.1", peer.port))
        connected = tls.TlsStream(tls.context([CI.certificate]), plain, HOST)
        handshake = connected.handshake()
        connected.hang_up()
    assert (handshake.objections, handshake.root) == ((), der(CI.certificate))


def renegotiating(credentials: Credentials, done: list[object]) -> Script:
    """A server that renegotiates in the middle of the connection, with another certificate."""

    def script(_peer: Peer, plain: socket.socket) -> None:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        context.use_certificate(GOOD.certificate)
        context.use_privatekey(GOOD.key)
        plain.settimeout(None)
        connection = SSL.Connection(context, plain)
        connection.set_accept_state()
        connection.do_handshake()
        connection.use_certificate(credentials.certificate)
        connection.use_privatekey(credentials.key)
        try:
            connection.renegotiate()
            connection.do_handshake()
            connection.sendall(b"anew")
            done.append(connection.recv(100))
        except SSL.Error as error:
            done.append(error)

    return script


def test_a_verified_peer_cannot_change_its_certificate() -> None:
    """TLS 1.2 lets a server request a new handshake on the same connection; that is refused."""
    done: list[object] = []
    with plain_peer(renegotiating(OTHER, done)) as peer, stream(peer) as connected:
        assert connected.handshake().chain == (SHOWN,)
        connected.allow(100)
        with contextlib.suppress(OSError):
            connected.makefile().read(4)
        chain = connected._tls.get_peer_cert_chain(as_cryptography=True)
        assert chain == [GOOD.certificate]
        assert connected._tls.total_renegotiations() == 0
    assert isinstance(done[0], SSL.Error) or done == [b""]


def test_writing_to_a_peer_that_does_not_read_times_out() -> None:
    def deaf(peer: Peer, _connection: socket.socket) -> None:
        peer.over.wait()

    with tls_peer(deaf, GOOD) as peer, stream(peer) as connected:
        connected.handshake()
        connected.limit_time(0.05, float("inf"))
        with pytest.raises(TimeoutError):
            connected.sendall(bytes(50_000_000))


def test_reading_ends_at_the_allowed_size() -> None:
    def talking(_peer: Peer, connection: socket.socket) -> None:
        while True:
            connection.sendall(bytes(1000))

    with tls_peer(talking, GOOD) as peer, stream(peer) as connected:
        connected.handshake()
        connected.allow(5000)
        reader = connected.makefile()
        assert len(reader.read(5000)) == 5000
        with pytest.raises(tls.TooMuch):
            reader.read(1)


HELLO_REQUEST = bytes.fromhex("16 0303 0004 00000000")  # a record with a message that needs no answer


def flooding(_peer: Peer, plain: socket.socket) -> None:
    while True:
        plain.sendall(1000 * HELLO_REQUEST)


def test_a_flood_of_messages_that_need_no_answer_times_out() -> None:
    """OpenSSL itself would read on as long as they arrive, regardless of timeouts and Ctrl-C."""
    with plain_peer(flooding) as peer, stream(peer) as connected:
        connected.limit_time(60, time.monotonic() + 0.2)
        with pytest.raises(TimeoutError):
            connected.handshake()


def test_certificates_are_given_as_they_came() -> None:
    """Also one that only OpenSSL can read: it does no harm among others."""
    odd = changed(bytes.fromhex("A003020102"), bytes.fromhex("A003020106"))
    with tls_peer(silent, context=showing(SHOWN, odd)) as peer, stream(peer) as connected:
        assert connected.handshake().chain == (SHOWN, odd)


def changed(before: bytes, after: bytes) -> bytes:
    """A genuine certificate with some bytes of it changed."""
    return der(OTHER.certificate).replace(before, after, 1)


def test_threads_may_share_one_context() -> None:
    context, seen = tls.context(), []

    def handshake(port: int) -> None:
        connected = tls.TlsStream(context, socket.create_connection(("127.0.0.1", port)), HOST)
        seen.append(connected.handshake())
        connected.hang_up()

    with tls_peer(silent, GOOD) as peer:
        threads = [threading.Thread(target=handshake, args=(peer.port,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(seen) == 8
    assert {handshake.chain for handshake in seen} == {(SHOWN,)}
    assert all(handshake.objections == seen[0].objections != () for handshake in seen)
