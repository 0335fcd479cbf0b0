"""Who signed a notification: eUICC <- EUM <- CI, checked offline and on the bytes that came (SGP.22 §4.5.2).

`verify` raises for every doubt and never answers with a bool, so no caller can forget to look.

```
notification  30 { BF2F what happened, 5F37 signature, 30 eUICC's certificate, 30 EUM's, A1? others (v3) }
```
Each certificate must be for its role and issued by the next, the last by a trusted issuer (CI); and the
maker's (EUM) must permit the card's EID.
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

from lpa.errors import BadAnswer, NotVerified
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Eid
from lpa.rsp.pki.certificates import BROKEN, DAMAGED, OTHER, Certificate
from lpa.rsp.pki.conditions import (
    CI_SUB_CA,
    EUICC,
    EUM,
    HEEDED,
    Extensions,
    check_begun,
    check_certifies,
    check_demands,
    check_is_leaf,
    check_issued,
    check_role,
    check_usage,
)
from lpa.rsp.pki.issuers import TrustedIssuers
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification

_PARTS = (0xBF2F, 0x5F37, 0x30, 0x30)
_OTHERS = 0xA1
_SIGNED = 0x30  # OtherSignedNotification (§5.7.10)
_SIGNATURE_SIZE = 64  # r and s

_HEEDED: Extensions = (*HEEDED, x509.NameConstraints)


@dataclass(frozen=True)
class Signer:
    """Who signed: the card `eid`, which `maker` (EUM) made, for whom `issuer` (CI) vouches.

    `certificates`: the card's, its maker's, and those above, as they came with the notification.
    """

    eid: Eid
    maker: str
    issuer: KeyIdentifier
    certificates: tuple[Certificate, ...] = field(default=(), compare=False, repr=False)

    def expired(self, moment: datetime) -> tuple[Certificate, ...]:
        """Those that were valid once, and no longer are at that moment."""
        return tuple(certificate for certificate in self.certificates if certificate.end < moment)


def verify(
    notification: Notification, trusted: TrustedIssuers, at: datetime, *, eid: Eid | None = None
) -> Signer:
    """Who signed `notification`. `at`: when the certificates must have begun. `eid`: which card it must be.

    Raises `NotVerified` if anything is missing, broken, or does not hold. A certificate that has expired does
    not unsign what was signed before, and a notification holds no date: what that means is for whoever asks
    `Signer.expired`.
    """
    signed, signature, leaf, issuers = _parts(notification.raw)
    _check_euicc(leaf, at)
    for below, issuer in enumerate(issuers):
        _check_issuer(issuer, EUM if below == 0 else EUM | CI_SUB_CA, below, at)
    for certificate, issuer in zip((leaf, *issuers), issuers, strict=False):
        check_issued(certificate, issuer)
    if not [issuer for issuer in issuers if _limits(issuer, leaf)]:
        raise NotVerified(f"The {issuers[0]} does not say which cards it may vouch for.")
    _check_eid(leaf.eid, eid)
    vouching = trusted.issuer_of(issuers[-1])
    _check_signature(leaf, signature, signed)
    return Signer(leaf.eid, issuers[0].organisation, vouching, (leaf, *issuers))


def check_signature(notification: Notification) -> None:
    """The card whose certificate it carries has signed it, whoever vouches for that card.

    Raises `NotVerified` or `BadAnswer` if not.
    """
    signed, signature, leaf, _ = _parts(notification.raw)
    _check_signature(leaf, signature, signed)


def claimed_issuers(notification: Notification) -> tuple[KeyIdentifier, ...]:
    """By whom its card says that it was certified: for a notification whose card is known by nothing else.

    Nothing is checked. Who forged it chose the server that it names as well, and knows what it says.
    """
    try:
        *_, top = _parts(notification.raw)[3]
    except (BadAnswer, NotVerified):
        return ()
    return (KeyIdentifier(top.issuer_identifier),) if top.issuer_identifier else ()


def claimed_card(notification: Notification) -> Eid:
    """The card that it says has signed it, by its first certificate. Nothing is checked.

    Raises `NotVerified` or `BadAnswer` if it does not say, as an installation result.
    """
    return _leaf(notification.raw).eid


def _leaf(raw: Tlv) -> Certificate:
    certificate = raw.child(_PARTS[-1]) if raw.tag == _SIGNED else None
    if certificate is None:
        raise BadAnswer("There is no certificate in it.")
    return Certificate.from_tlv(certificate)


def _parts(raw: Tlv) -> tuple[Tlv, bytes, Certificate, tuple[Certificate, ...]]:
    """What was signed, the signature, the eUICC's certificate, and those above it."""
    if raw.tag == 0xBF37:
        raise NotVerified(
            "An installation result carries no certificates, so it cannot be checked without its server.",
            advice="Other receipts of the same card can be checked.",
            reason="noCertificates",
        )
    children = raw.children
    tags = tuple(child.tag for child in children)
    if tags not in (_PARTS, (*_PARTS, _OTHERS)):
        raise NotVerified("It lacks the signature or the certificates.", advice=BROKEN, reason=DAMAGED)
    signed, signature, leaf, issuer, *more = children
    others = [other for held in more for other in held.children]
    issuers = tuple(Certificate.from_tlv(encoded) for encoded in (issuer, *others))
    return signed, signature.value, Certificate.from_tlv(leaf), issuers


def _check_euicc(leaf: Certificate, at: datetime) -> None:
    check_role(leaf, EUICC)
    check_usage(leaf, "digital_signature")
    check_is_leaf(leaf)
    check_begun(leaf, at)
    check_demands(leaf, _HEEDED)


def _check_issuer(issuer: Certificate, roles: Collection[str], below: int, at: datetime) -> None:
    check_role(issuer, roles)
    check_certifies(issuer, below)
    check_begun(issuer, at)
    check_demands(issuer, _HEEDED)


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
        raise NotVerified(f"The holder of the {issuer} may not vouch for a card with the EID {leaf.eid}.")
    return True


def _within(leaf: Certificate, subtree: x509.GeneralName) -> bool:
    """Whether the subject has all that `subtree` names, and an EID that begins as it says, if it says so."""
    if not isinstance(subtree, x509.DirectoryName):
        return False
    limit = {(attribute.oid, str(attribute.value)) for attribute in subtree.value}
    held = {(attribute.oid, str(attribute.value)) for attribute in leaf.subject}
    beyond = limit - held - {(NameOID.SERIAL_NUMBER, _prefix(subtree))}
    return not beyond and str(leaf.eid).startswith(_prefix(subtree))


def _prefix(subtree: x509.GeneralName) -> str:
    """How the EIDs begin to which `subtree` is limited; empty if it does not say (§4.5.2)."""
    named = subtree.value if isinstance(subtree, x509.DirectoryName) else x509.Name([])
    return "".join(str(number.value) for number in named.get_attributes_for_oid(NameOID.SERIAL_NUMBER))


def _check_eid(eid: Eid, wanted: Eid | None) -> None:
    if wanted not in (None, eid):
        raise NotVerified(f"The card {eid} signed it, not {wanted}.", advice=OTHER, reason="otherCard")


def _check_signature(leaf: Certificate, signature: bytes, signed: bytes) -> None:
    """ECDSA with SHA-256; r and s stand side by side, 32 bytes each."""
    numbers = [int.from_bytes(half, "big") for half in (signature[:32], signature[32:])]
    try:
        if len(signature) != _SIGNATURE_SIZE:
            raise NotVerified(
                f"A signature has {_SIGNATURE_SIZE} bytes, not {len(signature)}.",
                advice=BROKEN,
                reason=DAMAGED,
            )
        leaf.key.verify(encode_dss_signature(*numbers), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise NotVerified(
            "The card's signature does not hold for these bytes.", advice=BROKEN, reason=DAMAGED
        ) from error
