"""What a card has signed about what was done to it: how it is taken from the card, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lpa import redaction
from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, EuiccRefused, LpaError, NotVerified
from lpa.notifications.changes import ProfileChange
from lpa.notifications.receipts import Receipts
from lpa.notifications.sender import normal
from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification, NotificationMetadata

_log = redaction.logger(__name__)

# What the card lists and does not give, and why.
Unread = tuple[NotificationMetadata, LpaError]


def new_notifications(
    euicc: Euicc, receipts: Receipts, changes: Iterable[ProfileChange]
) -> list[Notification]:
    """What the card signed about `changes`: the newest for each profile, event and address.

    One that was kept before this operation is of an earlier one.
    """
    wanted = {(change.profile.iccid, change.event) for change in changes}
    newest: dict[tuple[Iccid, str, str], Notification] = {}
    for notification in _signed(euicc, {event for _, event in wanted}):
        told = notification.metadata
        if told.iccid is None or (told.iccid, told.event) not in wanted:
            continue
        if is_known(notification, receipts.resembling(euicc.eid, notification)):
            continue
        key = (told.iccid, told.event, normal(told.address))
        if key not in newest or newest[key].metadata.sequence_number < told.sequence_number:
            newest[key] = notification
    return list(newest.values())


def unkept(euicc: Euicc, receipts: Receipts, event: str) -> Iterator[Notification]:
    """What the card signed about events of this kind and nobody here has kept yet."""
    for notification in _signed(euicc, {event}):
        if not is_known(notification, receipts.resembling(euicc.eid, notification)):
            yield notification


def is_known(notification: Notification, kept: Iterable[Notification]) -> bool:
    """Whether what a card gives now is one of `kept`. Some cards sign anew each time they are asked.

    What only looks like it is not: another card, that says to be this one, can repeat all but the signature.
    """
    return any(notification.raw == one.raw or _is_signed_anew(notification, one) for one in kept)


def one_by_one(
    euicc: Euicc, listed: Iterable[NotificationMetadata]
) -> tuple[list[Notification], list[Unread]]:
    """The signed ones of what is listed, and those that cannot be read. Together they can be long."""
    signed: list[Notification] = []
    unread: list[Unread] = []
    for told in listed:
        try:
            notification = euicc.retrieve_notification(told.sequence_number)
        except (BadAnswer, EuiccRefused) as problem:
            unread.append((told, problem))
        else:
            signed += [notification] if notification else []
    return signed, unread


def notifications_of(
    changes: Iterable[ProfileChange], kept: Iterable[Notification]
) -> Iterator[Notification]:
    """Those of `kept` that tell of `changes`."""
    wanted = {(change.profile.iccid, change.event) for change in changes}
    for notification in kept:
        if (notification.metadata.iccid, notification.metadata.event) in wanted:
            yield notification


def incomplete(changes: Iterable[ProfileChange], kept: Iterable[Notification]) -> Iterator[ProfileChange]:
    """Those about which not every notification is kept."""
    kept = tuple(kept)
    for change in changes:
        if not change.addresses or any(missing([change], kept)):
            yield change


def missing(
    changes: Iterable[ProfileChange], signed: Iterable[Notification]
) -> Iterator[tuple[ProfileChange, str]]:
    """What the profiles wanted told and is not in `signed`: each with the address of the server."""
    made = {(told.metadata.iccid, told.metadata.event, normal(told.metadata.address)) for told in signed}
    for change in changes:
        for address in change.addresses:
            if (change.profile.iccid, change.event, normal(address)) not in made:
                yield change, address


def _is_signed_anew(notification: Notification, kept: Notification) -> bool:
    if notification.metadata != kept.metadata or notification.unsigned != kept.unsigned:
        return False
    from lpa.rsp.pki import chain  # Certificates are loaded only if they are needed.

    try:
        chain.check_signature(kept)
    except BadAnswer:
        return False
    except NotVerified as doubt:
        return doubt.reason == "noCertificates"
    return True


def _signed(euicc: Euicc, events: set[str]) -> Iterable[Notification]:
    """All signed notifications of `events`: at once where the card can, else one by one."""
    if not events:
        return []
    try:
        return euicc.retrieve_notifications(sorted(events))
    except (BadAnswer, EuiccRefused) as error:
        _log.debug("not all at once (%s), so one by one", error)
        signed, _ = one_by_one(euicc, euicc.list_notifications())
        return signed
