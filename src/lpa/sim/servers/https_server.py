"""An HTTPS server for POST requests of limited size, over persistent HTTP/1.1 connections."""

from __future__ import annotations

import io
import logging
import re
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, cast

from lpa.errors import LpaError
from lpa.sim.crypto.pki import Credentials
from lpa.sim.faults.server_faults import BrokenExchange, Reply

MAX_BODY = 1 << 16  # bytes; a notification has about one thousand
_MOST_LINES = 100  # trailer lines after the last chunk; http.server takes as many headers
_LONGEST_LINE = 1 << 10
_STOP_POLL = 0.05  # seconds between two checks for `shutdown`
_IDLE = 30.0  # seconds until a silent client is disconnected

_log = logging.getLogger(__name__)

# From path, headers and body of a POST to status, headers and body of its response
Answerer = Callable[[str, Message, bytes], Reply]


def tls_context(credentials: Credentials) -> ssl.SSLContext:
    """A context for TLS 1.2 or later with these `credentials`; with a brainpool key for TLS 1.2 only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if credentials.key.curve.name.startswith("brainpool"):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ecdh_curve(credentials.key.curve.name)
    with tempfile.TemporaryDirectory() as folder:  # ssl reads keys from files only
        path = Path(folder, "credentials.pem")
        path.touch(mode=0o600)
        path.write_bytes(credentials.key_pem + credentials.pem_chain)
        context.load_cert_chain(path)
    return context


class HttpsServer(socketserver.ThreadingTCPServer):
    """Responds to each POST with the result of `answer`, in one thread per connection.

    `arriving`: called with the path before a body is read. `connecting`: called before each TLS handshake;
    it may return another context for it. These and `answer` may raise `BrokenExchange`.
    """

    allow_reuse_address = True
    request_queue_size = 64
    # Not daemons: closing waits for the threads, so none outlives it.
    daemon_threads = False

    def __init__(
        self,
        address: tuple[str, int],
        context: ssl.SSLContext,
        answer: Answerer,
        *,
        arriving: Callable[[str], None] = lambda _: None,
        connecting: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        self.arriving, self._connecting = arriving, connecting
        self._live: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.answer = answer
        super().__init__(address, _Handler)  # If it cannot listen there, it closes, which needs the lock.
        # The TLS handshake runs in the thread of the connection, so a silent client delays no other.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return cast("int", self.socket.getsockname()[1])

    def serve_forever(self, poll_interval: float = _STOP_POLL) -> None:
        """Serve until `shutdown` is called from another thread."""
        super().serve_forever(poll_interval)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, and list it until it ends."""
        with self._lock:
            self._live.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, after the handshake with the context that it is to have."""
        if context := self._connecting():
            request.context = context
        super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Remove a connection from the list when it ends."""
        with self._lock:
            self._live.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening, and shut down the connections that still wait for a client."""
        with self._lock:
            for connection in self._live:
                _shut_down(connection)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log a broken connection at DEBUG: clients disconnect and refuse certificates."""
        del request
        _log.debug("the connection with %s broke", client_address, exc_info=True)


def _shut_down(connection: socket.socket) -> None:
    try:
        # The method of the plain socket: SSLSocket's would remove the TLS layer while a thread reads from it.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        _log.debug("a connection was already closed")


class _Unread(Exception):
    """A body is not read, for the reason that `status` gives."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "lpa-sim", ""
    disable_nagle_algorithm = True
    timeout = _IDLE

    def do_POST(self) -> None:
        """Respond to one POST."""
        try:
            self._send(*self._answer())
        except BrokenExchange as broken:
            self._break(broken)

    def _break(self, broken: BrokenExchange) -> None:
        """Send what is to be sent of a reply, as often as it is to be sent."""
        connection, self.wfile = self.wfile, io.BytesIO()
        if broken.reply:
            for _ in range(broken.times):
                self._send(*broken.reply)
        sent = self.wfile.getvalue()[: broken.limit]
        self.wfile = connection
        self.wfile.write(sent)
        self.close_connection |= broken.closes

    def _send(self, status: HTTPStatus | int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self) -> Reply:
        server = cast("HttpsServer", self.server)
        server.arriving(self.path)
        try:
            body = self._body()
        except _Unread as error:
            # The unread body could be taken for the next request, so the connection is closed.
            return error.status, {"Connection": "close"}, b""
        try:
            return server.answer(self.path, self.headers, body)
        except LpaError:
            _log.exception("cannot answer %s", self.path)
            return HTTPStatus.INTERNAL_SERVER_ERROR, {}, b""

    def _body(self) -> bytes:
        """The body, by its length or in chunks (RFC 9112 §6). Raises `_Unread` if it is not read."""
        coding, length = self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length", "")
        if coding is not None:
            if coding.strip().lower() != "chunked" or length:
                raise _Unread(HTTPStatus.BAD_REQUEST)
            return self._chunks()
        if not (length.isascii() and length.isdecimal()):
            raise _Unread(HTTPStatus.LENGTH_REQUIRED)
        if len(length) > 9 or int(length) > MAX_BODY:
            raise _Unread(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            if len(body) + size > MAX_BODY:
                raise _Unread(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            body += self.rfile.read(size)
            if self._line():
                raise _Unread(HTTPStatus.BAD_REQUEST)
        for _ in range(_MOST_LINES):
            if not self._line():
                return bytes(body)
        raise _Unread(HTTPStatus.BAD_REQUEST)

    def _chunk_size(self) -> int:
        size = self._line().partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
            raise _Unread(HTTPStatus.BAD_REQUEST)
        return int(size, 16)

    def _line(self) -> bytes:
        line = self.rfile.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise _Unread(HTTPStatus.BAD_REQUEST)
        return line.rstrip(b"\r\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name it has in the base class)
        """Log at DEBUG instead of writing to stderr."""
        _log.debug(format, *args)
