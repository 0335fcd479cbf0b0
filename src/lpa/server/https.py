"""One POST over verified HTTPS, bounded in time and size. The only place that knows urllib3.

The law of this file: an error says whether the request may have reached the server. Until the TLS greeting
is over nothing was sent (`ConnectFailed`, `NotVerified`); after that only a complete answer is an answer
(`OutcomeUnknown`, `BadAnswer`). So nothing is tried twice here, no redirect is followed and no proxy is used.
"""

from __future__ import annotations

import http.client
import math
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, cast

from urllib3 import exceptions
from urllib3.connection import HTTPSConnection

from lpa import redaction
from lpa.errors import BadAnswer, ConnectFailed, NotVerified, OutcomeUnknown
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.trust import Trust

_log = redaction.logger(__name__)

# What OpenSSL's verify codes (X509_V_ERR_...) mean for the person in front of it.
_UNTRUSTED = "its certificate was issued by an authority that is not trusted"
_OBJECTIONS = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: _UNTRUSTED,
    20: _UNTRUSTED,
    21: _UNTRUSTED,
    62: "its certificate is for another name",
}
_PIECE = 1 << 16  # bytes read at once
_SHOWN = 200  # as many characters of nonsense as a person will read
_CLOCK = "Check the date and time of this computer. If they are right, the server's operator must renew it."
_UNKNOWN = "The server may have acted on it or not: what was kept stays kept, ask it again later."


@dataclass(frozen=True)
class Answer:
    """What a server answered: HTTP status and body as they came, and its TLS certificate."""

    status: int
    body: bytes
    certificate: bytes = field(default=b"", compare=False)  # DER


class _BoundedSocket(ssl.SSLSocket):
    """A TLS socket on which an exchange ends in time, however slowly the peer drips its answer."""

    patience = math.inf
    ends = math.inf

    def bound(self, patience: float, ends: float) -> None:
        """Wait at most `patience` seconds for each piece, and not beyond `ends` on the monotonic clock."""
        self.patience = patience
        self.ends = ends
        # An answer without a length ends with the connection. Only a proper TLS goodbye proves that it was
        # the server who ended it: half an answer must never pass for an acknowledgement.
        self.suppress_ragged_eofs = False

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        self.settimeout(min(self.patience, left))
        return super().recv_into(buffer, nbytes, flags)

    def cut(self) -> None:
        """Close at once, even if an answer that was not read to its end still holds on to the socket."""
        descriptor = self.detach()
        if descriptor >= 0:
            socket.close(descriptor)


class Https:
    """Posts to servers; keeps one idle connection to each, so that a second POST needs no new greeting.

    Times are in seconds: `connect_timeout` for the TCP connection and again for the TLS greeting,
    `read_timeout` for each piece of an answer, `deadline` for a request and its whole answer. `max_body` is
    in bytes. Threads may share one object.
    """

    def __init__(
        self,
        trust: Trust,
        *,
        connect_to: Sequence[ConnectTo] = (),
        connect_timeout: float = 10.0,
        read_timeout: float = 30.0,
        deadline: float = 60.0,
        max_body: int = 1 << 20,
    ) -> None:
        self._trust = trust
        self._connect_to = tuple(connect_to)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._deadline = deadline
        self._max_body = max_body
        self._idle: dict[ServerAddress, HTTPSConnection] = {}

    def post(self, address: ServerAddress, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post `body` to `path` on the server, and give what it answered, whatever the status.

        Raises `ConnectFailed` or `NotVerified` if nothing was sent, `OutcomeUnknown` if it was sent and no
        complete answer came, and `BadAnswer` if the answer is too large or no HTTP.
        """
        connection = self._kept_open(address) or self._open(address)
        sock = cast("_BoundedSocket", connection.sock)
        sock.bound(self._read_timeout, time.monotonic() + self._deadline)
        try:
            answer = self._exchange(connection, address, path, body, headers)
        except BaseException:
            connection.close()
            sock.cut()
            raise
        if self._idle.setdefault(address, connection) is not connection:
            connection.close()
        _log.debug("POST https://%s%s: HTTP %d, %d bytes", address, path, answer.status, len(answer.body))
        return answer

    def greet(self, address: ServerAddress) -> None:
        """See that the server can be reached and proves who it is. No request is sent.

        Raises `ConnectFailed` or `NotVerified`.
        """
        self._open(address).close()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _kept_open(self, address: ServerAddress) -> HTTPSConnection | None:
        connection = self._idle.pop(address, None)
        if connection and not connection.is_connected:  # the server closed it meanwhile
            connection.close()
            return None
        return connection

    def _open(self, address: ServerAddress) -> HTTPSConnection:
        try:
            try:
                return self._connect(address, self._trust.context())
            except ssl.SSLError as error:
                if "HANDSHAKE_FAILURE" not in (error.reason or ""):
                    raise
                return self._connect(address, self._trust.brainpool_context())
        except ssl.SSLCertVerificationError as error:
            raise _not_verified(address, error) from error
        except (exceptions.HTTPError, OSError) as error:
            raise ConnectFailed(f"Cannot reach {self._where(address)}: {_obstacle(error)}.") from error

    def _connect(self, address: ServerAddress, context: ssl.SSLContext) -> HTTPSConnection:
        context.sslsocket_class = _BoundedSocket  # what urllib3 will wrap its TCP socket in
        host, port = self._target(address)
        connection = HTTPSConnection(
            host, port, timeout=self._connect_timeout, ssl_context=context, server_hostname=address.host
        )
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def _exchange(
        self,
        connection: HTTPSConnection,
        address: ServerAddress,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Answer:
        try:
            certificate = _certificate(connection)
            connection.request("POST", path, body, {"Host": str(address), **headers}, preload_content=False)
            response = connection.getresponse()
            content = b""
            while len(content) <= self._max_body and (piece := response.read(_PIECE, decode_content=False)):
                content += piece
        except (OSError, exceptions.ProtocolError, exceptions.SSLError, exceptions.TimeoutError) as error:
            message = f"The request went to {address}, and no complete answer came back: {_obstacle(error)}."
            raise OutcomeUnknown(message, advice=_UNKNOWN) from error
        except (http.client.HTTPException, exceptions.HTTPError, ValueError) as error:
            raise BadAnswer(
                f"The server {address} did not answer with HTTP: {repr(error)[:_SHOWN]}."
            ) from error
        if len(content) > self._max_body:
            raise BadAnswer(f"The server {address} answered with more than {self._max_body} bytes.")
        return Answer(response.status, content, certificate)

    def _target(self, address: ServerAddress) -> tuple[str, int]:
        targets = (row.target(address) for row in self._connect_to)
        return next((target for target in targets if target), (address.host, address.port))

    def _where(self, address: ServerAddress) -> str:
        host, port = self._target(address)
        return str(address) if (host, port) == (address.host, address.port) else f"{address} at {host}:{port}"


def _not_verified(address: ServerAddress, error: ssl.SSLCertVerificationError) -> NotVerified:
    objection = _OBJECTIONS.get(error.verify_code, error.verify_message)
    advice = _CLOCK if error.verify_code in (9, 10) else None
    return NotVerified(
        f"The server {address} could not prove that it is {address.host}: {objection}.", advice=advice
    )


def _obstacle(error: BaseException) -> str:
    """What hindered, in plain words: urllib3 wraps the system's errors, and some several times."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, TimeoutError):
            return "it did not answer in time"
        if isinstance(cause, socket.gaierror):
            return f"the name does not resolve ({cause.strerror})"
        if isinstance(cause, ConnectionResetError | BrokenPipeError) or _is_end(cause):
            return "it closed the connection"
        if isinstance(cause, ssl.SSLError):
            return f"no secure connection is possible ({cause.reason})"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    return str(error)


def _is_end(error: BaseException) -> bool:
    """Whether it says that a TLS connection was cut; Python before 3.11.3 has no SSLEOFError for that."""
    return isinstance(error, ssl.SSLError) and error.reason in (None, "UNEXPECTED_EOF_WHILE_READING")


def _certificate(connection: HTTPSConnection) -> bytes:
    """The server's certificate, which was verified when the connection was made."""
    tls = cast("ssl.SSLSocket", connection.sock)
    return tls.getpeercert(binary_form=True) or b""
