"""HTTP requests and answers on the connection to a verified server. The only import of urllib3.

Law: a request that may have reached the server is never repeated. Only a complete answer is an answer, and
only to the request before it: nothing that the server has sent earlier is waiting when a request is written.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from urllib3 import exceptions
from urllib3.connection import HTTPConnection

from lpa import redaction
from lpa.errors import BadAnswer, ConnectFailed, OutcomeUnknown
from lpa.rsp.limits import CHUNKING, HEADER_BYTES
from lpa.rsp.names import ServerAddress
from lpa.server.connection_errors import failure_reason
from lpa.server.tls import TlsStream, TooMuch
from lpa.server.trust import TrustAnchor

_PIECE = 1 << 16  # bytes read at once
_STATUS_LINE = b"HTTP/"
_LENGTH = re.compile("[0-9]{1,15}")
_SHOWN = 200  # characters of an invalid answer in an error
_UNKNOWN = "The server may or may not have acted on it. What was stored stays stored; retry later."


@dataclass(frozen=True)
class HttpAnswer:
    """A server's answer: status, body and content type as they came, TLS certificate, and trust anchor."""

    status: int
    body: bytes
    certificate: bytes = field(default=b"", compare=False)  # DER
    trust_anchor: TrustAnchor | None = field(default=None, compare=False)
    content_type: str = field(default="", compare=False)


class HttpConnection:
    """An open connection to the server at `address`, for successive requests."""

    def __init__(
        self, stream: TlsStream, address: ServerAddress, certificate: bytes, trust_anchor: TrustAnchor
    ) -> None:
        """`certificate`: the server's own, as DER."""
        self.stream = stream
        self.trust_anchor = trust_anchor
        self.idle_since = 0.0  # on the monotonic clock
        self._address = address
        self._certificate = certificate
        self._http = HTTPConnection(address.host, address.port)
        self._http.sock = stream

    @property
    def ended(self) -> bool:
        """Whether no further request is possible: it was closed, or has data that no request asked for."""
        return self._http.sock is None or not self.stream.quiet

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, max_body: int) -> HttpAnswer:
        """Post once and return the server's answer, whatever its status. `max_body`: in bytes.

        Raises `ConnectFailed` if nothing was sent, because the server sent data before it was asked or closed
        the connection; `OutcomeUnknown` if no complete answer arrived; and `BadAnswer` if it is too large, is
        not HTTP, or has more bytes than it declares.
        """
        if self.ended:
            raise ConnectFailed(
                f"The server {self._address} closed the connection, or sent data before a request."
            )
        try:
            status, content_type, content = self._exchanged(path, body, headers, max_body)
        except (OSError, exceptions.ProtocolError, exceptions.SSLError, exceptions.TimeoutError) as error:
            raise OutcomeUnknown(
                f"The request was sent to {self._address}, but no complete answer arrived: "
                f"{failure_reason(error)}.",
                advice=_UNKNOWN,
            ) from error
        except TooMuch as error:
            raise BadAnswer(f"The server {self._address} sent more than the limit for an answer.") from error
        except (http.client.HTTPException, exceptions.HTTPError, ValueError) as error:
            raise BadAnswer(
                f"The server {self._address} did not answer with HTTP: {_shown(error)}."
            ) from error
        if (
            status < 200
        ):  # The final answer is still to come, and must not be taken for that to the next request.
            raise OutcomeUnknown(
                f"The request was sent to {self._address}, but no complete answer arrived: "
                f"HTTP status {status} is not final.",
                advice=_UNKNOWN,
            )
        if len(content) > max_body:
            raise BadAnswer(f"The server {self._address} answered with more than {max_body} bytes.")
        if self._surplus():
            raise BadAnswer(f"The server {self._address} sent more bytes than its answer declares.")
        return HttpAnswer(status, content, self._certificate, self.trust_anchor, content_type)

    def _exchanged(
        self, path: str, body: bytes, headers: Mapping[str, str], max_body: int
    ) -> tuple[int, str, bytes]:
        """Status, content type and body. A body longer than `max_body` may be incomplete."""
        self.stream.allow(HEADER_BYTES)
        self._http.request(
            "POST", path, body, {"Host": self._address.host_header, **headers}, preload_content=False
        )
        response = self._http.getresponse()
        _check_length(response.headers.getlist("content-length"))
        self.stream.allow(CHUNKING * max_body + HEADER_BYTES)
        content = bytearray()
        while len(content) <= max_body and (piece := response.read(_PIECE, decode_content=False)):
            content += piece
        return response.status, response.headers.get("content-type", ""), bytes(content)

    def _surplus(self) -> bool:
        """Whether bytes follow the answer that are no other answer. That would only end the connection."""
        try:
            unread = self.stream.unread()
        except OSError:
            return False
        return not _STATUS_LINE.startswith(unread[: len(_STATUS_LINE)])


def _check_length(values: list[str]) -> None:
    """Raise ValueError if the length of a body is not one number (RFC 9112 §6.3)."""
    if len(set(values)) > 1 or not all(map(_LENGTH.fullmatch, values)):
        raise ValueError(f"its Content-Length is {', '.join(values)}")


def _shown(error: Exception) -> str:
    """The error without secrets, and shortened: it may contain the server's text."""
    return redaction.beginning(repr(error), _SHOWN)
