"""A notification taken from the card though no server acknowledged it, because a person wants that."""

from __future__ import annotations

from lpa.errors import Refused
from lpa.notifications.card_context import CardContext
from lpa.notifications.outbox import Outbox
from lpa.rsp.records import NotificationMetadata


def remove(card: CardContext, outbox: Outbox, sequence_number: int) -> NotificationMetadata:
    """Have the card forget it; it is kept here before, as all are. Raises `Refused` if there is none such.

    What the card no longer has, and is kept here, is not sent any more either. It stays one of the operation
    that it tells of, whoever has yet to find out what became of that.
    """
    with card.journal.lock(card.euicc.eid):
        notification = card.euicc.retrieve_notification(sequence_number)
        if notification is None:
            return _abandon(card, sequence_number)
        outbox.keep([notification])
        card.euicc.notification_sent(sequence_number)
        card.journal.abandon(card.euicc.eid, notification)
    return notification.metadata


def _abandon(card: CardContext, sequence_number: int) -> NotificationMetadata:
    """Send none of that number any more. Raises `Refused` if none is kept."""
    eid, told = card.euicc.eid, None
    for entry in card.journal.outbox(eid):
        if entry.notification.metadata.sequence_number == sequence_number:
            card.journal.abandon(eid, entry.notification)
            told = entry.notification.metadata
    if told is None:
        raise Refused(
            "NotificationSent",
            "nothingToDelete",
            f"The card has no notification {sequence_number}, and none is kept here.",
            advice="'lpa notifications list' shows what it has.",
        )
    return told
