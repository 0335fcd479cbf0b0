"""The simulated servers with HTTP and TLS as other LPAs use them: requests written byte by byte."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpa.sim.crypto.pki import Authority, pem
from lpa.sim.servers.packages import sample
from lpa.sim.servers.smdp import SimulatedSmdp
from tests.support.minimal_server import BRAINPOOL
from tests.support.raw_http import HEADERS, ROOT, answer, coded, line, post, understood
from tests.support.scripted_card import SmallCard
from tests.support.tls_faults import CI, plain_context


@pytest.fixture
def smdp() -> Iterator[SimulatedSmdp]:
    with SimulatedSmdp(CI) as running:
        running.order(sample(), "ABC-1")
        yield running


def chunked(body: bytes, size: int, *, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    framed = (b"%X%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return b"".join(framed) + b"0\r\n" + trailer + b"\r\n"


# HTTP


@pytest.mark.parametrize(
    "headers",
    [
        HEADERS,
        tuple(header.lower() for header in HEADERS),
        tuple(header.upper().replace("APPLICATION/JSON", "Application/JSON") for header in HEADERS[:2])
        + HEADERS[2:],
        (*HEADERS[:3], "Content-Type: application/json;charset=UTF-8"),
        (*HEADERS[:3], "Content-Type:application/json ; charset=utf-8"),
        ("Host: smdp.example", "User-Agent: lpac/2.3.0 (x; y)", *HEADERS[2:], "Accept: */*"),
        (*HEADERS[:2], "X-Admin-Protocol: gsma/rsp/v2.5.0", HEADERS[3], "Accept-Encoding: gzip, deflate, br"),
        (HEADERS[0], *HEADERS[2:]),
        (*HEADERS, "Connection: keep-alive, Upgrade, HTTP2-Settings", "Upgrade: h2c"),
    ],
)
def test_the_headers_may_be_written_in_many_ways(smdp: SimulatedSmdp, headers: tuple[str, ...]) -> None:
    with line(smdp) as stream:
        body = coded(SmallCard(CI).initiate())
        understood(post(stream, f"{ROOT}initiateAuthentication", body, headers=headers))


@pytest.mark.parametrize(
    "path",
    [
        f"{ROOT}initiateAuthentication",
        f"{ROOT}initiateAuthentication/",
        f"{ROOT}initiateAuthentication?trace=1",
        f"https://smdp.example{ROOT}initiateAuthentication",
        f"/{ROOT}initiateAuthentication",
    ],
)
def test_the_path_may_be_written_in_many_ways(smdp: SimulatedSmdp, path: str) -> None:
    with line(smdp) as stream:
        understood(post(stream, path, coded(SmallCard(CI).initiate())))


def test_expect_100_continue_is_answered(smdp: SimulatedSmdp) -> None:
    body = coded(SmallCard(CI).initiate())
    with line(smdp) as stream:
        lines = (f"POST {ROOT}initiateAuthentication HTTP/1.1", *HEADERS, f"Content-Length: {len(body)}")
        stream.write("\r\n".join((*lines, "Expect: 100-continue", "", "")).encode())
        stream.flush()
        assert answer(stream)[0] == 100
        stream.write(body)
        stream.flush()
        understood(answer(stream))


@pytest.mark.parametrize("coding", ["chunked", "Chunked"])
@pytest.mark.parametrize(
    "framed",
    [
        lambda body: chunked(body, 1000),
        lambda body: chunked(body, 7),
        lambda body: chunked(body, 100, extension=b";name=value"),
        lambda body: chunked(body, 100, trailer=b"Checksum: 1\r\nSecond: 2\r\n"),
    ],
)
def test_a_body_may_come_in_chunks(
    smdp: SimulatedSmdp, framed: Callable[[bytes], bytes], coding: str
) -> None:
    headers = (*HEADERS, f"Transfer-Encoding: {coding}")
    with line(smdp) as stream:
        for _ in range(2):  # The second request is read from the end of the first one.
            body = framed(coded(SmallCard(CI).initiate()))
            understood(post(stream, f"{ROOT}initiateAuthentication", body, headers=headers, sized=False))


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        (b"x\r\n", (), 400),
        (b"-1\r\n", (), 400),
        (b"\r\n", (), 400),
        (b"1" * 2000, (), 400),
        (b"2\r\n{}xx\r\n0\r\n\r\n", (), 400),
        (b"0\r\n" + b"a: b\r\n" * 200, (), 400),
        (b"10001\r\n", (), 413),
        (b"8000\r\n" + bytes(0x8000) + b"\r\n8001\r\n", (), 413),
        (b"0\r\n\r\n", ("Content-Length: 5",), 400),
        (b"", ("Transfer-Encoding: gzip",), 400),
    ],
)
def test_invalid_chunks_are_refused(
    smdp: SimulatedSmdp, body: bytes, more: tuple[str, ...], status: int
) -> None:
    coding = () if any("gzip" in header for header in more) else ("Transfer-Encoding: chunked",)
    with line(smdp) as stream:
        headers = (*HEADERS, *coding, *more)
        found, answered, _ = post(stream, f"{ROOT}initiateAuthentication", body, headers=headers, sized=False)
    assert (found, answered["connection"]) == (status, "close")


def test_http_1_0_is_answered_and_closed(smdp: SimulatedSmdp) -> None:
    with line(smdp) as stream:
        body = coded(SmallCard(CI).initiate())
        understood(post(stream, f"{ROOT}initiateAuthentication", body, version="1.0"))
        assert stream.read() == b""


def test_requests_may_be_pipelined(smdp: SimulatedSmdp) -> None:
    with line(smdp) as stream:
        for _ in range(2):
            body = coded(SmallCard(CI).initiate())
            head = (f"POST {ROOT}initiateAuthentication HTTP/1.1", *HEADERS, f"Content-Length: {len(body)}")
            stream.write("\r\n".join((*head, "", "")).encode() + body)
        stream.flush()
        for _ in range(2):
            understood(answer(stream))


@pytest.mark.parametrize(
    ("missing", "refusal"), [("X-Admin", ("1.2.2", "2.1")), ("Content", ("1.2.1", "2.1"))]
)
def test_content_type_and_protocol_headers_are_required(
    smdp: SimulatedSmdp, missing: str, refusal: tuple[str, str]
) -> None:
    headers = tuple(header for header in HEADERS if not header.startswith(missing))
    with line(smdp) as stream:
        body = coded(SmallCard(CI).initiate())
        _, _, content = post(stream, f"{ROOT}initiateAuthentication", body, headers=headers)
    codes = json.loads(content)["header"]["functionExecutionStatus"]["statusCodeData"]
    assert (codes["subjectCode"], codes["reasonCode"]) == refusal


# TLS


@pytest.mark.parametrize("authority", [CI, BRAINPOOL], ids=["P-256", "brainpoolP256r1"])
@pytest.mark.parametrize(
    "suite", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256"]
)
def test_the_cipher_suites_of_tls_1_2_work(authority: Authority, suite: str) -> None:
    context = plain_context(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with (
        SimulatedSmdp(authority) as smdp,
        socket.create_connection(("127.0.0.1", smdp.port), 10) as plain,
        context.wrap_socket(plain, server_hostname="smdp.example") as secure,
    ):
        assert secure.cipher() == (suite, "TLSv1.2", 256 if "256-GCM" in suite else 128)


@pytest.mark.parametrize(
    ("authority", "group"), [(CI, "P-256"), (BRAINPOOL, "brainpoolP256r1")], ids=["P-256", "brainpoolP256r1"]
)
def test_openssl_verifies_the_server(authority: Authority, group: str, tmp_path: Path) -> None:
    (tmp_path / "ci.pem").write_bytes(pem(authority.certificate))
    with SimulatedSmdp(authority) as smdp:
        ran = subprocess.run(
            [
                *("openssl", "s_client", "-connect", f"127.0.0.1:{smdp.port}", "-tls1_2"),
                *("-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", "-groups", group),
                *("-servername", "smdp.example", "-verify_hostname", "smdp.example"),
                *("-CAfile", str(tmp_path / "ci.pem"), "-verify_return_error", "-brief"),
            ],
            input=b"",
            capture_output=True,
            timeout=30,
            check=False,
        )
    printed = ran.stderr.decode()
    assert ran.returncode == 0, printed
    assert "Verification: OK" in printed
    assert "Ciphersuite: ECDHE-ECDSA-AES128-GCM-SHA256" in printed
