"""Conditions that a certificate must meet for its place in a chain (RFC 5280 §4.2, SGP.22 §4.5.2).

Each check returns nothing or raises `NotVerified` with the condition that is not met.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from cryptography import x509

from lpa.advice.notifications import DAMAGED_RECEIPT
from lpa.advice.servers import CHECK_CLOCK
from lpa.errors import NotVerified
from lpa.rsp.display import few
from lpa.rsp.pki.certificates import DAMAGED, Certificate

Extensions = tuple[type[x509.ExtensionType], ...]

# id-rspRole (§4.5.2). In each set the longer ones are those of SGP.22 v3.
_ROLE = "2.23.146.1.2.1"
EUICC = {f"{_ROLE}.1", f"{_ROLE}.0.0.0.0.0"}
EUM = {f"{_ROLE}.2", f"{_ROLE}.0.0.0", f"{_ROLE}.0.0.0.0"}
CI_SUB_CA = {f"{_ROLE}.0.0"}
TLS_SERVER = {f"{_ROLE}.3", f"{_ROLE}.6", f"{_ROLE}.0.0.1.0", f"{_ROLE}.0.0.2.0"}  # of SM-DP+ and SM-DS

# The extensions that are processed in every chain, so a certificate may mark them as critical.
PROCESSED: Extensions = (
    x509.AuthorityKeyIdentifier,
    x509.BasicConstraints,
    x509.CertificatePolicies,
    x509.CRLDistributionPoints,
    x509.KeyUsage,
    x509.SubjectAlternativeName,
    x509.SubjectKeyIdentifier,
)


def role_of(certificate: Certificate) -> set[str]:
    """Its roles in SGP.22, out of all its policies."""
    return {role for role in certificate.roles if role.startswith(f"{_ROLE}.")}


def check_role(certificate: Certificate, roles: Collection[str]) -> None:
    """It has one of these roles."""
    if certificate.roles.isdisjoint(roles):
        raise NotVerified(f"The {certificate} has the wrong role: {few(sorted(certificate.roles))}.")


def check_usage(certificate: Certificate, usage: str) -> None:
    """Its key has this usage, an attribute of cryptography's `KeyUsage`."""
    usages = certificate.extension(x509.KeyUsage)
    if usages is None or not getattr(usages, usage):
        raise NotVerified(f"The key in the {certificate} lacks the usage {usage}.")


def check_begun(certificate: Certificate, at: datetime) -> None:
    """Its validity has begun at that time."""
    if at < certificate.start:
        raise NotVerified(f"The {certificate} is not valid before {certificate.start:%Y-%m-%d}.")


def check_dates(certificate: Certificate, at: datetime) -> None:
    """It is valid at that time."""
    if not certificate.start <= at <= certificate.end:
        span = f"from {certificate.start:%Y-%m-%d} until {certificate.end:%Y-%m-%d}"
        raise NotVerified(f"The {certificate} is valid only {span}.", advice=CHECK_CLOCK, reason="expired")


def check_critical(certificate: Certificate, processed: Extensions) -> None:
    """Its critical extensions are all processed."""
    for extension in certificate.extensions:
        if extension.critical and not isinstance(extension.value, processed):
            raise NotVerified(
                f"The {certificate} has an unknown critical extension: {extension.oid.dotted_string}."
            )


def check_is_leaf(certificate: Certificate) -> None:
    """It may not issue certificates."""
    constraints = certificate.extension(x509.BasicConstraints)
    if constraints and constraints.ca:
        raise NotVerified(f"The {certificate} is at the end of a chain, but may issue certificates.")


def check_certifies(certificate: Certificate, below: int) -> None:
    """It may issue certificates. `below`: the number of issuers between it and the leaf."""
    check_usage(certificate, "key_cert_sign")
    constraints = certificate.extension(x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise NotVerified(f"The {certificate} may not issue certificates.")
    if constraints.path_length is not None and constraints.path_length < below:
        raise NotVerified(f"The {certificate} permits at most {constraints.path_length} issuers below it.")


def check_issued(certificate: Certificate, issuer: Certificate) -> None:
    """The holder of `issuer` issued it: the name, any key identifiers and the signature match."""
    named = certificate.issuer_identifier
    if (
        certificate.issuer != issuer.subject
        or (named and issuer.own_identifier and named != issuer.own_identifier)
        or not certificate.is_signed_by(issuer.key)
    ):
        raise NotVerified(
            f"The {certificate} was not issued by the holder of the {issuer}.",
            advice=DAMAGED_RECEIPT,
            reason=DAMAGED,
        )
