"""Makes certificates that are what they should be, but for the authority that signed them."""

from __future__ import annotations

import random

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from lpa.sim.crypto.certificate_parts import signed
from lpa.sim.crypto.pki import new_key


def resigned(certificate: x509.Certificate) -> x509.Certificate:
    """The same certificate, signed with another key: always the same one for the same certificate."""
    public = certificate.public_key()
    curve = public.curve if isinstance(public, ec.EllipticCurvePublicKey) else ec.SECP256R1()
    numbers = random.Random(certificate.fingerprint(hashes.SHA256()))  # noqa: S311 - it is to be known
    builder = x509.CertificateBuilder(
        certificate.issuer,
        certificate.subject,
        public,
        certificate.serial_number,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        list(certificate.extensions),
    )
    return signed(builder, new_key(curve, numbers.randbytes))
