"""What each fault of a server does, as a client sees it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from lpa.errors import LpaError
from lpa.rsp.activation import ActivationCode
from lpa.sim.servers.smdp import SimulatedSmdp
from lpa.testing import SimulatedLpa, packages
from tests.support import raw_http
from tests.support.raw_http import HEADERS, ROOT
from tests.support.tls_faults import CI

INITIATE = f"{ROOT}initiateAuthentication"
HANDLE = f"{ROOT}handleNotification"


@pytest.fixture
def server() -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(CI) as smdp:
        yield smdp


def answered(server: SimulatedSmdp, path: str = INITIATE) -> tuple[int, bytes]:
    """The status and body of the answer to a request with an empty object."""
    with raw_http.line(server) as stream:
        status, _, body = raw_http.post(stream, path, b"{}")
    return status, body


def received(server: SimulatedSmdp, path: str = INITIATE) -> bytes:
    """All bytes that the server sends until it closes the connection."""
    request = "\r\n".join(
        (f"POST {path} HTTP/1.1", *HEADERS, "Content-Length: 2", "Connection: close", "", "")
    )
    with raw_http.line(server) as stream:
        stream.write(request.encode() + b"{}")
        stream.flush()
        try:
            return stream.read()
        except (ssl.SSLEOFError, ConnectionResetError):
            return b""


def test_a_status_is_the_answer_once(server: SimulatedSmdp) -> None:
    server.faults.add("2nd InitiateAuthentication: status 503")
    assert [answered(server)[0] for _ in range(3)] == [200, 503, 200]
    assert [str(one) for one in server.faults.happened] == [
        "instead of 2nd InitiateAuthentication: status 503"
    ]


def test_a_body_is_the_answer(server: SimulatedSmdp) -> None:
    server.faults.add('InitiateAuthentication: body "<html>: no"')
    assert answered(server) == (200, b"<html>: no")


def test_nothing_happens_after_what_was_not_processed(server: SimulatedSmdp) -> None:
    server.faults.add("InitiateAuthentication: status 503", "after InitiateAuthentication: close")
    assert [answered(server)[0] for _ in range(2)] == [503, 200]


def test_an_answer_can_wait(server: SimulatedSmdp) -> None:
    waited: list[float] = []
    server.faults.sleep = waited.append
    server.faults.add("InitiateAuthentication: slow 2s", "after InitiateAuthentication: slow 100ms")
    assert answered(server)[0] == 200
    assert waited == [2.0, 0.1]


@pytest.mark.parametrize(
    "action", ["before {}: close", "after {}: close", "{}: lose answer", "{}: close after 0 bytes"]
)
def test_a_connection_can_be_closed_without_an_answer(server: SimulatedSmdp, action: str) -> None:
    server.faults.add(action.format("InitiateAuthentication"))
    assert received(server) == b""
    assert answered(server)[0] == 200


def test_an_answer_can_end_after_some_bytes(server: SimulatedSmdp) -> None:
    whole = received(server)
    server.faults.add("InitiateAuthentication: close after 30 bytes")
    assert received(server) == whole[:30]


def test_an_answer_can_be_sent_twice(server: SimulatedSmdp) -> None:
    server.faults.add("InitiateAuthentication: duplicate answer")
    assert received(server).count(b"HTTP/1.1 200") == 2


def test_an_answer_can_come_before_the_body_is_read(server: SimulatedSmdp) -> None:
    server.faults.add("HandleNotification: early answer")
    head = "\r\n".join((f"POST {HANDLE} HTTP/1.1", *HEADERS, "Content-Length: 2", "", ""))
    with raw_http.line(server) as stream:
        stream.write(head.encode())
        stream.flush()
        assert stream.readline() == b"HTTP/1.1 408 Request Timeout\r\n"


def test_a_handshake_can_show_a_certificate_of_another_authority(server: SimulatedSmdp) -> None:
    server.faults.add("2nd connection: wrong certificate")
    assert answered(server)[0] == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        answered(server)
    assert answered(server)[0] == 200


def test_a_connection_can_be_closed_instead_of_a_handshake(server: SimulatedSmdp) -> None:
    server.faults.add("connection: close")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        answered(server)
    assert answered(server)[0] == 200


def download(simulated_lpa: SimulatedLpa) -> None:
    """Download a profile."""
    order = simulated_lpa.smdp.order(packages.sample(), "ABC-1")
    with simulated_lpa.assistant.download(ActivationCode.parse(order.activation_code)) as offer:
        offer.install()


@pytest.mark.parametrize(
    "fault",
    [
        "InitiateAuthentication: wrong certificate",
        "AuthenticateClient: wrong certificate",
        "InitiateAuthentication: wrong answer",
        "AuthenticateClient: wrong answer",
        "GetBoundProfilePackage: wrong answer",
        "GetBoundProfilePackage: altered",
    ],
)
def test_a_wrong_answer_installs_nothing(simulated_lpa: SimulatedLpa, fault: str) -> None:
    simulated_lpa.smdp.faults.add(fault)
    with pytest.raises(LpaError):
        download(simulated_lpa)
    assert len(simulated_lpa.card.profiles) == 3
    assert len(simulated_lpa.smdp.faults.happened) == 1


def test_a_lost_answer_was_processed(simulated_lpa: SimulatedLpa) -> None:
    assistant, card, smdp = simulated_lpa
    smdp.faults.add("HandleNotification: lose answer")
    assistant.delete(assistant.plan_deletion(card.profiles[1].iccid))
    assert len(smdp.received) == 1
    assistant.send_notifications()
    assert (len(smdp.received), card.notifications) == (1, ())
