"""What must survive a crash: operations that were begun, and notifications on their way to a server.

Law: a line is on the disk before the step that it announces, and after the answer that it reports. SQLite
keeps it (WAL, synchronous=FULL), so a power cut loses nothing that was written.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lpa.errors import CardBusy, LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.rsp.memory import from_json, to_json
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Notification, Profile

if TYPE_CHECKING:
    import sqlite3

# Where an operation stands. The first three are written before what they name, the others after it.
PLANNED, SWITCHING, DELETING = "PLANNED", "SWITCHING", "DELETING"
CHANGED, UNKNOWN, PROOF_KEPT, CLOSED = "CHANGED", "UNKNOWN", "PROOF_KEPT", "CLOSED"

_MIGRATIONS = (
    """
    CREATE TABLE operation (
        id INTEGER PRIMARY KEY, eid TEXT NOT NULL, function TEXT NOT NULL, before TEXT NOT NULL,
        state TEXT NOT NULL, outcome TEXT NOT NULL DEFAULT '', begun REAL NOT NULL, changed REAL NOT NULL,
        reason TEXT NOT NULL, pid INTEGER NOT NULL, command TEXT NOT NULL
    );
    CREATE INDEX unfinished ON operation (eid) WHERE state != 'CLOSED';
    CREATE TABLE notification (
        eid TEXT NOT NULL, sequence INTEGER NOT NULL, signed BLOB NOT NULL, kept REAL NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, next_try REAL NOT NULL DEFAULT 0,
        problem TEXT NOT NULL DEFAULT '', sent REAL, evidence TEXT NOT NULL DEFAULT '{}', cleared REAL,
        PRIMARY KEY (eid, sequence, signed)
    );
    CREATE TABLE protection (iccid TEXT PRIMARY KEY);
    """,
)

# Waiting after a failed attempt: one minute, doubled each time, at most half a day.
_FIRST_WAIT, _LONGEST_WAIT = 60.0, 12 * 3600.0

# Of processes that open a new journal together, one makes it and the others wait. The pause is in seconds.
_WAL_TRIES, _WAL_PAUSE = 500, 0.02


@dataclass
class Operation:
    """Something that was begun on a card. `before`: its profiles as they were."""

    journal: Journal
    number: int
    eid: Eid
    function: str
    before: tuple[Profile, ...]
    state: str
    begun: float

    def enter(self, state: str, outcome: str = "") -> None:
        """Write down where it stands now. Raises `StorageFailed`; then do not take the step."""
        self.journal._write(
            "UPDATE operation SET state = ?, outcome = ?, changed = ? WHERE id = ?",
            (state, outcome, self.journal.clock(), self.number),
        )
        self.state = state


@dataclass(frozen=True)
class Entry:
    """A notification on its way. `sent` and `cleared` are None until the server and the card confirmed."""

    eid: Eid
    notification: Notification
    kept: float
    attempts: int = 0
    next_try: float = 0.0
    problem: str = ""
    sent: float | None = None
    evidence: dict[str, str] = field(default_factory=dict)
    cleared: float | None = None


class Journal:
    """The journal in a folder. Raises `StorageFailed` if it cannot be opened, read or written."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds since 1970."""
        import sqlite3  # Here and not above: only what changes a card needs it.

        self.clock = clock
        self._folder = folder
        with _storage_errors(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _touch(folder / "journal.db")
            self._database = sqlite3.connect(folder / "journal.db", isolation_level=None, timeout=10)
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextlib.contextmanager
    def operation(
        self, eid: Eid, function: str, before: tuple[Profile, ...], reason: str = ""
    ) -> Iterator[Operation]:
        """Begin an operation, alone on this card among all processes of this user until the block ends.

        What the block raises tells how it stands: after a refusal, or when nothing was changed, it is closed;
        after anything else it waits to be resumed. A block that ends well closes it unless its proofs wait.
        Raises `CardBusy` if another process is at it.
        """
        with self.alone(eid):
            now = self.clock()
            cursor = self._write(
                "INSERT INTO operation (eid, function, before, state, begun, changed, reason, pid, command)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (str(eid), function, to_json(before), PLANNED, now, now, reason, os.getpid(), _command()),
            )
            operation = Operation(self, int(cursor.lastrowid or 0), eid, function, before, PLANNED, now)
            try:
                yield operation
            except (OutcomeUnknown, Refused, WireError) as error:
                with contextlib.suppress(StorageFailed):  # What became of the card matters more.
                    operation.enter(UNKNOWN if isinstance(error, OutcomeUnknown) else CLOSED, error.message)
                raise

    @contextlib.contextmanager
    def alone(self, eid: Eid) -> Iterator[None]:
        """Hold the card among all processes; one that was killed holds nothing any more."""
        import sqlite3

        path, holder = self._folder / f"{eid}.lock", self._folder / f"{eid}.holder"
        with _storage_errors(self._folder):
            for file in (path, holder):
                _touch(file)
            lock = sqlite3.connect(path, isolation_level=None, timeout=0)
        with contextlib.closing(lock):
            with _storage_errors(self._folder):
                try:
                    lock.execute("BEGIN EXCLUSIVE")
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                        raise
                    raise CardBusy(f"Another lpa works on this card ({holder.read_text()}).") from error
                holder.write_text(f"process {os.getpid()}: {_command()}")
            yield

    def unfinished(self, eid: Eid | None = None) -> tuple[Operation, ...]:
        """The operations that were begun and not closed, of one card or of all, oldest first."""
        rows = self._read(
            "SELECT id, eid, function, before, state, begun FROM operation"
            " WHERE state != 'CLOSED' AND (eid = ? OR ? IS NULL) ORDER BY id",
            (str(eid), str(eid) if eid else None),
        )
        return tuple(
            Operation(self, number, Eid.parse(card), function, from_json(before), state, begun)
            for number, card, function, before, state, begun in rows
        )

    def protect(self, iccid: Iccid) -> None:
        """Have the profile refused for deletion from now on."""
        self._write("INSERT OR IGNORE INTO protection VALUES (?)", (str(iccid),))

    def unprotect(self, iccid: Iccid) -> None:
        """Lift the protection."""
        self._write("DELETE FROM protection WHERE iccid = ?", (str(iccid),))

    def protects(self, iccid: Iccid) -> bool:
        """Whether the profile is protected."""
        return bool(self._read("SELECT 1 FROM protection WHERE iccid = ?", (str(iccid),)))

    def keep(self, eid: Eid, notification: Notification) -> None:
        """Take a signed notification into the outbox. Keeping one twice is keeping it once.

        After what was begun on this card, also where the computer's clock was put back since.
        """
        number, signed = notification.metadata.sequence_number, bytes(notification.raw)
        self._write(
            "INSERT OR IGNORE INTO notification (eid, sequence, signed, kept) VALUES (?, ?, ?,"
            " max(?, (SELECT coalesce(max(begun), 0) FROM operation WHERE eid = ?)))",
            (str(eid), number, signed, self.clock(), str(eid)),
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

    def _write(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        with _storage_errors(self._folder):
            return self._database.execute(statement, values)

    def _read(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with _storage_errors(self._folder):
            return self._database.execute(statement, values).fetchall()

    def _prepare(self) -> None:
        """Check the file, and bring it to this version. Never go on with a damaged one."""
        self._use_wal()
        self._database.execute("PRAGMA synchronous = FULL")
        (verdict,) = self._database.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise OSError(f"it is damaged: {verdict}")
        self._database.execute("BEGIN EXCLUSIVE")  # so that of two processes one migrates
        with self._database:
            self._migrate()

    def _use_wal(self) -> None:
        """SQLite waits for other processes, but not in this: it might be them who wait for us. So we do."""
        import sqlite3

        for tries_left in reversed(range(_WAL_TRIES)):
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not tries_left:
                    raise
                time.sleep(_WAL_PAUSE)

    def _migrate(self) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > len(_MIGRATIONS):
            raise StorageFailed(
                f"The journal in {self._folder} was written by a later version of lpa.",
                advice="Use that version, or choose another folder with --state-dir.",
            )
        for migration in _MIGRATIONS[version:]:
            for statement in migration.split(";"):
                self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _command() -> str:
    """The command of this process by name alone: arguments may hold what is never written down."""
    program, *words = sys.argv
    plain = [
        word
        for before, word in zip([program, *words], words, strict=False)
        if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-") and not before.startswith("--")
    ]
    return " ".join([Path(program).name, *plain[:2]])


def _touch(path: Path) -> None:
    """Make the file ours alone before SQLite opens it.

    One that is there is left alone: to close it here would end all locks that this process has on it (POSIX).
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


@contextlib.contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    import sqlite3

    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StorageFailed(
            f"The journal in {folder} cannot be used: {error}.",
            advice="Free some disk space, or move a damaged journal.db away: the receipts stay.",
        ) from error
