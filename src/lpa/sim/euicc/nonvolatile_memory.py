"""The card's lasting memory: one state, replaced as a whole, kept first and then true."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lpa.sim.euicc.signed_notifications import Notary
from lpa.sim.euicc.state import CardState, Event


class Memory:
    """Holds `state`. `keep` makes a new one last, and raises OSError if it cannot."""

    def __init__(self, state: CardState, notary: Notary, keep: Callable[[CardState], None]) -> None:
        self.state = state
        self.notary = notary
        self._keep = keep

    def become(self, state: CardState, events: Iterable[Event] = ()) -> None:
        """Take on `state` and notify of `events`, both or (OSError) neither."""
        fresh = state.notified(self.notary, events)
        self._keep(fresh)
        self.state = fresh
