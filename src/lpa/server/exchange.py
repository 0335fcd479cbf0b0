"""HTTP requests and answers on the connection to a verified server. The only import of urllib3.

Law: a request that may have reached the server is never repeated. Only a complete answer is an answer, and
only to the request before it: nothing that the server has sent earlier is waiting when a request is written.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping

from urllib3 import exceptions
from urllib3.connection import HTTPConnection

from lpa import redaction
from lpa.advice.servers import MAY_HAVE_ACTED
from lpa.errors import BadAnswer, ConnectFailed, OutcomeUnknown
from lpa.rsp.limits import CHUNKING, HEADER_BYTES
from lpa.rsp.names import ServerAddress
from lpa.server.connection_errors import failure_reason
from lpa.server.http_answer import BodyReceiver, HttpAnswer
from lpa.server.tls import TlsStream, TooMuch
from lpa.server.trust import TrustAnchor

_PIECE = 1 << 16  # bytes read at once
_STATUS_LINE = b"HTTP/"
_LENGTH = re.compile("[0-9]{1,15}")
_SHOWN = 200  # characters of an invalid answer in an error


class _WholeBody:
    """A body that is held in memory."""

    def __init__(self, max_body: int) -> None:
        self.max_body = max_body
        self.left_out: dict[str, int] = {}
        self._held = bytearray()

    @property
    def held(self) -> bytes:
        return bytes(self._held)

    def add(self, piece: bytes) -> None:
        self._held += piece


class HttpConnection:
    """An open connection to the server at `address`, for successive requests."""

    def __init__(
        self, stream: TlsStream, address: ServerAddress, certificate: bytes, trust_anchor: TrustAnchor
    ) -> None:
        """`certificate`: the server's own, as DER."""
        self.stream = stream
        self._trust_anchor = trust_anchor
        self._address = address
        self._certificate = certificate
        self._http = HTTPConnection(address.host, address.port)
        self._http.sock = stream

    @property
    def ended(self) -> bool:
        """Whether no further request is possible: it was closed, or has data that no request asked for."""
        return self._http.sock is None or not self.stream.quiet

    def post(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        max_body: int,
        receiver: BodyReceiver | None = None,
    ) -> HttpAnswer:
        """Post once and return the server's answer, whatever its status. `max_body`: in bytes.

        `receiver`: for the body if the status is 2xx, with a limit of its own.

        Raises `ConnectFailed` if nothing was sent, because the server sent data before it was asked or closed
        the connection; `OutcomeUnknown` if no complete answer arrived; and `BadAnswer` if it is too large, is
        not HTTP, or has more bytes than it declares.
        """
        if self.ended:
            raise ConnectFailed(
                f"The server {self._address} closed the connection, or sent data before a request."
            )
        try:
            answer = self._exchanged(path, body, headers, _WholeBody(max_body), receiver)
        except (OSError, exceptions.ProtocolError, exceptions.SSLError, exceptions.TimeoutError) as error:
            raise OutcomeUnknown(
                f"The request was sent to {self._address}, but no complete answer arrived: "
                f"{failure_reason(error)}.",
                advice=MAY_HAVE_ACTED,
            ) from error
        except TooMuch as error:
            raise BadAnswer(f"The server {self._address} sent more than the limit for an answer.") from error
        except (http.client.HTTPException, exceptions.HTTPError, ValueError) as error:
            raise BadAnswer(
                f"The server {self._address} did not answer with HTTP: {_shown(error)}."
            ) from error
        if answer.status < 200:
            # The final answer is still to come, and must not be taken for that to the next request.
            raise OutcomeUnknown(
                f"The request was sent to {self._address}, but no complete answer arrived: "
                f"HTTP status {answer.status} is not final.",
                advice=MAY_HAVE_ACTED,
            )
        if self._surplus():
            raise BadAnswer(f"The server {self._address} sent more bytes than its answer declares.")
        return answer

    def _exchanged(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        whole: BodyReceiver,
        receiver: BodyReceiver | None,
    ) -> HttpAnswer:
        """The answer, whose body `receiver` received if it is successful, else `whole`."""
        self.stream.allow(HEADER_BYTES)
        self._http.request(
            "POST", path, body, {"Host": self._address.host_header, **headers}, preload_content=False
        )
        response = self._http.getresponse()
        _check_length(response.headers.getlist("content-length"))
        receiver = receiver if receiver and 200 <= response.status < 300 else whole
        self.stream.allow(CHUNKING * receiver.max_body + HEADER_BYTES)
        size = 0
        while piece := response.read(_PIECE, decode_content=False):
            size += len(piece)
            if size > receiver.max_body:
                raise BadAnswer(
                    f"The server {self._address} answered with more than {receiver.max_body} bytes."
                )
            receiver.add(piece)
        content_type = response.headers.get("content-type", "")
        return HttpAnswer(
            response.status,
            receiver.held,
            self._certificate,
            self._trust_anchor,
            content_type,
            receiver.left_out,
        )

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
