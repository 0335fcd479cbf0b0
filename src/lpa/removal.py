"""A notification taken from the card though no server acknowledged it, because a person wants that."""

from __future__ import annotations

from lpa.delivery import Outbox
from lpa.errors import Refused
from lpa.rsp.records import NotificationMetadata


def remove(outbox: Outbox, sequence_number: int) -> NotificationMetadata:
    """Have the card forget it; it is kept here before, as all are. Raises `Refused` if there is none such.

    It stays one of the operation that it tells of, whoever has yet to find out what became of that.
    """
    euicc, journal = outbox.euicc, outbox.journal
    notification = euicc.retrieve_notification(sequence_number)
    if notification is None:
        raise Refused(
            "NotificationSent",
            "nothingToDelete",
            f"The card has no notification {sequence_number}.",
            advice="'lpa notifications list' shows what it has.",
        )
    outbox.keep([notification])
    euicc.notification_sent(sequence_number)
    journal.give_up(euicc.eid, notification)
    return notification.metadata
