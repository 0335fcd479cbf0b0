"""What was begun and not finished: find out what became of it, and finish what can be.

An operation ends in the middle when the process is killed, the card pulled or the disk full. The journal
knows what was meant and how the card was before; the card knows how it is now. What differs has happened, and
is settled like any other change: its notifications are kept and delivered. Nothing is done to a profile here.
"""

from __future__ import annotations

from dataclasses import dataclass

from lpa.delivery import Delivery, Happening, Outbox
from lpa.errors import OutcomeUnknown
from lpa.journal import CLOSED, PLANNED, Operation
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
        operation.enter(CLOSED, "nothing was done")
        return Resumption(operation.function, operation.begun, (), ())
    if after.unreadable:
        raise OutcomeUnknown(
            f"An earlier '{operation.function}' was not finished, and the card lists what cannot be read."
        )
    happenings = tuple(differences(operation.before, after))
    deliveries = outbox.settle(operation, happenings)
    return Resumption(operation.function, operation.begun, happenings, deliveries)
