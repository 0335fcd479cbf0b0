"""The signatures of SGP.22: ECDSA with SHA-256, r and s concatenated, 32 bytes each (§2.6.7.2)."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from lpa.rsp.codec.ber import Tlv

_SIGNATURE = 0x5F37
_DETERMINISTIC = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def signature(key: ec.EllipticCurvePrivateKey, *signed: bytes) -> Tlv:
    """The signature (5F37) over the concatenation of `signed`; it is deterministic (RFC 6979)."""
    r, s = decode_dss_signature(key.sign(b"".join(signed), _DETERMINISTIC))
    return Tlv.build(_SIGNATURE, r.to_bytes(32, "big"), s.to_bytes(32, "big"))


def verify(certificate: x509.Certificate, raw: bytes, *signed: bytes) -> None:
    """Verify the 64 bytes `raw` over `signed`. Raises InvalidSignature or ValueError."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or len(raw) != 64:
        raise ValueError("a signature is r and s on an elliptic curve, 32 bytes each")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key.verify(encode_dss_signature(r, s), b"".join(signed), ec.ECDSA(hashes.SHA256()))
