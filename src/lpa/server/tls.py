"""TLS on one TCP connection: a handshake with any peer, and then data. The only import of pyOpenSSL.

The handshake succeeds with any certificates; `Handshake` has them and OpenSSL's objections. `trust` decides
whether to trust the peer, on this connection and before a byte of a request is sent, so nothing can change
between the check and the request. Python's own ssl does not give the chain before 3.13.

Law: OpenSSL never reads the socket. As long as messages arrive that need no answer, it would read on
regardless of timeouts and Ctrl-C. So it is given one TLS record at a time, and the time is checked in
between.
"""

from __future__ import annotations

import contextlib
import io
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, X509, dump_certificate, load_certificate

from lpa import redaction, stop
from lpa.host import system

# The default of Python's ssl: ephemeral keys for each connection, and authenticated encryption first.
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:DHE+AES:!aNULL:!aDSS:!SHA1:!AESCCM:@SECLEVEL=2"
_FOREVER = float("inf")
_RECORD_HEADER = 5  # bytes, the last two of which are the length of what follows
_PIECE = 1 << 16  # bytes requested from OpenSSL at once

Context = SSL.Context  # the settings of connections, and their trusted authorities

_log = redaction.logger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Handshake:
    """The certificates that a peer sent, its own first. It has proved only that it holds the key of that one.

    `objections`: OpenSSL's, by number (X509_V_ERR_...), to the chain up to an authority of the context; empty
    if the chain is valid. `root`: that authority. All certificates are DER, since only OpenSSL may be able to
    read them. The host name was not checked.
    """

    chain: tuple[bytes, ...]
    objections: tuple[int, ...]
    root: bytes | None


class TlsFailed(OSError):
    """The handshake failed, or the connection broke. `reason` is OpenSSL's."""

    def __init__(self, error: SSL.Error) -> None:
        reasons = [entry[-1] for entry in error.args[0]] if error.args else []
        self.reason = str(reasons[0]) if reasons else "no reason given"
        super().__init__(self.reason)


class TooMuch(Exception):
    """The peer sent more than was allowed."""


def context(authorities: Sequence[x509.Certificate] = ()) -> Context:
    """TLS 1.2 or later, with the authorities that this computer trusts, and `authorities`."""
    made = SSL.Context(SSL.TLS_CLIENT_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.set_cipher_list(_CIPHERS)
    # After it was verified, the peer must not start another handshake with another certificate.
    made.set_options(SSL.OP_NO_RENEGOTIATION)
    made.set_verify(SSL.VERIFY_PEER, _record_objection)
    _load_public_authorities(made)
    _add(made, map(X509.from_cryptography, authorities))
    return made


def brainpool_context(authorities: Sequence[x509.Certificate] = ()) -> Context:
    """As `context`, for a server with a key on brainpoolP256r1, which SGP.22 allows. Only TLS 1.2.

    OpenSSL offers either its default curves or the named ones, here one, and TLS 1.3 has no brainpool curve:
    so such a server needs a handshake of its own.
    """
    made = context(authorities)
    made.set_max_proto_version(SSL.TLS1_2_VERSION)
    made.set_tmp_ecdh(ec.BrainpoolP256R1())
    return made


class TlsStream:
    """A TLS connection on which every operation times out, with the socket methods that http.client needs.

    Every method raises `TimeoutError` if the peer takes too long, `ConnectionResetError` if it cut the
    connection, and `OSError` for other failures. `close` does nothing; `hang_up` closes the connection.
    """

    def __init__(self, context: Context, plain: socket.socket, host: str) -> None:
        """On the connected socket `plain`, which this object owns from now on. Sends nothing."""
        plain.setblocking(False)
        self._plain = plain
        self._header = b""  # the received part of the header of the current record
        self._missing = 0  # bytes of that record after its header
        self._reader = _UnclosedReader(_Received(self._receive))
        self._ended = False  # the peer has sent close_notify
        self._waits = True
        self._objections: list[int] = []
        self._tls = SSL.Connection(context, None)
        self._tls.set_app_data(self._objections)
        self._tls.set_tlsext_host_name(host.encode("ascii"))
        self._tls.set_connect_state()
        self.limit_time(_FOREVER, _FOREVER)
        self.allow(0)

    def limit_time(self, timeout: float, deadline: float) -> None:
        """Wait at most `timeout` seconds for each piece, and not beyond `deadline` on the monotonic clock."""
        self._timeout = timeout
        self._deadline = deadline

    def allow(self, size: int) -> None:
        """Let the peer send `size` more bytes; after that, reading raises `TooMuch`."""
        self._allowed = size

    def handshake(self) -> Handshake:
        """The TLS handshake, with any peer."""
        self._complete(self._tls.do_handshake)
        chain = self._tls.get_peer_cert_chain() or []
        verified = self._tls.get_verified_chain() or []
        root = _der(verified[-1]) if verified else None
        return Handshake(tuple(map(_der, chain)), tuple(self._objections), root)

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._complete(partial(self._tls.send, rest)) :]

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BufferedReader:
        """The data that the peer sends, as a stream: the same one each time, so that no byte is lost."""
        del mode, buffering
        return self._reader

    def unread(self) -> bytes:
        """The beginning of the data that have arrived and were not read; empty if there are none.

        Handles all records that have arrived, such as session tickets (RFC 8446 §4.6.1), and waits for none.
        """
        self._waits = False
        try:
            return self._reader.peek(1)
        finally:
            self._waits = True

    @property
    def quiet(self) -> bool:
        """Whether the connection is open, and the peer has sent nothing that was not read."""
        try:
            return not self.unread() and not self._ended
        except OSError:
            return False

    def settimeout(self, timeout: float | None) -> None:
        """Do nothing: see `limit_time`."""

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._plain.fileno()

    def close(self) -> None:
        """Do nothing: http.client closes a socket that it still reads from."""

    def hang_up(self) -> None:
        """Send close_notify if that is possible without waiting, and close the connection."""
        with contextlib.suppress(SSL.Error, OSError):
            self._tls.shutdown()
            self._plain.send(self._written())
        self._plain.close()

    def _receive(self, size: int) -> bytes | None:
        """Up to `size` bytes; none if the peer sent close_notify. None if it may not wait, and none came.

        An answer without a length ends with the connection. Only close_notify proves that the server ended
        it: an incomplete answer must never pass for an acknowledgement.
        """
        if self._waits and self._allowed <= 0:
            raise TooMuch
        try:
            if not self._waits:
                return self._received(1)
            piece = self._complete(partial(self._tls.recv, min(size, self._allowed)))
        except SSL.ZeroReturnError:
            self._ended = True
            return b""
        self._allowed -= len(piece)
        return piece

    def _received(self, size: int) -> bytes | None:
        """Up to `size` bytes of what has arrived, None if that has no data."""
        until = min(time.monotonic() + self._timeout, self._deadline)
        while time.monotonic() < until:
            try:
                return self._tls.recv(size)
            except SSL.WantReadError:
                try:
                    self._pass_on(self._plain.recv(self._expected))
                except BlockingIOError:
                    return None
            except SSL.ZeroReturnError:
                raise
            except SSL.Error as error:
                raise TlsFailed(error) from error
        raise TimeoutError("the deadline has passed")

    def _complete(self, operation: Callable[[], _T]) -> _T:
        """Complete an operation of OpenSSL, exchanging records with the peer until the timeout."""
        until = min(time.monotonic() + self._timeout, self._deadline)
        while True:
            try:
                done = operation()
            except SSL.WantReadError:
                self._send_written(until)
                self._read_record(until)
            except SSL.ZeroReturnError:
                raise
            except SSL.Error as error:
                with contextlib.suppress(OSError):
                    self._plain.send(self._written())  # OpenSSL's alert
                raise TlsFailed(error) from error
            else:
                self._send_written(until)
                return done

    def _send_written(self, until: float) -> None:
        """Send what OpenSSL wrote."""
        rest = memoryview(self._written())
        while rest:
            rest = rest[self._when_ready(selectors.EVENT_WRITE, until, partial(self._plain.send, rest)) :]

    def _read_record(self, until: float) -> None:
        """Pass the next received bytes to OpenSSL, at most to the end of the record (RFC 8446 §5.1)."""
        self._pass_on(
            self._when_ready(selectors.EVENT_READ, until, partial(self._plain.recv, self._expected))
        )

    @property
    def _expected(self) -> int:
        """How many bytes of the current record are missing, or of its header."""
        return self._missing or _RECORD_HEADER - len(self._header)

    def _pass_on(self, piece: bytes) -> None:
        """Pass received bytes to OpenSSL, and note how many of their record are missing."""
        if not piece:
            raise ConnectionResetError("it closed the connection")
        if self._missing:
            self._missing -= len(piece)
        else:
            self._header += piece
            if len(self._header) == _RECORD_HEADER:
                self._missing, self._header = int.from_bytes(self._header[-2:], "big"), b""
        self._tls.bio_write(piece)

    def _written(self) -> bytes:
        """What OpenSSL has written for the peer."""
        pieces = []
        with contextlib.suppress(SSL.WantReadError):  # raised at the end
            while True:
                pieces.append(self._tls.bio_read(_PIECE))
        return b"".join(pieces)

    def _when_ready(self, event: int, until: float, operation: Callable[[], _T]) -> _T:
        """The result of an operation on the socket, once it is ready. Raises `TimeoutError`."""
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the deadline has passed")
            try:
                return operation()
            except BlockingIOError:
                with selectors.DefaultSelector() as selector:
                    selector.register(self._plain, event)
                    piece = stop.sliced(left)
                    selector.select(None if piece == _FOREVER else piece)
                stop.check()


class _Received(io.RawIOBase):
    """The results of `receive` as a stream."""

    def __init__(self, receive: Callable[[int], bytes | None]) -> None:
        self._receive = receive

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        piece = self._receive(len(buffer))
        if piece is None:
            return None
        buffer[: len(piece)] = piece
        return len(piece)


class _UnclosedReader(io.BufferedReader):
    """A reader for all answers of a connection: http.client closes it after each of them."""

    def close(self) -> None:
        """Do nothing: what it holds may be read later."""

    def flush(self) -> None:
        """Do nothing: it is not written to. Python calls this when it collects an answer, in any order."""


def _der(certificate: X509) -> bytes:
    return dump_certificate(FILETYPE_ASN1, certificate)


def _record_objection(
    connection: SSL.Connection, _certificate: X509, objection: int, _depth: int, _valid: int
) -> bool:
    """Record OpenSSL's objection and continue: nothing is sent before `trust` has verified the peer."""
    if objection:
        connection.get_app_data().append(objection)
    return True


def _load_public_authorities(made: Context) -> None:
    """Add the authorities that this computer trusts, from the places that Python's ssl uses."""
    paths = ssl.get_default_verify_paths()
    for file, folder in ((paths.cafile, None), (None, paths.capath)):
        if file or folder:
            try:
                made.load_verify_locations(file, folder)
            except SSL.Error:
                _log.debug("no certificate authorities in %s", file or folder)
    _add(made, (load_certificate(FILETYPE_ASN1, der) for der in system.certificate_authorities()))


def _add(made: Context, authorities: Iterable[X509]) -> None:
    store = made.get_cert_store()
    if store:
        for authority in authorities:
            store.add_cert(authority)
