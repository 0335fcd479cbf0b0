"""How a server learns what happened to its profile: keep -> send -> clear.

Law, for each notification: it is on our disk before it is sent, and the card forgets it only after the
server acknowledged it, this very one and no other with its number. Each step is in the journal, so whatever
ends us in between can be gone on from; and everything can be done again, as a server that hears the same
notification twice acknowledges it twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import starmap

from lpa import redaction
from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, CardBusy, EuiccRefused, LpaError, StorageFailed, WireError
from lpa.journal import DELETED, DISABLED, ENABLED, INSTALLED, PROOF_KEPT, Entry, Journal, Loss, Operation
from lpa.notifications import collection, lost
from lpa.notifications.collection import Happening
from lpa.notifications.receipts import Receipts
from lpa.notifications.send_queue import Delivery, Dispatch, due, postponed, with_older
from lpa.notifications.sender import Believed, Directory
from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification, NotificationMetadata, Profile

__all__ = ["Delivery", "Happening", "Outbox"]

_SHOWN = 40  # bytes of what cannot be read
_log = redaction.logger(__name__)


class Outbox:
    """One card's notifications on their way to the servers, for the length of one operation.

    A server that could not be reached is not tried again in it: its notifications go in order or not at all.
    """

    def __init__(self, euicc: Euicc, receipts: Receipts, journal: Journal, directory: Directory) -> None:
        self.euicc = euicc
        self.journal = journal
        self._receipts = receipts
        self._dispatch = Dispatch(journal, directory)
        self._given: set[bytes] = set()  # what this card gave us just now, and nobody before

    def operation(
        self,
        function: str,
        before: Iterable[Profile],
        *,
        target: Iccid | None = None,
        reason: str = "",
        memory_before: int | None = None,
        transaction_id: bytes = b"",
    ) -> contextlib.AbstractContextManager[Operation]:
        """Begin a change of the card in the journal: see `Journal.operation`.

        Raises `StorageFailed` if no proof could be kept: then change nothing on the card.
        """
        self._receipts.prepare(self.euicc.eid)
        self._believed()  # Once it is changed, the card may not be there any more to be asked.
        return self.journal.operation(
            self.euicc.eid,
            function,
            tuple(before),
            target=target,
            reason=reason,
            memory_before=memory_before,
            transaction_id=transaction_id,
        )

    def settle(self, operation: Operation, happenings: Iterable[Happening]) -> tuple[Delivery, ...]:
        """Take what the card just signed about `happenings`, keep all of it, then deliver what is due.

        Raises nothing of ours. What cannot be taken or kept leaves the operation open, to be resumed. What
        was on the card before stays: it may belong to somebody who did not want it sent now.
        """
        happenings = tuple(happenings)
        try:
            if operation.state != PROOF_KEPT and happenings:
                operation.enter(_answer(operation, happenings))
            told = self.take(operation, happenings)
            if operation.state != PROOF_KEPT and happenings:
                operation.enter(PROOF_KEPT)
            now, later = self._scheduled(self._queue_of(operation))
        except LpaError as problem:
            _log.debug("the notifications could not be taken and kept: %s", problem)
            return tuple(_not_taken(happenings, problem))
        unsigned = tuple(collection.unsigned(happenings, told))
        missing = [_missing(*one) for one in unsigned]
        deliveries = (*_in_order(*self.deliver(now), *later), *missing)
        if operation.memory_before is not None:
            operation.memory_after = self.free_memory()
        with contextlib.suppress(StorageFailed):  # Resuming it finds everything done, and settles it then.
            lost = starmap(self._loss, unsigned)
            operation.settle(" ".join(str(delivery.problem) for delivery in missing), lost)
        return deliveries

    def _loss(self, happening: Happening, address: str) -> Loss:
        profile, now = happening.profile, self.journal.clock()
        return Loss(self.euicc.eid, profile.iccid, profile.title, happening.event, address, now)

    def take(self, operation: Operation, happenings: Iterable[Happening]) -> list[Notification]:
        """Keep what the card signed about `happenings`; all that is kept of them now.

        Raises `StorageFailed`, and what the card has against it.
        """
        happenings = tuple(happenings)
        kept = [entry.notification for entry in self.journal.kept_since(operation)]
        signed = collection.produced(self.euicc, self._receipts, collection.untaken(happenings, kept))
        told = [*signed, *collection.about(happenings, kept)]
        self.keep(told, operation)
        return told

    def has_signed(self, operation: Operation, happening: Happening) -> bool:
        """Whether the card has signed that this happened; that is kept then. Raises nothing of ours."""
        with contextlib.suppress(LpaError):
            return bool(self.take(operation, [happening]))
        return False

    def news(self, event: str) -> tuple[Notification, ...]:
        """What the card signed about events of this kind and nobody here has kept yet."""
        return tuple(collection.news(self.euicc, self._receipts, event))

    def free_memory(self) -> int | None:
        """The bytes that are free for profiles; None if the card does not say or cannot be asked any more."""
        with contextlib.suppress(LpaError):
            return self.euicc.euicc_info2().resource.free_non_volatile
        return None

    def obstacle(self, address: str) -> LpaError | None:
        """What would keep a notification from this server now, None if nothing would."""
        return self._dispatch.courier.obstacle(address, self._believed() or ())

    def _believed(self) -> Believed | None:
        """Whom the card believes, None if it does not say. What was said before counts for nothing."""
        with contextlib.suppress(BadAnswer, EuiccRefused, WireError):
            return self.euicc.believed
        return None

    def keep(self, signed: Iterable[Notification], operation: Operation | None = None) -> None:
        """Have all of them on the disk, in the outbox and as receipts. Raises `StorageFailed`.

        `operation`: the one that they tell of. The outbox first: a receipt that it does not know is of an
        earlier operation (see `taking.produced`).
        """
        signed, eid = tuple(signed), self.euicc.eid
        self._given |= {bytes(one.raw) for one in signed if not self.journal.entry(eid, one)}
        self.journal.keep(eid, *signed, operation=operation, believed=self._believed())
        for notification in signed:
            self._receipts.keep(eid, notification)

    def deliver(self, entries: Iterable[Entry]) -> tuple[Delivery, ...]:
        """Send and clear each of what was kept. One that fails does not stop the others.

        To each server in the order of the sequence numbers (§3.5). Raises nothing of ours.
        """
        in_order = sorted(entries, key=lambda entry: entry.notification.metadata.sequence_number)
        return self._dispatch.dated(self.euicc.eid, map(self._deliver, in_order))

    def send_pending(self) -> tuple[Delivery, ...]:
        """Deliver everything, whenever its next try is due: what waits on the card, and the whole outbox.

        What other cards signed goes from its bytes alone.
        """
        with self.journal.alone(self.euicc.eid):
            entries, unreadable = self._gather()
            mine = self.deliver(entries)
        return (*mine, *unreadable, *self._dispatch.send_all_of_others(self.euicc.eid))

    def send_pending_if_due(self) -> tuple[Delivery, ...]:
        """As `send_pending`, but leave what is not due, with the time of its next try."""
        with self.journal.alone(self.euicc.eid):
            entries, unreadable = self._gather()
            now, later = self._scheduled(entries)
            return (*_in_order(*self.deliver(now), *later), *unreadable)

    def send_due(self) -> tuple[Delivery, ...]:
        """Deliver what is due in the outbox: of this card, and of others from its bytes alone.

        This card forgets what was acknowledged while it was away. One at which another process works is left
        to that.
        """
        eid = self.euicc.eid
        mine: tuple[Delivery, ...] = ()
        with contextlib.suppress(CardBusy), self.journal.alone_at_once(eid):
            acknowledged = [entry for entry in self.journal.outbox(eid) if entry.sent is not None]
            mine = self.deliver([*acknowledged, *due(self.journal, self._dispatch.waiting(eid))])
        return (*mine, *self._dispatch.send_due_of_others(eid))

    def _queue_of(self, operation: Operation) -> list[Entry]:
        """The notifications of an operation, and the older ones that their servers have to hear before."""
        own = [entry for entry in self.journal.of(operation) if not entry.cleared and not entry.given_up]
        return with_older(self.journal, own)

    def _scheduled(self, entries: Iterable[Entry]) -> tuple[list[Entry], list[Delivery]]:
        """Those of `entries` that are due; and of the others, when they will be."""
        eid, waiting = self.euicc.eid, self._dispatch.waiting(self.euicc.eid)
        ready = {bytes(entry.notification.raw) for entry in due(self.journal, waiting)}
        held = {bytes(one.entry.notification.raw): one for one in waiting}
        now, later = [], []
        for entry in entries:
            signed = bytes(entry.notification.raw)
            if signed in ready or signed not in held:
                now.append(entry)
            else:
                receipt = self._receipts.receipt(eid, entry.notification)
                later.append(replace(postponed(held[signed]), receipt=receipt))
        return now, later

    def _gather(self) -> tuple[list[Entry], list[Delivery]]:
        """Keep what is on the card: the entries of all that waits, and what cannot be read."""
        listed = self.euicc.list_notifications()
        signed, unread = collection.one_by_one(self.euicc, listed)
        unreadable = [*starmap(_unread, unread), *map(_unreadable, listed.unreadable)]
        waiting = self.journal.outbox(self.euicc.eid)
        known = [entry.notification for entry in waiting]
        new = [one for one in signed if not collection.is_known(one, known)]
        self.keep(new)
        entries = (self.journal.entry(self.euicc.eid, notification) for notification in new)
        return [*waiting, *filter(None, entries)], unreadable

    def _deliver(self, entry: Entry) -> Delivery:
        notification, eid = entry.notification, self.euicc.eid
        try:
            receipt = self._receipts.keep(eid, notification)  # unless we were stopped between the two before
        except LpaError as problem:
            self._dispatch.hold(entry, problem)
            return Delivery.of(notification, problem=problem, acknowledged=entry.sent is not None)
        if entry.sent is None:
            delivery = replace(self._dispatch.send(entry), receipt=receipt)
        else:
            delivery = Delivery.of(notification, receipt=receipt, acknowledged=True)
        if delivery.problem:
            return delivery
        return self._cleared(delivery, notification)

    def _cleared(self, delivery: Delivery, notification: Notification) -> Delivery:
        """Have the card forget what its server acknowledged, if it is what the card still has."""
        try:
            if self._is_on_the_card(notification):
                self.euicc.notification_sent(notification.metadata.sequence_number)
            delivery = replace(delivery, cleared=True)
            self.journal.cleared(self.euicc.eid, notification)
        except LpaError as problem:
            return replace(delivery, problem=problem)
        return delivery

    def _is_on_the_card(self, notification: Notification) -> bool:
        """Whether the card has it under its number. What was not given just now may be another card's."""
        if bytes(notification.raw) in self._given:
            return True
        has = self.euicc.retrieve_notification(notification.metadata.sequence_number)
        return has is not None and collection.is_known(has, [notification])


def _in_order(*deliveries: Delivery) -> list[Delivery]:
    return sorted(deliveries, key=lambda delivery: delivery.sequence_number or 0)


def _answer(operation: Operation, happenings: Iterable[Happening]) -> str:
    """The word for what the card has done."""
    if any(happening.event == "delete" for happening in happenings):
        return DELETED
    if operation.function == "download":
        return INSTALLED
    return ENABLED if operation.function == "enable" else DISABLED


def _unread(told: NotificationMetadata, problem: LpaError) -> Delivery:
    return Delivery(told.event, told.address, told.iccid, told.sequence_number, problem=problem)


def _unreadable(item: bytes) -> Delivery:
    problem = BadAnswer(f"The card lists a notification that cannot be read: {item[:_SHOWN].hex()}.")
    return Delivery("", "", None, problem=problem)


def _missing(happening: Happening, address: str) -> Delivery:
    problem = BadAnswer(
        f"The card has no signed notification for {address}, though the profile asks for one.",
        advice=lost.advice(happening.profile.iccid),
    )
    return Delivery(happening.event, address, happening.profile.iccid, problem=problem, lost=True)


def _not_taken(happenings: tuple[Happening, ...], problem: LpaError) -> Iterator[Delivery]:
    for happening in happenings:
        for address in happening.addresses or ("",):
            yield Delivery(happening.event, address, happening.profile.iccid, problem=problem)
