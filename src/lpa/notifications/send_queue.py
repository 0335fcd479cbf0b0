"""When a notification that is kept is sent, and what came of it. Its bytes are enough: no card is needed.

Law: to each server in the order of the sequence numbers (§3.5). One that waits for its next try holds back
the younger ones that the same card signed for the same server; one that the server objected to does not,
because it was told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from lpa.errors import CardBusy, LpaError, Postponed, StorageFailed
from lpa.journal import Entry, Journal
from lpa.notifications.delivery import Delivery, PendingNotification
from lpa.notifications.sender import NotificationSender, ServerFactory, normal
from lpa.rsp.names import Eid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.records import NotificationMetadata

# No wait is as long as this, in seconds: a next try further ahead is from a clock that was wrong.
_INCREDIBLE = 14 * 3600.0


class SendQueue:
    """Sends what a journal holds. A server that could not be reached is not tried again by this one."""

    def __init__(self, journal: Journal, servers: ServerFactory) -> None:
        self.journal = journal
        self.sender = NotificationSender(servers)

    def pending(self, eid: Eid | None = None) -> tuple[PendingNotification, ...]:
        """What no server acknowledged yet, of one card or of all: by card and number."""
        return pending(self.journal, eid)

    def send(self, entry: Entry) -> Delivery:
        """Send one, whenever its next try is due; note what came of it. Raises nothing of ours."""
        notification = entry.notification
        ci_pkids = _ci_pkids(entry)
        silent = self.sender.unreachable_reason(notification, ci_pkids)
        if silent:  # That is no attempt of its own.
            return Delivery.of(notification, problem=silent)
        try:
            evidence = self.sender.send(notification, ci_pkids)
        except LpaError as problem:
            with contextlib.suppress(StorageFailed):  # It is kept all the same; the note is only a help.
                self.journal.failed(entry.eid, notification, problem)
            return Delivery.of(notification, problem=problem)
        try:
            self.journal.sent(entry.eid, notification, evidence)
        except StorageFailed as problem:
            return Delivery.of(notification, acknowledged=True, problem=problem)
        return Delivery.of(notification, acknowledged=True)

    def mark_unreachable(self, entry: Entry, problem: LpaError) -> None:
        """Take nothing more of this card to the server of this one."""
        self.sender.mark_unreachable(entry.notification, _ci_pkids(entry), problem)

    def send_all(self, entries: Iterable[Entry]) -> tuple[Delivery, ...]:
        """Send each, of any card, in order. The cards forget them when they are here again.

        Each card alone, as whoever has it in a reader: one at which another process works is waited for, or
        its notifications stay where they are. What that process has sent meanwhile is not sent again.
        """
        cards: dict[Eid | None, list[Entry]] = {}
        for entry in sorted(entries, key=lambda entry: entry.notification.metadata.sequence_number):
            cards.setdefault(entry.eid, []).append(entry)
        return tuple(delivery for eid, own in cards.items() for delivery in self._send_of(eid, own))

    def send_all_of_others(self, eid: Eid) -> tuple[Delivery, ...]:
        """Send everything of all cards but one."""
        return self.send_all(one.entry for one in self.pending() if one.entry.eid != eid)

    def send_due_of_others(self, eid: Eid) -> tuple[Delivery, ...]:
        """Send what is due of all cards but one. A card that others work with, or hinder, is left alone."""
        cards = dict.fromkeys(one.entry.eid for one in self.pending() if one.entry.eid != eid)
        return tuple(delivery for card in cards for delivery in self._send_due_of(card))

    def dated(self, eid: Eid | None, deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
        """The deliveries of a card, with the times when those that failed are tried next by themselves."""
        deliveries = tuple(deliveries)
        if all(delivery.acknowledged for delivery in deliveries):
            return deliveries
        left: dict[NotificationMetadata, PendingNotification] = {}
        with contextlib.suppress(StorageFailed):
            left = {one.entry.notification.metadata: one for one in self.pending(eid)}
        return tuple(_dated(delivery, left.get(delivery.metadata)) for delivery in deliveries)

    def _send_of(self, eid: Eid | None, entries: Iterable[Entry]) -> tuple[Delivery, ...]:
        try:
            with self.journal.lock(eid) if eid else contextlib.nullcontext():
                return self.dated(eid, self._send_unless_sent(entries))
        except (CardBusy, StorageFailed) as problem:  # The lock of one card is no matter of the others.
            return self.dated(eid, [Delivery.of(entry.notification, problem=problem) for entry in entries])

    def _send_unless_sent(self, entries: Iterable[Entry]) -> Iterator[Delivery]:
        """Send those that another process has not sent, or a person given up, since they were read."""
        for entry in entries:
            now = None
            with contextlib.suppress(StorageFailed):
                now = self.journal.entry(entry.eid, entry.notification)
            if now and now.sent is not None:
                yield Delivery.of(now.notification, acknowledged=True, removed=now.removed is not None)
            elif not (now and now.abandoned):
                yield self.send(entry)

    def _send_due_of(self, eid: Eid | None) -> tuple[Delivery, ...]:
        alone = self.journal.try_lock(eid) if eid else contextlib.nullcontext()
        with contextlib.suppress(CardBusy, StorageFailed), alone:
            queue = [one for one in self.pending(eid) if one.entry.eid == eid]
            return self.dated(eid, map(self.send, due(self.journal, queue)))
        return ()


def _ci_pkids(entry: Entry) -> tuple[KeyIdentifier, ...]:
    """Whom its card ci_pkids; if the card did not say, by whom it says that it was certified."""
    if entry.ci_pkids is not None:
        return entry.ci_pkids
    from lpa.rsp.pki import chain  # Certificates are loaded only for what has no card.

    return chain.claimed_issuers(entry.notification)


def pending(journal: Journal, eid: Eid | None = None) -> tuple[PendingNotification, ...]:
    """What no server acknowledged yet, of one card or of all, with the time of its next try."""
    return tuple(_scheduled(journal.clock(), (one for one in journal.outbox(eid) if one.sent is None)))


def due(journal: Journal, queue: Iterable[PendingNotification]) -> tuple[Entry, ...]:
    """Those whose next try is due."""
    now = _time(journal.clock())
    return tuple(one.entry for one in queue if one.next_try <= now)


def with_predecessors(journal: Journal, entries: Iterable[Entry]) -> list[Entry]:
    """`entries`, and the older ones that the same servers have to hear of the same cards before."""
    entries = list(entries)
    last: dict[tuple[Eid | None, str], int] = {}
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


def not_due(one: PendingNotification) -> Delivery:
    """What becomes of one whose next try is not due."""
    told = one.entry.notification.metadata
    problem = Postponed(
        f"{told.address} could not be told before, and is tried again later: "
        f"not before {one.next_try.astimezone():%Y-%m-%d %H:%M}."
    )
    return _dated(Delivery.of(one.entry.notification, problem=problem), one)


def _dated(delivery: Delivery, one: PendingNotification | None) -> Delivery:
    if delivery.acknowledged or one is None:
        return delivery
    return replace(delivery, next_try=one.next_try, attempts=one.entry.attempts)


def _scheduled(now: float, unsent: Iterable[Entry]) -> Iterator[PendingNotification]:
    """Each not before those older than it. `unsent`: by card and number."""
    held: dict[tuple[Eid | None, str], float] = {}
    for entry in unsent:
        queue = _queue(entry)
        own = entry.next_try if entry.next_try - now < _INCREDIBLE else now
        when = max(own, held.get(queue, 0.0))
        if not entry.objected:
            held[queue] = when
        yield PendingNotification(entry, _time(max(when, now)))


def _queue(entry: Entry) -> tuple[Eid | None, str]:
    return entry.eid, normal(entry.notification.metadata.address)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
