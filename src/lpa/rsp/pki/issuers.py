"""Whom to believe: the certificate issuers (CI) at the top of every eUICC's chain (SGP.22 §4.5.2).

An issuer is named by its key identifier, the SHA-1 of its public key. Often nothing else is at hand, and it
is enough: an ECDSA signature gives away the key that made it, and if that has the identifier, it is the one.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.utils import CryptographyDeprecationWarning

from lpa.errors import NotVerified
from lpa.rsp.display import brief
from lpa.rsp.pki import key_identifier
from lpa.rsp.pki.certificates import Certificate
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.pki.key_recovery import keys_that_may_have_signed

PRODUCTION = tuple(KeyIdentifier(bytes.fromhex(whole)) for whole in key_identifier.PRODUCTION)
_SHOWN = 40  # digits of a key identifier: as many as it should have
_CI_ROLE = "2.23.146.1.2.1.0"  # id-rspRole-ci


@dataclass(frozen=True)
class TrustedIssuers:
    """The issuers to believe, by their certificates and by their key identifiers."""

    certificates: tuple[Certificate, ...] = ()
    identifiers: tuple[KeyIdentifier, ...] = ()

    @classmethod
    def production(cls) -> Self:
        """The GSMA's issuers, under which all cards in the shops are made."""
        return cls(identifiers=PRODUCTION)

    @classmethod
    def from_pem(cls, bundle: bytes) -> Self:
        """The issuers in a bundle of PEM certificates; those of websites and others in it do not count.

        Raises ValueError if it holds no certificate.
        """
        try:
            with warnings.catch_warnings():
                # Of a bundle with many, nobody wants to hear which are old-fashioned.
                warnings.simplefilter("ignore", CryptographyDeprecationWarning)
                parsed = x509.load_pem_x509_certificates(bundle)
        except x509.InvalidVersion as error:
            raise ValueError(f"a certificate in it is broken: {error}") from error
        return cls(certificates=tuple(_issuers(parsed)))

    def issuer_of(self, certificate: Certificate) -> KeyIdentifier:
        """Which of these issuers signed `certificate`: the identifier of the key itself, whatever is claimed.

        Raises `NotVerified` if none did.
        """
        claimed = KeyIdentifier(certificate.issuer_identifier or b"")
        for key in self._keys(certificate, claimed):
            if certificate.is_signed_by(key):
                return _identifier(key)
        if claimed in self.identifiers:
            raise NotVerified(
                f"The {certificate} names {described(claimed)} as its issuer, whose key did not sign it."
            )
        raise NotVerified(
            f"The {certificate} was issued by nobody who is trusted here, but by {described(claimed)}.",
            advice="If you trust that issuer, give its certificate with --ca-bundle.",
            reason="unknownIssuer",
        )

    def _keys(self, certificate: Certificate, issuer: KeyIdentifier) -> Iterator[ec.EllipticCurvePublicKey]:
        for trusted in self.certificates:
            same_name = trusted.subject == certificate.issuer
            if same_name and trusted.own_identifier == issuer.coded:
                yield trusted.key
        if issuer in self.identifiers:
            yield from _recovered(certificate, issuer)


def kind(issuer: KeyIdentifier) -> str:
    """What an issuer's word is worth: "production" (the GSMA's), "test" (its key is public), "private"."""
    return "private" if issuer.kind == "other" else issuer.kind


def worth_believing(listed: Iterable[KeyIdentifier]) -> tuple[KeyIdentifier, ...]:
    """Those of a card's issuers whose word keeps a stranger out.

    Everybody can sign as a test issuer, so on a card that lists others too its word is worth nothing.
    """
    listed = tuple(listed)
    return tuple(issuer for issuer in listed if kind(issuer) != "test") or listed


def name(issuer: KeyIdentifier) -> str:
    """Whose key it is, if that is certain; else empty: many names are known by the first bytes only."""
    return issuer.name if kind(issuer) in ("production", "test") else ""


def described(issuer: KeyIdentifier) -> str:
    """An issuer's name and key identifier, for a sentence."""
    known, shown = name(issuer), brief(str(issuer), _SHOWN)
    return f"{known} ({shown})" if known else shown or "an issuer without a name"


def _issuers(bundle: Iterable[x509.Certificate]) -> Iterator[Certificate]:
    for parsed in bundle:
        with contextlib.suppress(NotVerified):  # The web has certificates that are none of SGP.22.
            certificate = Certificate.of(parsed)
            if _CI_ROLE in certificate.roles:
                yield certificate


def _recovered(certificate: Certificate, issuer: KeyIdentifier) -> Iterator[ec.EllipticCurvePublicKey]:
    """The keys with the issuer's identifier that may have signed: one, if the certificate is genuine."""
    for key in keys_that_may_have_signed(certificate.signature, certificate.signed_part):
        if _identifier(key) == issuer:
            yield key


def _identifier(key: ec.EllipticCurvePublicKey) -> KeyIdentifier:
    """The SHA-1 of the key (RFC 5280 §4.2.1.2)."""
    return KeyIdentifier(x509.SubjectKeyIdentifier.from_public_key(key).digest)
