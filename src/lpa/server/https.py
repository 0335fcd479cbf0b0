"""One POST over verified HTTPS, limited in time and size: connect, handshake, verify, and only then send.

Law: an error shows whether the request may have reached the server. Before the server is verified nothing is
sent (`ConnectFailed`, `NotVerified`); for errors after that see `exchange`. No request is repeated, and no
redirect is followed.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from lpa import redaction, stop
from lpa.errors import ConnectFailed, NotVerified, OutcomeUnknown
from lpa.later import later
from lpa.rsp.limits import BODY_BYTES, CONNECT_SECONDS, EXCHANGE_SECONDS, IDLE_SECONDS, READ_SECONDS
from lpa.rsp.names import ServerAddress
from lpa.rsp.trace import TRACE_LINES
from lpa.server import http_traffic, tls
from lpa.server.connect_to import ConnectTo
from lpa.server.connector import Connector, Resolve, resolve
from lpa.server.http_answer import BodyReceiver, HttpAnswer
from lpa.server.known_keys import KnownKeys
from lpa.server.proxy import ProxyChoice
from lpa.server.trust import CiPkIds, Trust, TrustAnchor

if TYPE_CHECKING:
    from lpa.server import exchange
    from lpa.server.exchange import HttpConnection
else:  # A handshake needs no HTTP.
    (exchange,) = later("lpa.server", "exchange")

__all__ = ["HttpAnswer", "Https"]

_log = redaction.logger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _ended_by_stop() -> Iterator[None]:
    """Begin nothing once a stop is requested. If the block fails because its time is over, say so."""
    stop.check()
    try:
        yield
    except (ConnectFailed, OutcomeUnknown):
        stop.check()
        raise


class _Connection:
    """A connection to a verified server. What HTTP needs is loaded with its first request."""

    def __init__(
        self, stream: tls.TlsStream, address: ServerAddress, certificate: bytes, trust_anchor: TrustAnchor
    ) -> None:
        self.stream = stream
        self.trust_anchor = trust_anchor
        self.idle_since = 0.0  # on the monotonic clock
        self._of_server = address, certificate

    @functools.cached_property
    def http(self) -> HttpConnection:
        return exchange.HttpConnection(self.stream, *self._of_server, self.trust_anchor)

    @property
    def ended(self) -> bool:
        """Whether no request is possible: it was closed, or has data that no request asked for."""
        return self.http.ended if "http" in vars(self) else not self.stream.quiet


class Https:
    """Posts to servers; keeps one idle connection to each, so that a second POST needs no new handshake.

    Times are in seconds: `connect_timeout` for the TCP connection and again for the TLS handshake,
    `read_timeout` for each piece of an answer, `deadline` for a request and its complete answer. `max_body`
    is in bytes. `proxy`: the proxy for an address, if any. `known_keys`: remembers the keys of issuers beyond
    this object. Threads may share one object.
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
        known_keys: KnownKeys | None = None,
    ) -> None:
        self._trust = trust
        self._connector = Connector(connect_to, proxy=proxy, timeout=connect_timeout, resolve=resolve)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._deadline = deadline
        self._max_body = max_body
        self._clock = clock
        self._known_keys = known_keys or KnownKeys()
        self._idle: dict[tuple[ServerAddress, CiPkIds], _Connection] = {}

    @_ended_by_stop()
    def post(
        self,
        address: ServerAddress,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        receiver: BodyReceiver | None = None,
        *,
        ci_pkids: CiPkIds = (),
    ) -> HttpAnswer:
        """Post `body` to `path` on the server, and return its answer, whatever the status.

        `receiver`: for the body of a successful answer that may be larger than others. `ci_pkids`: the
        trusted CI keys of the card; for other trust anchors see `Trust`. Raises `ConnectFailed` or
        `NotVerified` if nothing was sent, `OutcomeUnknown` if it was sent and no complete answer arrived, and
        `BadAnswer` if the answer is too large or not HTTP. A stop ends it before, or while it waits.
        """
        connection = self._take_idle(address, ci_pkids) or self._open(address, ci_pkids)
        connection.stream.limit_time(self._read_timeout, time.monotonic() + stop.limited(self._deadline))
        try:
            answer = connection.http.post(path, body, headers, max_body=self._max_body, receiver=receiver)
        except BaseException:
            connection.stream.hang_up()
            _log.debug(
                "POST https://%s%s: no complete answer",
                address,
                path,
                extra=_traced(address, path, body, headers),
            )
            raise
        self._leave_idle(connection, address, ci_pkids)
        _log.debug(
            "POST https://%s%s: HTTP %d, %d bytes",
            address,
            path,
            answer.status,
            answer.size,
            extra=_traced(address, path, body, headers, answer),
        )
        return answer

    @_ended_by_stop()
    def handshake(self, address: ServerAddress, *, ci_pkids: CiPkIds = ()) -> TrustAnchor:
        """Connect to the server and verify it: its trust anchor. No request is sent.

        A request that follows soon needs no other handshake. Raises `ConnectFailed` or `NotVerified`.
        """
        connection = self._take_idle(address, ci_pkids) or self._open(address, ci_pkids)
        self._leave_idle(connection, address, ci_pkids)
        return connection.trust_anchor

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

    def _take_idle(self, address: ServerAddress, ci_pkids: CiPkIds) -> _Connection | None:
        """An idle connection that can be used. An old one may be dead, and neither side would know."""
        connection = self._idle.pop((address, ci_pkids), None)
        if connection and (connection.ended or time.monotonic() > connection.idle_since + IDLE_SECONDS):
            connection.stream.hang_up()
            return None
        return connection

    def _leave_idle(self, connection: _Connection, address: ServerAddress, ci_pkids: CiPkIds) -> None:
        if connection.ended or self._idle.setdefault((address, ci_pkids), connection) is not connection:
            connection.stream.hang_up()
        connection.idle_since = time.monotonic()

    def _open(self, address: ServerAddress, ci_pkids: CiPkIds) -> _Connection:
        try:
            try:
                return self._connect(address, ci_pkids, self._context)
            except tls.TlsFailed as error:
                if "handshake failure" not in error.reason:
                    raise
                return self._connect(address, ci_pkids, self._brainpool_context)
        except OSError as error:
            raise self._connector.failed(address, error) from error

    def _connect(self, address: ServerAddress, ci_pkids: CiPkIds, context: tls.Context) -> _Connection:
        """Connect, perform the handshake, verify the server, and only then return the connection."""
        stream = tls.TlsStream(context, self._connector.connect(address), address.host)
        try:
            stream.limit_time(self._connect_timeout, time.monotonic() + stop.limited(self._connect_timeout))
            handshake = stream.handshake()
            trust_anchor = self._trust.verify(
                handshake, address.host, ci_pkids, self._clock(), self._known_keys
            )
        except NotVerified as doubt:
            stream.hang_up()
            message = f"The identity of the server {address} could not be verified. {doubt.message}"
            raise NotVerified(message, advice=doubt.advice, reason=doubt.reason) from doubt
        except BaseException:
            stream.hang_up()
            raise
        _log.debug("%s was verified by %s", address, trust_anchor)
        return _Connection(stream, address, handshake.chain[0], trust_anchor)


def _traced(
    address: ServerAddress,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    answer: HttpAnswer | None = None,
) -> dict[str, list[str]]:
    """The lines of an exchange for a trace, without secrets; none if nobody traces."""
    if not _log.isEnabledFor(redaction.TRAFFIC):
        return {}
    answered = left_out = None
    if answer is not None:
        answered = (answer.status, {"Content-Type": answer.content_type}, answer.body)
        left_out = answer.left_out
    shown = http_traffic.redacted(str(address), path, (dict(headers), body), answered, left_out)
    return {TRACE_LINES: shown.lines()}
