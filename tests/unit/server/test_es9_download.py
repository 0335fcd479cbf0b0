"""The functions of a download: the requests that are sent, and the results of the answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from lpa.errors import BadAnswer, NotVerified, ServerRefused
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import EVENT_CHARACTERS, EVENTS, MEMBER_BYTES
from lpa.rsp.names import ServerAddress
from lpa.rsp.session import Event, ServerProof, Terms
from lpa.server.es9 import Server
from tests.support.es9_messages import METADATA, OK, SIGNATURE, TXID, signed1
from tests.support.tls_faults import HOST, Peer, answering, http, https, tls_peer


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def called(
    function: Callable[[Server], Any],
    answer: dict[str, Any],
    *,
    content_type: str = "application/json",
    host: str = HOST,
) -> tuple[Any, dict[str, Any], str]:
    """The result of a function for an answer, its request, and the path of the request."""
    body = http("200 OK", json.dumps(answer).encode(), f"Content-Type: {content_type}")
    with tls_peer(answering(body)) as peer, https(peer) as client:
        result = function(Server(ServerAddress.parse(host), client))
    head, _, sent = peer.requests[0].partition(b"\r\n\r\n")
    assert b"User-Agent: gsma-rsp-lpad\r\nX-Admin-Protocol: gsma/rsp/v2.2.2\r\n" in head
    return result, json.loads(sent), head.split()[1].decode()


def test_a_session_is_started() -> None:
    proof, request, path = called(
        lambda server: server.initiate_authentication(b"\x01" * 16, bytes.fromhex("BF2000")),
        OK
        | {
            "transactionId": "0123456789abcdef",
            "serverSigned1": b64(signed1()),
            "serverSignature1": b64(SIGNATURE),
            "euiccCiPKIdToBeUsed": b64(b"\x04\x01\x07"),
            "serverCertificate": b64(b"\x30\x00"),
        },
        content_type="application/json;charset=UTF-8",
    )
    assert path == "/gsma/rsp2/es9plus/initiateAuthentication"
    assert request == {
        "smdpAddress": HOST,
        "euiccChallenge": "AQEBAQEBAQEBAQEBAQEBAQ==",
        "euiccInfo1": "vyAA",
    }
    assert proof == ServerProof(TXID, signed1(), Tlv(SIGNATURE), Tlv(b"\x04\x01\x07"), Tlv(b"\x30\x00"))
    proof.check(ServerAddress(HOST))
    proof.check(ServerAddress(HOST, 8443))
    proof.check(ServerAddress.parse(HOST.upper()))


@pytest.mark.parametrize("host", [HOST.title(), HOST.upper()])
def test_the_server_is_sent_its_address_as_it_is_written(host: str) -> None:
    _, request, _ = called(
        lambda server: server.initiate_authentication(bytes(16), bytes.fromhex("BF2000")),
        OK
        | {
            "transactionId": "0123456789abcdef",
            "serverSigned1": b64(signed1()),
            "serverSignature1": b64(SIGNATURE),
            "euiccCiPKIdToBeUsed": b64(b"\x04\x01\x07"),
            "serverCertificate": b64(b"\x30\x00"),
        },
        host=host,
    )
    assert request["smdpAddress"] == host


@pytest.mark.parametrize("address", ["other.example", "", "https://smdp.example", "smdp.example.evil"])
def test_a_server_that_signs_as_another_is_refused(address: str) -> None:
    proof = ServerProof(TXID, signed1(address), Tlv(SIGNATURE), Tlv(b"\x04\x00"), Tlv(b"\x30\x00"))
    with pytest.raises(NotVerified, match="which is another server"):
        proof.check(ServerAddress(HOST))


def test_a_server_that_signs_for_another_session_is_refused() -> None:
    proof = ServerProof(b"\x01", signed1(), Tlv(SIGNATURE), Tlv(b"\x04\x00"), Tlv(b"\x30\x00"))
    with pytest.raises(BadAnswer, match="another transaction"):
        proof.check(ServerAddress(HOST))


@pytest.mark.parametrize("flag", ["00", "FF", "01"])
def test_the_terms_of_a_download_are_read(flag: str) -> None:
    signed2 = bytes.fromhex(f"300D 8008{TXID.hex()} 0101{flag}")
    terms, request, path = called(
        lambda server: server.authenticate_client(TXID, b"\xbf\x38\x00"),
        OK
        | {
            "transactionId": TXID.hex(),
            "profileMetadata": b64(METADATA),
            "smdpSigned2": b64(signed2),
            "smdpSignature2": b64(SIGNATURE),
            "smdpCertificate": b64(b"\x30\x00"),
        },
    )
    assert path == "/gsma/rsp2/es9plus/authenticateClient"
    assert request == {"transactionId": "0123456789ABCDEF", "authenticateServerResponse": "vzgA"}
    assert isinstance(terms, Terms)
    assert (terms.signed, terms.offered.raw) == (signed2, METADATA)
    assert terms.confirmation_code_required is (flag != "00")


def test_the_events_of_a_discovery_server_are_read() -> None:
    entries = [
        {"eventId": "A-1", "rspServerAddress": "a.example"},
        {"eventId": "", "rspServerAddress": "b.c:1"},
        *[{"eventId": "!" + 254 * "~", "rspServerAddress": "a.example"}] * (EVENTS - 2),
    ]
    events, _, _ = called(
        lambda server: server.authenticate_client(TXID, b""),
        OK | {"transactionId": TXID.hex(), "eventEntries": entries},
    )
    assert events[:2] == (Event(ServerAddress("a.example"), "A-1"), Event(ServerAddress("b.c", 1), ""))
    assert len(events) == EVENTS


@pytest.mark.parametrize(
    "entries",
    [
        None,
        {},
        "x",
        [7],
        [{}],
        [{"eventId": "A"}],
        [{"eventId": 1, "rspServerAddress": "a.b"}],
        [{"eventId": "A", "rspServerAddress": "https://a.b"}],
        [{"eventId": "\ud800", "rspServerAddress": "a.b"}],
        [{"eventId": "a b", "rspServerAddress": "a.b"}],
        [{"eventId": "a\x1b[31m", "rspServerAddress": "a.b"}],
        [{"eventId": "a\n", "rspServerAddress": "a.b"}],
        [{"eventId": "A" * (EVENT_CHARACTERS + 1), "rspServerAddress": "a.b"}],
        [{"eventId": "A" * 70_000, "rspServerAddress": "a.b"}],
        [{"eventId": "A", "rspServerAddress": "a.b"}] * (EVENTS + 1),
    ],
)
def test_invalid_events_are_refused(entries: object) -> None:
    with pytest.raises(BadAnswer, match="'eventEntries'"):
        called(
            lambda server: server.authenticate_client(TXID, b""),
            OK | {"transactionId": TXID.hex(), "eventEntries": entries},
        )


def test_an_invalid_event_does_not_hide_the_others() -> None:
    entries = [7, {"eventId": "A", "rspServerAddress": "a.b"}, {"eventId": "B", "rspServerAddress": "::1"}]
    events, _, _ = called(
        lambda server: server.authenticate_client(TXID, b""),
        OK | {"transactionId": TXID.hex(), "eventEntries": entries},
    )
    assert events == (Event(ServerAddress("a.b"), "A"),)


@pytest.mark.parametrize("name", ["serverSigned1", "serverSignature1", "serverCertificate"])
def test_a_member_that_is_too_large_for_a_card_is_refused_by_name(name: str) -> None:
    genuine = {"serverSigned1": signed1(), "serverSignature1": SIGNATURE, "serverCertificate": b"\x30\x00"}

    def answered(size: int) -> ServerProof:
        tag = Tlv(genuine[name]).tag
        large = Tlv.build(tag, bytes(size - len(Tlv.build(tag, bytes(MEMBER_BYTES))) + MEMBER_BYTES))
        members = {
            member: b64(content) for member, content in (genuine | {"euiccCiPKIdToBeUsed": b"\x04\0"}).items()
        }
        proof, *_ = called(
            lambda server: server.initiate_authentication(b"", b""),
            OK | {"transactionId": "01"} | members | {name: b64(large)},
        )
        assert isinstance(proof, ServerProof)
        return proof

    answered(MEMBER_BYTES)
    with pytest.raises(BadAnswer, match=f"'{name}' has 8193 bytes, more than 8192"):
        answered(MEMBER_BYTES + 1)


def package_of(server: Server) -> bytes:
    """The package that a server gives."""
    received = bytearray()
    server.get_bound_profile_package(TXID, b"\xbf\x21\x00", received.extend)
    return bytes(received)


def test_a_package_is_requested() -> None:
    found, request, path = called(
        package_of, OK | {"transactionId": TXID.hex(), "boundProfilePackage": b64(bytes(5000))}
    )
    assert path == "/gsma/rsp2/es9plus/getBoundProfilePackage"
    assert request == {"transactionId": "0123456789ABCDEF", "prepareDownloadResponse": "vyEA"}
    assert found == bytes(5000)


def test_nothing_else_may_be_as_large_as_a_package() -> None:
    with pytest.raises(BadAnswer, match="more than"):
        called(lambda server: server.authenticate_client(TXID, b""), OK | {"x": "y" * (2 << 20)})


def test_a_session_is_cancelled() -> None:
    _, request, path = called(lambda server: server.cancel_session(TXID, b"\xbf\x41\x00"), OK)
    assert path == "/gsma/rsp2/es9plus/cancelSession"
    assert request == {"transactionId": "0123456789ABCDEF", "cancelSessionResponse": "v0EA"}


def test_an_answer_for_another_session_is_refused() -> None:
    with pytest.raises(BadAnswer, match="is that of another session"):
        called(
            package_of,
            OK | {"transactionId": "01", "boundProfilePackage": ""},
        )


def test_a_refusal_has_the_codes_of_the_server() -> None:
    data = {"subjectCode": "8.2.7", "reasonCode": "3.8", "message": "Falsch."}
    answer = {"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}}
    with pytest.raises(ServerRefused, match="The confirmation code is wrong") as caught:
        called(package_of, answer)
    assert caught.value.reason == "8.2.7/3.8"


def _peer(answer: bytes) -> Peer:
    with tls_peer(answering(answer)) as peer, https(peer) as client, pytest.raises(BadAnswer, match="500"):
        package_of(Server(ServerAddress(HOST), client))
    return peer


def test_an_html_page_is_not_an_answer() -> None:
    assert len(_peer(http("500 Oops", b"<html>Sorry</html>", "Content-Type: text/html")).requests) == 1
