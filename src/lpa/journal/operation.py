"""An operation in the journal: what was begun on a card, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lpa.journal.database import Database
from lpa.journal.entries import LostNotification
from lpa.journal.statements import COMPLETE, LOSE, SET_STATE
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Profile


@dataclass
class Operation:
    """Something that was begun on a card. `before`: its profiles as they were. `target`: the one it is for.

    `memory_before`, `memory_after`: the bytes that were free on the card, None if nobody looked.
    `transaction_id`: of a download; the card's result names it.
    """

    database: Database
    clock: Callable[[], float]  # seconds since 1970
    number: int
    eid: Eid
    function: str
    before: tuple[Profile, ...]
    state: str
    begun: float
    target: Iccid | None = None
    memory_before: int | None = None
    memory_after: int | None = None
    transaction_id: bytes = b""

    def set_state(self, state: str, outcome: str = "") -> None:
        """Write down where it stands now. Raises `StorageFailed`; then do not take the step."""
        self.database.write((SET_STATE, (state, outcome, self.clock(), self.number)))
        self.state = state

    def complete(self, outcome: str = "", lost: Iterable[LostNotification] = ()) -> None:
        """Note that whoever wanted it knows how it stands. It is CLOSED, unless notifications are pending.

        Then it is closed with the last step of the last of them. `lost`: those that no longer exist. Raises
        `StorageFailed`.
        """
        rows = [(LOSE, (*_values(one), self.number)) for one in lost]
        end = (outcome, self.memory_after, self.clock(), self.number)
        self.database.write(*rows, (COMPLETE, end))


def _values(lost: LostNotification) -> tuple[object, ...]:
    return str(lost.eid), str(lost.iccid), lost.title, lost.event, lost.address, lost.noticed
