"""One POST over verified HTTPS: the request, the answer, and the errors."""

import select
import socket
import ssl
import threading
import time
import warnings

import pytest

from lpa.errors import BadAnswer, ConnectFailed, LpaError, NotVerified, OutcomeUnknown
from lpa.rsp.limits import IDLE_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.https import HttpAnswer, Https
from lpa.sim.crypto.pki import Authority
from lpa.sim.servers.https_server import tls_context
from lpa.stop import Stop, StopRequested, heeding
from tests.support.tls_faults import (
    CI,
    GOOD,
    HOST,
    NOW,
    Peer,
    Script,
    answering,
    cutting,
    dripping,
    endless,
    http,
    https,
    plain_peer,
    silent,
    tls_peer,
    trusting,
)

ADDRESS = ServerAddress(HOST)
OTHER = Authority.mint(now=NOW)
BRAINPOOL = Authority.mint(curve="brainpoolP256r1", now=NOW)
OK = http("200 OK", b"answer")


def post(client: Https, address: ServerAddress = ADDRESS) -> HttpAnswer:
    with client:
        return client.post(address, "/path", b"question", {"User-Agent": "test"})


# Request and answer


def test_a_post_has_exactly_these_bytes() -> None:
    with tls_peer(answering(OK)) as peer:
        assert post(https(peer)) == HttpAnswer(200, b"answer")
    assert peer.requests == [
        b"POST /path HTTP/1.1\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Content-Length: 8\r\n"
        b"Host: smdp.example\r\n"
        b"User-Agent: test\r\n"
        b"\r\n"
        b"question"
    ]


def test_the_host_header_names_a_port_other_than_the_default() -> None:
    with tls_peer(answering(OK)) as peer:
        post(https(peer), ServerAddress(HOST, 8443))
    assert b"\r\nHost: smdp.example:8443\r\n" in peer.requests[0]


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", HttpAnswer(204, b"")),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", HttpAnswer(204, b"")),
        (http("500 Internal Server Error", b"<html>"), HttpAnswer(500, b"<html>")),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", HttpAnswer(200, b"to the end")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            HttpAnswer(200, b"abcde"),
        ),
    ],
)
def test_every_complete_answer_is_returned(sent: bytes, answer: HttpAnswer) -> None:
    with tls_peer(answering(sent)) as peer:
        assert post(https(peer)) == answer


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with tls_peer(answering(OK)) as elsewhere:
        location = f"Location: https://{HOST}:{elsewhere.port}/path"
        with tls_peer(answering(http("307 Temporary Redirect", b"", location))) as peer:
            assert post(https(peer)).status == 307
    assert elsewhere.requests == []


def test_a_second_post_needs_no_new_handshake() -> None:
    with tls_peer(answering(OK, OK)) as peer, https(peer) as client:
        client.post(ADDRESS, "/1", b"", {})
        client.post(ADDRESS, "/2", b"", {})
        assert peer.handshakes == 1
        assert len(peer.requests) == 2


def test_a_host_in_capitals_is_the_same_server() -> None:
    with tls_peer(answering(OK, OK)) as peer, https(peer) as client:
        client.post(ADDRESS, "/1", b"", {})
        client.post(ServerAddress.parse(HOST.upper()), "/2", b"", {})
        assert peer.handshakes == 1
        assert all(f"\r\nHost: {HOST}\r\n".encode() in request for request in peer.requests)


def test_a_host_in_capitals_is_resolved_and_verified_in_lower_case() -> None:
    with tls_peer(answering(OK)) as peer, https(peer) as client:
        assert client.post(ServerAddress.parse(HOST.upper()), "/1", b"", {}).status == 200
    assert f"\r\nHost: {HOST}\r\n".encode() in peer.requests[0]


def test_a_closed_connection_is_opened_again() -> None:
    closing = http("200 OK", b"", "Connection: close")
    with tls_peer(answering(closing)) as peer, https(peer) as client:
        client.post(ADDRESS, "/1", b"", {})
        client.post(ADDRESS, "/2", b"", {})
        assert peer.handshakes == 2


def test_a_connection_that_was_closed_while_idle_is_opened_again() -> None:
    answered = threading.Event()

    def leaving(peer: Peer, connection: socket.socket) -> None:
        peer.take(connection)
        connection.sendall(OK)
        answered.wait(10)

    with tls_peer(leaving) as peer, https(peer) as client:
        client.post(ADDRESS, "/1", b"", {})
        (idle,) = client._idle.values()
        answered.set()
        select.select([idle.stream], [], [], 10)  # until it has closed
        assert client.post(ADDRESS, "/2", b"", {}).status == 200
        assert peer.handshakes == 2


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with tls_peer(answering(OK)) as peer:
        assert post(https(peer)).status == 200


# Stops


def test_a_stop_ends_the_wait_for_an_answer() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    with tls_peer(silent) as peer, heeding(stop), pytest.raises(StopRequested):
        post(https(peer))


def test_an_answer_has_no_more_time_than_a_stop_leaves() -> None:
    """The end of that time is the stop, and no failure of the network."""
    began = time.monotonic()
    with tls_peer(silent) as peer, heeding(Stop(after=0.2)), pytest.raises(StopRequested):
        post(https(peer))
    assert time.monotonic() - began < 10


def test_nothing_is_sent_after_a_stop() -> None:
    with heeding(Stop(after=0)), pytest.raises(StopRequested):
        post(https(Peer(free_port())))


def test_a_stop_ends_the_wait_for_a_name() -> None:
    released = threading.Event()

    def resolve(_host: str, _port: int) -> list[tuple[object, ...]]:
        assert released.wait(30)
        return []

    with heeding(Stop(after=0.05)), pytest.raises(StopRequested):
        post(Https(trusting(CI), resolve=resolve))
    released.set()


# Errors before the request


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_server_that_is_down_is_named_with_the_reason() -> None:
    port = free_port()
    with pytest.raises(ConnectFailed) as caught:
        post(https(Peer(port)))
    assert str(caught.value) == f"Cannot reach smdp.example at 127.0.0.1:{port}: connection refused."


def test_a_name_that_does_not_resolve_is_named() -> None:
    with pytest.raises(ConnectFailed, match=r"Cannot reach nowhere\.invalid: the name does not resolve"):
        post(Https(trusting(CI)), ServerAddress("nowhere.invalid"))


def test_a_server_without_a_timely_handshake_was_not_reached() -> None:
    with plain_peer(silent) as peer:
        row = ConnectTo.parse(f"::127.0.0.1:{peer.port}")
        client = Https(trusting(CI), connect_to=[row], connect_timeout=0.05)
        with pytest.raises(ConnectFailed, match="it did not answer in time"):
            post(client)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda _, connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"), "no secure connection"),
        (lambda _, connection: connection.recv(5000), "it closed the connection"),
    ],
)
def test_a_server_without_tls_was_not_reached(script: Script, reason: str) -> None:
    with plain_peer(script) as peer, pytest.raises(ConnectFailed, match=reason):
        post(https(peer))


def test_tls_1_1_is_refused() -> None:
    context = tls_context(GOOD)
    with warnings.catch_warnings(action="ignore"):  # deprecated in Python
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with tls_peer(answering(OK), context=context) as peer:
        with pytest.raises(ConnectFailed, match=r"no secure connection is possible .*version"):
            post(https(peer))
        assert peer.handshakes == 0


def test_a_server_with_a_brainpool_key_gets_a_second_handshake() -> None:
    with tls_peer(answering(OK), BRAINPOOL.issue_server(HOST, now=NOW)) as peer:
        assert post(https(peer, trust=trusting(BRAINPOOL))) == HttpAnswer(200, b"answer")
        assert peer.handshakes == 1


@pytest.mark.parametrize(
    ("authority", "name", "objection"),
    [
        (BRAINPOOL, "other.example", "not for"),
        (OTHER, HOST, "neither the card nor"),
    ],
)
def test_the_second_handshake_is_verified_like_the_first(
    authority: Authority, name: str, objection: str
) -> None:
    minted = BRAINPOOL.issue_server(name, now=NOW)
    with tls_peer(answering(OK), minted) as peer, pytest.raises(NotVerified, match=objection):
        post(https(peer, trust=trusting(authority)))


def test_a_request_after_a_handshake_needs_no_other() -> None:
    with tls_peer(answering(OK)) as peer, https(peer) as client:
        anchors = {client.handshake(ADDRESS), client.handshake(ADDRESS)}
        assert client.post(ADDRESS, "/", b"", {}).trust_anchor in anchors
        assert (len(anchors), peer.handshakes) == (1, 1)


def test_a_connection_that_was_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A router may have forgotten it, and a request on it would have an unknown outcome."""
    with tls_peer(answering(OK, OK)) as peer, https(peer) as client:
        client.post(ADDRESS, "/1", b"", {})
        now = time.monotonic
        monkeypatch.setattr("lpa.server.https.time.monotonic", lambda: now() + IDLE_SECONDS + 1)
        client.post(ADDRESS, "/2", b"", {})
        assert peer.handshakes == 2


def test_a_handshake_alone_verifies_a_server() -> None:
    with tls_peer(answering(OK)) as peer, https(peer) as client:
        client.handshake(ADDRESS)
        with pytest.raises(NotVerified, match="not for"):
            client.handshake(ServerAddress("other.example"))
    assert peer.requests == []
    with pytest.raises(ConnectFailed), https(peer) as client:
        client.handshake(ADDRESS)


# Errors after the request


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (cutting(b""), "it closed the connection"),
        (cutting(b"HTTP/1.1 200 OK\r\nContent-"), "it closed the connection"),
        (cutting(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "it closed the connection"),
        (cutting(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), "it closed"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "4 bytes read, 6 more expected"),
        (answering(b""), "it closed the connection"),
    ],
)
def test_an_incomplete_answer_leaves_the_outcome_unknown(script: Script, reason: str) -> None:
    with tls_peer(script) as peer, pytest.raises(OutcomeUnknown, match=reason) as caught:
        post(https(peer))
    assert str(caught.value).startswith(
        "The request was sent to smdp.example, but no complete answer arrived"
    )
    assert "list" not in caught.value.advice  # the default advice is about a card


def test_an_answer_without_length_must_end_with_close_notify() -> None:
    """An attacker who cuts the connection must not turn a refusal into an empty acknowledgement."""
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    with tls_peer(cutting(head)) as peer, pytest.raises(OutcomeUnknown, match="it closed the connection"):
        post(https(peer))
    with tls_peer(answering(head)) as peer:
        assert post(https(peer)) == HttpAnswer(200, b"")


def test_a_silent_server_times_out() -> None:
    with tls_peer(silent) as peer, pytest.raises(OutcomeUnknown, match="it did not answer in time"):
        post(https(peer, read_timeout=0.05))


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_a_slow_answer_ends_at_the_deadline(start: bytes, drop: bytes) -> None:
    with tls_peer(dripping(start, drop)) as peer, pytest.raises(OutcomeUnknown, match="in time"):
        post(https(peer, deadline=0.1))


def test_an_endless_body_ends_at_the_limit() -> None:
    chunked = endless(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3e8\r\n%s\r\n" % bytes(1000)
    )
    plain = endless(b"HTTP/1.1 200 OK\r\n\r\n", bytes(1000))
    for script in (chunked, plain):
        with tls_peer(script) as peer, pytest.raises(BadAnswer, match="more than 5000 bytes"):
            post(https(peer, max_body=5000))


def test_a_body_as_large_as_the_limit_is_accepted() -> None:
    with tls_peer(answering(http("200 OK", bytes(5000)))) as peer:
        assert len(post(https(peer, max_body=5000)).body) == 5000


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x15\x03\x01 no HTTP at all\r\n\r\n",
        b"HTTP/1.1 many OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab",
    ],
)
def test_garbage_instead_of_http_is_a_bad_answer(garbage: bytes) -> None:
    with (
        tls_peer(answering(garbage)) as peer,
        pytest.raises(BadAnswer, match="did not answer with HTTP") as caught,
    ):
        post(https(peer))
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("drop", [b"A: b\r\n", b"b" * 1000, b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_an_endless_header_ends_at_the_limit(drop: bytes) -> None:
    script = endless(b"HTTP/1.1 200 OK\r\nA: ", drop)
    with tls_peer(script) as peer, pytest.raises(BadAnswer):
        post(https(peer, max_body=50_000))


def test_a_body_in_tiny_chunks_ends_at_the_limit() -> None:
    script = endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;xxxxxxxxxx\r\nx\r\n" * 100)
    with tls_peer(script) as peer, pytest.raises(BadAnswer, match="more than the limit for an answer"):
        post(https(peer, max_body=50_000))


def test_an_informational_answer_is_not_taken_for_that_to_the_next_request() -> None:
    """The late answer is for the first request, and must not acknowledge the second."""
    late = threading.Event()

    def script(peer: Peer, connection: socket.socket) -> None:
        peer.take(connection)
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        if peer.take(connection):
            late.set()
            connection.sendall(http("204 No Content"))

    with tls_peer(script) as peer, https(peer) as client:
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match="HTTP status 103 is not final"):
                client.post(ADDRESS, "/", b"", {})
    assert (peer.handshakes, late.is_set()) == (2, False)


def test_a_failed_connection_is_not_used_again() -> None:
    with tls_peer(cutting(b"")) as peer, https(peer) as client:
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                client.post(ADDRESS, "/", b"", {})
        assert peer.handshakes == 2


def test_the_first_matching_row_of_connect_to_is_used() -> None:
    with tls_peer(answering(OK)) as peer:
        rows = ["other.example::127.0.0.1:1", f"{HOST}::127.0.0.1:{peer.port}", "::127.0.0.1:1"]
        assert post(Https(trusting(CI), connect_to=[ConnectTo.parse(row) for row in rows])).status == 200


def test_the_name_is_checked_for_the_address_and_not_for_the_target() -> None:
    for_target = CI.issue_server("localhost", now=NOW, also=["127.0.0.1"])
    with tls_peer(answering(OK), for_target) as peer:
        row = ConnectTo.parse(f"{HOST}:443:localhost:{peer.port}")
        with pytest.raises(NotVerified, match="not for"):
            post(Https(trusting(CI), connect_to=[row]))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_server_name_is_sent_in_the_handshake(version: ssl.TLSVersion) -> None:
    names = []
    context = tls_context(GOOD)
    context.maximum_version = version
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with tls_peer(answering(OK), context=context) as peer:
        post(https(peer))
    assert names == [HOST]


def test_every_failure_is_an_lpa_error() -> None:
    for script in (cutting(b"\xff" * n) for n in range(4)):
        with tls_peer(script) as peer, pytest.raises(LpaError):
            post(https(peer))
