"""One POST over verified HTTPS, bounded in time and size: connect, handshake, judge, and only then ask.

Law: an error says whether the request may have reached the server. Until the server has proved who it is
nothing was sent (`ConnectFailed`, `NotVerified`); what comes after that is in `exchange`. So nothing is tried
twice here, and no redirect is followed.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Self

from lpa import redaction
from lpa.errors import NotVerified
from lpa.rsp.limits import BODY_BYTES, CONNECT_SECONDS, EXCHANGE_SECONDS, READ_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.server import tls
from lpa.server.connect_to import ConnectTo
from lpa.server.connector import Connector, Resolve, resolve
from lpa.server.exchange import Answer, HttpConnection
from lpa.server.proxy import ProxyChoice
from lpa.server.trust import CiPkIds, Trust, TrustAnchor

__all__ = ["Answer", "Https"]

_log = redaction.logger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Https:
    """Posts to servers; keeps one idle connection to each, so that a second POST needs no new greeting.

    Times are in seconds: `connect_timeout` for the TCP connection and again for the TLS greeting,
    `read_timeout` for each piece of an answer, `deadline` for a request and its whole answer. `max_body` is
    in bytes. `proxy`: which to go through, if any. Threads may share one object.
    """

    def __init__(
        self,
        trust: Trust,
        *,
        connect_to: Sequence[ConnectTo] = (),
        proxy: ProxyChoice | None = None,
        connect_timeout: float = CONNECT_SECONDS,
        read_timeout: float = READ_SECONDS,
        deadline: float = EXCHANGE_SECONDS,
        max_body: int = BODY_BYTES,
        resolve: Resolve = resolve,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._trust = trust
        self._connector = Connector(connect_to, proxy=proxy, patience=connect_timeout, resolve=resolve)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._deadline = deadline
        self._max_body = max_body
        self._clock = clock
        self._idle: dict[tuple[ServerAddress, CiPkIds], HttpConnection] = {}

    def post(
        self,
        address: ServerAddress,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        max_body: int | None = None,
        *,
        ci_pkids: CiPkIds = (),
    ) -> Answer:
        """Post `body` to `path` on the server, and give what it answered, whatever the status.

        `max_body`: where an answer may be larger than most. `ci_pkids`: the issuers whom the card believes
        that this is about; beside them, see `Trust`. Raises `ConnectFailed` or `NotVerified` if nothing was
        sent, `OutcomeUnknown` if it was sent and no complete answer came, and `BadAnswer` if the answer is
        too large or no HTTP.
        """
        line = self._kept_open(address, ci_pkids) or self._open(address, ci_pkids)
        line.stream.bound(self._read_timeout, time.monotonic() + self._deadline)
        try:
            answer = line.post(path, body, headers, max_body=max_body or self._max_body)
        except BaseException:
            line.stream.hang_up()
            raise
        if line.ended or self._idle.setdefault((address, ci_pkids), line) is not line:
            line.stream.hang_up()
        _log.debug("POST https://%s%s: HTTP %d, %d bytes", address, path, answer.status, len(answer.body))
        return answer

    def handshake(self, address: ServerAddress, *, ci_pkids: CiPkIds = ()) -> TrustAnchor:
        """See that the server can be reached and proves who it is: who vouches for it. No request is sent.

        Raises `ConnectFailed` or `NotVerified`.
        """
        line = self._open(address, ci_pkids)
        line.stream.hang_up()
        return line.trust_anchor

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.popitem()[1].stream.hang_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @functools.cached_property
    def _context(self) -> tls.Context:
        return tls.context(self._trust.authorities)

    @functools.cached_property
    def _brainpool_context(self) -> tls.Context:
        return tls.brainpool_context(self._trust.authorities)

    def _kept_open(self, address: ServerAddress, ci_pkids: CiPkIds) -> HttpConnection | None:
        line = self._idle.pop((address, ci_pkids), None)
        if line and line.ended:  # the server closed it meanwhile
            line.stream.hang_up()
            return None
        return line

    def _open(self, address: ServerAddress, ci_pkids: CiPkIds) -> HttpConnection:
        try:
            try:
                return self._connect(address, ci_pkids, self._context)
            except tls.TlsFailed as error:
                if "handshake failure" not in error.reason:
                    raise
                return self._connect(address, ci_pkids, self._brainpool_context)
        except OSError as error:
            raise self._connector.failed(address, error) from error

    def _connect(self, address: ServerAddress, ci_pkids: CiPkIds, context: tls.Context) -> HttpConnection:
        """Greet the server, judge what it showed, and only then have a line to it."""
        stream = tls.TlsStream(context, self._connector.connect(address), address.host)
        try:
            stream.bound(self._connect_timeout, time.monotonic() + self._connect_timeout)
            handshake = stream.handshake()
            trust_anchor = self._trust.verify(handshake, address.host, ci_pkids, self._clock())
        except NotVerified as doubt:
            stream.hang_up()
            message = f"The server {address} could not prove that it is {address.host}. {doubt.message}"
            raise NotVerified(message, advice=doubt.advice) from doubt
        except BaseException:
            stream.hang_up()
            raise
        _log.debug("%s has proved who it is, by %s", address, trust_anchor)
        return HttpConnection(stream, address, handshake.chain[0], trust_anchor)
