"""HTTP requests and answers on the connection to a verified server. The only import of urllib3.

Law: a request that may have reached the server is never repeated. Only a complete answer is an answer.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field

from urllib3 import exceptions
from urllib3.connection import HTTPConnection

from lpa import redaction
from lpa.errors import BadAnswer, OutcomeUnknown
from lpa.rsp.limits import CHUNKING, HEADER_BYTES
from lpa.rsp.names import ServerAddress
from lpa.server.connection_errors import failure_reason
from lpa.server.tls import TlsStream, TooMuch
from lpa.server.trust import TrustAnchor

_PIECE = 1 << 16  # bytes read at once
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
        self._address = address
        self._certificate = certificate
        self._http = HTTPConnection(address.host, address.port)
        self._http.sock = stream

    @property
    def ended(self) -> bool:
        """Whether no further request is possible: one side has closed the connection or is closing it."""
        return not self._http.is_connected

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, max_body: int) -> HttpAnswer:
        """Post once and return the server's answer, whatever its status. `max_body`: in bytes.

        Raises `OutcomeUnknown` if no complete answer arrived, `BadAnswer` if it is too large or not HTTP.
        """
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
        self.stream.allow(CHUNKING * max_body + HEADER_BYTES)
        content = bytearray()
        while len(content) <= max_body and (piece := response.read(_PIECE, decode_content=False)):
            content += piece
        return response.status, response.headers.get("content-type", ""), bytes(content)


def _shown(error: Exception) -> str:
    """The error without secrets, and shortened: it may contain the server's text."""
    return redaction.beginning(repr(error), _SHOWN)
