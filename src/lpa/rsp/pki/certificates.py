"""One certificate of the eSIM world, read strictly (SGP.22 §4.5.2). What it must say is in `chain`.

Certificates come from strangers, so whatever is wrong with one is `NotVerified`, never another exception.
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

from lpa.errors import BadAnswer, NotVerified
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.display import brief
from lpa.rsp.names import Eid

BROKEN = "The file may be damaged. If it is not, somebody has changed it: do not rely on it."
OTHER = "It may be genuine, and yet it does not prove what it should: ask for the right one."
DAMAGED = "damaged"  # the reason that goes with it

_LONGEST_NAME = 64  # characters (RFC 5280, ub-organization-name)
_SHOWN = 300  # characters of what cryptography objects to, in which it may repeat what it read
_CURVES = (ec.SECP256R1, ec.BrainpoolP256R1)
# How cryptography says that a certificate is broken or strange.
_BROKEN = (
    CryptographyDeprecationWarning,
    KeyError,  # of a name with a string type that there is not, before version 49
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
    """What a certificate says, all of it read. `str` is how a sentence names it: "certificate of Sim EUM".

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
        """From the bytes that came. Raises `NotVerified` if they are no certificate as SGP.22 wants it."""
        with _refusing():
            # The only octet that no signature covers: how many bits of the signature do not count.
            if encoded.children[-1].value[0] != 0:
                raise ValueError("not all bits of its signature count")
            read = cls.of(x509.load_der_x509_certificate(_without_defaults(encoded)))
            return replace(read, signed_part=bytes(encoded.children[0]))

    @classmethod
    def shown(cls, der: bytes) -> Self:
        """From what a TLS peer showed, where OpenSSL went before: as `from_tlv`, with any serial number."""
        read = cls.of(parsed(der))
        return replace(read, signed_part=bytes(Tlv(der).children[0]))

    @classmethod
    def of(cls, parsed: x509.Certificate) -> Self:
        """From what cryptography read, which is lazy: so everything is asked for here, where it may fail."""
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
        """The card that its subject names. Raises `NotVerified` if it names none."""
        numbers = self.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        try:
            return Eid.parse(" and ".join(str(number.value) for number in numbers))
        except ValueError as error:
            raise NotVerified(f"The {self} names no card: {error}.") from error

    @property
    def organisation(self) -> str:
        """Whose it is, as the subject has it; empty if it does not say."""
        names = self.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return brief(" ".join(str(name.value) for name in names), _LONGEST_NAME)

    @property
    def roles(self) -> set[str]:
        """For what it may be used: the object identifiers of its policies, as text."""
        policies = self.extension(x509.CertificatePolicies)
        return {policy.policy_identifier.dotted_string for policy in policies or ()}

    @property
    def own_identifier(self) -> bytes | None:
        """By what others name its key."""
        extension = self.extension(x509.SubjectKeyIdentifier)
        return extension.digest if extension else None

    @property
    def issuer_identifier(self) -> bytes | None:
        """By what it names the key that signed it."""
        extension = self.extension(x509.AuthorityKeyIdentifier)
        return extension.key_identifier if extension else None

    def extension(self, kind: type[_Extension]) -> _Extension | None:
        """The extension of this kind, None if there is none."""
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
        return f"certificate of {self.organisation or 'somebody'}"


def parsed(der: bytes) -> x509.Certificate:
    """What cryptography reads, whatever is odd about it or written out. Raises `NotVerified` if it cannot.

    That is for looking only: the bytes that were signed may be others.
    """
    with _refusing(), warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(_without_defaults(Tlv.whole(der)))


def _without_defaults(encoded: Tlv) -> Tlv:
    """The certificate without what DER leaves unsaid, for cryptography, which does not read it otherwise.

    Some write out that an extension is not critical, or that a key is no authority's: FALSE, the DEFAULT of
    RFC 5280 §4.1 and §4.2.1.9. It means the same; the signature holds for the bytes that came.
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
        said = members[1:] if members[:1] == (_FALSE,) else members
        content = Tlv.build(content.tag, Tlv.build(0x30, *said))
    return Tlv.build(extension.tag, name, *([] if critical == [_FALSE] else critical), content)


def _key(parsed: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = parsed.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
        raise TypeError("its key is neither on NIST P-256 nor on brainpoolP256r1")
    return key


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    with warnings.catch_warnings():
        # What cryptography only warns of, such as a serial number of zero, is not in order either.
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        try:
            yield
        except (*_BROKEN, BadAnswer, IndexError) as error:
            raise NotVerified(
                f"A certificate is not in order: {brief(str(error), _SHOWN)}.",
                advice=BROKEN,
                reason=DAMAGED,
            ) from error
