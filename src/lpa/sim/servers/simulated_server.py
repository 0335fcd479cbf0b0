"""The base of the simulated servers: the JSON of ES9+ and ES11 over HTTPS (SGP.22 §6.5)."""

from __future__ import annotations

import base64
import json
import logging
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

from lpa.sim.crypto.pki import Credentials
from lpa.sim.faults.impostor import resigned
from lpa.sim.faults.server_faults import Reply, ServerFaults
from lpa.sim.servers.https_server import HttpsServer, tls_context
from lpa.sim.servers.rejection import Rejection

ES9, ES11 = "/gsma/rsp2/es9plus/", "/gsma/rsp2/es11/"
_PROTOCOL = {"X-Admin-Protocol": "gsma/rsp/v2.2.2"}
_JSON = {"Content-Type": "application/json"}

_log = logging.getLogger(__name__)


class RequestMembers:
    """The JSON members of a request. A missing member or one of another type raises a `Rejection`."""

    def __init__(self, body: bytes) -> None:
        try:
            members = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Rejection("1.2.1", "2.1", f"the body is not JSON: {error}") from error
        if not isinstance(members, dict):
            raise Rejection("1.2.1", "2.1", "the body is not a JSON object")
        self._members = members

    def text(self, name: str, *others: str) -> str:
        """The text of the member `name`, or of the first of `others` that is there."""
        texts = (self._members.get(one) for one in (name, *others))
        text = next((text for text in texts if text is not None), None)
        if not isinstance(text, str):
            raise Rejection("1.2.1", "2.2", f"{name} is missing")
        return text

    def binary(self, name: str) -> bytes:
        """The bytes of the member `name`: base64, with or without line breaks and padding."""
        text = "".join(self.text(name).split()).rstrip("=")
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except ValueError as error:
            raise Rejection("1.2.1", "2.1", f"{name} is not base64: {error}") from error


# A function returns the members of its response, with bytes to be sent as base64; or None for 204, no body.
Function = Callable[[RequestMembers], dict[str, Any] | None]


@dataclass(frozen=True)
class ServerResponse:
    """A response before it is sent. A server's `distort` may replace it."""

    status: HTTPStatus
    headers: dict[str, str]
    body: bytes = b""

    @property
    def members(self) -> dict[str, Any]:
        """The JSON members of the body."""
        members: dict[str, Any] = json.loads(self.body)
        return members

    def changed(self, **members: object) -> ServerResponse:
        """The response with some members changed: bytes become base64, None removes a member."""
        return replace(self, body=_body(self.members | members))


Watch = Callable[[str, Message, bytes, Reply], object]


class SimulatedServer:
    """A server of ES9+ or ES11 `functions` on the IPv4 `address`; with `port` 0 on a free port.

    `roots`: the paths of the functions. Use it as a `with` block, or call `serve_forever`.

    `distort`, if set, takes the name of the function and the response, and returns the response to send: for
    tests of clients against faulty servers. `faults`: what shall go wrong, as in
    `faults.add("2nd AuthenticateClient: status 503")`. `watch`, if set, is called with path, headers and body
    of each request and what answers it, in the thread of the connection; not if a fault breaks it.
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
        self.distort: Callable[[str, ServerResponse], ServerResponse] | None = None
        self.faults = ServerFaults(_PROTOCOL | _JSON)
        self.watch: Watch | None = None
        self._functions = functions
        self._credentials = credentials
        self._roots = roots
        # Connections have threads of their own, but functions run one at a time.
        self._lock = threading.Lock()
        self._https = HttpsServer(
            (address, port),
            tls_context(credentials),
            self.answer,
            arriving=lambda path: self.faults.arrive(self._named(path)),
            connecting=self._wrong_context,
        )
        self.address, self.port = address, self._https.port
        self._thread: threading.Thread | None = None

    @property
    def connect_to(self) -> str:
        """The value for `--connect-to` that leads every host and port to this server."""
        return f"::{self.address}:{self.port}"

    def serve_forever(self) -> None:
        """Serve in this thread until an exception, such as KeyboardInterrupt. Call `close` afterwards."""
        self._https.serve_forever()

    def close(self) -> None:
        """Close all connections, and stop."""
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

    def answer(self, path: str, headers: Message, body: bytes) -> Reply:
        """The status, headers and body of the response to one POST (SGP.22 §6.5).

        Raises `BrokenExchange` if a fault is to break the connection.
        """
        reply = self._served(path, headers, body)
        if self.watch:
            self.watch(path, headers, body, reply)
        return reply

    def _served(self, path: str, headers: Message, body: bytes) -> Reply:
        name = self._named(path)
        function = self._functions.get(name)
        if function is None:
            return HTTPStatus.NOT_FOUND, {}, b""
        return self.faults.serve(name, lambda: self._reply(name, function, headers, body))

    def _reply(self, name: str, function: Function, headers: Message, body: bytes) -> Reply:
        answer = self._answer(name, function, headers, body)
        if self.distort:
            answer = self.distort(name, answer)
        return answer.status, answer.headers, answer.body

    def _wrong_context(self) -> ssl.SSLContext | None:
        """A context with a certificate of another authority, if a fault wants it for this connection."""
        if not self.faults.connect():
            return None
        return tls_context(replace(self._credentials, certificate=resigned(self._credentials.certificate)))

    def _named(self, path: str) -> str:
        """The name of the function at a path, which may be a whole URL or end with a slash."""
        try:
            path = urlsplit(path).path
        except ValueError:
            return ""
        root = next((root for root in self._roots if path.startswith(root)), path)
        return path.removeprefix(root).removesuffix("/")

    def _answer(self, name: str, function: Function, headers: Message, body: bytes) -> ServerResponse:
        try:
            _check_headers(headers)
            with self._lock:
                members = function(RequestMembers(body))
        except Rejection as rejection:
            _log.debug("%s: %s/%s %s", name, rejection.subject, rejection.reason, rejection)
            return ServerResponse(HTTPStatus.OK, _PROTOCOL | _JSON, _body(_failed(rejection)))
        if members is None:
            return ServerResponse(HTTPStatus.NO_CONTENT, dict(_PROTOCOL))
        return ServerResponse(
            HTTPStatus.OK, _PROTOCOL | _JSON, _body(_header({"status": "Executed-Success"}) | members)
        )


def _check_headers(headers: Message) -> None:
    if headers.get_content_type() != "application/json":
        raise Rejection("1.2.1", "2.1", f"the content is {headers.get_content_type()}, not application/json")
    protocol = headers.get("X-Admin-Protocol", "")
    if not protocol.startswith("gsma/rsp/v"):  # A client of another version is answered with our own.
        raise Rejection("1.2.2", "2.1", f"the protocol is {protocol!r}, not gsma/rsp/v...")


def _failed(rejection: Rejection) -> dict[str, Any]:
    data = {"subjectCode": rejection.subject, "reasonCode": rejection.reason, "message": rejection.message}
    return _header({"status": "Failed", "statusCodeData": data})


def _header(status: dict[str, Any]) -> dict[str, Any]:
    return {"header": {"functionExecutionStatus": status}}


def _body(members: Mapping[str, Any]) -> bytes:
    return json.dumps({name: _plain(value) for name, value in members.items() if value is not None}).encode()


def _plain(value: object) -> object:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
