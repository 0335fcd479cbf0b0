"""An operation in the journal: what was begun on a card, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lpa.journal import rows
from lpa.journal.entries import Loss
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Profile

if TYPE_CHECKING:
    from lpa.journal.journal import Journal

# No card will ever forget what no known card has signed.
NOT_THROUGH = "(sent IS NULL OR cleared IS NULL AND eid != '') AND given_up IS NULL"

_SETTLE = f"""
    UPDATE operation SET settled = 1, outcome = ?, memory_after = ?, changed = ?, state =
    CASE WHEN EXISTS (SELECT 1 FROM notification WHERE operation = operation.id AND {NOT_THROUGH})
    THEN state ELSE 'CLOSED' END WHERE id = ?
"""  # noqa: S608  (no text from outside)
_LOSE = f"INSERT INTO loss ({rows.LOSS}, operation) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (our columns)


@dataclass
class Operation:
    """Something that was begun on a card. `before`: its profiles as they were. `target`: the one it is for.

    `memory_before`, `memory_after`: the bytes that were free on the card, None if nobody looked.
    `transaction_id`: of a download; the card's result names it.
    """

    journal: Journal
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

    def enter(self, state: str, outcome: str = "") -> None:
        """Write down where it stands now. Raises `StorageFailed`; then do not take the step."""
        self.journal._write(
            "UPDATE operation SET state = ?, outcome = ?, changed = ? WHERE id = ?",
            (state, outcome, self.journal.clock(), self.number),
        )
        self.state = state

    def settle(self, outcome: str = "", losses: Iterable[Loss] = ()) -> None:
        """Whoever wanted it hears now how it stands. It is CLOSED, unless notifications are on their way.

        Then it is closed when the last of them is through. `losses`: of which there will be none. Raises
        `StorageFailed`.
        """
        lost = [(_LOSE, (*_values(loss), self.number)) for loss in losses]
        now = self.journal.clock()
        self.journal._database.write(*lost, (_SETTLE, (outcome, self.memory_after, now, self.number)))


def _values(loss: Loss) -> tuple[object, ...]:
    return str(loss.eid), str(loss.iccid), loss.title, loss.event, loss.address, loss.noticed
