"""What was begun and not finished: find out what became of it, and finish what can be.

An operation ends in the middle when the process is killed, the card pulled or the disk full. The journal
knows what was meant and how the card was before; the card knows how it is now. What differs has happened, and
is settled like any other change: its notifications are kept and delivered. Nothing is done to a profile here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lpa import installation
from lpa.delivery import Delivery, Happening, Outbox
from lpa.errors import OutcomeUnknown
from lpa.journal import PLANNED, Operation
from lpa.rsp.listing import Listing
from lpa.rsp.records import Profile
from lpa.switching import differences, look_again


@dataclass(frozen=True)
class Resumption:
    """What became of an unfinished operation. `happenings`: empty if it had changed nothing."""

    function: str
    begun: float
    happenings: tuple[Happening, ...]
    deliveries: tuple[Delivery, ...]

    @property
    def left_undone(self) -> bool:
        """Whether it was to delete a profile, and took it out of use only: going on needs a new yes."""
        events = {happening.event for happening in self.happenings}
        return self.function == "delete" and bool(events) and "delete" not in events


def resume(outbox: Outbox) -> tuple[Resumption, ...]:
    """Settle what was begun on this card and not finished: keep and deliver what it signed about it.

    Raises `OutcomeUnknown` if the card cannot say what became of an operation; it stays open then.
    """
    with outbox.journal.alone(outbox.euicc.eid):
        unfinished = outbox.journal.unfinished(outbox.euicc.eid)
        # Looked at after a reset: a switch may still wait for one, and until then the card does not say.
        after = look_again(outbox.euicc) if unfinished else Listing[Profile]()
        return tuple(_settled(outbox, operation, after) for operation in unfinished)


def _settled(outbox: Outbox, operation: Operation, after: Listing[Profile]) -> Resumption:
    if operation.state == PLANNED:  # The card was not asked yet.
        operation.settle("nothing was done")
        return Resumption(operation.function, operation.begun, (), ())
    if after.unreadable:
        raise OutcomeUnknown(
            f"An earlier '{operation.function}' was not finished, and the card lists what cannot be read."
        )
    if operation.function == installation.OPERATION:
        happenings, deliveries = installation.finish(outbox, operation, after)
        return Resumption(operation.function, operation.begun, happenings, deliveries)
    happenings = tuple(_happenings(operation, after))
    deliveries = outbox.settle(operation, happenings)
    return Resumption(operation.function, operation.begun, happenings, deliveries)


def _happenings(operation: Operation, after: Listing[Profile]) -> Iterator[Happening]:
    """What differs now; and what must have come before: no card deletes the profile in use by its name."""
    for happening in differences(operation.before, after):
        target = operation.function == "delete" and happening.profile.iccid == operation.target
        if target and happening.event == "delete" and happening.profile.enabled:
            yield Happening("disable", happening.profile)
        yield happening
