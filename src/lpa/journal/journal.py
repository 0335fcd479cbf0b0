"""Record operations and their states, and notifications as they are kept, sent and removed."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lpa import stop
from lpa.errors import BadAnswer, LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.host.locks import Locks
from lpa.journal import rows
from lpa.journal.database import Database, Statement
from lpa.journal.entries import Entry, LostNotification, OperationRecord
from lpa.journal.operation import Operation, begin, from_row
from lpa.journal.statements import (
    ASSIGN_CARD,
    CLOSE_IF_DONE,
    ENTRY,
    IN_OUTBOX,
    KEEP,
    LOST,
    NO_CARD,
    OPERATION,
    STATE,
    THIS,
    THIS_OF_CARD,
    UNFINISHED,
)
from lpa.rsp.deliver import NOW, Deliver
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.pki.key_identifier import KeyIdentifier
from lpa.rsp.profile_json import from_json
from lpa.rsp.records import Notification, Profile

# In seconds, the wait after a failed attempt: doubled each time up to half a day, each plus or minus 10 %.
_FIRST_WAIT, _LONGEST_WAIT = 60.0, 12 * 3600.0

# The types in the columns that `record_of` reads.
_RECORD_TYPES = (str, str, str, float, str, int | None, int | None)


class Journal:
    """The journal in a folder. Raises `StorageFailed` if it cannot be opened, read or written.

    Any thread may use it, and close it: see `lpa.journal.database`.
    """

    def __init__(
        self, folder: Path, *, clock: Callable[[], float] = time.time, locks: Locks | None = None
    ) -> None:
        """`clock`: seconds since 1970. `locks`: keep other processes from a card; in this folder if None."""
        self.clock = clock
        self._folder = folder
        self._locks = locks or Locks(folder)
        self._database = self._open()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def check(self) -> None:
        """Check the whole file, however it was closed. Raises `StorageFailed` if it is damaged."""
        self._database.check()

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
        deliver: Deliver = NOW,
    ) -> Iterator[Operation]:
        """Begin an operation, and hold the lock of its card until the block ends (see `lock`).

        The block completes the operation. If it raises `Refused` or `WireError`, nothing was changed, and
        this completes it; so it does if a stop came before the card was asked. After any other error it is
        left to recovery. `deliver`: when its notifications are sent. Raises `CardBusy` if another process
        works with the card.
        """
        stop.check()
        with self.lock(eid):
            operation = self.begin(
                eid,
                function,
                before,
                target=target,
                reason=reason,
                memory_before=memory_before,
                transaction_id=transaction_id,
                deliver=deliver,
            )
            try:
                yield operation
            except (OutcomeUnknown, Refused, WireError, stop.StopRequested) as error:
                with contextlib.suppress(StorageFailed):  # `error` says more than one of the disk.
                    operation.end(error)
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
        deliver: Deliver = NOW,
    ) -> Operation:
        """Record that an operation begins. The caller completes it; if it is killed first, recovery does.

        It is on the disk with the first state in -ING: until then the card is asked for nothing.
        """
        return begin(
            self._database,
            self.clock,
            eid,
            function,
            before,
            command=self._locks.command,
            target=target,
            reason=reason,
            memory_before=memory_before,
            transaction_id=transaction_id,
            deliver=deliver,
        )

    def lock(self, eid: Eid) -> contextlib.AbstractContextManager[None]:
        """Keep other processes from the card `eid` until the block ends: see `Locks.lock`."""
        return self._locks.lock(f"EID {eid}")

    def try_lock(self, eid: Eid) -> contextlib.AbstractContextManager[None]:
        """As `lock`, but raise `CardBusy` at once instead of waiting for another process."""
        return self._locks.nowait().lock(f"EID {eid}")

    def temporary_enable_lock(self, eid: Eid) -> contextlib.AbstractContextManager[bool]:
        """A lock for a temporary enable on `eid`; the value is False if another process holds it.

        It spans both switches. Each of them takes `lock` for itself.
        """
        return self._locks.lock_if_free(f"temporary enable on EID {eid}")

    def unfinished(self, eid: Eid | None = None) -> tuple[Operation, ...]:
        """The operations that were begun and not completed, of one card or of all, oldest first."""
        found = self._read(
            f"SELECT {OPERATION} FROM operation INDEXED BY not_closed WHERE {UNFINISHED} ORDER BY id",  # noqa: S608  (no text from outside)
            (str(eid), str(eid) if eid else None),
        )
        with rows.undamaged(self._folder):
            return tuple(from_row(self._database, self.clock, row) for row in found)

    def record_of(self, eid: Eid, notification: Notification) -> OperationRecord | None:
        """The record of the operation that a notification reports; None if no operation is known for it."""
        entry = self.entry(eid, notification)
        found = self._read(
            f"SELECT before, function, reason, begun, {STATE}, memory_before, memory_after"  # noqa: S608  (no text from outside)
            f" FROM operation AS o WHERE id = (SELECT operation FROM notification WHERE {THIS_OF_CARD})",
            _key(eid, notification),
        )
        if entry is None or not found:
            return None
        with rows.undamaged(self._folder):
            before, *recorded = rows.checked(found[0], *_RECORD_TYPES)
            about = (one for one in from_json(before) if one.iccid == notification.metadata.iccid)
            return replace(OperationRecord(entry, *recorded), profile=next(about, None))

    def protect(self, iccid: Iccid) -> None:
        """Protect the profile from deletion on this computer."""
        self._write("INSERT OR IGNORE INTO protection VALUES (?)", (str(iccid),))

    def unprotect(self, iccid: Iccid) -> None:
        """Lift the protection."""
        self._write("DELETE FROM protection WHERE iccid = ?", (str(iccid),))

    def protected(self) -> tuple[Iccid, ...]:
        """The protected profiles of all cards."""
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
        held: bool = False,
    ) -> None:
        """Keep signed notifications in the outbox, all or none. Keeping one again changes nothing.

        `eid`: the card that gave them; None for notifications from a file. `operation`: the one that they
        report, if it is known. `ci_pkids`: the card's trusted CI keys, None if it did not list them. They
        are used while the card is away, and never replaced. `held`: see `Entry`; also of one that is kept.
        """
        row = {
            "eid": str(eid or NO_CARD),
            "operation": operation.number if operation else None,
            "ci_pkids": None if ci_pkids is None else " ".join(map(str, ci_pkids)),
            "now": self.clock(),
            "held": int(held),
        }
        statements: list[Statement] = []
        for notification in notifications:
            sequence, content = notification.metadata.sequence_number, bytes(notification.raw)
            values: dict[str, object] = {**row, "sequence": sequence, "signed": content}
            statements += [(ASSIGN_CARD, values), (KEEP, values)] if eid else [(KEEP, values)]
        if statements:
            self._database.write(*statements)

    def sent(
        self, eid: Eid | None, notification: Notification, evidence: dict[str, str], *, held: bool = False
    ) -> None:
        """Record that its server acknowledged it, with the evidence. It is on the disk when this returns.

        `held`: it stays on the card until somebody asks for its removal.
        """
        what = "sent = ?, evidence = ?, problem = '', objected = 0, held = ?"
        values = self.clock(), json.dumps(evidence), held
        self._database.write(*self._changes(eid, notification, what, *values))

    def hold(self, eid: Eid, notification: Notification) -> None:
        """Record that the next step is taken only when somebody asks for it: see `Entry`."""
        self._database.write(*self._changes(eid, notification, "held = 1"))

    def removed(self, eid: Eid, notification: Notification) -> None:
        """Record that it is removed from the card. After a power cut the card may be looked at once more."""
        self._database.write_soft(*self._changes(eid, notification, "removed = ?", self.clock()))

    def abandon(self, eid: Eid, notification: Notification) -> None:
        """Record that a person had it removed from the card, so it is not sent if it was not sent before.

        It is found by its content: some cards sign the same notification again each time they are asked.
        """
        where = "eid = ? AND sequence = ?"
        for entry in self._entries(where, (str(eid), notification.metadata.sequence_number)):
            if entry.notification.metadata == notification.metadata:
                what, now = "removed = ?, abandoned = CASE WHEN sent IS NULL THEN ? END", self.clock()
                self._database.write(*self._changes(eid, entry.notification, what, now, now))

    def requeue(self, notification: Notification) -> None:
        """Send it after all, if a person abandoned it."""
        self._write(f"UPDATE notification SET abandoned = NULL WHERE {THIS}", _content(notification))  # noqa: S608  (no text from outside)

    def failed(self, eid: Eid | None, notification: Notification, problem: LpaError) -> Entry | None:
        """Record a failed attempt to send it, and when the next is due. Returns the entry as it is now."""
        entry = self.entry(eid, notification)
        attempts = entry.attempts if entry else 0
        wait = min(_FIRST_WAIT * 2**attempts, _LONGEST_WAIT) * (0.9 + 0.2 * (os.urandom(1)[0] / 255))
        objected = isinstance(problem, Refused | BadAnswer)
        what = "attempts = ?, next_try = ?, problem = ?, objected = ?"
        values = attempts + 1, self.clock() + wait, problem.message, objected
        self._database.write_soft(*self._changes(eid, notification, what, *values))
        return self.entry(eid, notification)

    def outbox(self, eid: Eid | None = None) -> tuple[Entry, ...]:
        """The notifications of one card, or of all, that are not finished: by card and sequence number.

        One is finished when it is acknowledged and removed from its card, or abandoned.
        """
        where = f"{IN_OUTBOX} AND (eid = ? OR ? IS NULL) ORDER BY eid, sequence"
        return self._entries(where, (str(eid), str(eid) if eid else None))

    def kept_since(self, operation: Operation) -> tuple[Entry, ...]:
        """What was collected from the card since an operation began, by number; finished ones too."""
        where = "eid = ? AND during >= ? ORDER BY sequence"
        return self._entries(where, (str(operation.eid), operation.number))

    def of(self, operation: Operation) -> tuple[Entry, ...]:
        """The notifications that report an operation, by number; finished ones too."""
        return self._entries("operation = ? ORDER BY sequence", (operation.number,))

    def entry(self, eid: Eid | None, notification: Notification) -> Entry | None:
        """The entry of one notification, None if it was never kept."""
        return next(iter(self._entries(THIS_OF_CARD, _key(eid, notification))), None)

    def find(self, notification: Notification) -> Entry | None:
        """As `entry`, for any card; one without a card if it only came in a file."""
        found = self._entries(f"{THIS} ORDER BY eid DESC", _content(notification))
        return next(iter(found), None)

    def newest(self, eid: Eid) -> int | None:
        """The highest sequence number that was ever kept of one card, None if nothing was."""
        ((number,),) = self._read("SELECT max(sequence) FROM notification WHERE eid = ?", (str(eid),))
        return None if number is None else int(number)

    def checksums(self, eid: Eid) -> set[tuple[int, int]]:
        """Number and CRC-32 of all that was ever kept of one card, or came in a file without a card."""
        query = "SELECT sequence, crc32(signed) FROM notification WHERE eid IN (?, ?)"
        return set(self._read(query, (str(eid), NO_CARD)))

    def lost(self) -> tuple[LostNotification, ...]:
        """The lost notifications whose operators are not marked as informed, oldest first."""
        found = self._read(f"SELECT {LOST} FROM lost_notification WHERE informed IS NULL ORDER BY id", ())  # noqa: S608  (our columns)
        with rows.undamaged(self._folder):
            return tuple(map(rows.lost, found))

    def mark_informed(self, iccid: Iccid) -> None:
        """Record that the person informed the operator of all lost notifications of a profile."""
        statement = "UPDATE lost_notification SET informed = ? WHERE iccid = ? AND informed IS NULL"
        self._write(statement, (self.clock(), str(iccid)))

    def _entries(self, where: str, values: tuple[object, ...]) -> tuple[Entry, ...]:
        found = self._read(f"SELECT {ENTRY} FROM notification WHERE {where}", values)  # noqa: S608  (no text from outside)
        with rows.undamaged(self._folder):
            return tuple(rows.entry(row) for row in found)

    def _changes(
        self, eid: Eid | None, notification: Notification, what: str, *values: object
    ) -> tuple[Statement, Statement]:
        """Change columns of a notification, and close its operation if that was the last step of it."""
        key = _key(eid, notification)
        update = f"UPDATE notification SET {what} WHERE {THIS_OF_CARD}"  # noqa: S608  (no text from outside)
        return (update, (*values, *key)), (CLOSE_IF_DONE, (self.clock(), key[0]))

    def _write(self, statement: str, values: tuple[object, ...]) -> int:
        return self._database.write((statement, values))

    def _read(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        return self._database.read(statement, values)

    def _open(self) -> Database:
        return Database(self._folder)


def _key(eid: Eid | None, notification: Notification) -> tuple[object, ...]:
    return str(eid or NO_CARD), *_content(notification)


def _content(notification: Notification) -> tuple[object, ...]:
    return notification.metadata.sequence_number, bytes(notification.raw)
