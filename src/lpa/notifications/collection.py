"""Collect what a card signed about changes to its profiles, and find what is missing of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from lpa.errors import BadAnswer, EuiccRefused, LpaError, NotVerified
from lpa.notifications.changes import ProfileChange
from lpa.notifications.on_card import OnCard
from lpa.notifications.receipts import Receipts
from lpa.notifications.sender import normalized
from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification, NotificationMetadata

# A notification that the card lists and does not give, and why.
Unread = tuple[NotificationMetadata, LpaError]


@dataclass
class Collected:
    """What a card gave: the `signed` notifications; and what it did not give, so that it may be on the card.

    `unreadable`: the items of its list that cannot be read.
    """

    signed: list[Notification] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    unreadable: tuple[Tlv, ...] = ()


def new_notifications(
    on_card: OnCard, receipts: Receipts, changes: Iterable[ProfileChange], newest: int | None = None
) -> Collected:
    """What the card signed about `changes`: the newest for each profile, event and address.

    A notification with a receipt is left out: it was kept before, for an earlier operation. The card is asked
    for few of those that it lists: an operation must not take longer because many are pending. `newest`: see
    `Receipts.resembling`.
    """
    changes = tuple(changes)
    wanted = {(change.profile.iccid, change.event) for change in changes}
    collected = Collected()
    if not wanted:
        return collected
    new = _new(on_card, receipts, changes)
    if new and not any(missing(changes, new)):
        collected.signed += new
        return collected
    collected.unreadable = on_card.listed().unreadable
    for listed in _newest_first(on_card.listed(), wanted):
        _take_newest(on_card, receipts, listed, collected, newest)
    return collected


def expected(changes: Iterable[ProfileChange]) -> int:
    """How many notifications the profiles ask for about `changes`."""
    return sum(len(change.addresses) for change in changes)


def read_all(on_card: OnCard, listed: Iterable[NotificationMetadata]) -> Collected:
    """The signed notifications of a list, and those that the card does not give or nobody can read."""
    collected = Collected()
    for metadata in listed:
        try:
            found = on_card.signed(metadata.sequence_number)
        except (BadAnswer, EuiccRefused) as problem:
            collected.unread.append((metadata, problem))
        else:
            collected.signed += [found] if found else []
    return collected


def unkept(
    on_card: OnCard, receipts: Receipts, event: str, but: Collection[NotificationMetadata] = ()
) -> Iterator[Notification]:
    """What the card signed about events of this kind and has no receipt on this computer.

    `but`: what it listed before, which is not read. What the card does not give stays on it.
    """
    listed = (one for one in on_card.listed() if one.event == event and one not in but)
    for notification in read_all(on_card, listed).signed:
        if not has_receipt(on_card, receipts, notification):
            yield notification


def has_receipt(
    on_card: OnCard, receipts: Receipts, notification: Notification, newest: int | None = None
) -> bool:
    """Whether a receipt is of this very notification. Its number proves nothing: anybody can write a file."""
    kept = tuple(receipts.resembling(on_card.eid, notification, newest))
    return any(notification.raw == one.raw or _is_signed_again(notification, one) for one in kept)


def is_known(notification: Notification, kept: Iterable[Notification]) -> bool:
    """Whether a notification that a card gives now is one of `kept`, which are from the journal.

    Some cards sign again each time they are asked. So one with the same content and another signature is the
    same, if the signature of the kept one is valid. If it is not, the kept one may be a copy that another
    card with this EID made: it can repeat the content, but not sign it. The signature of an installation
    result cannot be verified here.
    """
    return any(
        notification.raw == one.raw
        or _is_signed_again(notification, one)
        or (_is_result(one) and _has_same_content(notification, one))
        for one in kept
    )


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
    changes: Iterable[ProfileChange], present: Iterable[Notification | NotificationMetadata]
) -> Iterator[tuple[ProfileChange, str]]:
    """The notifications that the profiles ask for and `present` lacks: each as its change and address."""
    metadata = (one.metadata if isinstance(one, Notification) else one for one in present)
    reported = {(one.iccid, one.event, normalized(one.address)) for one in metadata}
    for change in changes:
        for address in change.addresses:
            if (change.profile.iccid, change.event, normalized(address)) not in reported:
                yield change, address


def _new(on_card: OnCard, receipts: Receipts, changes: tuple[ProfileChange, ...]) -> list[Notification]:
    """What the card has just signed about `changes`, as far as it gives that without a list: the newest."""
    signed = [*notifications_of(changes, on_card.new(expected(changes)))]
    signed.sort(key=lambda one: one.metadata.sequence_number)
    newest = {_identity(one.metadata)[1:]: one for one in signed}
    return [one for one in newest.values() if not has_receipt(on_card, receipts, one)]


def _newest_first(
    listed: Iterable[NotificationMetadata], wanted: Collection[tuple[Iccid | None, str]]
) -> Iterable[list[NotificationMetadata]]:
    """Those of `listed` that may report what is wanted: by profile, event and address."""
    grouped: dict[tuple[Iccid | None, str, str], list[NotificationMetadata]] = defaultdict(list)
    for one in sorted(listed, key=lambda one: one.sequence_number, reverse=True):
        if (one.iccid, one.event) in wanted:
            grouped[one.iccid, one.event, normalized(one.address)].append(one)
    return grouped.values()


def _take_newest(
    on_card: OnCard,
    receipts: Receipts,
    newest_first: Iterable[NotificationMetadata],
    collected: Collected,
    newest: int | None,
) -> None:
    """Add the first that has no receipt. If the card does not give it, no older one is taken for it."""
    for listed in newest_first:
        try:
            found = _as_listed(listed, on_card.signed(listed.sequence_number))
        except (BadAnswer, EuiccRefused) as problem:
            collected.unread.append((listed, problem))
            return
        if not has_receipt(on_card, receipts, found, newest):
            collected.signed.append(found)
            return


def _as_listed(listed: NotificationMetadata, found: Notification | None) -> Notification:
    """`found`, if it reports what the card lists under its number. Raises `BadAnswer` if not."""
    if found is None or _identity(found.metadata) != _identity(listed):
        raise BadAnswer(
            f"The card lists notification {listed.sequence_number} as {listed.event} of {listed.iccid}, "
            "and gives another one."
        )
    return found


def _identity(metadata: NotificationMetadata) -> tuple[object, ...]:
    address = normalized(metadata.address)
    return metadata.sequence_number, metadata.event, metadata.iccid, address


def _is_result(notification: Notification) -> bool:
    """Whether it is an installation result, which contains no certificates."""
    return notification.raw.tag == schema.tag_of("ProfileInstallationResult")


def _has_same_content(notification: Notification, kept: Notification) -> bool:
    return notification.metadata == kept.metadata and notification.unsigned == kept.unsigned


def _is_signed_again(notification: Notification, kept: Notification) -> bool:
    if not _has_same_content(notification, kept):
        return False
    from lpa.rsp.pki import chain  # noqa: PLC0415  (it loads cryptography, which is rarely needed here)

    try:
        chain.check_signature(kept)
    except (BadAnswer, NotVerified):
        return False
    return True
