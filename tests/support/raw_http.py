"""Send requests to a simulated server byte by byte, and read its answers."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, cast

from lpa.sim.crypto.pki import Authority
from tests.support.scripted_card import Listening
from tests.support.tls_faults import CI, plain_context

ROOT = "/gsma/rsp2/es9plus/"
HEADERS = (
    "Host: smdp.example",
    "User-Agent: gsma-rsp-lpad",
    "X-Admin-Protocol: gsma/rsp/v2.2.2",
    "Content-Type: application/json",
)
Members = dict[str, Any]
Way = Callable[[bytes], bytes]


@contextmanager
def line(server: Listening, authority: Authority = CI) -> Iterator[BinaryIO]:
    """A TLS connection to write to and read from."""
    with (
        socket.create_connection(("127.0.0.1", server.port), 10) as plain,
        plain_context(authority).wrap_socket(plain) as secure,
        closing(secure.makefile("rwb")) as stream,
    ):
        yield cast("BinaryIO", stream)


def coded(members: Members) -> bytes:
    """As JSON, with bytes as base64."""
    plain = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in members.items()
    }
    return json.dumps(plain).encode()


def post(
    stream: BinaryIO,
    function: str,
    body: bytes,
    *,
    headers: tuple[str, ...] = HEADERS,
    version: str = "1.1",
    sized: bool = True,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer."""
    lines = [f"POST {function} HTTP/{version}", *headers]
    lines += [f"Content-Length: {len(body)}"] if sized else []
    stream.write("\r\n".join((*lines, "", "")).encode() + body)
    stream.flush()
    return answer(stream)


def answer(stream: BinaryIO) -> tuple[int, dict[str, str], bytes]:
    """The next answer."""
    status = int(stream.readline().split()[1])
    headers = {}
    while text := stream.readline().decode().strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, stream.read(int(headers.get("content-length", 0)))


def understood(answered: tuple[int, dict[str, str], bytes]) -> Members:
    """The members of a successful answer."""
    status, headers, body = answered
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert headers["x-admin-protocol"] == "gsma/rsp/v2.2.2"
    members: Members = json.loads(body)
    assert members.pop("header") == {"functionExecutionStatus": {"status": "Executed-Success"}}
    return {
        name: base64.b64decode(value) if isinstance(value, str) and name != "transactionId" else value
        for name, value in members.items()
    }


class Asking:
    """Sends requests coded by `way`, all over one connection (`kept`) or each over its own.

    `version`: of SGP.22, which the client names.
    """

    def __init__(self, server: Listening, way: Way, *, kept: bool, version: str = "2.2.2") -> None:
        self._server = server
        self._way = way
        self._kept = kept
        self._headers = (*HEADERS[:2], f"X-Admin-Protocol: gsma/rsp/v{version}", HEADERS[3])

    def __enter__(self) -> Asking:
        self._line = line(self._server)
        self._stream = self._line.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.__exit__(None, None, None)

    def __call__(self, function: str, members: Members) -> Members:
        if not self._kept:
            self.__exit__()
            self.__enter__()
        body = self._way(coded(members))
        answered = post(self._stream, f"{ROOT}{function}", body, headers=self._headers)
        if function == "handleNotification":
            assert (answered[0], answered[2]) == (204, b"")
            return {}
        return understood(answered)
