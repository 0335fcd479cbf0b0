"""Remove a notification from the card although no server acknowledged it, because a person wants that."""

from __future__ import annotations

from lpa.advice.notifications import LIST_NOTIFICATIONS
from lpa.errors import NoSuchNotification
from lpa.notifications.card_context import CardContext
from lpa.notifications.on_card import OnCard
from lpa.notifications.outbox import Outbox
from lpa.rsp.arguments import expect
from lpa.rsp.records import NotificationMetadata


def remove(card: CardContext, outbox: Outbox, sequence_number: int) -> NotificationMetadata:
    """Keep a notification here, then remove it from the card. It is not sent any more.

    If the card no longer has it and it is pending here, it is only abandoned. The journal still knows which
    operation it reports: recovery does not take it for lost. Raises `NoSuchNotification` if it is in neither
    place.
    """
    expect("sequence_number", sequence_number, int)
    with card.journal.lock(card.euicc.eid):
        notification = OnCard(card.euicc).signed(sequence_number)
        if notification is None:
            return _abandon(card, sequence_number)
        outbox.keep([notification])
        card.euicc.notification_sent(sequence_number)
        card.journal.abandon(card.euicc.eid, notification)
    return notification.metadata


def _abandon(card: CardContext, sequence_number: int) -> NotificationMetadata:
    """Stop sending the notifications with that number. Raises `NoSuchNotification` if none is kept."""
    eid, metadata = card.euicc.eid, None
    for entry in card.journal.outbox(eid):
        if entry.notification.metadata.sequence_number == sequence_number:
            card.journal.abandon(eid, entry.notification)
            metadata = entry.notification.metadata
    if metadata is None:
        raise no_such_notification(sequence_number)
    return metadata


def no_such_notification(sequence_number: int) -> NoSuchNotification:
    """The error if no notification has this number."""
    return NoSuchNotification(
        "NotificationSent",
        f"There is no notification {sequence_number} on the card or on this computer.",
        sequence_number=sequence_number,
        advice=LIST_NOTIFICATIONS,
    )
