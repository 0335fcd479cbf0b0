"""Verify who signed a notification: eUICC <- EUM <- CI, offline and on the bytes that came (SGP.22 §4.5.2).

`verify` raises for every doubt and never returns a bool, so no caller can ignore the result.

```
notification  30 { BF2F metadata, 5F37 signature, 30 eUICC's certificate, 30 EUM's, A1? others (v3) ... }
```
Members that follow are of a later version, and ignored (EXTENSIBILITY IMPLIED).
Each certificate must have the right role and be issued by the next, the last by a trusted issuer (CI); and
the manufacturer's (EUM) must permit the card's EID.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from lpa.advice.notifications import DAMAGED_RECEIPT, OTHER_RECEIPT, VERIFY_OTHER_RECEIPTS
from lpa.errors import BadAnswer, NotVerified
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Eid
from lpa.rsp.pki import certificates
from lpa.rsp.pki.certificates import DAMAGED, Certificate
from lpa.rsp.pki.conditions import (
    CI_SUB_CA,
    EUICC,
    EUM,
    PROCESSED,
    Extensions,
    check_begun,
    check_certifies,
    check_critical,
    check_is_leaf,
    check_issued,
    check_role,
    check_usage,
)
from lpa.rsp.pki.issuers import TrustedIssuers
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification

_PARTS = (
    schema.tag_of("NotificationMetadata"),
    schema.tag_of("Signature"),
    certificates.TAG,
    certificates.TAG,
)
_OTHERS = 0xA1  # of version 3
_SIGNATURE_SIZE = 64  # r and s

_PROCESSED: Extensions = (*PROCESSED, x509.NameConstraints)


@dataclass(frozen=True)
class Signer:
    """Who signed: the card `eid`, its manufacturer `maker` (EUM), and the trusted `issuer` (CI).

    `certificates`: the card's, its manufacturer's, and those above, as they came with the notification.
    """

    eid: Eid
    maker: str
    issuer: KeyIdentifier
    certificates: tuple[Certificate, ...] = field(default=(), compare=False, repr=False)

    def expired(self, at: datetime) -> tuple[Certificate, ...]:
        """The certificates that have expired at that time."""
        return tuple(certificate for certificate in self.certificates if certificate.end < at)


def verify(
    notification: Notification, trusted: TrustedIssuers, at: datetime, *, eid: Eid | None = None
) -> Signer:
    """Who signed `notification`. `at`: when the certificates must have begun. `eid`: the card, if known.

    Raises `NotVerified` if anything is missing, malformed or wrong. Expired certificates are accepted: a
    notification has no date, so it may have been signed before. The caller decides, by `Signer.expired`.
    """
    signed, signature, leaf, issuers = _parts(notification.raw)
    _check_euicc(leaf, at)
    for below, issuer in enumerate(issuers):
        _check_issuer(issuer, EUM if below == 0 else EUM | CI_SUB_CA, below, at)
    for certificate, issuer in zip((leaf, *issuers), issuers, strict=False):
        check_issued(certificate, issuer)
    if not [issuer for issuer in issuers if _limits(issuer, leaf)]:
        raise NotVerified(f"The {issuers[0]} does not state which cards it may certify.")
    _check_eid(leaf.eid, eid)
    root = trusted.issuer_of(issuers[-1])
    _check_signature(leaf, signature, signed)
    return Signer(leaf.eid, issuers[0].organisation, root, (leaf, *issuers))


def check_signature(notification: Notification) -> None:
    """Check that the key in the notification's own certificate signed it. The certificate is not verified.

    Raises `NotVerified` or `BadAnswer` if not.
    """
    signed, signature, leaf, _ = _parts(notification.raw)
    _check_signature(leaf, signature, signed)


def signed_part(notification: Notification) -> Tlv:
    """What the card's signature covers: the metadata (BF2F), tag and length included."""
    return _parts(notification.raw)[0]


def deviations(notification: Notification) -> tuple[str, ...]:
    """How the bytes outside the signed part differ from the form that cards write (DER).

    "lengths": a length has more bytes than it needs. "members": an empty list of further certificates.
    "unknownMembers": members that SGP.22 does not name, or not there. Empty if they do not differ. Anybody
    can make such changes, and the signature stays valid. It also stays valid with s replaced by n - s; that
    cannot be noticed, for half of all genuine signatures have the larger s.
    """
    _, *others = notification.raw.children
    parts = (
        notification.raw,
        *others,
        *(inner for part in others if part.tag == _OTHERS for inner in part.children),
    )
    lengths = any(part != Tlv.build(part.tag, part.value) for part in parts)
    members = any(part.tag == _OTHERS and not part.value for part in others)
    more = tuple(part.tag for part in others[len(_PARTS) - 1 :])
    found = {"lengths": lengths, "members": members, "unknownMembers": more not in ((), (_OTHERS,))}
    return tuple(name for name, there in found.items() if there)


def claimed_issuers(notification: Notification) -> tuple[KeyIdentifier, ...]:
    """The issuer that the notification's own certificates name, for one whose card is not known otherwise.

    Nothing is verified. A forger of the notification also chose the server that it names, so gains nothing.
    """
    try:
        *_, top = _parts(notification.raw)[3]
    except (BadAnswer, NotVerified):
        return ()
    return (KeyIdentifier(top.issuer_identifier),) if top.issuer_identifier else ()


def claimed_card(notification: Notification) -> Eid:
    """The EID in the notification's first certificate. Nothing is verified.

    Raises `NotVerified` or `BadAnswer` if it has none, as an installation result.
    """
    return _leaf(notification.raw).eid


def _leaf(raw: Tlv) -> Certificate:
    signed = raw.tag == schema.tag_of("OtherSignedNotification")
    certificate = raw.child(certificates.TAG) if signed else None
    if certificate is None:
        raise BadAnswer("The notification contains no certificate.")
    return Certificate.from_tlv(certificate)


def _parts(raw: Tlv) -> tuple[Tlv, bytes, Certificate, tuple[Certificate, ...]]:
    """What was signed, the signature, the eUICC's certificate, and those above it."""
    if raw.tag == schema.tag_of("ProfileInstallationResult"):
        raise NotVerified(
            "An installation result contains no certificates, so it cannot be verified here.",
            advice=VERIFY_OTHER_RECEIPTS,
            reason="noCertificates",
        )
    children = raw.children
    tags = tuple(child.tag for child in children)
    if tags[: len(_PARTS)] != _PARTS:
        raise NotVerified(
            "The notification lacks its signature or certificates.", advice=DAMAGED_RECEIPT, reason=DAMAGED
        )
    signed, signature, leaf, issuer, *more = children
    others = more[0].children if more and more[0].tag == _OTHERS else ()
    issuers = tuple(Certificate.from_tlv(encoded) for encoded in (issuer, *others))
    return signed, signature.value, Certificate.from_tlv(leaf), issuers


def _check_euicc(leaf: Certificate, at: datetime) -> None:
    check_role(leaf, EUICC)
    check_usage(leaf, "digital_signature")
    check_is_leaf(leaf)
    check_begun(leaf, at)
    check_critical(leaf, _PROCESSED)


def _check_issuer(issuer: Certificate, roles: Collection[str], below: int, at: datetime) -> None:
    check_role(issuer, roles)
    check_certifies(issuer, below)
    check_begun(issuer, at)
    check_critical(issuer, _PROCESSED)


def _limits(issuer: Certificate, leaf: Certificate) -> bool:
    """Whether `issuer` is limited to some EIDs. Raises `NotVerified` if that of `leaf` is none of them."""
    constraints = issuer.extension(x509.NameConstraints)
    if constraints is None:
        return False
    permitted = any(
        _prefix(subtree) and _within(leaf, subtree) for subtree in constraints.permitted_subtrees or ()
    )
    excluded = any(_within(leaf, subtree) for subtree in constraints.excluded_subtrees or ())
    if not permitted or excluded:
        raise NotVerified(f"The holder of the {issuer} may not certify a card with the EID {leaf.eid}.")
    return True


def _within(leaf: Certificate, subtree: x509.GeneralName) -> bool:
    """Whether the subject has all attributes of `subtree`, whose serial number is a prefix of the EID."""
    if not isinstance(subtree, x509.DirectoryName):
        return False
    required = {(attribute.oid, str(attribute.value)) for attribute in subtree.value}
    present = {(attribute.oid, str(attribute.value)) for attribute in leaf.subject}
    missing = required - present - {(NameOID.SERIAL_NUMBER, _prefix(subtree))}
    return not missing and str(leaf.eid).startswith(_prefix(subtree))


def _prefix(subtree: x509.GeneralName) -> str:
    """The prefix of the EIDs that `subtree` contains; empty if it has none (§4.5.2)."""
    named = subtree.value if isinstance(subtree, x509.DirectoryName) else x509.Name([])
    return "".join(str(number.value) for number in named.get_attributes_for_oid(NameOID.SERIAL_NUMBER))


def _check_eid(eid: Eid, wanted: Eid | None) -> None:
    if wanted not in (None, eid):
        raise NotVerified(
            f"The card {eid} signed it, not {wanted}.", advice=OTHER_RECEIPT, reason="otherCard"
        )


def _check_signature(leaf: Certificate, signature: bytes, signed: bytes) -> None:
    """ECDSA with SHA-256; the signature is r and s, 32 bytes each."""
    numbers = [int.from_bytes(half, "big") for half in (signature[:32], signature[32:])]
    try:
        if len(signature) != _SIGNATURE_SIZE:
            raise NotVerified(
                f"A signature has {_SIGNATURE_SIZE} bytes, not {len(signature)}.",
                advice=DAMAGED_RECEIPT,
                reason=DAMAGED,
            )
        leaf.key.verify(encode_dss_signature(*numbers), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise NotVerified(
            "The card's signature is not valid for these bytes.", advice=DAMAGED_RECEIPT, reason=DAMAGED
        ) from error
