"""A notification taken from the card though no server acknowledged it, because a person wants that."""

from __future__ import annotations

from lpa.card.es10 import Euicc
from lpa.errors import Refused
from lpa.journal import Journal
from lpa.receipts import Receipts
from lpa.rsp.records import NotificationMetadata


def remove(euicc: Euicc, receipts: Receipts, journal: Journal, sequence_number: int) -> NotificationMetadata:
    """Have the card forget it; its receipt is kept here before. Raises `Refused` if the card has no such."""
    notification = euicc.retrieve_notification(sequence_number)
    if notification is None:
        raise Refused(
            "NotificationSent",
            "nothingToDelete",
            f"The card has no notification {sequence_number}.",
            advice="'lpa notifications list' shows what it has.",
        )
    receipts.keep(euicc.eid, notification)
    euicc.notification_sent(sequence_number)
    journal.give_up(euicc.eid, notification)
    return notification.metadata
