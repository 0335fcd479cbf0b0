"""ES9+ as bytes: which answer acknowledges a notification, which refuses it, and which is invalid."""

import hashlib
import json
import logging
import socket

import pytest

from lpa import redaction
from lpa.errors import BadAnswer, LpaError, OutcomeUnknown, ServerRefused
from lpa.rsp.names import ServerAddress
from lpa.server.es9 import Server
from tests.support.tls_faults import HOST, Peer, answering, cutting, http, https, tls_peer

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


def deliver(answer: bytes, pending: bytes = b"\x30\x00") -> Peer:
    """Send `pending` to a server that answers `answer`; the server afterwards."""
    with tls_peer(answering(answer)) as peer, https(peer) as client:
        Server(ServerAddress(HOST), client).handle_notification(pending)
    return peer


def header(status: object, **data: object) -> bytes:
    execution = {"status": status, "statusCodeData": data} if data else {"status": status}
    return json.dumps({"header": {"functionExecutionStatus": execution}}).encode()


def test_a_notification_is_posted_as_these_bytes() -> None:
    peer = deliver(NO_CONTENT, bytes.fromhex("3006 BF2F03 800107"))
    assert peer.requests == [
        b"POST /gsma/rsp2/es9plus/handleNotification HTTP/1.1\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Content-Length: 38\r\n"
        b"Host: smdp.example\r\n"
        b"User-Agent: gsma-rsp-lpad\r\n"
        b"X-Admin-Protocol: gsma/rsp/v2.2.2\r\n"
        b"Content-Type: application/json\r\n"
        b"\r\n"
        b'{"pendingNotification":"MAa/LwOAAQc="}'
    ]


@pytest.mark.parametrize(
    "answer",
    [
        NO_CONTENT,
        http("200 OK"),
        http("202 Accepted"),
        http("200 OK", b" \r\n"),
        http("200 OK", b"", "Content-Type: application/json;charset=UTF-8"),
    ],
)
def test_204_and_any_empty_2xx_acknowledge(answer: bytes) -> None:
    assert len(deliver(answer).requests) == 1


@pytest.mark.parametrize(
    "content_type",
    ["Content-Type: application/json", "Content-Type: application/json; charset=utf-8", "X: y"],
)
def test_a_failed_header_is_a_refusal_with_the_servers_codes(content_type: str) -> None:
    body = header("Failed", subjectCode="8.1", reasonCode="6.1", message="Nein.", subjectIdentifier="x")
    with pytest.raises(ServerRefused) as caught:
        deliver(http("200 OK", body, content_type))
    refused = caught.value
    assert (refused.function, refused.subject, refused.reason_code) == ("HandleNotification", "8.1", "6.1")
    assert refused.reason == "8.1/6.1"
    assert refused.message == (
        "The server smdp.example refused HandleNotification (8.1/6.1). "
        'The server does not accept the card\'s signature. Its message: "Nein.; x".'
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            header("Expired", subjectCode="8.8.5", reasonCode="4.10"),
            r"did not execute HandleNotification in time .*\. The order has expired\.$",
        ),
        (
            header("Failed", subjectCode="8.99", reasonCode="9.1"),
            r"\(8.99/9.1\)\. The specification does not define",
        ),
        (header("Failed"), r"refused HandleNotification \(\?/\?\)"),
        (header("Failed", subjectCode=8, reasonCode=None), r"\(8/\?\)"),
    ],
)
def test_a_refusal_with_invalid_or_missing_codes_stays_a_refusal(body: bytes, message: str) -> None:
    with pytest.raises(ServerRefused, match=message):
        deliver(http("200 OK", body))


def test_a_servers_text_is_safe_for_a_terminal() -> None:
    text = "\x1b[2J\r\n\u202e\ud800移动" + "x" * 5000
    with pytest.raises(ServerRefused) as caught:
        deliver(http("200 OK", header("Failed", subjectCode="8\x1b", reasonCode="6.1", message=text)))
    assert caught.value.subject == "8\\x1b"
    assert r"\x1b[2J\r\n\u202e\ud800移动xxx" in caught.value.message
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 600


@pytest.mark.parametrize("status", ["Executed-Success", "Executed-WithWarning"])
def test_a_success_header_is_not_an_acknowledgement(status: str) -> None:
    with pytest.raises(BadAnswer, match="its answer is not empty"):
        deliver(http("200 OK", header(status)))


@pytest.mark.parametrize(
    "body", [b"{}", b'{"header":null}', b'{"header":{"functionExecutionStatus":{}}}', header(None)]
)
def test_an_answer_without_a_status_is_said_to_have_no_status(body: bytes) -> None:
    with pytest.raises(BadAnswer) as caught:
        deliver(http("200 OK", body))
    assert caught.value.message == (
        "The server smdp.example did not report whether it executed HandleNotification: no status."
    )


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"header":null}',
        b'{"header":{"functionExecutionStatus":"Failed"}}',
        header("failed"),
        header(None),
        header(["Failed"]),
        header({"Failed": 1}),
        b"null",
        b"[]",
        b'"Executed-Success"',
        b"<html>",
        b"\xff\xfe\xfd",
        b"\x00",
        b"[" * 100000,
        b"1" * 5000,
    ],
)
def test_any_other_body_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer, match=r"smdp\.example"):
        deliver(http("200 OK", body))


@pytest.mark.parametrize(
    "answer",
    [
        http("500 Internal Server Error", b"<html>sorry</html>", "Content-Type: text/html"),
        http("301 Moved Permanently", b"", f"Location: https://{HOST}/"),
        http("302 Found"),
        http("404 Not Found"),
        http("503 Service Unavailable", header("Executed-Success")),
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        http("999 Beyond"),
    ],
)
def test_no_other_http_status_acknowledges(answer: bytes) -> None:
    status = answer.split()[1].decode()
    with pytest.raises(BadAnswer, match=f"answered HandleNotification with HTTP status {status}"):
        deliver(answer)


def test_an_informational_answer_does_not_acknowledge() -> None:
    with pytest.raises(OutcomeUnknown, match="HTTP status 199 is not final"):
        deliver(b"HTTP/1.1 199 Almost\r\n\r\n")


@pytest.mark.parametrize("status", ["500 Internal Server Error", "200 OK"])
@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("text/html; charset=x", "text/html"),
        ("Application/JSON", "application/json"),
        ("a/M4TCH1NG", "unknown type"),
    ],
)
def test_the_text_of_an_invalid_answer_is_not_logged(
    caplog: pytest.LogCaptureFixture, status: str, kind: str, shown: str
) -> None:
    """It may contain the secrets of the request; its hash identifies it for someone who has the text."""
    body = b"<p>MatchingID M4TCH1NG sorry</p>"
    with caplog.at_level(logging.DEBUG, "lpa"), pytest.raises(BadAnswer) as caught:
        deliver(http(status, body, f"Content-Type: {kind}"))
    assert "sorry" not in caught.value.message + caplog.text
    assert "M4TCH1NG" not in caplog.text
    digest = hashlib.sha256(body).hexdigest()
    assert f"{status[:3]}: {len(body)} bytes, {shown}" in caplog.text
    assert f"SHA-256 {digest}" in caplog.text


def test_a_refusal_has_the_http_status_and_the_own_words_of_the_server() -> None:
    codes = {"subjectCode": "8.2.6", "reasonCode": "3.8"}
    redaction.register_secret("M4TCH-1D")
    body = header("Failed", **codes, message="no\x1b M4TCH-1D " + "x" * 300, subjectIdentifier="y")
    with pytest.raises(ServerRefused) as caught:
        deliver(http("200 OK", body))
    refused = caught.value
    assert (refused.function, refused.http_status) == ("HandleNotification", 200)
    assert refused.server_message.startswith("no\\x1b <hidden> xxx")
    assert refused.server_message.endswith("x…; y")
    assert len(refused.server_message) < 250


def test_a_refusal_without_words_has_none() -> None:
    with pytest.raises(ServerRefused) as caught:
        deliver(http("200 OK", header("Failed", subjectCode="8.1", reasonCode="6.1")))
    assert caught.value.server_message == ""


def test_a_wrong_http_status_is_in_the_error() -> None:
    with pytest.raises(BadAnswer) as caught:
        deliver(http("503 Service Unavailable"))
    assert (caught.value.reason, caught.value.http_status) == ("httpStatus", 503)


def test_a_secret_that_a_server_repeats_is_not_shown() -> None:
    redaction.register_secret("M4TCH-1D")
    codes = {"subjectCode": "8.2.6", "reasonCode": "3.8"}
    refusal = header("Failed", **codes, message="no m4tch-1d here", subjectIdentifier="M4TCH-1D")
    with pytest.raises(ServerRefused, match=r'Its message: "no <hidden> here; <hidden>"\.$'):
        deliver(http("200 OK", refusal))


@pytest.mark.parametrize("place", range(785, 802))
def test_no_part_of_a_secret_is_shown_where_a_long_message_is_cut(place: int) -> None:
    """Redaction shortens the message, so more of the original text fits before the cut."""
    redaction.register_secret("QR-G-5C-1LS-1W1Z9P7")
    text = f"password={'A' * (place - 10)} QR-G-5C-1LS-1W1Z9P7"
    with pytest.raises(ServerRefused, match='Its message: "password=<hidden> <hidden>"'):
        deliver(http("200 OK", header("Failed", message=text)))
    with pytest.raises(BadAnswer, match="password=<hidden> <hidden>") as caught:
        deliver(f"HTTP/1.1 {text}\r\n\r\n".encode())
    assert "QR-" not in caught.value.message


def test_a_secret_in_an_answer_that_is_not_http_is_not_shown() -> None:
    redaction.register_secret("M4TCH-1D")
    with pytest.raises(BadAnswer) as caught:
        deliver(b"HTTP/1.1 M4TCH-1D\r\n\r\n")
    assert "<hidden>" in caught.value.message
    assert "M4TCH" not in caught.value.message


def test_a_lost_answer_leaves_the_outcome_unknown_and_is_not_requested_again() -> None:
    with tls_peer(cutting(b"")) as peer, https(peer) as client:
        with pytest.raises(OutcomeUnknown):
            Server(ServerAddress(HOST), client).handle_notification(b"")
        assert len(peer.requests) == 1


def test_a_second_notification_uses_the_same_connection() -> None:
    with tls_peer(answering(NO_CONTENT, NO_CONTENT)) as peer, https(peer) as client:
        server = Server(ServerAddress(HOST), client)
        server.handle_notification(b"1")
        server.handle_notification(b"2")
    assert (peer.handshakes, len(peer.requests)) == (1, 2)


def test_garbage_of_any_length_is_never_an_acknowledgement() -> None:
    def script(peer: Peer, connection: socket.socket) -> None:
        peer.take(connection)
        connection.sendall(answer[: len(peer.requests)])

    answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    with tls_peer(script) as peer, https(peer) as client:
        for _ in answer[:-1]:
            with pytest.raises(LpaError):
                Server(ServerAddress(HOST), client).handle_notification(b"")
