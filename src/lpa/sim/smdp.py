"""A simulated SM-DP+: a real HTTPS server that verifies the notifications it gets and keeps them.

with SimulatedSmdp(authority, host="smdp.example") as smdp:
    ...                # `lpa --connect-to <smdp.connect_to> --ca-bundle ci.pem ...`
    smdp.received      # what was accepted, in the order in which it came
"""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from lpa.rsp.names import ServerAddress
from lpa.sim.acceptance import Received, Rejection, accept
from lpa.sim.https import HttpsServer, tls_context
from lpa.sim.ledger import Ledger
from lpa.sim.pki import Authority

_ROOT = "/gsma/rsp2/es9plus/"
_ADMIN_PROTOCOL = "gsma/rsp/v2.2.2"

_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class SimulatedSmdp:
    """An SM-DP+ called `host` (and by the names in `also`), listening on the IPv4 `address`.

    It trusts `authority`, which also certifies it. `port` 0 takes a free one. `store` is a file that gets one
    line of JSON for each accepted notification, and is read again at the next start. It takes notifications
    for its own names only, unless `any_address`. Use it as a `with` block, or call `serve_forever`.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        host: str = "smdp.example",
        also: Sequence[str] = (),
        address: str = "127.0.0.1",
        port: int = 0,
        store: Path | None = None,
        any_address: bool = False,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.host = host
        self._ci = authority.certificate
        self._names = None if any_address else {name.lower() for name in (host, *also)}
        self._clock = clock
        self._ledger = Ledger(store)
        context = tls_context(authority.issue_server(host, also=also, now=clock()))
        self._https = HttpsServer((address, port), context, self.answer)
        self.address, self.port = address, self._https.port
        self._thread: threading.Thread | None = None

    @property
    def connect_to(self) -> str:
        """The row for `--connect-to` that leads every host and port here."""
        return f"::{self.address}:{self.port}"

    @property
    def received(self) -> tuple[Received, ...]:
        """The notifications that were accepted, each once, in the order in which they first came."""
        return self._ledger.received

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
        self._thread = threading.Thread(target=self.serve_forever, name=f"SM-DP+ {self.host}")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, path: str, headers: Message, body: bytes) -> tuple[HTTPStatus, dict[str, str], bytes]:
        """Status, headers and body of the answer to one POST (SGP.22 §6.5)."""
        functions = {"handleNotification": self._handle_notification}
        function = functions.get(path.removeprefix(_ROOT)) if path.startswith(_ROOT) else None
        if function is None:
            return HTTPStatus.NOT_FOUND, {}, b""
        own = {"X-Admin-Protocol": _ADMIN_PROTOCOL}
        try:
            _check_headers(headers)
            function(_members(body))
        except Rejection as rejection:
            _log.debug("%s: %s/%s %s", path, rejection.subject, rejection.reason, rejection)
            return HTTPStatus.OK, {**own, "Content-Type": "application/json"}, _failed(rejection)
        return HTTPStatus.NO_CONTENT, own, b""

    def _handle_notification(self, members: dict[str, Any]) -> None:
        received = accept(_binary(members, "pendingNotification"), self._ci, self._clock())
        self._check_address(received.address)
        self._ledger.keep(received)

    def _check_address(self, address: str) -> None:
        if self._names is None:
            return
        try:
            host = ServerAddress.parse(address).host
        except ValueError as error:
            raise Rejection("8.8.1", "3.8", str(error)) from error
        if host not in self._names:
            raise Rejection("8.8.1", "3.8", f"this server is not {host}")


def _check_headers(headers: Message) -> None:
    if headers.get_content_type() != "application/json":
        raise Rejection("1.2.1", "2.1", f"the content is {headers.get_content_type()}, not application/json")
    protocol = headers.get("X-Admin-Protocol", "")
    if not re.fullmatch(r"gsma/rsp/v2\.[0-9]+\.[0-9]+", protocol):
        raise Rejection("1.2.2", "2.1", f"the protocol is {protocol!r}, not gsma/rsp/v2")


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Rejection("1.2.1", "2.1", f"the body is no JSON: {error}") from error
    if not isinstance(members, dict):
        raise Rejection("1.2.1", "2.1", "the body is no JSON object")
    return members


def _binary(members: dict[str, Any], name: str) -> bytes:
    """The bytes that the member `name` holds as base64, with or without line breaks and padding."""
    text = members.get(name)
    if not isinstance(text, str):
        raise Rejection("1.2.1", "2.2", f"{name} is missing")
    text = "".join(text.split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise Rejection("1.2.1", "2.1", f"{name} is no base64: {error}") from error


def _failed(rejection: Rejection) -> bytes:
    data = {"subjectCode": rejection.subject, "reasonCode": rejection.reason, "message": rejection.message}
    status = {"status": "Failed", "statusCodeData": data}
    return json.dumps({"header": {"functionExecutionStatus": status}}).encode()
