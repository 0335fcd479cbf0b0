"""TLS on one TCP connection: handshake, see whom it is, and only then speak. The only import of pyOpenSSL.

The greeting goes through whatever the peer shows, and `Handshake` tells what that was and what OpenSSL has
against it. Whom to believe is decided in `trust`, on this very connection and before a byte of a request:
so nothing can change between the look and the request. Python's own ssl cannot show the chain before 3.13.

Law: OpenSSL never holds the socket. It goes on reading, deaf to clock and Ctrl-C, as long as messages come
that it need not answer; so it is given one record of TLS at a time, and the time is looked at in between.
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

from lpa import redaction
from lpa.host import system

# What every Python offers by default: fresh keys for each connection, and authenticated encryption first.
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:DHE+AES:!aNULL:!aDSS:!SHA1:!AESCCM:@SECLEVEL=2"
_FOREVER = float("inf")
_RECORD_HEADER = 5  # bytes, the last two of which are the length of what follows
_PIECE = 1 << 16  # bytes, as many as OpenSSL is asked for at once

Context = SSL.Context  # the settings of connections, and whom they know as authorities

_log = redaction.logger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Handshake:
    """What a peer showed: its certificates, its own first; it holds the key of that one, and no more is sure.

    `objections`: OpenSSL's, as its numbers (X509_V_ERR_...), against the chain up to an authority of the
    context; none if it holds. `root`: that authority. All certificates are DER, for there may be some that
    nobody else can read. The name of the host was not looked at.
    """

    chain: tuple[bytes, ...]
    objections: tuple[int, ...]
    root: bytes | None


class TlsFailed(OSError):
    """No TLS came about, or it broke. `reason` is OpenSSL's."""

    def __init__(self, error: SSL.Error) -> None:
        reasons = [entry[-1] for entry in error.args[0]] if error.args else []
        self.reason = str(reasons[0]) if reasons else "without a reason"
        super().__init__(self.reason)


class TooMuch(Exception):
    """The peer sent more than was asked for."""


def context(authorities: Sequence[x509.Certificate] = ()) -> Context:
    """TLS 1.2 or later, and as authorities those that this computer trusts and `authorities`."""
    made = SSL.Context(SSL.TLS_CLIENT_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.set_cipher_list(_CIPHERS)
    # The peer stays the one that was handshake: it may not handshake anew with another certificate.
    made.set_options(SSL.OP_NO_RENEGOTIATION)
    made.set_verify(SSL.VERIFY_PEER, _note)
    _load_public_authorities(made)
    _add(made, map(X509.from_cryptography, authorities))
    return made


def brainpool_context(authorities: Sequence[x509.Certificate] = ()) -> Context:
    """As `context`, for a server whose key lies on brainpoolP256r1 (SGP.22 allows it). TLS 1.2 only.

    OpenSSL offers either its usual curves or those that are named, here one alone, and servers of TLS 1.3
    know no brainpool curve: so such a server needs a greeting of its own.
    """
    made = context(authorities)
    made.set_max_proto_version(SSL.TLS1_2_VERSION)
    made.set_tmp_ecdh(ec.BrainpoolP256R1())
    return made


class TlsStream:
    """A TLS connection on which everything ends in time, with as much of a socket as http.client wants.

    Every method raises `TimeoutError` if the peer takes too long, `ConnectionResetError` if it cut the wire,
    and `OSError` for everything else that hinders. `close` does nothing: `hang_up` does.
    """

    def __init__(self, context: Context, plain: socket.socket, host: str) -> None:
        """On the connected socket `plain`, which is ours from now on. Nothing is sent yet."""
        plain.setblocking(False)
        self._plain = plain
        self._header = b""  # of the record that is coming in, as much as there is
        self._missing = 0  # bytes of that record behind its header
        self._noted: list[int] = []
        self._tls = SSL.Connection(context, None)
        self._tls.set_app_data(self._noted)
        self._tls.set_tlsext_host_name(host.encode("ascii"))
        self._tls.set_connect_state()
        self.bound(_FOREVER, _FOREVER)
        self.allow(0)

    def bound(self, patience: float, ends: float) -> None:
        """Wait at most `patience` seconds for each piece, and not beyond `ends` on the monotonic clock."""
        self._patience = patience
        self._ends = ends

    def allow(self, most: int) -> None:
        """Let the peer send `most` bytes more; then reading raises `TooMuch`."""
        self._most = most

    def handshake(self) -> Handshake:
        """The TLS greeting, whoever the peer is."""
        self._patiently(self._tls.do_handshake)
        chain = self._tls.get_peer_cert_chain() or []
        known = self._tls.get_verified_chain() or []
        return Handshake(tuple(map(_der, chain)), tuple(self._noted), _der(known[-1]) if known else None)

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._patiently(partial(self._tls.send, rest)) :]

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BufferedReader:
        """What the peer sends, to be read."""
        del mode, buffering
        return io.BufferedReader(_Reader(self._receive))

    def settimeout(self, timeout: float | None) -> None:
        """Nothing: see `bound`."""

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._plain.fileno()

    def close(self) -> None:
        """Nothing: http.client closes what it has still to read from."""

    def hang_up(self) -> None:
        """Say goodbye if that takes no waiting, and close the connection."""
        with contextlib.suppress(SSL.Error, OSError):
            self._tls.shutdown()
            self._plain.send(self._written())
        self._plain.close()

    def _receive(self, size: int) -> bytes:
        """Up to `size` bytes; none if the peer said goodbye.

        An answer without a length ends with the connection. Only a proper goodbye proves that it was the
        server who ended it: half an answer must never pass for an acknowledgement.
        """
        if self._most <= 0:
            raise TooMuch
        try:
            piece = self._patiently(partial(self._tls.recv, min(size, self._most)))
        except SSL.ZeroReturnError:
            return b""
        self._most -= len(piece)
        return piece

    def _patiently(self, act: Callable[[], _T]) -> _T:
        until = min(time.monotonic() + self._patience, self._ends)
        while True:
            try:
                done = act()
            except SSL.WantReadError:
                self._send_out(until)
                self._take_in(until)
            except SSL.ZeroReturnError:
                raise
            except SSL.Error as error:
                with contextlib.suppress(OSError):
                    self._plain.send(self._written())  # what OpenSSL has to say to that
                raise TlsFailed(error) from error
            else:
                self._send_out(until)
                return done

    def _send_out(self, until: float) -> None:
        """Send what OpenSSL wrote."""
        rest = memoryview(self._written())
        while rest:
            rest = rest[self._when_ready(selectors.EVENT_WRITE, until, partial(self._plain.send, rest)) :]

    def _take_in(self, until: float) -> None:
        """Give OpenSSL a piece of what came, which ends with the record (RFC 8446 §5.1) at the latest.

        What follows stays on the socket: that something is there tells that a server ended the connection.
        """
        size = self._missing or _RECORD_HEADER - len(self._header)
        piece = self._when_ready(selectors.EVENT_READ, until, partial(self._plain.recv, size))
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
        """What OpenSSL wrote for the peer since it was last asked."""
        pieces = []
        with contextlib.suppress(SSL.WantReadError):  # It has no more.
            while True:
                pieces.append(self._tls.bio_read(_PIECE))
        return b"".join(pieces)

    def _when_ready(self, event: int, until: float, act: Callable[[], _T]) -> _T:
        """Act on the socket, when it is ready for it. Raises `TimeoutError` if that is too late."""
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("it took too long")
            try:
                return act()
            except BlockingIOError:
                with selectors.DefaultSelector() as selector:
                    selector.register(self._plain, event)
                    selector.select(None if left == _FOREVER else left)


class _Reader(io.RawIOBase):
    """What `receive` gives, as a stream."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._receive(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _der(certificate: X509) -> bytes:
    return dump_certificate(FILETYPE_ASN1, certificate)


def _note(connection: SSL.Connection, _certificate: X509, objection: int, _depth: int, _holds: int) -> bool:
    """Write OpenSSL's objection down and go on: nothing is sent before `trust` has judged."""
    if objection:
        connection.get_app_data().append(objection)
    return True


def _load_public_authorities(made: Context) -> None:
    """Those that this computer trusts, from where Python would have them. Without any, none are trusted."""
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
