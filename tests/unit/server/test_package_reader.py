"""The answer that holds a profile package: read piece by piece, as strictly as any other."""

from __future__ import annotations

import base64
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa import redaction
from lpa.errors import BadAnswer, LpaError, ServerRefused, StorageFailed
from lpa.rsp.limits import BODY_BYTES, PACKAGE_BODY_BYTES, PACKAGE_BYTES
from lpa.rsp.names import ServerAddress
from lpa.rsp.trace import TRACE_LINES
from lpa.server import strict_json
from lpa.server.answers import AnswerMembers
from lpa.server.es9 import Server
from lpa.server.package_reader import MEMBER, PackageReader
from tests.support.es9_messages import OK, TXID
from tests.support.tls_faults import HOST, answering, http, https, tls_peer

PACKAGE = bytes(range(256)) * 3
TEXT = base64.b64encode(PACKAGE).decode()
SESSION = OK | {"transactionId": TXID.hex()}


def whole(**members: object) -> bytes:
    return json.dumps(SESSION | members).encode()


def got(*bodies: bytes, headers: tuple[str, ...] = ()) -> bytes:
    """The package in an answer whose body is these bytes."""
    received = bytearray()
    answer = http("200 OK", b"".join(bodies), "Content-Type: application/json", *headers)
    with tls_peer(answering(answer)) as peer, https(peer) as client:
        Server(ServerAddress(HOST), client).get_bound_profile_package(TXID, b"", received.extend)
    return bytes(received)


def read(body: bytes, size: int) -> tuple[PackageReader, bytes]:
    """A reader that received `body` in pieces of `size` bytes, and what it stored."""
    received = bytearray()
    reader = PackageReader(received.extend)
    for at in range(0, len(body), size):
        reader.add(body[at : at + size])
    return reader, bytes(received)


def spaced(text: str, line: str) -> str:
    return line.join(text[at : at + 76] for at in range(0, len(text), 76)) + line


WRITTEN = {
    "plain": f'"{TEXT}"',
    "without padding": f'"{TEXT.rstrip("=")}"',
    "in lines": json.dumps(spaced(TEXT, "\r\n")),
    "with spaces": json.dumps(spaced(TEXT, " ")),
    "as PHP writes it": '"{}"'.format(TEXT.replace("/", "\\/")),
    "as Gson writes it": '"{}"'.format(TEXT.replace("=", "\\u003d").replace("+", "\\u002B")),
    "with other spaces": '"{}"'.format(spaced(TEXT, "\\u00a0\\u2003")),
    "empty": '""',
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_package_is_read_however_it_is_written_and_cut(written: str, size: int) -> None:
    body = b'\xef\xbb\xbf {"a": [{"b": "\\"}{\\\\"}], "' + f'{MEMBER}" : {written}, "c": 1}}'.encode()
    reader, received = read(body, size)
    expected = AnswerMembers(ServerAddress(HOST), "", strict_json.loads(body)).binary(MEMBER)
    assert received == expected
    assert not reader.problem
    assert strict_json.loads(reader.held) == {"a": [{"b": '"}{\\'}], MEMBER: "", "c": 1}
    assert reader.left_out == {MEMBER: len(written) - 2}


@pytest.mark.parametrize("others", [{}, {"z": "last"}])
def test_a_package_comes_over_https(others: dict[str, Any]) -> None:
    assert got(whole(boundProfilePackage=TEXT, **others)) == PACKAGE


REFUSED = {
    "missing": (whole(), "'boundProfilePackage' is missing"),
    "a number": (whole(boundProfilePackage=7), "'boundProfilePackage' is not a text"),
    "nothing": (whole(boundProfilePackage=None), "'boundProfilePackage' is not a text"),
    "a list": (whole(boundProfilePackage=[TEXT]), "'boundProfilePackage' is not a text"),
    "an object": (whole(boundProfilePackage={MEMBER: TEXT}), "'boundProfilePackage' is not a text"),
    "deeper": (whole(a={MEMBER: TEXT}), "'boundProfilePackage' is missing"),
    "no base64": (whole(boundProfilePackage=f"*{TEXT}"), "'boundProfilePackage' is not base64"),
    "one character": (
        whole(boundProfilePackage=f"{TEXT.rstrip('=')}A"),
        "'boundProfilePackage' is not base64",
    ),
    "padding inside": (whole(boundProfilePackage=f"QQ=={TEXT}"), "'boundProfilePackage' is not base64"),
    "no text": (whole(boundProfilePackage="\udcff"), "'boundProfilePackage' is not base64"),
    "twice": (whole(boundProfilePackage=TEXT)[:-1] + f',"{MEMBER}":"QQ=="}}'.encode(), "valid JSON object"),
    "another twice": (whole(boundProfilePackage=TEXT)[:-1] + b',"header":{}}', "valid JSON object"),
    "twice, escaped": (
        whole(boundProfilePackage=TEXT)[:-1] + b',"bound\\u0050rofilePackage":"QQ=="}',
        "valid JSON object",
    ),
    "an early end": (whole(boundProfilePackage=TEXT)[:-1], "valid JSON object"),
    "an early end in the package": (whole(boundProfilePackage=TEXT)[:-100], "valid JSON object"),
    "an early end in an escape": (whole(boundProfilePackage=TEXT)[:-2] + b"\\u00", "valid JSON object"),
    "more behind it": (whole(boundProfilePackage=TEXT) + b"{}", "valid JSON object"),
    "too deep": (whole(boundProfilePackage=TEXT, a=json.loads("[" * 20 + "]" * 20)), "valid JSON object"),
    "no object": (f'"{TEXT}"'.encode(), "valid JSON object"),
    "another session": (
        json.dumps(OK | {"transactionId": "01", MEMBER: TEXT}).encode(),
        "'transactionId' is that of another session",
    ),
}


@pytest.mark.parametrize(("body", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_strange_answer_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(BadAnswer, match=sentence):
        got(body)


def test_a_raw_line_break_is_refused() -> None:
    reader, _ = read(f'{{"{MEMBER}":"QQ\n=="}}'.encode(), 1 << 16)
    assert reader.problem == "is not base64"


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(1, 9))
def test_it_stores_what_is_read_at_once_or_nothing_is_accepted(junk: bytes, at: int, size: int) -> None:
    body = f'{{"a":"\\\\","{MEMBER}":"QUJD\\/\\u002b==","c":[]}}'.encode()
    body = body[:at] + junk + body[at:]
    reader, received = read(body, size)
    try:
        members = strict_json.loads(reader.held)
    except ValueError:
        return
    if isinstance(members, dict) and reader.left_out and not reader.problem:
        assert received == AnswerMembers(ServerAddress(HOST), "", strict_json.loads(body)).binary(MEMBER)


def test_a_refusal_is_reported_before_a_strange_package() -> None:
    data = {"subjectCode": "8.2.7", "reasonCode": "3.8"}
    answer = {"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}}
    with pytest.raises(ServerRefused):
        got(json.dumps(answer | {MEMBER: "N/A"}).encode())


def test_the_largest_package_is_read_and_no_larger_one() -> None:
    for more, problem in ((0, ""), (8, f"has more than {PACKAGE_BYTES} bytes")):
        body = whole(boundProfilePackage="A" * (PACKAGE_BYTES // 3 * 4 + more))
        assert read(body, 1 << 16)[0].problem == problem


def test_the_rest_of_the_answer_is_as_small_as_any_other() -> None:
    with pytest.raises(BadAnswer, match="sent more than the limit for an answer"):
        got(whole(boundProfilePackage=TEXT, x="y" * BODY_BYTES))


def test_an_answer_with_a_package_has_a_limit_too() -> None:
    with pytest.raises(BadAnswer, match=f"answered with more than {PACKAGE_BODY_BYTES} bytes"):
        got(whole(boundProfilePackage=" " * PACKAGE_BODY_BYTES))


def test_an_error_page_is_not_stored_and_has_the_usual_limit() -> None:
    stored: list[bytes] = []
    page = http("500 Oops", whole(boundProfilePackage="A" * (BODY_BYTES + 4)))
    with (
        tls_peer(answering(page)) as peer,
        https(peer) as client,
        pytest.raises(BadAnswer, match=f"answered with more than {BODY_BYTES} bytes"),
    ):
        Server(ServerAddress(HOST), client).get_bound_profile_package(TXID, b"", stored.append)
    assert stored == []


def test_neither_log_nor_trace_has_the_package(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(redaction.TRAFFIC)
    body = whole(boundProfilePackage=TEXT)
    assert got(body) == PACKAGE
    (record,) = [record for record in caplog.records if hasattr(record, TRACE_LINES)]
    assert record.getMessage().endswith(f" 200, {len(body)} bytes")
    assert f'"boundProfilePackage":"<{len(TEXT)} characters>"' in getattr(record, TRACE_LINES)[-1]
    assert TEXT[:40] not in caplog.text + str([vars(record) for record in caplog.records])


def test_a_disk_that_fails_ends_the_request() -> None:
    def full(_content: bytes) -> None:
        raise StorageFailed("The disk is full.")

    with (
        tls_peer(answering(http("200 OK", whole(boundProfilePackage=TEXT)))) as peer,
        https(peer) as client,
        pytest.raises(LpaError, match=r"^The disk is full\.$"),
    ):
        Server(ServerAddress(HOST), client).get_bound_profile_package(TXID, b"", full)


def _pieces(size: int) -> Iterator[bytes]:
    yield f'{{"{MEMBER}":"'.encode()
    for _ in range(size // 4 * 4 // 48000):
        yield b"QUJD" * 12000
    yield b'"}'


def _peak(size: int) -> int:
    """The memory that a reader takes for a package of about `size` characters."""
    reader = PackageReader(lambda _content: None)
    tracemalloc.start()
    try:
        for piece in _pieces(size):
            reader.add(piece)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_memory_does_not_grow_with_the_package() -> None:
    assert _peak(8_000_000) < _peak(500_000) * 1.1 < 1 << 20
