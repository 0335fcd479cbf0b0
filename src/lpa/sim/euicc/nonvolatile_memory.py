"""The card's non-volatile memory: one state, replaced as a whole, stored before it takes effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lpa.sim.euicc import memory_use
from lpa.sim.euicc.signed_notifications import EuiccSigner
from lpa.sim.euicc.state import CardState, ProfileEvent
from lpa.sim.faults.command_conditions import Conditions


class NonVolatileMemory:
    """Has the current `state`. `save` stores a new one durably, and raises OSError if it cannot.

    `conditions`: what faults change at the moment.
    """

    def __init__(
        self,
        state: CardState,
        signer: EuiccSigner,
        save: Callable[[CardState], None],
        conditions: Conditions,
    ) -> None:
        self.state = state
        self.signer = signer
        self.conditions = conditions
        self._save = save

    def update(self, state: CardState, events: Iterable[ProfileEvent] = ()) -> None:
        """Replace the state, with a notification of each of `events`: all of it or (OSError) nothing."""
        updated = state.notified(self.signer, events)
        if self.conditions.notifications_full:
            updated = updated.with_room_for(len(self.state.notifications))
        self._save(updated)
        memory_use.count(self.signer.work, self.state, updated)
        self.state = updated
