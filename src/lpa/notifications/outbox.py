"""How a server learns of a change: keep -> send -> acknowledge -> remove.

Law, for each notification: it is on this computer's disk before it is sent, and it is removed from the card
only after the server acknowledged this very one, not another one with its number. Each step is in the
journal, so whatever interrupts the way, it can be continued. And every step can be repeated: a server that
receives the same notification twice acknowledges it twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import starmap

from lpa import redaction
from lpa.errors import BadAnswer, CardBusy, LpaError, StorageFailed
from lpa.journal import (
    DELETED,
    DISABLED,
    ENABLED,
    INSTALLED,
    PROOF_KEPT,
    Entry,
    LostNotification,
    Operation,
)
from lpa.notifications import collection, lost
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.notifications.send_queue import SendQueue, due, not_due, with_predecessors
from lpa.notifications.sender import ServerFactory
from lpa.rsp.records import Notification, NotificationMetadata

_SHOWN = 40  # bytes of what cannot be read
_log = redaction.logger(__name__)


class Outbox:
    """One card's notifications on their way to the servers, for the length of one procedure.

    A server that could not be reached is not tried again in it: its notifications go in order or not at all.
    """

    def __init__(self, card: CardContext, servers: ServerFactory) -> None:
        self._card = card
        self._queue = SendQueue(card.journal, servers)
        self._collected: set[bytes] = set()  # given by this card just now, and never before

    def complete(self, operation: Operation, changes: Iterable[ProfileChange]) -> tuple[Delivery, ...]:
        """Collect and keep what the card just signed about `changes`, then deliver what is due.

        Raises no `LpaError`. What cannot be collected or kept leaves the operation open, for recovery. What
        was on the card before stays: it may belong to somebody who did not want it sent now.
        """
        changes = tuple(changes)
        try:
            if operation.state != PROOF_KEPT and changes:
                operation.set_state(_state_after(operation, changes))
            signed = self.collect(operation, changes)
            if operation.state != PROOF_KEPT and changes:
                operation.set_state(PROOF_KEPT)
            now, later = self._scheduled(self._entries_of(operation))
        except LpaError as problem:
            _log.debug("the notifications could not be collected and kept: %s", problem)
            return tuple(_not_collected(changes, problem))
        missing = tuple(collection.missing(changes, signed))
        not_signed = tuple(starmap(_missing, missing))
        deliveries = (*_in_order(*self.deliver(now), *later), *not_signed)
        if operation.memory_before is not None:
            operation.memory_after = self._card.free_memory()
        with contextlib.suppress(StorageFailed):  # Recovery finds everything done, and completes it then.
            outcome = " ".join(str(delivery.problem) for delivery in not_signed)
            operation.complete(outcome, starmap(self._lost, missing))
        return deliveries

    def collect(self, operation: Operation, changes: Iterable[ProfileChange]) -> list[Notification]:
        """Keep what the card signed about `changes`. Returns all that is kept of them now.

        Raises `StorageFailed`, and what reading the card raises.
        """
        changes = tuple(changes)
        kept = [entry.notification for entry in self._card.journal.kept_since(operation)]
        signed = collection.new_notifications(
            self._card.euicc, self._card.receipts, collection.incomplete(changes, kept)
        )
        found = [*signed, *collection.notifications_of(changes, kept)]
        self.keep(found, operation)
        return found

    def has_signed(self, operation: Operation, change: ProfileChange) -> bool:
        """Whether the card has signed this change; that is kept then. Raises no `LpaError`."""
        with contextlib.suppress(LpaError):
            return bool(self.collect(operation, [change]))
        return False

    def unkept(self, event: str) -> tuple[Notification, ...]:
        """What the card signed about events of this kind and this computer has not kept yet."""
        return tuple(collection.unkept(self._card.euicc, self._card.receipts, event))

    def check_reachable(self, address: str) -> LpaError | None:
        """What would keep a notification from this server now, None if nothing would."""
        return self._queue.sender.check_reachable(address, self._card.ci_pkids() or ())

    def keep(self, signed: Iterable[Notification], operation: Operation | None = None) -> None:
        """Have all of them on the disk, in the journal and as receipts. Raises `StorageFailed`.

        `operation`: the one that they report. The journal first: a receipt that it does not know is of an
        earlier operation (see `collection.new_notifications`).
        """
        signed, eid = tuple(signed), self._card.eid
        self._collected |= {bytes(one.raw) for one in signed if not self._card.journal.entry(eid, one)}
        self._card.journal.keep(eid, *signed, operation=operation, ci_pkids=self._card.ci_pkids())
        for notification in signed:
            self._card.receipts.keep(eid, notification)

    def deliver(self, entries: Iterable[Entry]) -> tuple[Delivery, ...]:
        """Send each, and remove it from the card. One that fails does not stop the others.

        To each server in the order of the sequence numbers (§3.5). Raises no `LpaError`.
        """
        in_order = sorted(entries, key=lambda entry: entry.notification.metadata.sequence_number)
        return self._queue.dated(self._card.eid, map(self._deliver, in_order))

    def send_pending(self) -> tuple[Delivery, ...]:
        """Deliver all that is pending, due or not: what is on the card, and what is kept of any card.

        What other cards signed is sent from its bytes alone.
        """
        with self._card.journal.lock(self._card.eid):
            entries, unreadable = self._gather()
            own = self.deliver(entries)
        return (*own, *unreadable, *self._queue.send_all_of_others(self._card.eid))

    def send_pending_if_due(self) -> tuple[Delivery, ...]:
        """As `send_pending`, but of this card alone, and what is not due is left, with its next try."""
        with self._card.journal.lock(self._card.eid):
            entries, unreadable = self._gather()
            now, later = self._scheduled(entries)
            return (*_in_order(*self.deliver(now), *later), *unreadable)

    def send_due(self) -> tuple[Delivery, ...]:
        """Deliver what is kept and due: of this card, and of others from its bytes alone.

        What was acknowledged while this card was away is removed from it. A card that another process works
        with is left to that process.
        """
        eid = self._card.eid
        own: tuple[Delivery, ...] = ()
        with contextlib.suppress(CardBusy), self._card.journal.try_lock(eid):
            acknowledged = [entry for entry in self._card.journal.outbox(eid) if entry.sent is not None]
            own = self.deliver([*acknowledged, *due(self._card.journal, self._queue.pending(eid))])
        return (*own, *self._queue.send_due_of_others(eid))

    def _lost(self, change: ProfileChange, address: str) -> LostNotification:
        profile, now = change.profile, self._card.journal.clock()
        return LostNotification(self._card.eid, profile.iccid, profile.title, change.event, address, now)

    def _entries_of(self, operation: Operation) -> list[Entry]:
        """The notifications of an operation, and the earlier ones that their servers must receive first."""
        entries = self._card.journal.of(operation)
        return with_predecessors(
            self._card.journal, [entry for entry in entries if not entry.removed and not entry.abandoned]
        )

    def _scheduled(self, entries: Iterable[Entry]) -> tuple[list[Entry], list[Delivery]]:
        """Those of `entries` that are due; and of the others, when they will be."""
        pending = self._queue.pending(self._card.eid)
        ready = {bytes(entry.notification.raw) for entry in due(self._card.journal, pending)}
        held = {bytes(one.entry.notification.raw): one for one in pending}
        now, later = [], []
        for entry in entries:
            signed = bytes(entry.notification.raw)
            if signed in ready or signed not in held:
                now.append(entry)
            else:
                receipt = self._card.receipts.receipt(self._card.eid, entry.notification)
                later.append(replace(not_due(held[signed]), receipt=receipt))
        return now, later

    def _gather(self) -> tuple[list[Entry], list[Delivery]]:
        """Keep what is on the card: the entries of all that is pending, and what cannot be read."""
        card = self._card
        listed = card.euicc.list_notifications()
        signed, unread = collection.retrieve_one_by_one(card.euicc, listed)
        unreadable = [*starmap(_unread, unread), *map(_unreadable, listed.unreadable)]
        kept = card.journal.outbox(card.eid)
        known = [entry.notification for entry in kept]
        new = [one for one in signed if not collection.is_known(one, known)]
        self.keep(new)
        entries = (card.journal.entry(card.eid, notification) for notification in new)
        return [*kept, *filter(None, entries)], unreadable

    def _deliver(self, entry: Entry) -> Delivery:
        notification, eid = entry.notification, self._card.eid
        try:
            # It has its receipt already, unless the process ended between journal and receipt.
            receipt = self._card.receipts.keep(eid, notification)
        except LpaError as problem:
            self._queue.mark_unreachable(entry, problem)
            return Delivery.of(notification, problem=problem, acknowledged=entry.sent is not None)
        if entry.sent is None:
            delivery = replace(self._queue.send(entry), receipt=receipt)
        else:
            delivery = Delivery.of(notification, receipt=receipt, acknowledged=True)
        if delivery.problem:
            return delivery
        return self._remove(delivery, notification)

    def _remove(self, delivery: Delivery, notification: Notification) -> Delivery:
        """Remove an acknowledged notification from the card, if the card still has this very one."""
        try:
            if self._is_on_the_card(notification):
                self._card.euicc.notification_sent(notification.metadata.sequence_number)
            delivery = replace(delivery, removed=True)
            self._card.journal.removed(self._card.eid, notification)
        except LpaError as problem:
            return replace(delivery, problem=problem)
        return delivery

    def _is_on_the_card(self, notification: Notification) -> bool:
        """Whether the card has it under its number. What was not collected just now may be another card's."""
        if bytes(notification.raw) in self._collected:
            return True
        found = self._card.euicc.retrieve_notification(notification.metadata.sequence_number)
        return found is not None and collection.is_known(found, [notification])


def _in_order(*deliveries: Delivery) -> list[Delivery]:
    return sorted(deliveries, key=lambda delivery: delivery.sequence_number or 0)


def _state_after(operation: Operation, changes: Iterable[ProfileChange]) -> str:
    """The journal's word for what the card has done."""
    if any(change.event == "delete" for change in changes):
        return DELETED
    if operation.function == "download":
        return INSTALLED
    return ENABLED if operation.function == "enable" else DISABLED


def _unread(listed: NotificationMetadata, problem: LpaError) -> Delivery:
    return Delivery(listed.events, listed.address, listed.iccid, listed.sequence_number, problem=problem)


def _unreadable(item: bytes) -> Delivery:
    problem = BadAnswer(f"The card lists a notification that cannot be read: {item[:_SHOWN].hex()}.")
    return Delivery((), "", None, problem=problem)


def _missing(change: ProfileChange, address: str) -> Delivery:
    problem = BadAnswer(
        f"The card has no signed notification for {address}, though the profile asks for one.",
        advice=lost.advice(change.profile.iccid),
    )
    return Delivery((change.event,), address, change.profile.iccid, problem=problem, lost=True)


def _not_collected(changes: tuple[ProfileChange, ...], problem: LpaError) -> Iterator[Delivery]:
    """What the card signed about `changes` is still on it: nothing is removed before it is acknowledged."""
    if changes:
        problem.add("The notification is still on the card.")
        problem.advice = (
            f"{problem.advice} 'lpa notifications send' keeps the notification and sends it.".strip()
        )
    for change in changes:
        for address in change.addresses or ("",):
            yield Delivery((change.event,), address, change.profile.iccid, problem=problem)
