"""The protection of a bound profile package (BSP, formerly SCP03t; SGP.22 §2.6.4), for both sides.

Each side derives the same keys from the one-time keys. A segment is a TLV whose value ends in a MAC, which
chains it to the previous segment; its content is encrypted (tags 86 and 87) or not (88). So no segment can be
omitted, added or moved.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from lpa.rsp.codec.ber import Tlv

KEY_TYPE, KEY_SIZE = b"\x88", b"\x10"  # AES, of 16 bytes
ENCRYPTED = (0x86, 0x87)
PLAIN = 0x88

# A segment has at most 1020 bytes (§2.5.5): tag and length take 4, the MAC 8, the padding at least 1.
LARGEST_PLAIN = 1008
LARGEST_ENCRYPTED = 1007

_MAC_SIZE = 8
_BLOCK = 16


class ProtectionBroken(Exception):
    """The segment was changed on its way, or is not the next one."""


@dataclass
class Protection:
    """The keys and the chaining state of one side. Both sides must process the same segments in order."""

    chaining: bytes
    encryption_key: bytes
    mac_key: bytes
    counter: int = 1

    def protect(self, tag: int, content: bytes) -> Tlv:
        """The next segment, with the tag 86 or 87 (encrypted) or 88 (not)."""
        coded = self._encrypted(content) if tag in ENCRYPTED else content
        segment = Tlv.build(tag, coded, bytes(_MAC_SIZE))
        mac = self._mac(segment)
        self._advance(mac)
        return Tlv.build(tag, coded, mac[:_MAC_SIZE])

    def content(self, segment: Tlv) -> bytes:
        """The content of the next segment. Raises `ProtectionBroken`; after it no more may be read."""
        coded, mac = segment.value[:-_MAC_SIZE], self._mac(segment)
        if len(segment.value) < _MAC_SIZE or not hmac.compare_digest(
            mac[:_MAC_SIZE], segment.value[-_MAC_SIZE:]
        ):
            raise ProtectionBroken("the MAC is wrong")
        content = self._decrypted(coded) if segment.tag in ENCRYPTED else coded
        self._advance(mac)
        return content

    def _advance(self, mac: bytes) -> None:
        self.chaining = mac
        self.counter += 1

    def _mac(self, segment: Tlv) -> bytes:
        """The MAC over the chaining value and the segment, length included, up to its own MAC."""
        mac = CMAC(algorithms.AES(self.mac_key))
        mac.update(self.chaining + bytes(segment)[:-_MAC_SIZE])
        return mac.finalize()

    def _encrypted(self, content: bytes) -> bytes:
        filled = content + b"\x80"
        filled += bytes(-len(filled) % _BLOCK)
        encryptor = self._cipher().encryptor()
        return encryptor.update(filled) + encryptor.finalize()

    def _decrypted(self, coded: bytes) -> bytes:
        if not coded or len(coded) % _BLOCK:
            raise ProtectionBroken("the content is not a multiple of the block size")
        decryptor = self._cipher().decryptor()
        filled = decryptor.update(coded) + decryptor.finalize()
        content = filled.rstrip(b"\0")
        if not content.endswith(b"\x80") or len(filled) - len(content) >= _BLOCK:
            raise ProtectionBroken("the padding is wrong")
        return content[:-1]

    def _cipher(self) -> Cipher[modes.CBC]:
        """AES-CBC whose initial vector is the encrypted counter."""
        aes = algorithms.AES(self.encryption_key)
        ecb = Cipher(aes, modes.ECB()).encryptor()  # noqa: S305 - one block, as the standard has it
        return Cipher(aes, modes.CBC(ecb.update(self.counter.to_bytes(_BLOCK, "big")) + ecb.finalize()))


def session_keys(secret: bytes, host_id: bytes, eid: bytes) -> Protection:
    """The session keys derived from the shared secret of the one-time keys (32 bytes). `eid`: 16 bytes.

    `host_id`: of any length; the specification allows 1 to 16 bytes.
    """
    shared = b"".join((KEY_TYPE, KEY_SIZE, _with_length(host_id), _with_length(eid)))
    derived = X963KDF(hashes.SHA256(), 3 * _BLOCK, shared).derive(secret)
    return Protection(derived[:16], derived[16:32], derived[32:])


def shared_secret(own: ec.EllipticCurvePrivateKey, peer: bytes) -> bytes:
    """The ECDH secret of two one-time keys. `peer`: 04, X, Y; ValueError if it is not on the same curve."""
    return own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(own.curve, peer))


def cut(content: bytes, size: int) -> list[bytes]:
    """`content` in pieces of `size` bytes; the last may be shorter."""
    return [content[start : start + size] for start in range(0, len(content), size)]


def _with_length(value: bytes) -> bytes:
    """`value` after its length in BER."""
    return bytes(Tlv.build(0x04, value)[1:])
