"""The trace of the traffic with servers: names of the specification, and of values only the length."""

from __future__ import annotations

import json

import pytest

from lpa.server.http_traffic import redacted

PATH = "/gsma/rsp2/es9plus/authenticateClient"
HEADERS = {"X-Admin-Protocol": "gsma/rsp/v2.2.2", "Content-Type": "application/json", "User-Agent": "x"}


def body_of(members: object) -> str:
    """The body in the trace, of an answer with this JSON."""
    answer: tuple[int, dict[str, str], bytes] = (200, {}, json.dumps(members).encode())
    return redacted("smdp.example", PATH, ({}, b""), answer).answer.body


def test_an_exchange_is_shown_without_values() -> None:
    request = b'{"transactionId":"AABB","authenticateServerResponse":"vzgE","confirmationCode":"4Y8TBX"}'
    data = {
        "subjectCode": "8.2.6",
        "reasonCode": "3.8",
        "message": "no SECRET-1",
        "subjectIdentifier": "SECRET-1",
    }
    refused = {"status": "Failed", "statusCodeData": data}
    answer = json.dumps({"header": {"functionExecutionStatus": refused}, "SECRET-1": 1, "eventEntries": [1]})
    exchange = redacted(
        "smdp.example:8443",
        PATH,
        (HEADERS, request),
        (200, {"Content-Type": "application/json;charset=UTF-8", "Set-Cookie": "a"}, answer.encode()),
    )
    assert exchange.lines() == [
        ">> POST smdp.example:8443/gsma/rsp2/es9plus/authenticateClient",
        ">> X-Admin-Protocol: gsma/rsp/v2.2.2",
        ">> Content-Type: application/json",
        '>> {"transactionId":"<4 characters>","authenticateServerResponse":"<4 characters>"}',
        "<< 200",
        "<< Content-Type: application/json",
        '<< {"header":{"functionExecutionStatus":{"status":"Failed","statusCodeData":{"subjectCode":"8.2.6",'
        '"reasonCode":"3.8","message":"<11 characters>","subjectIdentifier":"<8 characters>"}}},'
        '"eventEntries":"<hidden>"}',
    ]


@pytest.mark.parametrize(
    ("members", "shown"),
    [
        ({"status": "Executed-Success"}, '{"status":"Executed-Success"}'),
        ({"status": "SECRET-1"}, '{"status":"<8 characters>"}'),
        ({"subjectCode": "1234"}, '{"subjectCode":"<4 characters>"}'),
        ({"subjectCode": "8.10.1.2"}, '{"subjectCode":"8.10.1.2"}'),
        ({"reasonCode": 1234}, '{"reasonCode":"<hidden>"}'),
        ({"status": {"SECRET-1": {}}}, '{"status":{}}'),
        (["SECRET-1"], "<12 bytes>"),
        ("SECRET-1", "<10 bytes>"),
    ],
)
def test_only_a_status_and_codes_are_shown(members: object, shown: str) -> None:
    assert body_of(members) == shown


@pytest.mark.parametrize("body", [b"<html>SECRET-1</html>", b"\xff" * 21, b'{"status":"' + b"[" * 10])
def test_of_a_body_that_is_no_object_only_the_length_is_shown(body: bytes) -> None:
    assert redacted("a", PATH, ({}, body), None).lines()[1:] == [">> <21 bytes>"]


def test_an_empty_body_has_no_line() -> None:
    assert redacted("a", PATH, ({}, b""), (204, {}, b"")).lines() == [f">> POST a{PATH}", "<< 204"]


@pytest.mark.parametrize(
    ("host", "path", "url"),
    [
        ("smdp.example", "/SECRET-1", "smdp.example/<9-characters>"),
        ("smdp.example", f"{PATH}?SECRET-1", "smdp.example/<46-characters>"),
        ("SECRET 1", PATH, f"<8-characters>{PATH}"),
        ("", PATH, f"<0-characters>{PATH}"),
    ],
)
def test_a_host_or_path_that_is_not_of_the_specification_is_hidden(host: str, path: str, url: str) -> None:
    assert redacted(host, path, ({}, b""), None).lines() == [f">> POST {url}"]


def test_of_headers_only_known_values_are_shown() -> None:
    headers = {"content-type": "SECRET-1", "X-Admin-Protocol": "SECRET-1", "Authorization": "SECRET-1"}
    assert redacted("a", PATH, (headers, b""), None).lines() == [f">> POST a{PATH}"]
