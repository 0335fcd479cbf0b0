"""How a server learns of a change: keep -> send -> acknowledge -> remove.

Law, for each notification: it is on this computer's disk before it is sent, and it is removed from the card
only after the server acknowledged this very one, not another one with its number. Each step is in the
journal, so whatever interrupts the way, it can be continued. And every step can be repeated: a server that
receives the same notification twice acknowledges it twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import chain, starmap

from lpa import redaction, stop
from lpa.errors import BadAnswer, CardBusy, EuiccRefused, LpaError, StorageFailed
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
from lpa.notifications import collection, send_queue, undelivered
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.collection import Collected
from lpa.notifications.delivery import Deliveries, Delivery
from lpa.notifications.on_card import OnCard
from lpa.notifications.send_queue import SendQueue, due, not_due, stopped, with_predecessors
from lpa.notifications.sender import ServerFactory
from lpa.rsp import steps
from lpa.rsp.deliver import NEVER, NOW
from lpa.rsp.records import Notification, NotificationMetadata

_log = redaction.logger(__name__)


class Outbox:
    """One card's notifications on their way to the servers, for the length of one procedure.

    A server that could not be reached is not tried again in it: its notifications go in order or not at all.
    `keep_on_card`: see `SendQueue`.
    """

    def __init__(self, card: CardContext, servers: ServerFactory, *, keep_on_card: bool = False) -> None:
        self._card = card
        self._queue = SendQueue(card.journal, servers, keep_on_card=keep_on_card)
        self._collected: set[bytes] = set()  # known to be on this card: it gave them in this procedure
        self._on_card = OnCard(card.euicc)

    def complete(
        self, operation: Operation, changes: Iterable[ProfileChange], on_card: OnCard | None = None
    ) -> tuple[Delivery, ...]:
        """Collect and keep what the card just signed about `changes`, then deliver what is due.

        If the operation is to deliver "later" or "never", nothing is sent; after "never" it is held.
        `on_card`: what was read of its notifications since. Raises no `LpaError`. What cannot be collected or
        kept leaves the operation open, for recovery. What was on the card before stays: it may belong to
        somebody who did not want it sent now. A stop ends the sending, and nothing else here.
        """
        with stop.ending():
            return self._complete(operation, tuple(changes), on_card)

    def _complete(
        self, operation: Operation, changes: tuple[ProfileChange, ...], on_card: OnCard | None
    ) -> tuple[Delivery, ...]:
        try:
            if operation.state != PROOF_KEPT and changes:
                operation.set_state(_state_after(operation, changes))
            signed, found = self._collect(operation, changes, on_card)
            missing = tuple(collection.missing(changes, (*signed, *(listed for listed, _ in found.unread))))
            is_open = bool(found.unread or (missing and found.unreadable))
            if operation.state != PROOF_KEPT and changes and not is_open:
                operation.set_state(PROOF_KEPT)
            now, later = self._entries_to_deliver(operation)
        except LpaError as problem:
            _log.debug("the notifications could not be collected and kept: %s", problem)
            return tuple(undelivered.not_collected(changes, problem))
        deliveries = _in_order(*self.deliver(now), *later, *map(undelivered.unread, found.unread))
        if operation.memory_before is not None:
            operation.memory_after = self._card.free_memory()
        if is_open:  # What the card lists and does not give may be on it, and is not noted as lost.
            return (*deliveries, *(undelivered.not_found(*one, found.unreadable) for one in missing))
        not_signed = tuple(starmap(undelivered.missing, missing))
        with contextlib.suppress(StorageFailed):  # Recovery finds everything done, and completes it then.
            outcome = " ".join(str(delivery.problem) for delivery in not_signed)
            operation.complete(outcome, starmap(self._lost, missing))
        return (*deliveries, *not_signed)

    def collect(
        self, operation: Operation, changes: Iterable[ProfileChange], on_card: OnCard | None = None
    ) -> list[Notification]:
        """Keep what the card signed about `changes`. Returns all that is kept of them now.

        `on_card` as in `complete`. What the card does not give is left out. Raises `StorageFailed`, and what
        reading the card raises.
        """
        return self._collect(operation, changes, on_card)[0]

    def has_signed(self, operation: Operation, change: ProfileChange) -> bool:
        """Whether the card has signed this change; that is kept then. Raises no `LpaError`."""
        with contextlib.suppress(LpaError):
            return bool(self.collect(operation, [change]))
        return False

    def unkept(self, event: str, but: Collection[NotificationMetadata] = ()) -> tuple[Notification, ...]:
        """What the card signed about events of this kind and this computer has not kept yet.

        `but`: what it listed before, which is not read.
        """
        self._on_card = OnCard(self._card.euicc)
        return tuple(collection.unkept(self._on_card, self._card.receipts, event, but))

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
        held = operation is not None and operation.deliver == NEVER
        self._card.journal.keep(eid, *signed, operation=operation, ci_pkids=self._card.ci_pkids(), held=held)
        for notification in signed:
            self._card.receipts.keep(eid, notification)

    def take(self, given: Iterable[Notification], kept: Iterable[Entry]) -> list[Entry]:
        """Keep what the card gave now. Returns the entries of those that are not among `kept`."""
        kept, new = tuple(kept), list[Notification]()
        for notification in given:
            same = [one for one in kept if collection.is_known(notification, [one.notification])]
            self._collected |= {bytes(one.notification.raw) for one in same}
            new += [] if same else [notification]
        self.keep(new)
        entries = (self._card.journal.entry(self._card.eid, notification) for notification in new)
        return [*filter(None, entries)]

    def deliver(self, entries: Iterable[Entry]) -> tuple[Delivery, ...]:
        """Send each, and remove it from the card. One that fails does not stop the others.

        To each server in the order of the sequence numbers (§3.5). Raises no `LpaError`. A stop ends it
        between two of them, or while a server does not answer: what is left is in the result too.
        """
        in_order = sorted(entries, key=lambda entry: entry.notification.metadata.sequence_number)
        with stop.ending():
            counted = steps.counted(steps.DELIVERY, in_order)
            return self._queue.dated(self._card.eid, map(self._deliver, counted))

    def send_pending(self) -> Deliveries:
        """Deliver all that is pending, due or not: what is on the card, and what is kept of any card.

        What other cards signed is sent from its bytes alone. What is kept is sent even if this card does not
        say what is on it.
        """
        own = self.send_own()
        return Deliveries.of((*own, *self._queue.send_all_of_others(self._card.eid)), own.problem)

    def send_own(self) -> Deliveries:
        """As `send_pending`, but of this card alone."""
        with self._card.journal.lock(self._card.eid):
            entries, unread, problem = self._gather()
            return Deliveries.of((*self.deliver(entries), *unread), problem)

    def send_pending_if_due(self) -> Deliveries:
        """As `send_pending`, but of this card alone, and what is not due is left, with its next try."""
        with self._card.journal.lock(self._card.eid):
            entries, unread, problem = self._gather()
            now, later = self._scheduled(entries)
            return Deliveries.of((*_in_order(*self.deliver(now), *later), *unread), problem)

    def send_due(self) -> tuple[Delivery, ...]:
        """Deliver what is kept and due: of this card, and of others from its bytes alone.

        What was acknowledged while this card was away is removed from it. A card that another process works
        with is left to that process.
        """
        eid = self._card.eid
        own: tuple[Delivery, ...] = ()
        with contextlib.suppress(CardBusy), self._card.journal.try_lock(eid):
            outbox = self._card.journal.outbox(eid)
            acknowledged = [entry for entry in outbox if entry.sent is not None and not entry.held]
            own = self.deliver([*acknowledged, *due(self._card.journal, self._queue.pending(eid))])
        return (*own, *self._queue.send_due_of_others(eid))

    def _lost(self, change: ProfileChange, address: str) -> LostNotification:
        profile, now = change.profile, self._card.journal.clock()
        return LostNotification(self._card.eid, profile.iccid, profile.title, change.event, address, now)

    def _entries_to_deliver(self, operation: Operation) -> tuple[list[Entry], list[Delivery]]:
        """As `_scheduled`, of an operation and of the earlier ones that their servers must receive first.

        If it is not to deliver now, none of its own is due.
        """
        every = self._card.journal.of(operation)
        entries = [entry for entry in every if not entry.removed and not entry.abandoned]
        if operation.deliver == NOW:
            return self._scheduled(with_predecessors(self._card.journal, entries))
        return self._scheduled(entries, withheld=True)

    def _scheduled(
        self, entries: Iterable[Entry], *, withheld: bool = False
    ) -> tuple[list[Entry], list[Delivery]]:
        """Those of `entries` that are due; and of the others, when they will be.

        What is acknowledged and to stay on the card is left out. `withheld`: nothing is to be sent.
        """
        pending = self._queue.pending(self._card.eid)
        ready = {bytes(entry.notification.raw) for entry in due(self._card.journal, pending)}
        unsent = {bytes(one.entry.notification.raw): one for one in pending}
        now, later = [], []
        for entry in entries:
            signed = bytes(entry.notification.raw)
            if entry.sent is not None and entry.held:
                continue
            if signed not in unsent or (signed in ready and not withheld):
                now.append(entry)
            else:
                receipt = self._card.receipts.receipt(self._card.eid, entry.notification)
                left = send_queue.withheld if withheld else not_due
                later.append(replace(left(unsent[signed]), receipt=receipt))
        return now, later

    def _collect(
        self, operation: Operation, changes: Iterable[ProfileChange], on_card: OnCard | None
    ) -> tuple[list[Notification], Collected]:
        """As `collect`; and what the card gave and did not give now."""
        changes = tuple(changes)
        kept = [entry.notification for entry in self._card.journal.kept_since(operation)]
        self._on_card = on_card or OnCard(self._card.euicc)
        found = collection.new_notifications(
            self._on_card,
            self._card.receipts,
            collection.incomplete(changes, kept),
            self._card.journal.newest(self._card.eid),
        )
        signed = [*found.signed, *collection.notifications_of(changes, kept)]
        self.keep(signed, operation)
        return signed, found

    def _gather(self) -> tuple[list[Entry], list[Delivery], LpaError | None]:
        """Keep what is on the card.

        Returns the entries of all that is pending, what the card lists and does not give, and why it does not
        say what is on it (None if it does).
        """
        card = self._card
        kept = list(card.journal.outbox(card.eid))
        self._on_card = OnCard(card.euicc)
        try:
            listed = self._on_card.listed()
        except (BadAnswer, EuiccRefused) as problem:
            return kept, [], problem
        found = collection.read_all(self._on_card, listed)
        new = self.take(found.signed, kept)
        unread = map(undelivered.unread, found.unread), map(undelivered.unreadable, listed.unreadable)
        return [*kept, *new], [*chain(*unread)], None

    def _deliver(self, entry: Entry) -> Delivery:
        notification, eid = entry.notification, self._card.eid
        if stop.leave_out():
            done = entry.sent is not None
            return Delivery.of(notification, problem=stopped(notification, done=done), acknowledged=done)
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
        if self._queue.keep_on_card:
            return self._leave(delivery, entry)
        return self._remove(delivery, notification)

    def _leave(self, delivery: Delivery, entry: Entry) -> Delivery:
        """Leave an acknowledged notification on the card until somebody asks for its removal."""
        if entry.sent is not None and not entry.held:
            try:
                self._card.journal.hold(self._card.eid, entry.notification)
            except StorageFailed as problem:
                return replace(delivery, problem=problem)
        return delivery

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
        found = self._on_card.signed(notification.metadata.sequence_number)
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
