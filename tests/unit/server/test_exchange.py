"""The limits on an answer, to the byte, and that nothing in it is decompressed."""

import gzip

import pytest

from lpa.errors import BadAnswer
from lpa.rsp.limits import HEADER_BYTES
from lpa.rsp.names import ServerAddress
from lpa.server.es9 import Server
from lpa.server.https import HttpAnswer
from tests.support.tls_faults import HOST, answering, endless, http, https, tls_peer

ADDRESS = ServerAddress(HOST)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def posted(*answers: bytes, max_body: int = 5000) -> HttpAnswer:
    with tls_peer(answering(*answers)) as peer, https(peer, max_body=max_body) as client:
        return client.post(ADDRESS, "/", b"", {})


def header(size: int) -> bytes:
    """The header of an empty answer, of so many bytes in short lines."""
    start, end = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", b"\r\n"
    lines = b""
    while (left := size - len(start) - len(lines) - len(end)) > 0:
        length = left if left <= 2000 else 1000
        lines += b"A: " + b"b" * (length - 5) + b"\r\n"
    return start + lines + end


def test_a_header_may_be_as_long_as_the_limit_and_not_a_byte_longer() -> None:
    assert len(header(HEADER_BYTES)) == HEADER_BYTES
    assert posted(header(HEADER_BYTES)).status == 200
    with pytest.raises(BadAnswer, match="more than the limit for an answer"):
        posted(header(HEADER_BYTES + 1))


def test_an_informational_answer_counts_as_part_of_the_header() -> None:
    many = HEADER_BYTES // len(CONTINUE) - 10
    assert posted(many * CONTINUE + http("204 No Content")).status == 204
    with pytest.raises(BadAnswer, match="more than the limit for an answer"):
        posted((many + 11) * CONTINUE + http("204 No Content"))


def test_endless_informational_answers_are_abandoned() -> None:
    script = endless(b"", 1000 * CONTINUE)
    with (
        tls_peer(script) as peer,
        https(peer) as client,
        pytest.raises(BadAnswer, match="more than the limit for an answer"),
    ):
        client.post(ADDRESS, "/", b"", {})


def test_a_body_may_be_as_long_as_the_limit_and_not_a_byte_longer() -> None:
    assert len(posted(http("200 OK", bytes(5000))).body) == 5000
    with pytest.raises(BadAnswer, match="more than 5000 bytes"):
        posted(http("200 OK", bytes(5001)))


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate, gzip"])
def test_a_compressed_body_is_not_decompressed(coding: str) -> None:
    """Compressed, it is a thousandth of its size, and no request accepts compression."""
    packed = gzip.compress(bytes(4 << 20))
    answer = http("200 OK", packed, f"Content-Encoding: {coding}")
    assert posted(answer).body == packed
    with (
        tls_peer(answering(answer)) as peer,
        https(peer) as client,
        pytest.raises(BadAnswer, match="did not answer with a valid JSON object"),
    ):
        Server(ADDRESS, client).handle_notification(b"")
