"""Verifies a card's certificates for a server: the chain CERT.EUICC, CERT.EUM, CI, and the EID in it.

Pure: no I/O and no clock. Each failed check has its own status code (SGP.22 §5.2.6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from lpa.sim.crypto.pki import EUICC, EUM, key_identifier
from lpa.sim.crypto.signatures import verify
from lpa.sim.servers.rejection import Rejection, failing_verification


@dataclass(frozen=True)
class KnownEuicc:
    """A card with a verified chain: its EID (32 digits), its certificate, and the CI."""

    eid: str
    certificate: x509.Certificate
    issuer: x509.Certificate

    def check(self, signature: bytes, *signed: bytes) -> None:
        """Raise the rejection 8.1/6.1 if `signature` (64 bytes) is not this card's over `signed`."""
        check_signature(self.certificate, signature, *signed)


def check_signature(certificate: x509.Certificate, signature: bytes, *signed: bytes) -> None:
    """Raise the rejection 8.1/6.1 if `signature` (64 bytes) over `signed` does not verify."""
    with failing_verification("8.1"):
        verify(certificate, signature, *signed)


def identify(euicc: bytes, eum: bytes, issuers: Iterable[x509.Certificate], now: datetime) -> KnownEuicc:
    """The card with these certificates (DER), if they chain to one of `issuers`. Raises `Rejection`."""
    eum_certificate, issuer = _eum(eum, issuers, now)
    certificate = _euicc(euicc, eum_certificate, now)
    return KnownEuicc(_eid(certificate, eum_certificate), certificate, issuer)


def _eum(
    encoded: bytes, issuers: Iterable[x509.Certificate], now: datetime
) -> tuple[x509.Certificate, x509.Certificate]:
    with failing_verification("8.1.2"):
        eum = _certificate(encoded)
        above = eum.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        issuer = next((issuer for issuer in issuers if key_identifier(issuer) == above), None)
        if issuer is None:
            raise Rejection("8.11.1", "3.9", f"no trusted CI has the key {(above or b'').hex()}")
        eum.verify_directly_issued_by(issuer)
        _check_role(eum, EUM)
        if not eum.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise ValueError("it may not certify eUICCs")
        if not eum.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign:
            raise ValueError("its key may not sign certificates")
        _check_dates(eum, "8.1.2", now)
        return eum, issuer


def _euicc(encoded: bytes, eum: x509.Certificate, now: datetime) -> x509.Certificate:
    with failing_verification("8.1.3"):
        euicc = _certificate(encoded)
        euicc.verify_directly_issued_by(eum)
        _check_role(euicc, EUICC)
        if not euicc.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
            raise ValueError("its key may not sign notifications")
        _check_dates(euicc, "8.1.3", now)
        return euicc


def _certificate(encoded: bytes) -> x509.Certificate:
    certificate = x509.load_der_x509_certificate(encoded)
    if certificate.serial_number <= 0:
        raise ValueError("its serial number is not positive")  # cryptography only warns
    return certificate


def _check_role(certificate: x509.Certificate, role: x509.ObjectIdentifier) -> None:
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    if role not in (policy.policy_identifier for policy in policies):
        raise ValueError(f"it does not have the role {role.dotted_string}")


def _check_dates(certificate: x509.Certificate, subject: str, now: datetime) -> None:
    if now > certificate.not_valid_after_utc:
        raise Rejection(subject, "6.3", "the certificate has expired")
    if now < certificate.not_valid_before_utc:
        raise ValueError("it is not valid yet")


def _eid(euicc: x509.Certificate, eum: x509.Certificate) -> str:
    """The EID in the eUICC's subject, if the EUM's name constraints permit it (SGP.22 §4.5.2.1.0.2)."""
    with failing_verification("8.1.3"):
        eid, organisation = _attribute(euicc.subject, NameOID.SERIAL_NUMBER), _organisation(euicc.subject)
        if not re.fullmatch("[0-9]{32}", eid):
            raise ValueError(f"its subject has no EID: {eid!r}")
    with failing_verification("8.1.2"):
        constraints = eum.extensions.get_extension_for_class(x509.NameConstraints).value
        names = [name.value for name in constraints.permitted_subtrees or () if _is_directory_name(name)]
        permitted = [(_organisation(name), _attribute(name, NameOID.SERIAL_NUMBER)) for name in names]
    if not any(organisation == name and eid.startswith(prefix) for name, prefix in permitted):
        raise Rejection("8.1.4", "6.1", f"the EUM may not certify an eUICC with the EID {eid}")
    return eid


def _is_directory_name(name: x509.GeneralName) -> bool:
    return isinstance(name, x509.DirectoryName)


def _organisation(name: x509.Name) -> str:
    return _attribute(name, NameOID.ORGANIZATION_NAME)


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The one attribute of that type. Raises ValueError if there are none or several."""
    (attribute,) = name.get_attributes_for_oid(oid)
    return str(attribute.value)
