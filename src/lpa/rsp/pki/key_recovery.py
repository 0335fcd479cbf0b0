"""Recover the public keys that may have made an ECDSA signature. The only import of the library ecdsa.

Nothing here is secret, and nothing here is verified: the caller must know the key's identifier, and verify
the signature with the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import ecdsa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

# Each curve in ecdsa, which recovers the key, and in cryptography, which verifies with it.
_CURVES = ((ecdsa.NIST256p, ec.SECP256R1()), (ecdsa.BRAINPOOLP256r1, ec.BrainpoolP256R1()))


def keys_that_may_have_signed(signature: bytes, signed: bytes) -> Iterator[ec.EllipticCurvePublicKey]:
    """Up to two keys on each curve of SGP.22 for a DER signature with SHA-256; none if it is malformed."""
    try:
        numbers = decode_dss_signature(signature)
    except ValueError:
        return
    digest = hashlib.sha256(signed).digest()
    for curve, same in _CURVES:
        if not all(0 < number < curve.order for number in numbers):
            continue
        try:
            found = ecdsa.VerifyingKey.from_public_key_recovery_with_digest(
                numbers, digest, curve, hashlib.sha256, sigdecode=lambda pair, _order: pair
            )
        except (ecdsa.numbertheory.SquareRootError, TypeError):
            # r is not the coordinate of a point on this curve; or the numbers were chosen so that the key
            # would be the point at infinity, which has no coordinates for the library to compare.
            continue
        for key in found:
            yield ec.EllipticCurvePublicKey.from_encoded_point(same, key.to_string("uncompressed"))
