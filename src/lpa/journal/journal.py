"""The book itself: operations as they go, notifications as they are kept, sent and removed."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lpa.errors import BadAnswer, LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.host.locks import Locks
from lpa.journal import rows
from lpa.journal.database import Database, Statement
from lpa.journal.entries import Entry, LostNotification, OperationRecord
from lpa.journal.operation import Operation
from lpa.journal.statements import (
    ADOPT,
    CLOSE_IF_DONE,
    ENTRY,
    KEEP,
    LOST,
    NOT_THROUGH,
    OF_NOBODY,
    STATE,
)
from lpa.journal.states import PLANNED, UNKNOWN
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.profile_json import from_json, to_json
from lpa.rsp.records import Notification, Profile

# Waiting after a failed attempt: one minute, doubled each time, at most half a day, give or take a tenth.
_FIRST_WAIT, _LONGEST_WAIT = 60.0, 12 * 3600.0

# What is in the columns that `unfinished` and `record_of` read.
_OPERATION_KINDS = (int, str, str, str, str, float, str, int | None, int | None, str)
_STORY_KINDS = (str, str, str, float, str, int | None, int | None)


class Journal:
    """The journal in a folder. Raises `StorageFailed` if it cannot be opened, read or written."""

    def __init__(
        self, folder: Path, *, clock: Callable[[], float] = time.time, locks: Locks | None = None
    ) -> None:
        """`clock`: seconds since 1970. `locks`: who else may work on a card; in this folder if None."""
        self.clock = clock
        self._folder = folder
        self._locks = locks or Locks(folder)
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
        *,
        target: Iccid | None = None,
        reason: str = "",
        memory_before: int | None = None,
        transaction_id: bytes = b"",
    ) -> Iterator[Operation]:
        """Begin an operation, alone on this card until the block ends (see `alone`).

        What the block raises tells how it stands: after a refusal, or if nothing was changed, it is settled;
        after anything else it waits to be recovered. Raises `CardBusy` if another process is at it.
        """
        with self.lock(eid):
            operation = self.begin(
                eid,
                function,
                before,
                target=target,
                reason=reason,
                memory_before=memory_before,
                transaction_id=transaction_id,
            )
            try:
                yield operation
            except (OutcomeUnknown, Refused, WireError) as error:
                with contextlib.suppress(StorageFailed):  # What became of the card matters more.
                    if isinstance(error, OutcomeUnknown):
                        operation.set_state(UNKNOWN, error.message)
                    else:
                        operation.complete(error.message)
                raise

    def begin(
        self,
        eid: Eid,
        function: str,
        before: tuple[Profile, ...],
        *,
        target: Iccid | None = None,
        reason: str = "",
        memory_before: int | None = None,
        transaction_id: bytes = b"",
    ) -> Operation:
        """Note that something begins, for whoever sees to it that it is settled: `operation`, or a caller.

        A caller that is killed before has it recovered.
        """
        now = self.clock()
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
            "command": self._locks.command,
            "memory_before": memory_before,
            "transaction_id": transaction_id.hex(),
        }
        columns, places = ", ".join(row), ", ".join("?" * len(row))
        number = self._write(f"INSERT INTO operation ({columns}) VALUES ({places})", (*row.values(),))  # noqa: S608  (the names above)
        return Operation(
            self._database,
            self.clock,
            number,
            eid,
            function,
            before,
            PLANNED,
            now,
            target,
            memory_before,
            transaction_id=transaction_id,
        )

    def lock(self, eid: Eid) -> contextlib.AbstractContextManager[None]:
        """Hold the card `eid` until the block ends: see `Locks.alone`."""
        return self._locks.lock(f"EID {eid}")

    def try_lock(self, eid: Eid) -> contextlib.AbstractContextManager[None]:
        """As `alone`, but another process is never waited for, whoever could be told of it."""
        return self._locks.nowait().lock(f"EID {eid}")

    def temporary_enable_lock(self, eid: Eid) -> contextlib.AbstractContextManager[bool]:
        """Hold the right to enable a profile of `eid` temporarily; False if another process holds it.

        Beside `lock`, which each of the two switches holds for itself.
        """
        return self._locks.lock_if_free(f"temporary enable on EID {eid}")

    def unfinished(self, eid: Eid | None = None) -> tuple[Operation, ...]:
        """The operations that were begun and not settled, of one card or of all, oldest first."""
        found = self._read(
            "SELECT id, eid, function, before, state, begun, target, memory_before, memory_after,"
            " transaction_id"
            " FROM operation WHERE state != 'CLOSED' AND NOT completed AND (eid = ? OR ? IS NULL)"
            " ORDER BY id",
            (str(eid), str(eid) if eid else None),
        )
        with rows.undamaged(self._folder):
            return tuple(self._operation(row) for row in found)

    def record_of(self, eid: Eid, notification: Notification) -> OperationRecord | None:
        """What was noted about the operation that a notification tells of, None if it is of none known."""
        entry = self.entry(eid, notification)
        found = self._read(
            f"SELECT before, function, reason, begun, {STATE}, memory_before, memory_after"  # noqa: S608  (no text from outside)
            " FROM operation AS o"
            " WHERE id = (SELECT operation FROM notification WHERE eid = ? AND signed = ?)",
            (str(eid), bytes(notification.raw)),
        )
        if entry is None or not found:
            return None
        with rows.undamaged(self._folder):
            before, *noted = rows.checked(found[0], *_STORY_KINDS)
            about = (one for one in from_json(before) if one.iccid == notification.metadata.iccid)
            return replace(OperationRecord(entry, *noted), profile=next(about, None))

    def protect(self, iccid: Iccid) -> None:
        """Have the profile refused for deletion from now on."""
        self._write("INSERT OR IGNORE INTO protection VALUES (?)", (str(iccid),))

    def unprotect(self, iccid: Iccid) -> None:
        """Lift the protection."""
        self._write("DELETE FROM protection WHERE iccid = ?", (str(iccid),))

    def protected(self) -> tuple[Iccid, ...]:
        """All profiles that are protected, of whatever card."""
        found = self._read("SELECT iccid FROM protection ORDER BY iccid", ())
        with rows.undamaged(self._folder):
            return tuple(Iccid.parse(str(iccid)) for (iccid,) in found)

    def protects(self, iccid: Iccid) -> bool:
        """Whether the profile is protected."""
        return bool(self._read("SELECT 1 FROM protection WHERE iccid = ?", (str(iccid),)))

    def keep(
        self,
        eid: Eid | None,
        *notifications: Notification,
        operation: Operation | None = None,
        ci_pkids: Iterable[KeyIdentifier] | None = None,
    ) -> None:
        """Take signed notifications into the outbox, all or none. Keeping one twice is keeping it once.

        `eid`: None if nobody knows which card signed them. `operation`: the one that they tell of, if that is
        known. `ci_pkids`: the issuers (CI) on the card's list, None if it did not say: they count when the
        card is away, and what is noted of them stays.
        """
        row = {
            "eid": str(eid or OF_NOBODY),
            "operation": operation.number if operation else None,
            "ci_pkids": None if ci_pkids is None else " ".join(map(str, ci_pkids)),
            "now": self.clock(),
        }
        statements: list[Statement] = []
        for notification in notifications:
            sequence, content = notification.metadata.sequence_number, bytes(notification.raw)
            values: dict[str, object] = {**row, "sequence": sequence, "signed": content}
            statements += [(ADOPT, values), (KEEP, values)] if eid else [(KEEP, values)]
        if statements:
            self._database.write(*statements)

    def sent(self, eid: Eid | None, notification: Notification, evidence: dict[str, str]) -> None:
        """The server acknowledged it; `evidence` says how."""
        changes = "sent = ?, evidence = ?, problem = '', objected = 0"
        self._update(eid, notification, changes, self.clock(), json.dumps(evidence))

    def removed(self, eid: Eid, notification: Notification) -> None:
        """The card has forgotten it."""
        self._update(eid, notification, "removed = ?", self.clock())

    def abandon(self, eid: Eid, notification: Notification) -> None:
        """A person had the card forget it, and it is not to be sent any more if it was not.

        Known by what it says: some cards sign the same notification anew each time they are asked.
        """
        where = "eid = ? AND sequence = ?"
        for entry in self._entries(where, (str(eid), notification.metadata.sequence_number)):
            if entry.notification.metadata == notification.metadata:
                changes = "removed = ?, abandoned = CASE WHEN sent IS NULL THEN ? END"
                self._update(eid, entry.notification, changes, self.clock(), self.clock())

    def requeue(self, notification: Notification) -> None:
        """It is to be sent after all, if a person had given it up."""
        self._write("UPDATE notification SET abandoned = NULL WHERE signed = ?", (bytes(notification.raw),))

    def failed(self, eid: Eid | None, notification: Notification, problem: LpaError) -> Entry | None:
        """An attempt to send it failed: the next is due after twice the time. The entry as it is now."""
        entry = self.entry(eid, notification)
        attempts = entry.attempts if entry else 0
        wait = min(_FIRST_WAIT * 2**attempts, _LONGEST_WAIT) * (0.9 + 0.2 * (os.urandom(1)[0] / 255))
        objected = isinstance(problem, Refused | BadAnswer)
        self._update(
            eid,
            notification,
            "attempts = ?, next_try = ?, problem = ?, objected = ?",
            *(attempts + 1, self.clock() + wait, problem.message, objected),
        )
        return self.entry(eid, notification)

    def outbox(self, eid: Eid | None = None) -> tuple[Entry, ...]:
        """What was kept of one card's notifications, or of all, and is not through: by card and number."""
        where = f"{NOT_THROUGH} AND (eid = ? OR ? IS NULL) ORDER BY eid, sequence"
        return self._entries(where, (str(eid), str(eid) if eid else None))

    def kept_since(self, operation: Operation) -> tuple[Entry, ...]:
        """What was taken from its card since an operation was begun, also what is through."""
        where = "eid = ? AND during >= ? ORDER BY sequence"
        return self._entries(where, (str(operation.eid), operation.number))

    def of(self, operation: Operation) -> tuple[Entry, ...]:
        """The notifications that tell of an operation, also what is through, by number."""
        return self._entries("operation = ? ORDER BY sequence", (operation.number,))

    def entry(self, eid: Eid | None, notification: Notification) -> Entry | None:
        """What became of one notification, if it was ever kept."""
        key = (str(eid or OF_NOBODY), bytes(notification.raw))
        return next(iter(self._entries("eid = ? AND signed = ?", key)), None)

    def find(self, notification: Notification) -> Entry | None:
        """As `entry`, of whatever card it was taken; of none if it came in a file only."""
        found = self._entries("signed = ? ORDER BY eid DESC", (bytes(notification.raw),))
        return next(iter(found), None)

    def lost(self) -> tuple[LostNotification, ...]:
        """The lost notifications whose operators nobody said to have informed, oldest first."""
        found = self._read(f"SELECT {LOST} FROM lost_notification WHERE informed IS NULL ORDER BY id", ())  # noqa: S608  (our columns)
        with rows.undamaged(self._folder):
            return tuple(map(rows.lost, found))

    def mark_informed(self, iccid: Iccid) -> None:
        """The person informed the operator of all lost notifications of a profile."""
        statement = "UPDATE lost_notification SET informed = ? WHERE iccid = ? AND informed IS NULL"
        self._write(statement, (self.clock(), str(iccid)))

    def _operation(self, row: Sequence[Any]) -> Operation:
        number, card, function, before, state, begun, *rest = rows.checked(row, *_OPERATION_KINDS)
        target, free_before, free_after, session = rest
        return Operation(
            self._database,
            self.clock,
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
        )

    def _entries(self, where: str, values: tuple[object, ...]) -> tuple[Entry, ...]:
        found = self._read(f"SELECT {ENTRY} FROM notification WHERE {where}", values)  # noqa: S608  (no text from outside)
        with rows.undamaged(self._folder):
            return tuple(rows.entry(row) for row in found)

    def _update(self, eid: Eid | None, notification: Notification, what: str, *values: object) -> None:
        """Change what is noted of a notification, and close its operation if that was the last of it."""
        card = str(eid or OF_NOBODY)
        self._database.write(
            (
                f"UPDATE notification SET {what} WHERE eid = ? AND signed = ?",  # noqa: S608  (no text from outside)
                (*values, card, bytes(notification.raw)),
            ),
            (CLOSE_IF_DONE, (self.clock(), card)),
        )

    def _write(self, statement: str, values: tuple[object, ...]) -> int:
        return self._database.write((statement, values))

    def _read(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        return self._database.read(statement, values)

    def _open(self) -> Database:
        return Database(self._folder)
