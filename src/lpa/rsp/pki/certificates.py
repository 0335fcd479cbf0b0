"""One certificate as SGP.22 requires it, read strictly (§4.5.2). `conditions` checks its contents.

Certificates are untrusted input, so any fault in one is `NotVerified`, never another exception.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from lpa.advice.notifications import DAMAGED_RECEIPT
from lpa.errors import BadAnswer, NotVerified
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.display import brief
from lpa.rsp.names import Eid

DAMAGED = "damaged"  # the reason that goes with this advice

TAG = 0x30  # of a certificate, a SEQUENCE
_LONGEST_NAME = 64  # characters (RFC 5280, ub-organization-name)
_SHOWN = 300  # characters of an error of cryptography, which may repeat what it read
CURVES = (ec.SECP256R1, ec.BrainpoolP256R1)
# What cryptography raises for a malformed or unusual certificate.
_BROKEN = (
    CryptographyDeprecationWarning,
    KeyError,  # before version 49, for an unknown string type in a name
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_EXTENSIONS = 0xA3  # in the signed part
_BASIC_CONSTRAINTS = bytes.fromhex("0603551D13")
_FALSE = bytes.fromhex("010100")
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True)
class Certificate:
    """The contents of a certificate, all decoded. `str` names it in a sentence: "certificate of Sim EUM".

    `signature` (DER) is the issuer's over `signed_part`, by ECDSA with SHA-256.
    """

    subject: x509.Name
    issuer: x509.Name
    key: ec.EllipticCurvePublicKey
    extensions: x509.Extensions
    start: datetime
    end: datetime
    signature: bytes
    signed_part: bytes

    @classmethod
    def from_tlv(cls, encoded: Tlv) -> Self:
        """From the bytes that came. Raises `NotVerified` if they are not a certificate of SGP.22."""
        with _refusing():
            # The only octet that no signature covers: the number of unused bits of the signature.
            if encoded.children[-1].value[0] != 0:
                raise ValueError("its signature has unused bits")
            read = cls.of(x509.load_der_x509_certificate(_without_defaults(encoded)))
            return replace(read, signed_part=bytes(encoded.children[0]))

    @classmethod
    def of_tls_peer(cls, der: bytes) -> Self:
        """From what a TLS peer sent and OpenSSL accepted: as `from_tlv`, but with any serial number."""
        read = cls.of(parsed(der))
        return replace(read, signed_part=bytes(Tlv(der).children[0]))

    @classmethod
    def of(cls, parsed: x509.Certificate) -> Self:
        """From a certificate of cryptography, which decodes lazily: so everything is decoded here."""
        with _refusing():
            if parsed.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
                raise ValueError("it is not signed by ECDSA with SHA-256")
            return cls(
                parsed.subject,
                parsed.issuer,
                _key(parsed),
                parsed.extensions,
                parsed.not_valid_before_utc,
                parsed.not_valid_after_utc,
                parsed.signature,
                parsed.tbs_certificate_bytes,
            )

    @property
    def eid(self) -> Eid:
        """The EID in its subject. Raises `NotVerified` if there is none."""
        numbers = self.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        try:
            return Eid.parse(" and ".join(str(number.value) for number in numbers))
        except ValueError as error:
            raise NotVerified(f"The {self} contains no valid EID: {error}.") from error

    @property
    def organisation(self) -> str:
        """The organisation in its subject; empty if there is none."""
        names = self.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return brief(" ".join(str(name.value) for name in names), _LONGEST_NAME)

    @property
    def roles(self) -> set[str]:
        """The object identifiers of its policies, as text. Those of SGP.22 state its role."""
        policies = self.extension(x509.CertificatePolicies)
        return {policy.policy_identifier.dotted_string for policy in policies or ()}

    @property
    def own_identifier(self) -> bytes | None:
        """The identifier of its own key."""
        extension = self.extension(x509.SubjectKeyIdentifier)
        return extension.digest if extension else None

    @property
    def issuer_identifier(self) -> bytes | None:
        """The identifier of the key that signed it, as it claims."""
        extension = self.extension(x509.AuthorityKeyIdentifier)
        return extension.key_identifier if extension else None

    def extension(self, kind: type[_Extension]) -> _Extension | None:
        """The extension of this type, None if there is none."""
        values = (extension.value for extension in self.extensions)
        return next((value for value in values if isinstance(value, kind)), None)

    def is_signed_by(self, key: ec.EllipticCurvePublicKey) -> bool:
        """Whether `key` signed it."""
        try:
            key.verify(self.signature, self.signed_part, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def __str__(self) -> str:
        return f"certificate of {self.organisation or 'an unnamed organisation'}"


def parsed(der: bytes) -> x509.Certificate:
    """A certificate with any serial number and explicit defaults. Raises `NotVerified`.

    Only to read its fields: explicit defaults are removed, so its bytes may differ from those that were
    signed.
    """
    with _refusing(), warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(_without_defaults(Tlv.whole(der)))


def _without_defaults(encoded: Tlv) -> Tlv:
    """The certificate without explicit defaults, which DER forbids and cryptography does not read.

    Some certificates state explicitly that an extension is not critical, or that a key is not an authority's:
    FALSE, the DEFAULT of RFC 5280 §4.1 and §4.2.1.9. The signature is over the bytes that came.
    """
    tbs, *proof = encoded.children
    outer = tbs.child(_EXTENSIONS)
    if outer is None or outer.find(_FALSE) < 0 or len(outer.children) != 1:
        return encoded
    terse = Tlv.build(_EXTENSIONS, Tlv.build(0x30, *map(_terse, outer.children[0].children)))
    members = (terse if member == outer else member for member in tbs.children)
    return Tlv.build(0x30, Tlv.build(0x30, *members), *proof)


def _terse(extension: Tlv) -> Tlv:
    name, *critical, content = extension.children
    if name == _BASIC_CONSTRAINTS:
        members = Tlv.whole(content.value).children
        rest = members[1:] if members[:1] == (_FALSE,) else members
        content = Tlv.build(content.tag, Tlv.build(0x30, *rest))
    return Tlv.build(extension.tag, name, *([] if critical == [_FALSE] else critical), content)


def _key(parsed: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = parsed.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, CURVES):
        raise TypeError("its key is neither on NIST P-256 nor on brainpoolP256r1")
    return key


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    with warnings.catch_warnings():
        # What cryptography only warns about, such as a serial number of zero, is refused too.
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        try:
            yield
        except (*_BROKEN, BadAnswer, IndexError) as error:
            raise NotVerified(
                f"A certificate is not valid: {brief(str(error), _SHOWN)}.",
                advice=DAMAGED_RECEIPT,
                reason=DAMAGED,
            ) from error
