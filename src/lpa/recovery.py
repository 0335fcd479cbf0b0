"""What was begun and not finished: find out what became of it, and finish what can be.

An operation ends in the middle when the process is killed, the card pulled or the disk full. The journal
knows what was meant and how the card was before; the card knows how it is now. What differs has happened, and
is settled like any other change: its notifications are kept and delivered. Nothing more is done to a profile
here, with one exception: of one that was put to use for a moment, the moment is ended (`interlude`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lpa.download import installation
from lpa.errors import LpaError, OutcomeUnknown
from lpa.journal import PLANNED, Operation
from lpa.notifications.outbox import Delivery, Happening, Outbox
from lpa.profiles import temporary_enable
from lpa.profiles.switching import differences, look_again
from lpa.rsp.listing import Listing
from lpa.rsp.names import Iccid
from lpa.rsp.records import Profile


@dataclass(frozen=True)
class Resumption:
    """What became of an unfinished operation. `happenings`: empty if it had changed nothing.

    Of an interlude, the happenings are what was done now to put everything back; `truth` is what is in use,
    in a sentence, and `problem` why it was not put back.
    """

    function: str
    begun: datetime
    happenings: tuple[Happening, ...]
    deliveries: tuple[Delivery, ...]
    target: Iccid | None = None
    truth: str = ""
    problem: LpaError | None = None

    @property
    def left_undone(self) -> bool:
        """Whether it was to delete a profile, and took it out of use only: going on needs a new yes."""
        events = {happening.event for happening in self.happenings if not happening.foreign}
        return self.function == "delete" and bool(events) and "delete" not in events

    @classmethod
    def of(
        cls,
        operation: Operation,
        happenings: tuple[Happening, ...] = (),
        deliveries: tuple[Delivery, ...] = (),
        *,
        truth: str = "",
        problem: LpaError | None = None,
    ) -> Resumption:
        """Of this operation."""
        begun = datetime.fromtimestamp(operation.begun, UTC)
        return cls(operation.function, begun, happenings, deliveries, operation.target, truth, problem)


def resume(outbox: Outbox) -> Iterator[Resumption]:
    """Settle what was begun on this card and not finished: keep and deliver what it signed about it.

    Raises `OutcomeUnknown` if the card cannot say what became of an operation; it stays open then. So does
    an interlude whose end is disturbed (see `interlude.end`).
    """
    eid = outbox.euicc.eid
    with outbox.journal.alone(eid):
        unfinished = outbox.journal.unfinished(eid)
        changes = [operation for operation in unfinished if operation.function != temporary_enable.OPERATION]
        # Looked at after a reset: a switch may still wait for one, and until then the card does not say.
        after = look_again(outbox.euicc) if changes else Listing[Profile]()
        for operation in changes:
            yield _settled(outbox, operation, after)
    if len(changes) < len(unfinished):  # Putting back is an operation of its own, and alone for itself.
        yield from _end_interludes(outbox)


def _end_interludes(outbox: Outbox) -> Iterator[Resumption]:
    """End what was for a moment. One that goes on now, here or in another process, is left to its end."""
    eid = outbox.euicc.eid
    with outbox.journal.interlude(eid) as mine:
        for operation in outbox.journal.unfinished(eid) if mine else ():
            if operation.function == temporary_enable.OPERATION:
                ended = temporary_enable.end(outbox, operation)
                happenings = ended.outcome.happenings if ended.outcome else ()
                deliveries = ended.outcome.deliveries if ended.outcome else ()
                yield Resumption.of(
                    operation, happenings, deliveries, truth=ended.truth, problem=ended.problem
                )


def _settled(outbox: Outbox, operation: Operation, after: Listing[Profile]) -> Resumption:
    if operation.state == PLANNED:  # The card was not asked yet.
        operation.settle("nothing was done")
        return Resumption.of(operation)
    may_hide = installation.may_hide if operation.function == installation.OPERATION else _may_hide
    if after.unreadable and may_hide(outbox, operation, after):
        raise OutcomeUnknown(
            f"An earlier '{operation.function}' was not finished, and the card lists what cannot be read."
        )
    if operation.function == installation.OPERATION:
        happenings, deliveries = installation.finish(outbox, operation, after)
        return Resumption.of(operation, happenings, deliveries)
    happenings = tuple(_happenings(operation, after))
    deliveries = outbox.settle(operation, happenings)
    return Resumption.of(operation, happenings, deliveries)


def _may_hide(outbox: Outbox, operation: Operation, after: Listing[Profile]) -> bool:
    """Whether a profile may be in what cannot be read: it is not listed, and no deletion of it is signed."""
    listed = {profile.iccid for profile in after}
    gone = (Happening("delete", profile) for profile in operation.before if profile.iccid not in listed)
    return not all(outbox.has_signed(operation, one) for one in gone)


def _happenings(operation: Operation, after: Listing[Profile]) -> Iterator[Happening]:
    """What differs now; and what must have come before: no card deletes the profile in use by its name."""
    for happening in differences(operation, after, after.unreadable):  # In that none of them hides.
        target = operation.function == "delete" and happening.profile.iccid == operation.target
        if target and happening.event == "delete" and happening.profile.enabled:
            yield Happening("disable", happening.profile)
        yield happening
