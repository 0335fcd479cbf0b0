"""How a server learns what happened to its profile: keep -> send -> clear.

Law, for each notification: it is on our disk before it is sent, and the card forgets it only after the
server acknowledged it. Each step is in the journal, so whatever ends us in between can be gone on from; and
everything can be done again, as a server that hears the same notification twice acknowledges it twice.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lpa.card.es10 import Euicc
from lpa.courier import Courier, Directory, normal
from lpa.errors import BadAnswer, EuiccRefused, LpaError, StorageFailed
from lpa.journal import CHANGED, CLOSED, PROOF_KEPT, Entry, Journal, Operation
from lpa.receipts import Receipt, Receipts
from lpa.rsp.names import Iccid
from lpa.rsp.records import Notification, NotificationMetadata, Profile

_SHOWN = 40  # bytes of what cannot be read
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Happening:
    """Something that was done to a profile, as it was before: "enable", "disable" or "delete"."""

    event: str
    profile: Profile

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that the profile wants told, as far as the card said so."""
        return tuple(entry.address for entry in self.profile.notifications if self.event in entry.events)


@dataclass(frozen=True)
class Delivery:
    """What became of one notification.

    `sequence_number`: None if the card did not give the notification. `receipt`: the proof on disk.
    `acknowledged`: the server knows. `cleared`: the card forgot it. `problem`: what stopped it on that way.
    """

    event: str
    address: str
    iccid: Iccid | None
    sequence_number: int | None = None
    receipt: Receipt | None = None
    acknowledged: bool = False
    cleared: bool = False
    problem: LpaError | None = None


class Outbox:
    """One card's notifications on their way to the servers, for the length of one operation.

    A server that could not be reached is not tried again in it: its notifications go in order or not at all.
    """

    def __init__(self, euicc: Euicc, receipts: Receipts, journal: Journal, directory: Directory) -> None:
        self.euicc = euicc
        self.journal = journal
        self._receipts = receipts
        self._courier = Courier(directory)

    def operation(
        self, function: str, before: Iterable[Profile], reason: str = "", memory_before: int | None = None
    ) -> contextlib.AbstractContextManager[Operation]:
        """Begin a change of the card in the journal: see `Journal.operation`.

        Raises `StorageFailed` if no proof could be kept: then change nothing on the card.
        """
        self._receipts.prepare(self.euicc.eid)
        return self.journal.operation(self.euicc.eid, function, tuple(before), reason, memory_before)

    def settle(self, operation: Operation, happenings: Iterable[Happening]) -> tuple[Delivery, ...]:
        """Take what the card just signed about `happenings`, keep all of it, then deliver it.

        Raises nothing of ours. What cannot be taken or kept leaves the operation open, to be resumed. What
        was on the card before stays: it may belong to somebody who did not want it sent now.
        """
        happenings = tuple(happenings)
        try:
            operation.enter(CHANGED)
            signed = self._produced(happenings)
            kept = [entry.notification for entry in self.journal.kept_since(self.euicc.eid, operation.begun)]
            self.keep([*signed, *_about(happenings, kept)], operation)
            operation.enter(PROOF_KEPT)
        except LpaError as problem:
            _log.debug("the notifications could not be taken and kept: %s", problem)
            return tuple(_not_taken(happenings, problem))
        missing = tuple(_missing(happenings, [*signed, *kept]))
        deliveries = (*self.deliver(signed), *missing)
        if operation.memory_before is not None:
            operation.memory_after = free_memory(self.euicc)
        with contextlib.suppress(StorageFailed):  # Resuming it finds everything done, and closes it then.
            operation.enter(CLOSED, " ".join(str(lost.problem) for lost in missing))
        return deliveries

    def obstacle(self, address: str) -> LpaError | None:
        """What would keep a notification from this server now, None if nothing would."""
        return self._courier.obstacle(address)

    def keep(self, signed: Iterable[Notification], operation: Operation | None = None) -> None:
        """Have all of them on the disk, in the outbox and as receipts. Raises `StorageFailed`.

        `operation`: the one that they tell of. The outbox first: a receipt that it does not know is of an
        earlier operation (see `_produced`).
        """
        signed = tuple(signed)
        self.journal.keep(self.euicc.eid, *signed, operation=operation)
        for notification in signed:
            self._receipts.keep(self.euicc.eid, notification)

    def deliver(self, signed: Iterable[Notification]) -> tuple[Delivery, ...]:
        """Send and clear each of what was kept. One that fails does not stop the others.

        To each server in the order of the sequence numbers (§3.5). Raises nothing of ours.
        """
        in_order = sorted(signed, key=lambda notification: notification.metadata.sequence_number)
        return tuple(self._deliver(notification) for notification in in_order)

    def send_pending(self) -> tuple[Delivery, ...]:
        """Deliver everything that waits on the card or in the outbox, whenever its next try is due."""
        with self.journal.alone(self.euicc.eid):
            listed = self.euicc.list_notifications()
            signed, unreadable = self._one_by_one(listed)
            unreadable += map(_unreadable, listed.unreadable)
            self.keep(signed)
            waiting = [entry.notification for entry in self.journal.outbox(self.euicc.eid)]
            return (*self.deliver(waiting), *unreadable)

    def _produced(self, happenings: tuple[Happening, ...]) -> list[Notification]:
        """What the card signed about these happenings: the newest for each profile, event and address.

        One that was kept before this operation is of an earlier one.
        """
        wanted = {(happening.profile.iccid, happening.event) for happening in happenings}
        newest: dict[tuple[Iccid, str, str], Notification] = {}
        for notification in self._signed({event for _, event in wanted}):
            told = notification.metadata
            if told.iccid is None or (told.iccid, told.event) not in wanted:
                continue
            if self._receipts.holds(self.euicc.eid, notification):
                continue
            key = (told.iccid, told.event, normal(told.address))
            if key not in newest or newest[key].metadata.sequence_number < told.sequence_number:
                newest[key] = notification
        return list(newest.values())

    def _signed(self, events: set[str]) -> Iterable[Notification]:
        """All signed notifications of `events`: at once where the card can, else one by one."""
        if not events:
            return []
        try:
            return self.euicc.retrieve_notifications(sorted(events))
        except (BadAnswer, EuiccRefused) as error:
            _log.debug("not all at once (%s), so one by one", error)
            signed, _ = self._one_by_one(self.euicc.list_notifications())
            return signed

    def _one_by_one(
        self, listed: Iterable[NotificationMetadata]
    ) -> tuple[list[Notification], list[Delivery]]:
        """The signed ones of what is listed, and those that cannot be read. Together they can be long."""
        signed, unreadable = [], []
        for told in listed:
            try:
                notification = self.euicc.retrieve_notification(told.sequence_number)
            except (BadAnswer, EuiccRefused) as problem:
                unreadable.append(
                    Delivery(told.event, told.address, told.iccid, told.sequence_number, problem=problem)
                )
            else:
                signed += [notification] if notification else []
        return signed, unreadable

    def _deliver(self, notification: Notification) -> Delivery:
        told, eid = notification.metadata, self.euicc.eid
        receipt, acknowledged, cleared, problem = None, False, False, None
        try:
            receipt = self._receipts.keep(eid, notification)  # unless we were stopped between the two before
            entry = self.journal.entry(eid, notification)
            acknowledged = bool(entry and entry.sent)
            if not acknowledged:
                evidence = self._courier.send(notification)
                acknowledged = True
                self.journal.sent(eid, notification, evidence)
            self.euicc.notification_sent(told.sequence_number)
            cleared = True
            self.journal.cleared(eid, notification)
        except LpaError as error:
            problem = error
            with contextlib.suppress(
                StorageFailed
            ):  # It was noted as kept; that it failed is a comfort only.
                self.journal.failed(eid, notification, error)
        return Delivery(
            told.event,
            told.address,
            told.iccid,
            told.sequence_number,
            receipt,
            acknowledged,
            cleared,
            problem,
        )


def free_memory(euicc: Euicc) -> int | None:
    """The bytes that are free for profiles; None if the card does not say, or cannot be asked any more."""
    with contextlib.suppress(LpaError):
        return euicc.euicc_info2().resource.free_non_volatile
    return None


def _about(happenings: Iterable[Happening], kept: Iterable[Notification]) -> Iterator[Notification]:
    """Those of `kept` that tell of `happenings`."""
    wanted = {(happening.profile.iccid, happening.event) for happening in happenings}
    for notification in kept:
        if (notification.metadata.iccid, notification.metadata.event) in wanted:
            yield notification


def _unreadable(item: bytes) -> Delivery:
    problem = BadAnswer(f"The card lists a notification that cannot be read: {item[:_SHOWN].hex()}.")
    return Delivery("", "", None, problem=problem)


def _missing(happenings: tuple[Happening, ...], signed: list[Notification]) -> Iterator[Delivery]:
    """What the profiles wanted told and the card did not sign."""
    made = {(told.metadata.iccid, told.metadata.event, normal(told.metadata.address)) for told in signed}
    for happening in happenings:
        for address in happening.addresses:
            if (happening.profile.iccid, happening.event, normal(address)) not in made:
                problem = BadAnswer(
                    f"The card signed no notification for {address}, though the profile asks for one.",
                    advice="Look at 'lpa notifications list', and tell the operator yourself.",
                )
                yield Delivery(happening.event, address, happening.profile.iccid, problem=problem)


def _not_taken(happenings: tuple[Happening, ...], problem: LpaError) -> Iterator[Delivery]:
    for happening in happenings:
        for address in happening.addresses or ("",):
            yield Delivery(happening.event, address, happening.profile.iccid, problem=problem)


def send_kept(journal: Journal, directory: Directory) -> tuple[Delivery, ...]:
    """Deliver what was kept of any card and not sent yet, without the card: the bytes are enough.

    The card forgets them when it is here again (`Outbox.send_pending`). Raises `StorageFailed` if the journal
    cannot be read.
    """
    courier = Courier(directory)
    return tuple(_sent_alone(journal, courier, entry) for entry in journal.outbox() if entry.sent is None)


def _sent_alone(journal: Journal, courier: Courier, entry: Entry) -> Delivery:
    told, acknowledged, problem = entry.notification.metadata, False, None
    try:
        evidence = courier.send(entry.notification)
        acknowledged = True
        journal.sent(entry.eid, entry.notification, evidence)
    except LpaError as error:
        problem = error
        with contextlib.suppress(StorageFailed):
            journal.failed(entry.eid, entry.notification, error)
    return Delivery(
        told.event,
        told.address,
        told.iccid,
        told.sequence_number,
        acknowledged=acknowledged,
        problem=problem,
    )
