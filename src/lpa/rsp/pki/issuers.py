"""Trusted certificate issuers (CI), at the top of every eUICC's and server's chain (SGP.22 §4.5.2).

An issuer is identified by its key identifier, the SHA-1 of its public key. Often nothing else is known, and
it suffices: the public key can be recovered from an ECDSA signature, and must have this identifier.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

from lpa.advice.servers import NAME_AUTHORITY
from lpa.errors import NotVerified
from lpa.rsp.display import brief
from lpa.rsp.pki import key_identifier
from lpa.rsp.pki.certificates import CURVES, Certificate
from lpa.rsp.pki.key_identifier import KeyIdentifier

PRODUCTION = tuple(KeyIdentifier(bytes.fromhex(whole)) for whole in key_identifier.PRODUCTION)
_SHOWN = 40  # digits of a key identifier, the proper number
_CI_ROLE = "2.23.146.1.2.1.0"  # id-rspRole-ci


class IssuerKeys(Protocol):
    """Remembers recovered keys, as uncompressed points: 04, X, Y. It is not trusted."""

    def get(self, issuer: KeyIdentifier) -> bytes:
        """What is remembered under this identifier, right or wrong; empty if there is nothing."""

    def put(self, issuer: KeyIdentifier, point: bytes) -> None:
        """Remember the key with this identifier."""


@dataclass(frozen=True)
class TrustedIssuers:
    """The trusted issuers, by their certificates and by their key identifiers.

    `known`: keys that need not be recovered again. With or without them the same is trusted.
    """

    certificates: tuple[Certificate, ...] = ()
    identifiers: tuple[KeyIdentifier, ...] = ()
    known: IssuerKeys | None = field(default=None, compare=False, repr=False)

    @classmethod
    def production(cls) -> Self:
        """The GSMA's issuers, under which production cards are certified."""
        return cls(identifiers=PRODUCTION)

    @classmethod
    def from_pem(cls, bundle: bytes) -> Self:
        """The issuers (CI) in a bundle of PEM certificates; other certificates in it are ignored.

        Raises ValueError if it contains no certificate.
        """
        try:
            with warnings.catch_warnings():
                # A bundle may contain many certificates that are only unusual.
                warnings.simplefilter("ignore", CryptographyDeprecationWarning)
                parsed = x509.load_pem_x509_certificates(bundle)
        except x509.InvalidVersion as error:
            raise ValueError(f"it contains an invalid certificate: {error}") from error
        return cls(certificates=tuple(_issuers(parsed)))

    def issuer_of(self, certificate: Certificate) -> KeyIdentifier:
        """Which of these issuers signed `certificate`: the identifier of the key, not the claimed one.

        Raises `NotVerified` if none did.
        """
        claimed = KeyIdentifier(certificate.issuer_identifier or b"")
        for key in self._keys(certificate, claimed):
            if certificate.is_signed_by(key):
                return _identifier(key)
        if claimed in self.identifiers:
            raise NotVerified(
                f"The {certificate} names {described(claimed)} as its issuer, but that key did not sign it."
            )
        raise NotVerified(
            f"The {certificate} was issued by an unknown authority: {described(claimed)}.",
            advice=NAME_AUTHORITY,
            reason="unknownIssuer",
        )

    def _keys(self, certificate: Certificate, issuer: KeyIdentifier) -> Iterator[ec.EllipticCurvePublicKey]:
        for trusted in self.certificates:
            same_name = trusted.subject == certificate.issuer
            if same_name and trusted.own_identifier == issuer.coded:
                yield trusted.key
        if issuer in self.identifiers:
            yield from _with_identifier(certificate, issuer, self.known)


def kind(issuer: KeyIdentifier) -> str:
    """The kind of an issuer: "production" (the GSMA's), "test" (its private key is public), "private"."""
    return "private" if issuer.kind == "other" else issuer.kind


def without_test_issuers(ci_pkids: Iterable[KeyIdentifier]) -> tuple[KeyIdentifier, ...]:
    """A card's trusted CI keys without those of test issuers, unless it has only such.

    Anyone can sign as a test issuer, so where a card also lists others, a test issuer proves nothing.
    """
    ci_pkids = tuple(ci_pkids)
    return tuple(issuer for issuer in ci_pkids if kind(issuer) != "test") or ci_pkids


def name(issuer: KeyIdentifier) -> str:
    """The name of an issuer if it is certain; else empty: many are known only by their first bytes."""
    return issuer.name if kind(issuer) in ("production", "test") else ""


def described(issuer: KeyIdentifier) -> str:
    """An issuer's name and key identifier, for a sentence."""
    known, shown = name(issuer), brief(str(issuer), _SHOWN)
    return f"{known} ({shown})" if known else shown or "an unnamed issuer"


def _issuers(bundle: Iterable[x509.Certificate]) -> Iterator[Certificate]:
    for parsed in bundle:
        with contextlib.suppress(NotVerified):  # Certificates of the web need not be valid in SGP.22.
            certificate = Certificate.of(parsed)
            if _CI_ROLE in certificate.roles:
                yield certificate


def _with_identifier(
    certificate: Certificate, issuer: KeyIdentifier, known: IssuerKeys | None
) -> Iterator[ec.EllipticCurvePublicKey]:
    """The keys with the issuer's identifier that may have signed: one, if the certificate is genuine.

    A known key is used only if it has this identifier and signed. Otherwise all is as if none were known.
    """
    remembered = list(_on_curves(known.get(issuer), issuer)) if known else []
    signed = [key for key in remembered if certificate.is_signed_by(key)]
    yield from signed or _recovered(certificate, issuer, known)


def _on_curves(point: bytes, issuer: KeyIdentifier) -> Iterator[ec.EllipticCurvePublicKey]:
    """The key that a point is, on the curve on which it lies, if it has the issuer's identifier."""
    for curve in CURVES:
        with contextlib.suppress(ValueError):
            key = ec.EllipticCurvePublicKey.from_encoded_point(curve(), point)
            if _identifier(key) == issuer:
                yield key


def _recovered(
    certificate: Certificate, issuer: KeyIdentifier, known: IssuerKeys | None
) -> Iterator[ec.EllipticCurvePublicKey]:
    from lpa.rsp.pki.key_recovery import keys_that_may_have_signed  # noqa: PLC0415  (only if none is known)

    for key in keys_that_may_have_signed(certificate.signature, certificate.signed_part):
        if _identifier(key) == issuer:
            if known:
                known.put(issuer, key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
            yield key


def _identifier(key: ec.EllipticCurvePublicKey) -> KeyIdentifier:
    """The SHA-1 of the key (RFC 5280 §4.2.1.2)."""
    return KeyIdentifier(x509.SubjectKeyIdentifier.from_public_key(key).digest)
