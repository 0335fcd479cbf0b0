"""Collect what a card signed about changes to its profiles, and find what is missing of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lpa import redaction
from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, EuiccRefused, LpaError, NotVerified
from lpa.notifications.changes import ProfileChange
from lpa.notifications.receipts import Receipts
from lpa.notifications.sender import normalized
from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification, NotificationMetadata

_log = redaction.logger(__name__)

# A notification that the card lists and does not give, and why.
Unread = tuple[NotificationMetadata, LpaError]


def new_notifications(
    euicc: Euicc, receipts: Receipts, changes: Iterable[ProfileChange]
) -> list[Notification]:
    """What the card signed about `changes`: the newest for each profile, event and address.

    A notification with a receipt is left out: it was kept before, for an earlier operation.
    """
    wanted = {(change.profile.iccid, change.event) for change in changes}
    newest: dict[tuple[Iccid, str, str], Notification] = {}
    for notification in _retrieve(euicc, {event for _, event in wanted}):
        metadata = notification.metadata
        if metadata.iccid is None or (metadata.iccid, metadata.event) not in wanted:
            continue
        if is_known(notification, receipts.resembling(euicc.eid, notification)):
            continue
        key = (metadata.iccid, metadata.event, normalized(metadata.address))
        if key not in newest or newest[key].metadata.sequence_number < metadata.sequence_number:
            newest[key] = notification
    return list(newest.values())


def unkept(euicc: Euicc, receipts: Receipts, event: str) -> Iterator[Notification]:
    """What the card signed about events of this kind and has no receipt on this computer."""
    for notification in _retrieve(euicc, {event}):
        if not is_known(notification, receipts.resembling(euicc.eid, notification)):
            yield notification


def is_known(notification: Notification, kept: Iterable[Notification]) -> bool:
    """Whether a notification that a card gives now is one of `kept`.

    Some cards sign again each time they are asked. So one with the same content and another signature is the
    same, if the signature of the kept one is valid. If it is not, the kept one may be a copy that another
    card with this EID made: it can repeat the content, but not sign it.
    """
    return any(notification.raw == one.raw or _is_signed_again(notification, one) for one in kept)


def retrieve_one_by_one(
    euicc: Euicc, listed: Iterable[NotificationMetadata]
) -> tuple[list[Notification], list[Unread]]:
    """The signed notifications of a list, and those that the card does not give or nobody can read."""
    signed: list[Notification] = []
    unread: list[Unread] = []
    for metadata in listed:
        try:
            notification = euicc.retrieve_notification(metadata.sequence_number)
        except (BadAnswer, EuiccRefused) as problem:
            unread.append((metadata, problem))
        else:
            signed += [notification] if notification else []
    return signed, unread


def notifications_of(
    changes: Iterable[ProfileChange], kept: Iterable[Notification]
) -> Iterator[Notification]:
    """Those of `kept` that report `changes`."""
    wanted = {(change.profile.iccid, change.event) for change in changes}
    for notification in kept:
        if (notification.metadata.iccid, notification.metadata.event) in wanted:
            yield notification


def incomplete(changes: Iterable[ProfileChange], kept: Iterable[Notification]) -> Iterator[ProfileChange]:
    """The changes of which a notification may be missing in `kept`."""
    kept = tuple(kept)
    for change in changes:
        if not change.addresses or any(missing([change], kept)):
            yield change


def missing(
    changes: Iterable[ProfileChange], signed: Iterable[Notification]
) -> Iterator[tuple[ProfileChange, str]]:
    """The notifications that the profiles ask for and `signed` lacks: each as its change and address."""
    present = {(one.metadata.iccid, one.metadata.event, normalized(one.metadata.address)) for one in signed}
    for change in changes:
        for address in change.addresses:
            if (change.profile.iccid, change.event, normalized(address)) not in present:
                yield change, address


def _is_signed_again(notification: Notification, kept: Notification) -> bool:
    if notification.metadata != kept.metadata or notification.unsigned != kept.unsigned:
        return False
    from lpa.rsp.pki import chain  # noqa: PLC0415  (it loads cryptography, which is rarely needed here)

    try:
        chain.check_signature(kept)
    except BadAnswer:
        return False
    except NotVerified as problem:
        return problem.reason == "noCertificates"  # An installation result has none.
    return True


def _retrieve(euicc: Euicc, events: set[str]) -> Iterable[Notification]:
    """All signed notifications of `events`. If the connection breaks off once, they are read again."""
    return euicc.read_again(lambda: _retrieve_once(euicc, events)) if events else []


def _retrieve_once(euicc: Euicc, events: set[str]) -> Iterable[Notification]:
    """In one answer where the card can, else one by one."""
    try:
        return euicc.retrieve_notifications(sorted(events))
    except (BadAnswer, EuiccRefused) as error:
        _log.debug("cannot retrieve the notifications together (%s), so one by one", error)
        signed, _ = retrieve_one_by_one(euicc, euicc.list_notifications())
        return signed
