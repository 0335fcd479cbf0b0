"""The card's non-volatile memory: one state, replaced as a whole, stored before it takes effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lpa.sim.euicc import memory_use
from lpa.sim.euicc.signed_notifications import EuiccSigner
from lpa.sim.euicc.state import CardState, ProfileEvent


class NonVolatileMemory:
    """Has the current `state`. `save` stores a new one durably, and raises OSError if it cannot."""

    def __init__(self, state: CardState, signer: EuiccSigner, save: Callable[[CardState], None]) -> None:
        self.state = state
        self.signer = signer
        self._save = save

    def update(self, state: CardState, events: Iterable[ProfileEvent] = ()) -> None:
        """Replace the state, with a notification of each of `events`: all of it or (OSError) nothing."""
        updated = state.notified(self.signer, events)
        self._save(updated)
        memory_use.count(self.signer.work, self.state, updated)
        self.state = updated
