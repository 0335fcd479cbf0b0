"""The ClientHello of the TLS handshake, byte by byte (RFC 8446 §4.1.2): it offers nothing obsolete."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass

import pytest

from lpa.server import tls
from tests.support.tls_faults import HOST, Peer, plain_peer

TLS_1_2, TLS_1_3 = 0x0303, 0x0304
SERVER_NAME, GROUPS, SIGNATURES, VERSIONS = 0, 10, 13, 43
BRAINPOOL = 26
SHA_1 = 0x02  # the first byte of a signature scheme
# Ephemeral keys, AES or ChaCha20, and no hash older than SHA-256.
GOOD = {
    *(0x1301, 0x1302, 0x1303),  # TLS 1.3
    *(0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9),  # ECDHE, authenticated encryption
    *(0xC023, 0xC024, 0xC027, 0xC028),  # ECDHE, CBC with SHA-256 and SHA-384
    *(0x009E, 0x009F, 0x0067, 0x006B),  # DHE
}
NO_RENEGOTIATION = 0x00FF  # not a cipher, but a signal (RFC 5746 §3.3)


@dataclass
class Hello:
    """A ClientHello in its parts."""

    version: int
    ciphers: list[int]
    extensions: dict[int, bytes]

    def numbers(self, extension: int, width: int) -> list[int]:
        """The numbers in an extension that is a list; `width`: the bytes of its length."""
        return _numbers(self.extensions[extension][width:])


def _numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def _taken(data: bytes, width: int) -> tuple[bytes, bytes]:
    """The content after a length of `width` bytes, and the rest."""
    end = width + int.from_bytes(data[:width], "big")
    return data[width:end], data[end:]


def parsed(record: bytes) -> Hello:
    assert record[0] == 22  # handshake
    message, _ = _taken(record[3:], 2)
    assert message[0] == 1  # ClientHello
    body, _ = _taken(message[1:], 3)
    _session, rest = _taken(body[34:], 1)
    ciphers, rest = _taken(rest, 2)
    _compression, rest = _taken(rest, 1)
    extensions, _ = _taken(rest, 2)
    found = {}
    while extensions:
        content, left = _taken(extensions[2:], 2)
        found[int.from_bytes(extensions[:2], "big")] = content
        extensions = left
    return Hello(int.from_bytes(body[:2], "big"), _numbers(ciphers), found)


def hello_of(context: tls.Context) -> Hello:
    """The first message on a connection with these settings."""
    records: list[bytes] = []

    def listening(_peer: Peer, plain: socket.socket) -> None:
        with plain.makefile("rb") as reader:
            head = reader.read(5)
            records.append(head + reader.read(int.from_bytes(head[3:], "big")))

    with plain_peer(listening) as peer:
        stream = tls.TlsStream(context, socket.create_connection(("127.0.0.1", peer.port)), HOST)
        with contextlib.suppress(OSError):
            stream.handshake()
        stream.hang_up()
    return parsed(records[0])


def test_tls_1_3_and_1_2_are_offered_and_nothing_older() -> None:
    hello = hello_of(tls.context())
    assert hello.version == TLS_1_2  # TLS 1.3 pretends to be TLS 1.2 here
    assert hello.numbers(VERSIONS, 1) == [TLS_1_3, TLS_1_2]


def test_old_versions_are_not_offered_even_with_old_ciphers() -> None:
    made = tls.context()
    made.set_cipher_list(b"ALL:@SECLEVEL=0")
    assert hello_of(made).numbers(VERSIONS, 1) == [TLS_1_3, TLS_1_2]


def test_the_handshake_for_brainpool_keys_offers_only_tls_1_2() -> None:
    hello = hello_of(tls.brainpool_context())
    assert hello.version == TLS_1_2
    assert VERSIONS not in hello.extensions or hello.numbers(VERSIONS, 1) == [TLS_1_2]
    assert hello.numbers(GROUPS, 2) == [BRAINPOOL]


@pytest.mark.parametrize("context", [tls.context, tls.brainpool_context])
def test_only_ciphers_with_ephemeral_keys_and_modern_hashes_are_offered(context: object) -> None:
    assert callable(context)
    hello = hello_of(context())
    ciphers = set(hello.ciphers) - {NO_RENEGOTIATION}
    assert ciphers <= GOOD
    assert {0xC02B, 0xC02C, 0xC02F, 0xC030} <= ciphers
    assert [scheme for scheme in hello.numbers(SIGNATURES, 2) if scheme >> 8 == SHA_1] == []


def test_the_server_name_is_sent() -> None:
    assert hello_of(tls.context()).extensions[SERVER_NAME].endswith(HOST.encode())
