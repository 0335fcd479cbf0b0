"""Requests and answers on a connection to a server that proved who it is. The only place that knows urllib3.

Law: what may have reached the server is never sent again. Only a complete answer is an answer.
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
from lpa.server.connection_errors import obstacle
from lpa.server.tls import TlsStream, TooMuch
from lpa.server.trust import TrustAnchor

_PIECE = 1 << 16  # bytes read at once
_SHOWN = 200  # as many characters of nonsense as a person will read
_UNKNOWN = "The server may have acted on it or not: what was kept stays kept, ask it again later."


@dataclass(frozen=True)
class Answer:
    """What a server answered: status, body and its type as they came, its TLS certificate, who vouched."""

    status: int
    body: bytes
    certificate: bytes = field(default=b"", compare=False)  # DER
    trust_anchor: TrustAnchor | None = field(default=None, compare=False)
    content_type: str = field(default="", compare=False)


class HttpConnection:
    """An open connection to the server at `address`, for one request after the other."""

    def __init__(
        self, stream: TlsStream, address: ServerAddress, certificate: bytes, trust_anchor: TrustAnchor
    ) -> None:
        """`certificate`: by which the server proved who it is, as DER."""
        self.stream = stream
        self.trust_anchor = trust_anchor
        self._address = address
        self._certificate = certificate
        self._http = HTTPConnection(address.host, address.port)
        self._http.sock = stream

    @property
    def ended(self) -> bool:
        """Whether nothing more can be asked on it: one side closed it, or is about to."""
        return not self._http.is_connected

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, max_body: int) -> Answer:
        """Post once, and give what the server answered, whatever the status. `max_body`: in bytes.

        Raises `OutcomeUnknown` if no complete answer came, `BadAnswer` if it is too large or no HTTP.
        """
        try:
            status, content_type, content = self._exchanged(path, body, headers, max_body)
        except (OSError, exceptions.ProtocolError, exceptions.SSLError, exceptions.TimeoutError) as error:
            raise OutcomeUnknown(
                f"The request went to {self._address}, and no complete answer came back: {obstacle(error)}.",
                advice=_UNKNOWN,
            ) from error
        except TooMuch as error:
            raise BadAnswer(f"The server {self._address} answered with more than any answer has.") from error
        except (http.client.HTTPException, exceptions.HTTPError, ValueError) as error:
            raise BadAnswer(
                f"The server {self._address} did not answer with HTTP: {_shown(error)}."
            ) from error
        if status < 200:  # An answer is still to come; nobody may take it for that to another request.
            raise OutcomeUnknown(
                f"The request went to {self._address}, and no complete answer came back: "
                f"HTTP status {status} only announces one.",
                advice=_UNKNOWN,
            )
        if len(content) > max_body:
            raise BadAnswer(f"The server {self._address} answered with more than {max_body} bytes.")
        return Answer(status, content, self._certificate, self.trust_anchor, content_type)

    def _exchanged(
        self, path: str, body: bytes, headers: Mapping[str, str], max_body: int
    ) -> tuple[int, str, bytes]:
        """Status, type of the body, and body, of which there may be more if it is longer than `max_body`."""
        self.stream.allow(HEADER_BYTES)
        self._http.request("POST", path, body, {"Host": str(self._address), **headers}, preload_content=False)
        response = self._http.getresponse()
        self.stream.allow(CHUNKING * max_body + HEADER_BYTES)
        content = bytearray()
        while len(content) <= max_body and (piece := response.read(_PIECE, decode_content=False)):
            content += piece
        return response.status, response.headers.get("content-type", ""), bytes(content)


def _shown(error: Exception) -> str:
    """What is wrong, in which the server's own words may stand."""
    return redaction.beginning(repr(error), _SHOWN)
