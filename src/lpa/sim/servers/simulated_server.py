"""The front of a simulated server: HTTPS, and the JSON of ES9+ and ES11 (SGP.22 §6.5)."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from lpa.sim.crypto.pki import Credentials
from lpa.sim.servers.https_server import HttpsServer, tls_context
from lpa.sim.servers.rejection import Rejection

ES9, ES11 = "/gsma/rsp2/es9plus/", "/gsma/rsp2/es11/"
_PROTOCOL = {"X-Admin-Protocol": "gsma/rsp/v2.2.2"}
_JSON = {"Content-Type": "application/json"}

_log = logging.getLogger(__name__)


class Members:
    """The members of the JSON object that was sent. What is missing or of another kind is a `Rejection`."""

    def __init__(self, body: bytes) -> None:
        try:
            members = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Rejection("1.2.1", "2.1", f"the body is no JSON: {error}") from error
        if not isinstance(members, dict):
            raise Rejection("1.2.1", "2.1", "the body is no JSON object")
        self._members = members

    def text(self, name: str, *others: str) -> str:
        """The text `name`, or what some call otherwise."""
        texts = (self._members.get(one) for one in (name, *others))
        text = next((text for text in texts if text is not None), None)
        if not isinstance(text, str):
            raise Rejection("1.2.1", "2.2", f"{name} is missing")
        return text

    def binary(self, name: str) -> bytes:
        """The bytes that `name` holds as base64, with or without line breaks and padding."""
        text = "".join(self.text(name).split()).rstrip("=")
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except ValueError as error:
            raise Rejection("1.2.1", "2.1", f"{name} is no base64: {error}") from error


# What a function answers: members whose bytes go out as base64, or None for 204 without a body.
Function = Callable[[Members], dict[str, Any] | None]


@dataclass(frozen=True)
class Answer:
    """What goes out. A server's `distort` may put another in its place, to see what a client makes of it."""

    status: HTTPStatus
    headers: dict[str, str]
    body: bytes = b""

    @property
    def members(self) -> dict[str, Any]:
        """The members of the JSON object that the body is."""
        members: dict[str, Any] = json.loads(self.body)
        return members

    def changed(self, **members: object) -> Answer:
        """The same with other members: bytes become base64, None leaves one out."""
        return replace(self, body=_body(self.members | members))


class SimulatedServer:
    """A server that answers ES9+ or ES11 `functions` on the IPv4 `address`; `port` 0 takes a free one.

    `roots`: the paths that they are found under.

    Use it as a `with` block, or call `serve_forever`. `distort`, if set, is given the function's name and the
    answer, and what it returns goes out: for tests of clients against servers that err.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        credentials: Credentials,
        address: str,
        port: int,
        *,
        roots: Sequence[str] = (ES9,),
    ) -> None:
        self.distort: Callable[[str, Answer], Answer] | None = None
        self._functions = functions
        self._roots = roots
        # The server's memory is for one client at a time; connections are not.
        self._turn = threading.Lock()
        self._https = HttpsServer((address, port), tls_context(credentials), self.answer)
        self.address, self.port = address, self._https.port
        self._thread: threading.Thread | None = None

    @property
    def connect_to(self) -> str:
        """The row for `--connect-to` that leads every host and port here."""
        return f"::{self.address}:{self.port}"

    def serve_forever(self) -> None:
        """Serve in this thread until an exception (as of Ctrl-C) ends it. Call `close` afterwards."""
        self._https.serve_forever()

    def close(self) -> None:
        """Break off all connections and stop."""
        if self._thread:
            self._https.shutdown()
            self._thread.join()
            self._thread = None
        self._https.server_close()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, name=type(self).__name__)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, path: str, headers: Message, body: bytes) -> tuple[HTTPStatus, dict[str, str], bytes]:
        """Status, headers and body of the answer to one POST (SGP.22 §6.5)."""
        name = self._named(path)
        function = self._functions.get(name)
        if function is None:
            return HTTPStatus.NOT_FOUND, {}, b""
        answer = self._answer(name, function, headers, body)
        if self.distort:
            answer = self.distort(name, answer)
        return answer.status, answer.headers, answer.body

    def _named(self, path: str) -> str:
        """The function that a path leads to, which may be a whole address or end with a slash."""
        try:
            path = urlsplit(path).path
        except ValueError:
            return ""
        root = next((root for root in self._roots if path.startswith(root)), path)
        return path.removeprefix(root).removesuffix("/")

    def _answer(self, name: str, function: Function, headers: Message, body: bytes) -> Answer:
        try:
            _check_headers(headers)
            with self._turn:
                members = function(Members(body))
        except Rejection as rejection:
            _log.debug("%s: %s/%s %s", name, rejection.subject, rejection.reason, rejection)
            return Answer(HTTPStatus.OK, _PROTOCOL | _JSON, _body(_failed(rejection)))
        if members is None:
            return Answer(HTTPStatus.NO_CONTENT, dict(_PROTOCOL))
        return Answer(
            HTTPStatus.OK, _PROTOCOL | _JSON, _body(_header({"status": "Executed-Success"}) | members)
        )


def _check_headers(headers: Message) -> None:
    if headers.get_content_type() != "application/json":
        raise Rejection("1.2.1", "2.1", f"the content is {headers.get_content_type()}, not application/json")
    protocol = headers.get("X-Admin-Protocol", "")
    if not re.fullmatch(r"gsma/rsp/v2\.[0-9]+\.[0-9]+", protocol):
        raise Rejection("1.2.2", "2.1", f"the protocol is {protocol!r}, not gsma/rsp/v2")


def _failed(rejection: Rejection) -> dict[str, Any]:
    data = {"subjectCode": rejection.subject, "reasonCode": rejection.reason, "message": rejection.message}
    return _header({"status": "Failed", "statusCodeData": data})


def _header(status: dict[str, Any]) -> dict[str, Any]:
    return {"header": {"functionExecutionStatus": status}}


def _body(members: Mapping[str, Any]) -> bytes:
    return json.dumps({name: _plain(value) for name, value in members.items() if value is not None}).encode()


def _plain(value: object) -> object:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
