"""What a receipt proves, to anybody and offline; and what it does not, which is said as plainly.

A receipt is a notification as a card signed it. Its bytes prove that this card reported this event of this
profile; they hold no date, and nobody's promise but the card's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lpa.errors import BadAnswer, NotVerified
from lpa.rsp.euicc_info import KeyIdentifier
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki import chain, issuers
from lpa.rsp.pki.certificates import BROKEN, DAMAGED, OTHER
from lpa.rsp.pki.issuers import TrustedIssuers
from lpa.rsp.records import Notification, NotificationMetadata

__all__ = ["EVENTS", "Expired", "ReferenceTime", "TrustedIssuers", "Verification", "examine", "verify"]


@dataclass(frozen=True)
class ReferenceTime:
    """When a receipt is said to have been there, and who says so; nobody has signed it.

    "witnessed": this computer, by its clock, when it kept the receipt. "given": the person who asks. "now":
    nobody knows, so it is when we look.
    """

    time: datetime
    source: Literal["witnessed", "given", "now"] = "now"


@dataclass(frozen=True)
class Expired:
    """A certificate that is not valid any more: whose ("card", "maker", "issuer"), and since when.

    `name`: "expiredSinceWitnessed", "expiredSinceGiven": it was valid at that moment, which is not proven.
    "expired": it was not, so it is not proven that it was when the card signed.
    """

    name: str
    holder: str
    end: datetime


@dataclass(frozen=True)
class Verification:
    """What is proven: the card `eid` signed that `event` happened to the profile `iccid`, for `address`.

    `maker` (EUM) vouches for the card and `issuer` (CI) for the maker. `sha256`: of the receipt, 32 bytes.
    `unproven`: what somebody might read into it and must not, see `UNPROVEN`. `moment`: when the certificates
    were looked at; `expired`: those that are not valid any more now, or were not then.
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
    unproven: tuple[str, ...]
    moment: ReferenceTime
    expired: tuple[Expired, ...] = ()


# Never in a receipt: when it happened; that it stayed so; that the server heard of it; that the operator
# closed the line or ended the contract.
UNPROVEN = ("time", "since", "delivery", "contract")
# In some: which profile it was; that the issuer is real, because its key is public ("testIssuer"), or because
# only the person who asked knows it ("privateIssuer").
_PROFILE, _ISSUERS = "profile", {"test": "testIssuer", "private": "privateIssuer"}


EVENTS = ("install", "enable", "disable", "delete")
_HOLDERS = ("card", "maker", "issuer")
_NAMES = {"witnessed": "expiredSinceWitnessed", "given": "expiredSinceGiven", "now": "expired"}


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
    """What `receipt` (DER) proves. `moment`: when it was there; now if None.

    `eid`, `iccid`, `event`: the card, the profile and the event that it must be of, if that is known.
    Raises `NotVerified` if it proves nothing, also because it is no receipt at all, or proves another thing.
    """
    moment = moment or ReferenceTime(now)
    try:
        notification = Notification.from_tlv(receipt)
        signer = chain.verify(notification, trusted, moment.time, eid=eid)
    except BadAnswer as error:
        raise NotVerified(f"This is no receipt: {error}", advice=BROKEN, reason=DAMAGED) from error
    told = notification.metadata
    _check_told(told, iccid, event)
    kind = issuers.kind(signer.issuer)
    doubts = (_ISSUERS.get(kind), None if told.iccid else _PROFILE)
    return Verification(
        eid=signer.eid,
        iccid=told.iccid,
        event=told.event,
        sequence_number=told.sequence_number,
        address=told.address,
        maker=signer.maker,
        issuer=signer.issuer,
        issuer_name=issuers.name(signer.issuer),
        issuer_kind=kind,
        sha256=hashlib.sha256(receipt).digest(),
        unproven=(*filter(None, doubts), *UNPROVEN),
        moment=moment,
        expired=tuple(_expired(signer, moment, now)),
    )


def examine(
    receipt: bytes,
    trusted: TrustedIssuers,
    now: datetime,
    *,
    moment: ReferenceTime | None = None,
    eid: Eid | None = None,
) -> Verification | NotVerified:
    """As `verify`, but a receipt that proves nothing is told as well: its error is returned."""
    try:
        return verify(receipt, trusted, now, moment=moment, eid=eid)
    except NotVerified as doubt:
        return doubt


def _expired(signer: chain.Signer, moment: ReferenceTime, now: datetime) -> Iterator[Expired]:
    then = signer.expired(moment.time)
    for certificate in signer.expired(max(now, moment.time)):
        name = "expired" if certificate in then else _NAMES[moment.source]
        place = min(signer.certificates.index(certificate), len(_HOLDERS) - 1)
        yield Expired(name, _HOLDERS[place], certificate.end)


def _check_told(told: NotificationMetadata, iccid: Iccid | None, event: str | None) -> None:
    """Raise `NotVerified` if it is about another profile or event than what is wanted."""
    if iccid not in (None, told.iccid):
        about = f"the profile {told.iccid}" if told.iccid else "a profile that it does not name"
        raise NotVerified(f"The receipt is about {about}, not {iccid}.", advice=OTHER, reason="otherProfile")
    if event not in (None, told.event):
        known = told.event if told.event in EVENTS else "another event"
        raise NotVerified(f"The receipt is about {known}, not {event}.", advice=OTHER, reason="otherEvent")
