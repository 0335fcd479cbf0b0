"""Decrypt a bound package (SGP.22 §2.6.4, RFC 4493) with SHA-256, ECDH and single blocks of AES.

It shares no code with `lpa.sim.crypto.bsp`, so that each finds the mistakes of the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 16
_MAC = 8


@dataclass
class Opening:
    """The keys of a session or a package, and the number of the next segment."""

    chain: bytes
    enc: bytes
    mac: bytes
    count: int = 1

    def content(self, segment: bytes) -> bytes:
        """What is in the next segment (86, 87 or 88), whose MAC must hold."""
        signed, mac = segment[:-_MAC], segment[-_MAC:]
        self.chain = cmac(self.mac, self.chain + signed)
        assert mac == self.chain[:_MAC], "the MAC is wrong"
        head = 2 if segment[1] < 0x80 else 2 + (segment[1] & 0x7F)
        content = signed[head:]
        if segment[0] != 0x88:
            content = self._decrypted(content)
        self.count += 1
        return content

    def _decrypted(self, coded: bytes) -> bytes:
        before = _aes(self.enc, self.count.to_bytes(_BLOCK, "big"))
        plain = b""
        decryptor = Cipher(algorithms.AES(self.enc), modes.ECB()).decryptor()  # noqa: S305 - CBC is made of it
        for at in range(0, len(coded), _BLOCK):
            block = coded[at : at + _BLOCK]
            plain += _xor(decryptor.update(block), before)
            before = block
        content, mark, rest = plain.rpartition(b"\x80")
        assert mark, "the padding is wrong"
        assert rest == bytes(len(rest))
        assert len(rest) < _BLOCK
        return content


def opening(own: ec.EllipticCurvePrivateKey, theirs: bytes, host: bytes, eid: bytes) -> Opening:
    """The keys of a session, from the card's one-time key and the server's (04, X, Y)."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(own.curve, theirs)
    secret = own.exchange(ec.ECDH(), public)
    shared = b"\x88\x10" + bytes([len(host)]) + host + bytes([len(eid)]) + eid
    first, second = (
        hashlib.sha256(secret + counter.to_bytes(4, "big") + shared).digest() for counter in (1, 2)
    )
    return Opening(first[:16], first[16:], second[:16])


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (RFC 4493), 16 bytes."""
    first = _doubled(_aes(key, bytes(_BLOCK)))
    *before, last = [message[at : at + _BLOCK] for at in range(0, len(message), _BLOCK)] or [b""]
    if len(last) == _BLOCK:
        last = _xor(last, first)
    else:
        last = _xor(last + b"\x80" + bytes(_BLOCK - 1 - len(last)), _doubled(first))
    state = bytes(_BLOCK)
    for block in (*before, last):
        state = _aes(key, _xor(state, block))
    return state


def _doubled(block: bytes) -> bytes:
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number = number & ((1 << 128) - 1) ^ 0x87
    return number.to_bytes(_BLOCK, "big")


def _aes(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305 - one block


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
