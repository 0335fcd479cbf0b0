"""Record the state of an operation, from beginning to end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lpa.advice.profiles import RESUME_FINDS_OUT
from lpa.errors import LpaError, OutcomeUnknown
from lpa.journal import rows
from lpa.journal.database import Database
from lpa.journal.entries import LostNotification
from lpa.journal.statements import COMPLETE, INSERT_LOST, SET_STATE
from lpa.journal.states import ASKING, DISABLED, PLANNED, UNKNOWN
from lpa.rsp import deliver as delivering
from lpa.rsp.deliver import NOW, Deliver
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.profile_json import from_json, to_json
from lpa.rsp.records import Profile
from lpa.stop import StopRequested, check

_TYPES = (int, str, str, str, str, float, str, int | None, int | None, str, str)


@dataclass
class Operation:
    """Something that was begun on a card, such as `function` "delete".

    `before`: the card's profiles as they were. `target`: the profile that the operation is for, None if it is
    for several. `state`: see `lpa.journal.states`. `begun`: in seconds since 1970. `memory_before`,
    `memory_after`: the free bytes on the card, None if they were not read. `transaction_id`: of a download;
    the card's result contains it. `deliver`: when its notifications are sent.
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
    deliver: Deliver = NOW

    def set_state(self, state: str, outcome: str = "") -> None:
        """Write the state. Raises `StorageFailed`: then do not take the step.

        One in -ING is on the disk when this returns. What a power cut takes back of the others, recovery
        finds out again from the card. No state in -ING is written once a stop is requested.
        """
        if state in ASKING:
            check()
        write = self.database.write if state in ASKING else self.database.write_soft
        write((SET_STATE, (state, outcome, self.clock(), self.number)))
        self.state = state

    def end(self, error: BaseException) -> None:
        """Record what is known after an error: complete it if nothing was changed. Raises `StorageFailed`.

        A stop does not tell what it has ended, so the state says it, if nobody did who knows more.
        """
        if isinstance(error, OutcomeUnknown):
            self.set_state(UNKNOWN, error.message)
        elif isinstance(error, LpaError):
            self.complete(error.message)
        elif self.state == PLANNED:
            self.complete("it was stopped before the card was asked")
        elif isinstance(error, StopRequested):
            disabled = "The profile was disabled, and not deleted."
            unknown = "The card was being changed, and the outcome is unknown."
            error.describe(disabled if self.state == DISABLED else unknown, RESUME_FINDS_OUT)

    def complete(self, outcome: str = "", lost: Iterable[LostNotification] = ()) -> None:
        """Record that its result is known, with `outcome` in words, and which notifications are lost.

        It is CLOSED now, unless notifications are pending: then the last step of the last of them closes it.
        Raises `StorageFailed`. A lost notification is on the disk when this returns. If a power cut takes
        back the rest, recovery completes it again.
        """
        inserts = [(INSERT_LOST, (*_values(one), self.number)) for one in lost]
        end = (outcome, self.memory_after, self.clock(), self.number)
        write = self.database.write if inserts else self.database.write_soft
        write(*inserts, (COMPLETE, end))


def begin(
    database: Database,
    clock: Callable[[], float],
    eid: Eid,
    function: str,
    before: tuple[Profile, ...],
    *,
    command: str,
    target: Iccid | None,
    reason: str,
    memory_before: int | None,
    transaction_id: bytes,
    deliver: Deliver,
) -> Operation:
    """Record that an operation begins: see `Journal.begin`. `command`: of this process."""
    now = clock()
    row = {
        "eid": str(eid),
        "function": function,
        "target": str(target or ""),
        "before": to_json(before),
        "state": PLANNED,
        "begun": now,
        "changed": now,
        "reason": reason,
        "pid": os.getpid(),
        "command": command,
        "memory_before": memory_before,
        "transaction_id": transaction_id.hex(),
        "deliver": deliver,
    }
    columns, places = ", ".join(row), ", ".join("?" * len(row))
    insert = f"INSERT INTO operation ({columns}) VALUES ({places})"  # noqa: S608  (the names above)
    number = database.write_soft((insert, (*row.values(),)))
    return Operation(
        database,
        clock,
        number,
        eid,
        function,
        before,
        PLANNED,
        now,
        target,
        memory_before,
        transaction_id=transaction_id,
        deliver=deliver,
    )


def from_row(database: Database, clock: Callable[[], float], row: Sequence[Any]) -> Operation:
    """The operation of a row with the columns of `statements.OPERATION`. Raises ValueError."""
    number, card, function, before, state, begun, *rest = rows.checked(row, *_TYPES)
    target, free_before, free_after, session, deliver = rest
    return Operation(
        database,
        clock,
        number,
        Eid.parse(card),
        function,
        from_json(before),
        state,
        begun,
        Iccid.parse(target) if target else None,
        free_before,
        free_after,
        bytes.fromhex(session),
        delivering.checked(deliver),
    )


def _values(lost: LostNotification) -> tuple[object, ...]:
    return str(lost.eid), str(lost.iccid), lost.title, lost.event, lost.address, lost.noticed
