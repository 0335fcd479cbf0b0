"""The journal: operations as they go, notifications as they are kept, sent and cleared."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lpa.errors import LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.journal import lock
from lpa.journal.database import Database, Statement
from lpa.journal.facts import Entry, Story
from lpa.journal.states import CLOSED, PLANNED, UNKNOWN
from lpa.rsp.memory import from_json, to_json
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Notification, Profile

# Waiting after a failed attempt: one minute, doubled each time, at most half a day.
_FIRST_WAIT, _LONGEST_WAIT = 60.0, 12 * 3600.0


@dataclass
class Operation:
    """Something that was begun on a card. `before`: its profiles as they were.

    `memory_before`, `memory_after`: the bytes that were free on the card, None if nobody looked.
    """

    journal: Journal
    number: int
    eid: Eid
    function: str
    before: tuple[Profile, ...]
    state: str
    begun: float
    memory_before: int | None = None
    memory_after: int | None = None

    def enter(self, state: str, outcome: str = "") -> None:
        """Write down where it stands now. Raises `StorageFailed`; then do not take the step."""
        self.journal._write(
            "UPDATE operation SET state = ?, outcome = ?, memory_after = ?, changed = ? WHERE id = ?",
            (state, outcome, self.memory_after, self.journal.clock(), self.number),
        )
        self.state = state


class Journal:
    """The journal in a folder. Raises `StorageFailed` if it cannot be opened, read or written."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds since 1970."""
        self.clock = clock
        self._folder = folder
        self._database = self._open()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextlib.contextmanager
    def operation(
        self,
        eid: Eid,
        function: str,
        before: tuple[Profile, ...],
        reason: str = "",
        memory_before: int | None = None,
    ) -> Iterator[Operation]:
        """Begin an operation, alone on this card among all processes of this user until the block ends.

        What the block raises tells how it stands: after a refusal, or when nothing was changed, it is closed;
        after anything else it waits to be resumed. A block that ends well closes it unless its proofs wait.
        Raises `CardBusy` if another process is at it.
        """
        with self.alone(eid):
            now = self.clock()
            number = self._write(
                "INSERT INTO operation"
                " (eid, function, before, state, begun, changed, reason, pid, command, memory_before)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(eid),
                    function,
                    to_json(before),
                    PLANNED,
                    now,
                    now,
                    reason,
                    os.getpid(),
                    lock.command(),
                    memory_before,
                ),
            )
            operation = Operation(self, number, eid, function, before, PLANNED, now, memory_before)
            try:
                yield operation
            except (OutcomeUnknown, Refused, WireError) as error:
                with contextlib.suppress(StorageFailed):  # What became of the card matters more.
                    operation.enter(UNKNOWN if isinstance(error, OutcomeUnknown) else CLOSED, error.message)
                raise

    def alone(self, eid: Eid) -> contextlib.AbstractContextManager[None]:
        """Hold the card among all processes; one that was killed holds nothing any more."""
        return lock.alone(self._folder, eid)

    def unfinished(self, eid: Eid | None = None) -> tuple[Operation, ...]:
        """The operations that were begun and not closed, of one card or of all, oldest first."""
        rows = self._read(
            "SELECT id, eid, function, before, state, begun, memory_before, memory_after FROM operation"
            " WHERE state != 'CLOSED' AND (eid = ? OR ? IS NULL) ORDER BY id",
            (str(eid), str(eid) if eid else None),
        )
        return tuple(
            Operation(self, number, Eid.parse(card), function, from_json(before), *rest)
            for number, card, function, before, *rest in rows
        )

    def story_of(self, eid: Eid, notification: Notification) -> Story | None:
        """What was noted about the operation that a notification tells of, None if it is of none known."""
        entry = self.entry(eid, notification)
        rows = self._read(
            "SELECT function, reason, begun, state, memory_before, memory_after FROM operation"
            " WHERE id = (SELECT operation FROM notification WHERE eid = ? AND signed = ?)",
            (str(eid), bytes(notification.raw)),
        )
        return Story(entry, *rows[0]) if entry and rows else None

    def protect(self, iccid: Iccid) -> None:
        """Have the profile refused for deletion from now on."""
        self._write("INSERT OR IGNORE INTO protection VALUES (?)", (str(iccid),))

    def unprotect(self, iccid: Iccid) -> None:
        """Lift the protection."""
        self._write("DELETE FROM protection WHERE iccid = ?", (str(iccid),))

    def protects(self, iccid: Iccid) -> bool:
        """Whether the profile is protected."""
        return bool(self._read("SELECT 1 FROM protection WHERE iccid = ?", (str(iccid),)))

    def keep(self, eid: Eid, *notifications: Notification, operation: Operation | None = None) -> None:
        """Take signed notifications into the outbox, all or none. Keeping one twice is keeping it once.

        `operation`: the one that they tell of, if that is known. Noted as kept after what was begun on this
        card, also where the computer's clock was put back since.
        """
        self._write_all(
            (
                "INSERT INTO notification (eid, sequence, signed, operation, kept) VALUES (?, ?, ?, ?,"
                " max(?, (SELECT coalesce(max(begun), 0) FROM operation WHERE eid = ?)))"
                " ON CONFLICT DO UPDATE SET operation = excluded.operation WHERE operation IS NULL",
                (
                    str(eid),
                    notification.metadata.sequence_number,
                    bytes(notification.raw),
                    operation.number if operation else None,
                    self.clock(),
                    str(eid),
                ),
            )
            for notification in notifications
        )

    def sent(self, eid: Eid, notification: Notification, evidence: dict[str, str]) -> None:
        """The server acknowledged it; `evidence` says how."""
        self._update(
            eid, notification, "sent = ?, evidence = ?, problem = ''", self.clock(), json.dumps(evidence)
        )

    def cleared(self, eid: Eid, notification: Notification) -> None:
        """The card has forgotten it."""
        self._update(eid, notification, "cleared = ?", self.clock())

    def forget(self, eid: Eid, notification: Notification) -> None:
        """The person gave it up: it is not to be sent any more."""
        self._write(
            "DELETE FROM notification WHERE eid = ? AND signed = ?", (str(eid), bytes(notification.raw))
        )

    def failed(self, eid: Eid, notification: Notification, problem: LpaError) -> None:
        """An attempt to send it failed: the next is due after twice the time, give or take a tenth."""
        entry = self.entry(eid, notification)
        attempts = entry.attempts if entry else 0
        wait = min(_FIRST_WAIT * 2**attempts, _LONGEST_WAIT) * (0.9 + 0.2 * (os.urandom(1)[0] / 255))
        changed = (attempts + 1, self.clock() + wait, problem.message)
        self._update(eid, notification, "attempts = ?, next_try = ?, problem = ?", *changed)

    def outbox(self, eid: Eid | None = None) -> tuple[Entry, ...]:
        """What was kept of one card's notifications, or of all, and is not through: by card and number."""
        where = "(sent IS NULL OR cleared IS NULL) AND (eid = ? OR ? IS NULL) ORDER BY eid, sequence"
        return self._entries(where, (str(eid), str(eid) if eid else None))

    def kept_since(self, eid: Eid, begun: float) -> tuple[Entry, ...]:
        """What was kept of a card's notifications since a time, also what is through."""
        return self._entries("eid = ? AND kept >= ? ORDER BY sequence", (str(eid), begun))

    def entry(self, eid: Eid, notification: Notification) -> Entry | None:
        """What became of one notification, if it was ever kept."""
        return next(iter(self._entries("eid = ? AND signed = ?", (str(eid), bytes(notification.raw)))), None)

    def _entries(self, where: str, values: tuple[object, ...]) -> tuple[Entry, ...]:
        columns = "eid, signed, kept, attempts, next_try, problem, sent, evidence, cleared"
        rows = self._read(f"SELECT {columns} FROM notification WHERE {where}", values)  # noqa: S608  (no text from outside)
        return tuple(
            Entry(
                Eid.parse(eid), Notification.from_tlv(raw), kept, tries, due, bad, sent, json.loads(how), gone
            )
            for eid, raw, kept, tries, due, bad, sent, how, gone in rows
        )

    def _update(self, eid: Eid, notification: Notification, what: str, *values: object) -> None:
        key = (str(eid), bytes(notification.raw))
        self._write(f"UPDATE notification SET {what} WHERE eid = ? AND signed = ?", (*values, *key))  # noqa: S608  (no text from outside)

    def _write(self, statement: str, values: tuple[object, ...]) -> int:
        return self._database.write((statement, values))

    def _write_all(self, statements: Iterable[Statement]) -> None:
        self._database.write(*statements)

    def _read(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        return self._database.read(statement, values)

    def _open(self) -> Database:
        return Database(self._folder)
