"""Verify a receipt offline: what it proves, and what it does not prove.

A receipt is a notification as a card gave it. What is signed in it (BF2F) proves that this card reported this
event of this profile to this server, with this number. It has no date. The bytes around it, the signature
itself included, can be changed within limits without making the signature invalid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lpa.advice.notifications import DAMAGED_RECEIPT, OTHER_RECEIPT, UNACCEPTABLE_RECEIPT
from lpa.errors import BadAnswer, NotVerified
from lpa.rsp.euicc_info import KeyIdentifier
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki import chain, issuers
from lpa.rsp.pki.certificates import DAMAGED
from lpa.rsp.pki.issuers import TrustedIssuers
from lpa.rsp.records import Notification, NotificationMetadata

__all__ = ["EVENTS", "Expired", "ReferenceTime", "TrustedIssuers", "Verification", "examine", "verify"]


@dataclass(frozen=True)
class ReferenceTime:
    """A time at which the receipt existed, and where that is known from. It is not signed.

    "kept": this computer kept the receipt then, by its own clock. "given": the person who verifies says so.
    "now": nothing is known, so it is the time of the verification.
    """

    time: datetime
    source: Literal["kept", "given", "now"] = "now"


@dataclass(frozen=True)
class Expired:
    """A certificate that has expired: its holder ("card", "maker", "issuer"), and when it ended.

    `name`: "expiredSinceKept" and "expiredSinceGiven" if it was valid at the reference time, which is not
    proven itself. "expired" if it was not: then nothing shows that it was valid when the card signed.
    """

    name: str
    holder: str
    end: datetime


@dataclass(frozen=True)
class Verification:
    """What is proven: the card `eid` signed, for the server at `address`, that `event` happened to `iccid`.

    `maker` (EUM) certified the card and `issuer` (CI) the maker. `sha256`: of the receipt, 32 bytes.
    `signed`: the bytes that the card's signature covers; event, profile, number and address are read from
    them. `size`: of the whole receipt, in bytes. `deviations`: how the other bytes differ from the form that
    cards write ("lengths", "members", "unknownMembers", see `chain.deviations`); empty if they do not.
    `unproven`: what the receipt does not prove although a reader might think so, see `UNPROVEN`. `moment`:
    the time for which the certificates were checked. `expired`: those that have expired now or had then.
    """

    eid: Eid
    iccid: Iccid | None
    event: str
    sequence_number: int
    address: str
    maker: str
    issuer: KeyIdentifier
    issuer_name: str
    issuer_kind: str
    sha256: bytes
    size: int
    signed: bytes
    unproven: tuple[str, ...]
    moment: ReferenceTime
    expired: tuple[Expired, ...] = ()
    deviations: tuple[str, ...] = ()


# What no receipt proves: when the event happened; that nothing changed since; that the server received the
# notification; that the operator closed the line or ended the contract; that the bytes which the signature
# does not cover are those that the card gave.
UNPROVEN = ("time", "since", "delivery", "contract", "otherBytes")
# What some do not prove: which profile it was; that the issuer is real. Anybody can sign with the key of a
# test issuer, and a private issuer is trusted by the person who verifies, and perhaps by nobody else.
_PROFILE, _ISSUERS = "profile", {"test": "testIssuer", "private": "privateIssuer"}

EVENTS = ("install", "enable", "disable", "delete")
_HOLDERS = ("card", "maker", "issuer")
_NAMES = {"kept": "expiredSinceKept", "given": "expiredSinceGiven", "now": "expired"}


def verify(
    receipt: bytes,
    trusted: TrustedIssuers,
    now: datetime,
    *,
    moment: ReferenceTime | None = None,
    eid: Eid | None = None,
    iccid: Iccid | None = None,
    event: str | None = None,
) -> Verification:
    """What `receipt` (DER) proves. `moment`: a time at which it existed; `now` if None.

    `eid`, `iccid`, `event`: the card, profile and event that it must be about; any if None. Raises
    `NotVerified` if it is no receipt, if a signature or certificate is not valid, or if it is about something
    else.
    """
    moment = moment or ReferenceTime(now)
    try:
        notification = Notification.from_tlv(receipt)
        signer = chain.verify(notification, trusted, moment.time, eid=eid)
    except BadAnswer as error:
        raise NotVerified(f"This is no receipt: {error}", advice=DAMAGED_RECEIPT, reason=DAMAGED) from error
    except NotVerified as problem:
        if problem.advice == NotVerified.advice:  # It is about servers.
            problem.advice = UNACCEPTABLE_RECEIPT
        raise
    metadata = notification.metadata
    _check_subject(metadata, iccid, event)
    kind = issuers.kind(signer.issuer)
    doubts = (_ISSUERS.get(kind), None if metadata.iccid else _PROFILE)
    return Verification(
        eid=signer.eid,
        iccid=metadata.iccid,
        event=metadata.event,
        sequence_number=metadata.sequence_number,
        address=metadata.address,
        maker=signer.maker,
        issuer=signer.issuer,
        issuer_name=issuers.name(signer.issuer),
        issuer_kind=kind,
        sha256=hashlib.sha256(receipt).digest(),
        size=len(receipt),
        signed=bytes(chain.signed_part(notification)),
        unproven=(*filter(None, doubts), *UNPROVEN),
        moment=moment,
        expired=tuple(_expired(signer, moment, now)),
        deviations=chain.deviations(notification),
    )


def examine(
    receipt: bytes,
    trusted: TrustedIssuers,
    now: datetime,
    *,
    moment: ReferenceTime | None = None,
    eid: Eid | None = None,
) -> Verification | NotVerified:
    """As `verify`, but returns the error of a receipt that is not verified."""
    try:
        return verify(receipt, trusted, now, moment=moment, eid=eid)
    except NotVerified as problem:
        return problem


def _expired(signer: chain.Signer, moment: ReferenceTime, now: datetime) -> Iterator[Expired]:
    then = signer.expired(moment.time)
    for certificate in signer.expired(max(now, moment.time)):
        name = "expired" if certificate in then else _NAMES[moment.source]
        place = min(signer.certificates.index(certificate), len(_HOLDERS) - 1)
        yield Expired(name, _HOLDERS[place], certificate.end)


def _check_subject(metadata: NotificationMetadata, iccid: Iccid | None, event: str | None) -> None:
    """Raise `NotVerified` if the receipt is about another profile or event than is wanted."""
    if iccid not in (None, metadata.iccid):
        about = f"the profile {metadata.iccid}" if metadata.iccid else "a profile that it does not name"
        raise NotVerified(
            f"The receipt is about {about}, not {iccid}.", advice=OTHER_RECEIPT, reason="otherProfile"
        )
    if event not in (None, metadata.event):
        known = metadata.event if metadata.event in EVENTS else "another event"
        raise NotVerified(
            f"The receipt is about {known}, not {event}.", advice=OTHER_RECEIPT, reason="otherEvent"
        )
