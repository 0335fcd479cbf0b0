"""Checks the certificates of servers for the card: DPauth, DSauth and DPpb (SGP.22 §4.5.2).

A card has no trusted clock, so it ignores the validity period.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.utils import CryptographyDeprecationWarning

from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.identity import CardIdentity
from lpa.sim.wire.card_work import CardWork

# id-rspRole of SGP.22 v2 and v3, as certificate policies
_ROLE = "2.23.146.1.2.1"
AUTHENTICATION = {f"{_ROLE}.{tail}" for tail in ("4", "7", "0.0.1.1", "0.0.2.1")}  # of an SM-DP+ or SM-DS
BINDING = {f"{_ROLE}.{tail}" for tail in ("5", "0.0.1.2")}

_CURVES = (ec.SECP256R1, ec.BrainpoolP256R1)
# What cryptography raises for a broken or unusual certificate.
_BROKEN = (
    CryptographyDeprecationWarning,
    InvalidSignature,
    TypeError,
    ValueError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class ServerCheckFailed(Exception):
    """The card refuses a server. `reason`: an identifier of AuthenticateErrorCode or DownloadErrorCode."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class ServerCertificate:
    """A server's verified certificate. `oid`: its object identifier, coded; b"" if it has none.

    `issuer`: the key identifier of the CI. `work` counts what is verified.
    """

    key: ec.EllipticCurvePublicKey
    oid: bytes
    issuer: bytes
    work: CardWork = field(repr=False, compare=False)

    @classmethod
    def of(cls, encoded: bytes, identity: CardIdentity, roles: set[str], work: CardWork) -> Self:
        """Verify `encoded` (DER): a CI trusted by the card issued it, for one of `roles`.

        Raises `ServerCheckFailed` (invalidCertificate, unsupportedCurve).
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", CryptographyDeprecationWarning)
                return cls._checked(x509.load_der_x509_certificate(bytes(encoded)), identity, roles, work)
        except UnsupportedAlgorithm as error:
            raise ServerCheckFailed("unsupportedCurve") from error
        except _BROKEN as error:
            raise ServerCheckFailed("invalidCertificate") from error

    @classmethod
    def _checked(
        cls, certificate: x509.Certificate, identity: CardIdentity, roles: set[str], work: CardWork
    ) -> Self:
        named = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        issuer = identity.issuer(named.key_identifier or b"")
        if issuer is None:
            raise ServerCheckFailed("invalidCertificate")
        work.count("verify")
        certificate.verify_directly_issued_by(issuer)
        _check_use(certificate, roles)
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
            raise ServerCheckFailed("unsupportedCurve")
        return cls(key, _oid(certificate), named.key_identifier or b"", work)

    def check(self, signature: bytes, signed: bytes) -> None:
        """Verify `signature` (r and s) over `signed`. Raises `ServerCheckFailed` (invalidSignature)."""
        self.work.count("verify")
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        try:
            self.key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise ServerCheckFailed("invalidSignature") from error


def _check_use(certificate: x509.Certificate, roles: set[str]) -> None:
    """Check that the key may sign in one of `roles`. Raises `ServerCheckFailed` or ExtensionNotFound."""
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    held = {policy.policy_identifier.dotted_string for policy in policies}
    if held.isdisjoint(roles) or not usage.digital_signature:
        raise ServerCheckFailed("invalidCertificate")


def _oid(certificate: x509.Certificate) -> bytes:
    """The registered ID among the alternative names, as coded in the certificate; b"" if there is none.

    In the list of names it has the tag 88 (RFC 5280 §4.2.1.6).
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return b""
    found = Tlv.whole(names.public_bytes()).child(0x88)
    return found.value if found else b""
