"""Send single notifications of a card, as `notification process` does.

Law, as everywhere: kept on this computer before it is sent, to each server in the order of the sequence
numbers (§3.5), and removed from the card only after its server acknowledged it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lpa.notifications.on_card import OnCard
from lpa.notifications.send_queue import SendQueue, with_predecessors
from lpa.notifications.sender import normalized

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.notifications.delivery import Delivery
    from lpa.notifications.sender import ServerFactory
    from lpa.rsp.records import Notification


class Sending:
    """The notifications on one card, and the way to their servers."""

    def __init__(self, assistant: Assistant, servers: ServerFactory) -> None:
        self._assistant = assistant
        self._on_card = OnCard(assistant.euicc)
        self.queue = SendQueue(assistant.journal, servers)

    def signed(self, number: int) -> Notification | None:
        """The notification with this number; None if the card does not have it."""
        return self._on_card.signed(number)

    def send(self, notification: Notification) -> tuple[Delivery, ...]:
        """Send it, after the earlier ones for its server. It stays on the card; the last delivery is its own.

        What a server has acknowledged before is not sent again.
        """
        journal, eid = self._assistant.journal, self._assistant.eid
        for one in (*self._earlier(notification), notification):
            journal.keep(eid, one, ci_pkids=self._assistant.euicc.ci_pkids)
            self._assistant.receipts.keep(eid, one)
        entry = journal.entry(eid, notification)
        return self.queue.send_all(with_predecessors(journal, [entry] if entry else []))

    def remove(self, notification: Notification) -> None:
        """Remove from the card what its server has acknowledged."""
        journal, eid = self._assistant.journal, self._assistant.eid
        with journal.lock(eid):
            self._assistant.euicc.notification_sent(notification.metadata.sequence_number)
            journal.removed(eid, notification)

    def _earlier(self, notification: Notification) -> list[Notification]:
        """What the card has for the same server with a lower number."""
        number, server = notification.metadata.sequence_number, normalized(notification.metadata.address)
        earlier = (
            self._on_card.signed(one.sequence_number)
            for one in self._on_card.listed()
            if one.sequence_number < number and normalized(one.address) == server
        )
        return [one for one in earlier if one]
