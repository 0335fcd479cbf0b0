"""Recover interrupted operations: find out what they changed, and complete them.

An operation is interrupted when the process is killed, the card is pulled or the disk is full. The journal
has what was asked for and the profiles as they were; the card shows them as they are now. The differences are
the changes, and are completed like any others: their notifications are kept and delivered. Recovery changes
no profile, with one exception: after a temporary enable it restores the previous one (`temporary_enable`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lpa.download import installation
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown
from lpa.journal import PLANNED, Operation
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.notifications.outbox import Outbox
from lpa.profiles import temporary_enable
from lpa.profiles.switch_on_card import reset_and_read
from lpa.profiles.switching import changes_since
from lpa.rsp.facts import Fact
from lpa.rsp.listing import Listing
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationEvent, Profile


@dataclass(frozen=True)
class Recovery(Fact):
    """How an interrupted operation was completed. `changes`: what it changed; empty if nothing.

    For a temporary enable, `changes` are those that restored the previous profile now. `summary` says which
    profile is enabled, and `problem` why the previous one was not restored. For a download, `problem` is why
    its result was not read; the operation stays open then, and `summary` says so.
    """

    function: str
    begun: datetime
    changes: tuple[ProfileChange, ...]
    deliveries: tuple[Delivery, ...]
    target: Iccid | None = None
    summary: str = ""
    problem: LpaError | None = None

    @property
    def not_deleted(self) -> bool:
        """Whether it was to delete a profile and only disabled it: deleting it must be confirmed again."""
        events = {change.event for change in self.changes if not change.external}
        return self.function == "delete" and bool(events) and "delete" not in events

    @classmethod
    def of(
        cls,
        operation: Operation,
        changes: tuple[ProfileChange, ...] = (),
        deliveries: tuple[Delivery, ...] = (),
        *,
        summary: str = "",
        problem: LpaError | None = None,
    ) -> Recovery:
        """Of this operation."""
        begun = datetime.fromtimestamp(operation.begun, UTC)
        return cls(operation.function, begun, changes, deliveries, operation.target, summary, problem)


def recover(card: CardContext, outbox: Outbox) -> Iterator[Recovery]:
    """Complete what was interrupted on this card: keep and deliver what it signed about the changes.

    Raises `OutcomeUnknown` if the card does not show what an operation changed; the operation stays open. A
    temporary enable stays open if restoring is interrupted (see `temporary_enable.restore`).
    """
    if not card.journal.unfinished():  # of any card: this one need not even be asked for its EID
        return
    with card.journal.lock(card.eid):
        unfinished = card.journal.unfinished(card.eid)
        changes = [operation for operation in unfinished if operation.function != temporary_enable.OPERATION]
        # Read after a reset: until then a card may not show a switch that it has accepted.
        after = reset_and_read(card.euicc) if changes else Listing[Profile]()
        for operation in changes:
            yield _reconcile(card, outbox, operation, after)
    if len(changes) < len(unfinished):  # A restoration is an operation of its own, and takes the lock itself.
        yield from _restore(card, outbox)


def _restore(card: CardContext, outbox: Outbox) -> Iterator[Recovery]:
    """End temporary enables, except one that a process, this or another, is still in."""
    with card.journal.temporary_enable_lock(card.eid) as held:
        for operation in card.journal.unfinished(card.eid) if held else ():
            if operation.function == temporary_enable.OPERATION:
                ended = temporary_enable.restore(card, outbox, operation)
                changes = ended.outcome.changes if ended.outcome else ()
                deliveries = ended.outcome.deliveries if ended.outcome else ()
                yield Recovery.of(
                    operation, changes, deliveries, summary=ended.summary, problem=ended.problem
                )


def _reconcile(card: CardContext, outbox: Outbox, operation: Operation, after: Listing[Profile]) -> Recovery:
    """Complete an operation from what the card shows now."""
    if operation.state == PLANNED:  # The card was not asked to do anything yet.
        operation.complete("nothing was done")
        return Recovery.of(operation)
    if operation.function == installation.OPERATION:
        return _reconcile_download(card, outbox, operation, after)
    if after.unreadable and _may_hide(outbox, operation, after):
        raise _hidden(operation)
    changes = tuple(_changes(operation, after))
    return Recovery.of(operation, changes, outbox.complete(operation, changes))


def _reconcile_download(
    card: CardContext, outbox: Outbox, operation: Operation, after: Listing[Profile]
) -> Recovery:
    """Complete a download. If the card does not give what it signed, the operation stays open."""
    try:
        if after.unreadable and installation.may_be_unreadable(card, outbox, operation, after):
            raise _hidden(operation)
        changes, deliveries = installation.finish(card, outbox, operation, after)
    except (BadAnswer, EuiccRefused) as problem:
        summary = "Its result is unknown: the card does not give the notifications that it signed."
        return Recovery.of(operation, summary=summary, problem=problem)
    return Recovery.of(operation, changes, deliveries)


def _hidden(operation: Operation) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"An earlier '{operation.function}' was interrupted, and its outcome is unknown: "
        "the card lists a profile that cannot be read."
    )


def _may_hide(outbox: Outbox, operation: Operation, after: Listing[Profile]) -> bool:
    """Whether an unreadable item may be one of the profiles: one is not listed, nor signed as deleted."""
    listed = {profile.iccid for profile in after}
    deleted = (
        ProfileChange(NotificationEvent.DELETE, profile)
        for profile in operation.before
        if profile.iccid not in listed
    )
    return not all(outbox.has_signed(operation, change) for change in deleted)


def _changes(operation: Operation, after: Listing[Profile]) -> Iterator[ProfileChange]:
    """What differs now. A card deletes only disabled profiles, so an enabled one was disabled before."""
    # An unreadable item is none of the profiles: see `_may_hide`.
    for change in changes_since(operation, after, after.unreadable):
        is_target = operation.function == "delete" and change.profile.iccid == operation.target
        if is_target and change.event == "delete" and change.profile.enabled:
            yield ProfileChange(NotificationEvent.DISABLE, change.profile)
        yield change
