"""Verify the identity of a server by a trust anchor. Verification cannot be switched off.

There are three kinds of trust anchors, in this order: a certificate issuer (CI) on the card's list; a public
authority that this computer trusts, since some servers have certificates of the web; an authority in the
bundle that the user gave. docs/trust.md explains why.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

from lpa.advice.servers import CHECK_CLOCK
from lpa.errors import NotVerified
from lpa.rsp.pki import certificates, issuers, server_chain
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.server.tls import Handshake

CiPkIds = tuple[KeyIdentifier, ...]  # a card's trusted CI keys, by which it verifies servers (§5.7.8)

CARD, PUBLIC, BUNDLE = "card", "public", "bundle"
_DESCRIPTIONS = {
    CARD: "the card's issuer {}",
    PUBLIC: "{}, which this computer trusts",
    BUNDLE: "{}, from the --ca-bundle",
}

# OpenSSL's verify codes (X509_V_ERR_...) in words.
_UNTRUSTED = "its certificate was issued by an authority that neither the card nor this computer trusts"
_OBJECTIONS = {
    7: "the signature of its certificate is not valid",
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: _UNTRUSTED,
    20: _UNTRUSTED,
    21: _UNTRUSTED,
    79: "its certificate was issued by the holder of a certificate that may not issue others",
    25: "an issuer of its certificate does not permit so many issuers below it",
    26: "its certificate is not for TLS servers",
    47: "its issuer may not certify this name",
}


@dataclass(frozen=True)
class TrustAnchor:
    """The authority that verified a server: "card", "public" or "bundle", and the issuer's name.

    `identifier`: the issuer's key identifier if it is on the card's list, else None.
    """

    anchor: str
    issuer: str
    identifier: KeyIdentifier | None = None

    def __str__(self) -> str:
        return _DESCRIPTIONS[self.anchor].format(self.issuer)

    @property
    def evidence(self) -> dict[str, str]:
        """The trust anchor for the journal."""
        key = {"issuer_key": str(self.identifier)} if self.identifier else {}
        return {"trust_anchor": self.anchor, "issuer": self.issuer, **key}


class Trust:
    """The trusted authorities besides a card's own list. Make one with `system` or `bundle`."""

    def __init__(self, pem: str | None) -> None:
        """`pem`: certificates of further authorities. Raises ValueError if it contains none."""
        self._pem = pem
        self.authorities = _authorities(pem) if pem is not None else ()

    @classmethod
    def system(cls) -> Self:
        """The authorities that this computer trusts."""
        return cls(None)

    @classmethod
    def bundle(cls, path: Path) -> Self:
        """The authorities that this computer trusts, and those in the PEM file `path`.

        Raises ValueError with a sentence if the file cannot be read or contains no certificate.
        """
        try:
            # The text between the certificates of public bundles is not always ASCII.
            pem = path.read_bytes().decode("ascii", "ignore")
        except OSError as error:
            raise ValueError(f"cannot read the certificates in {path}: {error.strerror}") from error
        try:
            return cls(pem)
        except ValueError as error:
            raise ValueError(f"{path} contains no certificate in PEM form") from error

    @property
    def pem(self) -> str | None:
        """The certificates of the bundle in PEM form; None if there is no bundle."""
        return self._pem

    def verify(
        self,
        handshake: Handshake,
        host: str,
        ci_pkids: CiPkIds,
        at: datetime,
        known: issuers.IssuerKeys | None = None,
    ) -> TrustAnchor:
        """The trust anchor that proves the peer to be `host`. `ci_pkids`: the card's list; `at`: now.

        `known`: issuers' keys that need not be recovered; the result is the same without. Raises
        `NotVerified` if there is no trust anchor.
        """
        trusted = issuers.without_test_issuers(ci_pkids)
        paths = server_chain.paths_to(trusted, handshake.chain)
        try:
            if paths:
                issuer = server_chain.verify_any(paths, host, trusted, at, known)
                return TrustAnchor(CARD, issuers.described(issuer), issuer)
        except NotVerified:
            if handshake.objections:
                raise
        try:
            return self._verify_by_authorities(handshake, host)
        except NotVerified as doubt:
            if not paths and server_chain.paths_to(ci_pkids, handshake.chain):
                doubt.add("The card lists its issuer, but that is a test CI, whose private key is public.")
            raise

    def _verify_by_authorities(self, handshake: Handshake, host: str) -> TrustAnchor:
        names = _alternative_names(_own(handshake)) if handshake.chain else None
        if handshake.objections or handshake.root is None:
            raise _objection(handshake)
        server_chain.check_host(names, host)
        bundled = {authority.public_bytes(Encoding.DER) for authority in self.authorities}
        anchor = BUNDLE if handshake.root in bundled else PUBLIC
        return TrustAnchor(anchor, _name_of(handshake.root))


def _own(handshake: Handshake) -> x509.Certificate:
    """The server's own certificate. Raises `NotVerified` if it cannot be read."""
    try:
        return certificates.parsed(handshake.chain[0])
    except NotVerified as doubt:
        raise NotVerified(f"The server's own certificate cannot be read. {doubt.message}") from doubt


def _objection(handshake: Handshake) -> NotVerified:
    code = handshake.objections[0] if handshake.objections else 0
    reason = _OBJECTIONS.get(code, f"OpenSSL refuses its certificate (code {code})")
    message = f"{reason[0].upper()}{reason[1:]}."
    if code in (9, 10):
        return NotVerified(message, advice=CHECK_CLOCK, reason="expired")
    return NotVerified(message)


def _authorities(pem: str) -> Sequence[x509.Certificate]:
    # An invalid serial number of an authority does not matter.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            return tuple(x509.load_pem_x509_certificates(pem.encode()))
        except x509.InvalidVersion as error:
            raise ValueError(f"it contains an invalid certificate: {error}") from error


def _alternative_names(leaf: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.DuplicateExtension, x509.ExtensionNotFound, x509.UnsupportedGeneralNameType):
        return None


def _name_of(root: bytes) -> str:
    try:
        return certificates.parsed(root).subject.rfc4514_string()
    except (NotVerified, ValueError):
        return "an unnamed authority"
