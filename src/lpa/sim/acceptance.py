"""What an SM-DP+ checks before it accepts a signed notification. Pure: no I/O and no clock.

Everything is judged on the bytes that were received: the signature over the notification's own TLV, the
chain CERT.EUICC - CERT.EUM - CI, the roles in it, and that this EUM may make an eUICC with this EID.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from lpa.errors import BadAnswer
from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification
from lpa.sim.pki import EUICC, EUM, key_identifier

# How cryptography says that a certificate or signature is broken, strange or wrong.
_BROKEN = (
    CryptographyDeprecationWarning,  # where warnings are errors
    InvalidSignature,
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_OTHER_SIGNED_NOTIFICATION = (0xBF2F, 0x5F37, 0x30, 0x30)


class Rejection(Exception):
    """The notification is not accepted: `subject` and `reason` are the codes of SGP.22 §5.2.6."""

    def __init__(self, subject: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.subject = subject
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Received:
    """A notification whose signature and certificates hold. `when`: the server's time when it first came."""

    notification: Notification
    eid: str
    when: datetime

    @property
    def raw(self) -> bytes:
        """The notification as it came."""
        return bytes(self.notification.raw)

    @property
    def signed(self) -> bytes:
        """The bytes that the eUICC signed: a repetition has the same, even if it was signed again."""
        return bytes(self.notification.raw.children[0])

    @property
    def sequence_number(self) -> int:
        """Its number on the card."""
        return self.notification.metadata.sequence_number

    @property
    def event(self) -> str:
        """What happened: "install", "enable", "disable" or "delete"."""
        return self.notification.metadata.event

    @property
    def address(self) -> str:
        """The server that it is for."""
        return self.notification.metadata.address

    @property
    def iccid(self) -> Iccid | None:
        """The profile that it is about."""
        return self.notification.metadata.iccid


def accept(pending: bytes, ci: x509.Certificate, now: datetime) -> Received:
    """What the OtherSignedNotification `pending` says, once all of it holds. Raises `Rejection`."""
    notification = _read(pending)
    signed, signature, euicc_tlv, eum_tlv = notification.raw.children
    eum = _eum(eum_tlv, ci, now)
    euicc = _euicc(euicc_tlv, eum, now)
    eid = _eid(euicc, eum)
    _check_signature(euicc, signature.value, signed)
    return Received(notification, eid, now)


def _read(pending: bytes) -> Notification:
    try:
        notification = Notification.from_tlv(pending)
        tags = tuple(child.tag for child in notification.raw.children)
    except BadAnswer as error:
        raise Rejection("1.2.1", "2.1", f"this is no notification: {error}") from error
    if notification.raw.tag == 0xBF37:
        raise Rejection("8.10.1", "3.9", "no download session is known for this installation result")
    if tags != _OTHER_SIGNED_NOTIFICATION:
        raise Rejection("1.2.1", "2.1", "this is no OtherSignedNotification")
    return notification


def _eum(encoded: bytes, ci: x509.Certificate, now: datetime) -> x509.Certificate:
    with _objecting("8.1.2"):
        eum = _certificate(encoded)
        issuer = eum.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        if issuer != key_identifier(ci):
            raise Rejection("8.11.1", "3.9", f"no certificate issuer has the key {(issuer or b'').hex()}")
        eum.verify_directly_issued_by(ci)
        _check_role(eum, EUM)
        if not eum.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise ValueError("it may not certify an eUICC")
        if not eum.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign:
            raise ValueError("its key may not sign certificates")
        _check_dates(eum, "8.1.2", now)
        return eum


def _euicc(encoded: bytes, eum: x509.Certificate, now: datetime) -> x509.Certificate:
    with _objecting("8.1.3"):
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
        raise ValueError("its serial number is not positive")  # cryptography only warns of it
    return certificate


def _check_role(certificate: x509.Certificate, role: x509.ObjectIdentifier) -> None:
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    if role not in (policy.policy_identifier for policy in policies):
        raise ValueError(f"it is not for the role {role.dotted_string}")


def _check_dates(certificate: x509.Certificate, subject: str, now: datetime) -> None:
    if now > certificate.not_valid_after_utc:
        raise Rejection(subject, "6.3", "the certificate has expired")
    if now < certificate.not_valid_before_utc:
        raise ValueError("it is not valid yet")


def _eid(euicc: x509.Certificate, eum: x509.Certificate) -> str:
    """The EID in the eUICC's subject, if the EUM's name constraints permit it (SGP.22 §4.5.2.1.0.2)."""
    with _objecting("8.1.3"):
        eid, maker = _attribute(euicc.subject, NameOID.SERIAL_NUMBER), _organisation(euicc.subject)
        if not re.fullmatch("[0-9]{32}", eid):
            raise ValueError(f"its subject names no EID: {eid!r}")
    with _objecting("8.1.2"):
        constraints = eum.extensions.get_extension_for_class(x509.NameConstraints).value
        names = [name.value for name in constraints.permitted_subtrees or () if _is_directory_name(name)]
        permitted = [(_organisation(name), _attribute(name, NameOID.SERIAL_NUMBER)) for name in names]
    if not any(maker == organisation and eid.startswith(prefix) for organisation, prefix in permitted):
        raise Rejection("8.1.4", "6.1", f"the EUM may not make an eUICC with the EID {eid}")
    return eid


def _is_directory_name(name: x509.GeneralName) -> bool:
    return isinstance(name, x509.DirectoryName)


def _organisation(name: x509.Name) -> str:
    return _attribute(name, NameOID.ORGANIZATION_NAME)


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The one attribute of that kind. Raises ValueError if there is none, or more."""
    (attribute,) = name.get_attributes_for_oid(oid)
    return str(attribute.value)


def _check_signature(euicc: x509.Certificate, signature: bytes, signed: bytes) -> None:
    with _objecting("8.1"):
        key = euicc.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or len(signature) != 64:
            raise ValueError("a signature is r and s on an elliptic curve, 32 bytes each")
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))


@contextlib.contextmanager
def _objecting(subject: str) -> Iterator[None]:
    """Turn whatever is broken within into the rejection "verification failed" of `subject`."""
    try:
        yield
    except _BROKEN as error:
        raise Rejection(subject, "6.1", str(error) or "the signature does not hold") from error
