"""Builds the parts of SGP.22 certificates: names, extensions, validity, signature (§4.5.2)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

# id-rspRole of SGP.22 v2, as certificate policies
CI, EUICC, EUM, DP_TLS, DP_AUTH, DP_PB, DS_TLS, DS_AUTH = (
    x509.ObjectIdentifier(f"2.23.146.1.2.1.{role}") for role in range(8)
)
_IN_NOTIFICATIONS = (EUICC, EUM)  # every signed notification carries them, so they are short


def pem(certificate: x509.Certificate) -> bytes:
    """The certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM)


def der(certificate: x509.Certificate) -> bytes:
    """The certificate as DER."""
    return certificate.public_bytes(Encoding.DER)


def key_identifier(certificate: x509.Certificate) -> bytes:
    """The certificate's subject key identifier. Raises ExtensionNotFound if it has none."""
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def name_of(organisation: str, number: str = "") -> x509.Name:
    """A distinguished name: the organisation, and an EID or its first digits as serial number."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    if number:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, number))
    return x509.Name(attributes)


def host_name(name: str) -> x509.GeneralName:
    """A DNS name, or an IP address if `name` is one. Raises ValueError for a name that is not ASCII."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def alternative_names(oid: str, *names: x509.GeneralName) -> x509.SubjectAlternativeName:
    """The subject alternative names: hosts, and the object identifier."""
    return x509.SubjectAlternativeName([*names, x509.RegisteredID(x509.ObjectIdentifier(oid))])


def coded_oid(dotted: str) -> bytes:
    """The content bytes of an OBJECT IDENTIFIER (X.690 §8.19): "2.999.10" is 88370A."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return b"".join(_base128(arc) for arc in (40 * first + second, *rest))


def begin(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    role: x509.ObjectIdentifier,
    randomness: Callable[[int], bytes],
) -> x509.CertificateBuilder:
    """The beginning of a certificate for `key` in this role, with a random serial number."""
    policies = x509.CertificatePolicies([x509.PolicyInformation(role, None)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(randomness(2 if role in _IN_NOTIFICATIONS else 8), "big") // 2 + 1)
        .add_extension(_identifier(key.public_key(), role), critical=False)
        # TLS clients refuse unknown critical extensions, so the role of a TLS server is not critical.
        .add_extension(policies, critical=role not in (DP_TLS, DS_TLS))
    )


def below(builder: x509.CertificateBuilder, issuer: x509.Certificate) -> x509.CertificateBuilder:
    """Add the issuer's name and key identifier."""
    above = x509.AuthorityKeyIdentifier(key_identifier(issuer), None, None)
    return builder.issuer_name(issuer.subject).add_extension(above, critical=False)


def valid(builder: x509.CertificateBuilder, start: datetime, end: datetime) -> x509.CertificateBuilder:
    """Add the validity period."""
    return builder.not_valid_before(start.replace(microsecond=0)).not_valid_after(end.replace(microsecond=0))


def may_certify(
    builder: x509.CertificateBuilder, *, path_length: int | None, revoke: bool
) -> x509.CertificateBuilder:
    """Let it certify others, with at most `path_length` issuers between it and a leaf (None: any)."""
    usage = key_usage(key_cert_sign=True, crl_sign=revoke)
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(usage, critical=True).add_extension(constraints, critical=True)


def key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    """A key usage extension; all usages that are not parameters are off."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The signed certificate; the signature is deterministic (RFC 6979)."""
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


def _base128(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))


def _identifier(key: ec.EllipticCurvePublicKey, role: x509.ObjectIdentifier) -> x509.SubjectKeyIdentifier:
    """RFC 5280 §4.2.1.2: the SHA-1 of the key; in EUM and eUICC certificates 0100 and its last 60 bits."""
    full = x509.SubjectKeyIdentifier.from_public_key(key)
    if role not in _IN_NOTIFICATIONS:
        return full
    return x509.SubjectKeyIdentifier(bytes([0x40 | full.digest[-8] & 0x0F]) + full.digest[-7:])
