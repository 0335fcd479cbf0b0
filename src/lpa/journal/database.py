"""Open the journal's file, check that it is undamaged and of this version, and write it durably.

It is an SQLite database (WAL, synchronous=FULL), so a power cut takes back nothing that `write` wrote. What
`write_soft` wrote (synchronous=NORMAL) is on the disk with the next `write`, or when the file is closed: a
power cut takes it back from the end, and nothing in between.

Any thread may use it and close it: one waits for the other here, and nothing that a method returns reads on
later. A forked process must not use it, because SQLite does not permit that: it gets `StorageFailed`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import Any

from lpa import redaction
from lpa.advice.storage import (
    MAKE_FOLDER_PRIVATE_OR,
    MOVE_DAMAGED_JOURNAL,
    MOVE_JOURNAL_IF_DAMAGED,
    MOVE_OLD_JOURNAL,
    MOVE_OR_STATE_DIR,
    OPEN_JOURNAL_AGAIN,
    OPEN_JOURNAL_IN_FORK,
    OTHER_STATE_DIR,
    USE_LATER_VERSION,
)
from lpa.errors import StorageFailed, storage_advice, system_reason
from lpa.host import files
from lpa.journal import clean_close, tables
from lpa.journal.statements import PENDING

# A statement of SQL, and the values for its question marks or names.
Statement = tuple[str, tuple[object, ...] | dict[str, object]]

_BESIDE = ("journal.db-wal", "journal.db-shm", "journal.db-journal")  # SQLite opens these by name

# When processes open a new journal together, one makes it and the others wait. The pause is in seconds.
_WAL_TRIES, _WAL_PAUSE = 500, 0.02

_PRIMARY = 0xFF  # of an extended result code of SQLite: the primary one
_DAMAGED = (11, 26)  # SQLITE_CORRUPT, SQLITE_NOTADB
# What other result codes of SQLite mean as numbers of the system.
_NUMBERS = {
    3: errno.EACCES,  # SQLITE_PERM
    5: errno.EBUSY,  # SQLITE_BUSY
    6: errno.EBUSY,  # SQLITE_LOCKED
    7: errno.ENOMEM,  # SQLITE_NOMEM
    8: errno.EACCES,  # SQLITE_READONLY
    10: errno.EIO,  # SQLITE_IOERR
    13: errno.ENOSPC,  # SQLITE_FULL
    14: errno.EACCES,  # SQLITE_CANTOPEN
    15: errno.ENOLCK,  # SQLITE_PROTOCOL
}

# Files are opened and made one after the other in this process: to close a file that was just made releases
# the locks that a connection has got on it since (POSIX).
_opening = RLock()

_OWN = (tables.APPLICATION_ID, tables.VERSION)
_log = redaction.logger(__name__)


class Database:
    """The file `journal.db` in a folder. Raises `StorageFailed` if it cannot be opened, read or written."""

    def __init__(self, folder: Path) -> None:
        import sqlite3  # here, because commands that only read a card do not need it

        self._folder = folder
        self._turn, self._process, self._open = RLock(), os.getpid(), True
        self._closed = ""  # what `clean_close` has, if the file is still as it was closed
        self._sound = False  # it was checked, or is as it was closed
        with _opening, storage_errors(folder):
            files.make_folder(folder)
            for name in _BESIDE:
                files.make_private(folder / name)
            _refuse_if_emptied(folder)
            files.touch(folder / "journal.db")
            self._found = self._described()
            self.connection = sqlite3.connect(
                folder / "journal.db", isolation_level=None, timeout=10, check_same_thread=False
            )
            self.connection.create_function("crc32", 1, zlib.crc32, deterministic=True)
            try:
                self.prepare()
            except BaseException:
                self.connection.close()
                raise

    def close(self) -> None:
        """Close the file. If no other process writes to it, record that it is closed.

        Does nothing if it is closed already, and in a process that the one that opened it has forked.
        """
        if os.getpid() == self._process:
            with self._turn:
                if self._open:
                    self._open = False
                    self._close()

    def _close(self) -> None:
        import sqlite3

        pending = None
        with contextlib.suppress(sqlite3.Error):
            pending = self._pending()
        self.connection.close()
        described = self._described()
        if described and pending is not None and self._sound:
            text = clean_close.text(described, pending)
            if text != self._closed:
                clean_close.write(self._folder, text)

    def write(self, *statements: Statement) -> int:
        """Write all statements in one transaction. Returns the number of the last inserted row, else 0.

        They are on the disk when this returns, and so is all that was written before.
        """
        with self._in_turn():
            return self._write(statements)

    def write_soft(self, *statements: Statement) -> int:
        """As `write`, but a power cut may take them back: for what recovery finds out again."""
        with self._in_turn(), self._soft():
            return self._write(statements)

    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""
        with self._in_turn():
            return self.connection.execute(statement, values).fetchall()

    def prepare(self) -> None:
        """Check the file unless it is as it was closed, and make its tables if it is new.

        Raises if it is damaged.
        """
        with self._soft():  # It is on the disk with the first `write`.
            self._use_wal()
            if not self._is_as_closed():
                self.check()
            if self._kind() != _OWN:  # Else nothing is written, which saves a sync.
                self.connection.execute("BEGIN EXCLUSIVE")  # Of two processes, only one makes the tables.
                with self.connection:
                    self.make_tables()

    def check(self) -> None:
        """Check the whole file, which takes longer the larger it is. Raises `StorageFailed` if it is damaged.

        Then it is checked again whenever it is opened.
        """
        with self._in_turn():
            self._sound, self._closed = False, ""
            clean_close.forget(self._folder)
            # PRAGMA quick_check does not find an index without a row: a notification that would not be sent.
            (verdict,) = self.connection.execute("PRAGMA integrity_check(1)").fetchone()
            self._sound = verdict == "ok"
        if not self._sound:
            _log.debug("the journal's integrity check: %s", verdict)
            raise StorageFailed(
                f"The journal in {self._folder} is damaged.",
                advice=MOVE_DAMAGED_JOURNAL,
                reason="journalDamaged",
            )

    def make_tables(self) -> None:
        """Make the tables of a new file in the open transaction. Raises for any other file."""
        application, version = self._kind()
        if (application, version) == _OWN:  # Another process was faster.
            return
        if application == tables.APPLICATION_ID:
            raise StorageFailed(
                f"The journal in {self._folder} was written by a later version of lpa.",
                advice=USE_LATER_VERSION,
                reason="journalOfLaterVersion",
            )
        if version and not application:
            raise StorageFailed(
                f"The journal in {self._folder} was written before the first release of lpa, "
                "and this version does not read it.",
                advice=MOVE_OLD_JOURNAL,
                reason="journalOfEarlierVersion",
            )
        if application or self._has_tables():
            raise StorageFailed(
                f"The file journal.db in {self._folder} is not a journal of lpa.",
                advice=MOVE_OR_STATE_DIR,
                reason="notAJournal",
            )
        for statement in tables.TABLES.split(";"):
            self.connection.execute(statement)
        self.connection.execute(f"PRAGMA application_id = {tables.APPLICATION_ID}")
        self.connection.execute(f"PRAGMA user_version = {tables.VERSION}")

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Use the file alone among all threads."""
        if os.getpid() != self._process:
            raise StorageFailed(
                f"The journal in {self._folder} was opened by the process that forked this one.",
                advice=OPEN_JOURNAL_IN_FORK,
            )
        with self._turn:
            if not self._open:
                raise StorageFailed(f"The journal in {self._folder} is closed.", advice=OPEN_JOURNAL_AGAIN)
            with storage_errors(self._folder):
                yield

    def _write(self, statements: tuple[Statement, ...]) -> int:
        if len(statements) == 1:
            return self.connection.execute(*statements[0]).lastrowid or 0
        self.connection.execute("BEGIN IMMEDIATE")
        with self.connection:
            return max((self.connection.execute(*one).lastrowid or 0 for one in statements), default=0)

    @contextlib.contextmanager
    def _soft(self) -> Iterator[None]:
        """Do not wait for the disk in this block, but where SQLite must to keep its file intact."""
        self.connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self.connection.execute("PRAGMA synchronous = FULL")

    def _is_as_closed(self) -> bool:
        """Whether nobody wrote to the file since it was closed, and all that was pending then is found.

        What is pending is read by an index. One that is damaged, or a row that is missing in its table, makes
        a difference here, and the whole file is checked.
        """
        import sqlite3

        closed = clean_close.read(self._folder)
        with contextlib.suppress(sqlite3.DatabaseError):
            if self._found and closed.startswith(self._found):
                self._sound = closed == clean_close.text(self._found, self._pending())
        self._closed = closed if self._sound else ""
        return self._sound

    def _described(self) -> str:
        """The file as it is now; empty if somebody writes to it, or was killed while writing."""
        import sqlite3

        with contextlib.suppress(OSError):
            return clean_close.description(self._folder, sqlite3.sqlite_version)
        return ""

    def _pending(self) -> int:
        """A checksum of what is pending."""
        return zlib.crc32(repr([self.connection.execute(one).fetchall() for one in PENDING]).encode())

    def _kind(self) -> tuple[int, int]:
        """The application id and version in the file's header; zeros if it is new."""
        (application,) = self.connection.execute("PRAGMA application_id").fetchone()
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        return int(application), int(version)

    def _has_tables(self) -> bool:
        return self.connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is not None

    def _use_wal(self) -> None:
        """Switch to WAL. SQLite does not wait for other processes in this statement, so this does."""
        import sqlite3

        for tries_left in reversed(range(_WAL_TRIES)):
            try:
                self.connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not tries_left:
                    raise
                time.sleep(_WAL_PAUSE)


def _refuse_if_emptied(folder: Path) -> None:
    """Raise if the journal is an empty file although there are receipts: then it has lost its content.

    SQLite would take the empty file for a new database, and nobody would notice the loss.
    """
    file = folder / "journal.db"
    if files.is_plain(file) and not file.stat().st_size and any(folder.glob("receipts/*/*.der")):
        raise StorageFailed(
            f"The journal in {folder} is damaged: it is empty.",
            advice=MOVE_DAMAGED_JOURNAL,
            reason="journalDamaged",
        )


@contextlib.contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the disk into `StorageFailed`."""
    import sqlite3

    try:
        yield
    except (MemoryError, OSError, sqlite3.Error) as error:
        raise StorageFailed(
            f"The journal in {folder} cannot be used: {_why(error, folder)}.", advice=_advice(error)
        ) from error


def _why(error: Exception, folder: Path) -> str:
    """The reason as the system words it, with the name of the file if it is not the folder."""
    if not isinstance(error, OSError) or not error.strerror:
        return system_reason(error)
    file = Path(error.filename or folder)
    return error.strerror if file == folder else f"{file.name}: {error.strerror}"


def _advice(error: Exception) -> str:
    """What to do about the error."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    cause = OSError(_NUMBERS[code], "") if code in _NUMBERS else error
    if code in _DAMAGED:
        return MOVE_DAMAGED_JOURNAL
    if isinstance(cause, PermissionError) and cause.errno == errno.EACCES:
        return MAKE_FOLDER_PRIVATE_OR.filled(otherwise=OTHER_STATE_DIR)
    if isinstance(cause, OSError | MemoryError):
        return storage_advice(cause, OTHER_STATE_DIR)
    return MOVE_JOURNAL_IF_DAMAGED
