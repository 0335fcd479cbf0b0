"""Send the notifications that are kept, each when it is due. Their bytes are enough: no card is needed.

Law: each server receives the notifications of a card in the order of their sequence numbers (§3.5). While one
is not due, the later ones of its card for its server wait; also while one is held, which is sent only when
somebody asks for it. One that the server refused holds back nothing, because the server has received it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from lpa import stop
from lpa.advice.notifications import ONLY_SEND_SENDS, SENT_WHEN_DUE
from lpa.errors import CardBusy, LpaError, Postponed, StorageFailed
from lpa.journal import Entry, Journal
from lpa.notifications.delivery import (
    DELIVER_LATER,
    DELIVER_NEVER,
    WAITS_FOR_EARLIER,
    Delivery,
    PendingNotification,
)
from lpa.notifications.sender import NotificationSender, ServerFactory, normalized
from lpa.rsp import steps
from lpa.rsp.names import Eid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import Notification, NotificationMetadata

# In seconds, longer than any wait: a next try that is further ahead was set by a clock that was wrong.
_IMPOSSIBLE_WAIT = 14 * 3600.0

_Queue = tuple[Eid | None, str]  # what is sent in order: the notifications of one card for one server


class SendQueue:
    """Sends the notifications in a journal. It tries a server that could not be reached only once.

    `keep_on_card`: what its server acknowledges stays on its card, until somebody asks for its removal.
    """

    def __init__(self, journal: Journal, servers: ServerFactory, *, keep_on_card: bool = False) -> None:
        self.journal = journal
        self.keep_on_card = keep_on_card
        self.sender = NotificationSender(servers)

    def pending(self, eid: Eid | None = None) -> tuple[PendingNotification, ...]:
        """What no server has acknowledged, of one card or of all: by card and sequence number."""
        return pending(self.journal, eid)

    def send(self, entry: Entry) -> Delivery:
        """Send one, due or not, and record the result. Raises no `LpaError`.

        A stop leaves it pending: that is in the result too.
        """
        notification = entry.notification
        if stop.leave_out():
            return Delivery.of(notification, problem=stopped(notification))
        ci_pkids = _ci_pkids(entry)
        unreachable = self.sender.unreachable_reason(notification, ci_pkids)
        if unreachable:  # It was not tried, so no attempt is recorded.
            return Delivery.of(notification, problem=unreachable)
        try:
            with stop.attempting():
                evidence = self.sender.send(notification, ci_pkids)
        except stop.StopRequested:
            stop.leave_out()
            return Delivery.of(notification, problem=stopped(notification))
        except LpaError as problem:
            with contextlib.suppress(StorageFailed):  # It is kept anyway, and only retried sooner.
                self.journal.failed(entry.eid, notification, problem)
            return Delivery.of(notification, problem=problem)
        try:
            self.journal.sent(entry.eid, notification, evidence, held=self.keep_on_card)
        except StorageFailed as problem:
            return Delivery.of(notification, acknowledged=True, problem=problem)
        return Delivery.of(notification, acknowledged=True)

    def mark_unreachable(self, entry: Entry, problem: LpaError) -> None:
        """Send nothing more of this entry's card to its server."""
        self.sender.mark_unreachable(entry.notification, _ci_pkids(entry), problem)

    def send_all(self, entries: Iterable[Entry]) -> tuple[Delivery, ...]:
        """Send each, of any card, in order. They are removed from a card when it is in a reader again.

        Each card is locked while its notifications are sent. If another process works with the card, this
        waits, or leaves them pending (see `Locks`). What that process sent meanwhile is not sent again.
        """
        cards: dict[Eid | None, list[Entry]] = {}
        for entry in sorted(entries, key=lambda entry: entry.notification.metadata.sequence_number):
            cards.setdefault(entry.eid, []).append(entry)
        return tuple(delivery for eid, own in cards.items() for delivery in self._send_of(eid, own))

    def send_all_of_others(self, eid: Eid) -> tuple[Delivery, ...]:
        """Send everything of all cards but one."""
        return self.send_all(one.entry for one in self.pending() if one.entry.eid != eid)

    def send_due_of_others(self, eid: Eid) -> tuple[Delivery, ...]:
        """Send what is due of all cards but one. A card that cannot be locked at once is skipped."""
        cards = dict.fromkeys(one.entry.eid for one in self.pending() if one.entry.eid != eid)
        return tuple(delivery for card in cards for delivery in self._send_due_of(card))

    def dated(self, eid: Eid | None, deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
        """The deliveries of a card, with the time of the next try for those that failed."""
        deliveries = tuple(deliveries)
        if all(delivery.acknowledged for delivery in deliveries):
            return deliveries
        unsent: dict[NotificationMetadata, PendingNotification] = {}
        with contextlib.suppress(StorageFailed):
            unsent = {one.entry.notification.metadata: one for one in self.pending(eid)}
        return tuple(_dated(delivery, unsent.get(delivery.metadata)) for delivery in deliveries)

    def _send_of(self, eid: Eid | None, entries: Collection[Entry]) -> tuple[Delivery, ...]:
        try:
            with self._lock(eid):
                return self.dated(eid, self._send_unless_sent(entries))
        except stop.StopRequested:
            stop.leave_out()
            left = (entry.notification for entry in entries)
            return self.dated(eid, [Delivery.of(one, problem=stopped(one)) for one in left])
        except (CardBusy, StorageFailed) as problem:  # The other cards are not affected.
            return self.dated(eid, [Delivery.of(entry.notification, problem=problem) for entry in entries])

    @contextlib.contextmanager
    def _lock(self, eid: Eid | None) -> Iterator[None]:
        """Lock a card. A stop ends the wait for that, and not what is done under the lock."""
        with contextlib.ExitStack() as held:
            if eid:
                with stop.attempting():
                    held.enter_context(self.journal.lock(eid))
            with stop.ending():
                yield

    def _send_unless_sent(self, entries: Collection[Entry]) -> Iterator[Delivery]:
        """Send those that nobody has sent or abandoned since they were read from the journal."""
        for entry in steps.counted(steps.DELIVERY, entries):
            now = None
            with contextlib.suppress(StorageFailed):
                now = self.journal.entry(entry.eid, entry.notification)
            if now and now.sent is not None:
                yield Delivery.of(now.notification, acknowledged=True, removed=now.removed is not None)
            elif not (now and now.abandoned):
                yield self.send(entry)

    def _send_due_of(self, eid: Eid | None) -> tuple[Delivery, ...]:
        lock = self.journal.try_lock(eid) if eid else contextlib.nullcontext()
        with contextlib.suppress(CardBusy, StorageFailed), lock:
            queue = [one for one in self.pending(eid) if one.entry.eid == eid]
            entries = steps.counted(steps.DELIVERY, due(self.journal, queue))
            return self.dated(eid, map(self.send, entries))
        return ()


def _ci_pkids(entry: Entry) -> tuple[KeyIdentifier, ...]:
    """The trusted CI keys of its card. If it did not list them, the issuers that the notification claims."""
    if entry.ci_pkids is not None:
        return entry.ci_pkids
    from lpa.rsp.pki import chain  # noqa: PLC0415  (it loads cryptography, which is rarely needed here)

    return chain.claimed_issuers(entry.notification)


def pending(journal: Journal, eid: Eid | None = None) -> tuple[PendingNotification, ...]:
    """What no server has acknowledged, of one card or of all, with the time of its next try."""
    return tuple(_scheduled(journal.clock(), (one for one in journal.outbox(eid) if one.sent is None)))


def due(journal: Journal, queue: Iterable[PendingNotification]) -> tuple[Entry, ...]:
    """Those whose next try is due."""
    now = _datetime(journal.clock())
    return tuple(one.entry for one in queue if one.next_try and one.next_try <= now)


def with_predecessors(journal: Journal, entries: Iterable[Entry]) -> list[Entry]:
    """`entries`, and the earlier ones of the same cards that their servers must receive first."""
    entries = list(entries)
    last: dict[_Queue, int] = {}
    for entry in entries:
        queue, number = _queue(entry), entry.notification.metadata.sequence_number
        last[queue] = max(last.get(queue, number), number)
    return entries + [
        entry
        for entry in journal.outbox()
        if entry.sent is None
        and entry not in entries
        and entry.notification.metadata.sequence_number < last.get(_queue(entry), 0)
    ]


def stopped(notification: Notification, *, done: bool = False) -> Postponed:
    """Why a notification is left after a stop. `done`: its server has acknowledged it."""
    if done:
        return Postponed("It was stopped before the notification was removed from the card.")
    return Postponed(f"It was stopped before {notification.metadata.address} acknowledged the notification.")


def not_due(one: PendingNotification) -> Delivery:
    """The delivery of one that is left, because its next try is not due."""
    address = one.entry.notification.metadata.address
    if one.next_try is None:
        return Delivery.of(one.entry.notification, problem=_never(address, waits=not one.entry.held))
    problem = Postponed(f"An earlier attempt to notify {address} failed.", reason="notDue")
    return _dated(Delivery.of(one.entry.notification, problem=problem), one)


def withheld(one: PendingNotification) -> Delivery:
    """The delivery of one that is not sent now, because its operation was begun with "later" or "never"."""
    address = one.entry.notification.metadata.address
    later = Postponed(
        f"{address} is not notified now, as requested.",
        advice=SENT_WHEN_DUE,
        reason=DELIVER_LATER,
    )
    problem = later if one.next_try else _never(address, waits=not one.entry.held)
    return _dated(Delivery.of(one.entry.notification, problem=problem), one)


def _never(address: str, *, waits: bool) -> Postponed:
    """For one that is not sent by itself. `waits`: because an earlier one is not, which it has to follow."""
    if waits:
        message = f"It waits for an earlier notification for {address}, which is not sent by itself."
    else:
        message = f"{address} is not notified, as requested: the notification is not sent by itself."
    return Postponed(
        message,
        advice=ONLY_SEND_SENDS,
        reason=WAITS_FOR_EARLIER if waits else DELIVER_NEVER,
    )


def _dated(delivery: Delivery, one: PendingNotification | None) -> Delivery:
    if delivery.acknowledged or one is None:
        return delivery
    return replace(delivery, next_try=one.next_try, attempts=one.entry.attempts)


def _scheduled(now: float, unsent: Iterable[Entry]) -> Iterator[PendingNotification]:
    """When each is due: not before the earlier ones in its queue. `unsent`: by card and sequence number."""
    not_before: dict[_Queue, float] = {}
    for entry in unsent:
        queue = _queue(entry)
        own = entry.next_try if entry.next_try - now < _IMPOSSIBLE_WAIT else now
        own = math.inf if entry.held else own
        due_at = max(own, not_before.get(queue, 0.0))
        if not entry.objected:
            not_before[queue] = due_at
        yield PendingNotification(entry, None if due_at == math.inf else _datetime(max(due_at, now)))


def _queue(entry: Entry) -> _Queue:
    return entry.eid, normalized(entry.notification.metadata.address)


def _datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
