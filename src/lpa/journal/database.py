"""The journal's file: whole and of this version before anything is read, on the disk after each write.

SQLite keeps it (WAL, synchronous=FULL), so a power cut loses nothing that was written.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lpa import redaction
from lpa.errors import StorageFailed
from lpa.host import files
from lpa.journal import tables

# A statement of SQL, and the values for its question marks or names.
Statement = tuple[str, tuple[object, ...] | dict[str, object]]

_BESIDE = ("journal.db-wal", "journal.db-shm", "journal.db-journal")  # SQLite's own, opened by their names

# Of processes that open a new journal together, one makes it and the others wait. The pause is in seconds.
_WAL_TRIES, _WAL_PAUSE = 500, 0.02

# Of SQLite's result codes the low byte says what it is about, the rest where.
_PRIMARY = 0xFF
_DAMAGED = (11, 26)  # SQLITE_CORRUPT, SQLITE_NOTADB
_UNWRITABLE = (8, 14)  # SQLITE_READONLY, SQLITE_CANTOPEN
_SEND_RECEIPTS = (
    "Move {} away: the receipts stay, and 'lpa notifications send FOLDER' sends what is not yet acknowledged."
)
_MOVE_AWAY = _SEND_RECEIPTS.format("the damaged journal.db")
_OURS = (tables.APPLICATION_ID, tables.VERSION)
_log = redaction.logger(__name__)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class Database:
    """The file `journal.db` in a folder. Raises `StorageFailed` if it cannot be opened, read or written."""

    def __init__(self, folder: Path) -> None:
        import sqlite3  # Here and not above: only what changes a card needs it.

        self._folder = folder
        with storage_errors(folder):
            files.make_folder(folder)
            for name in _BESIDE:
                files.make_private(folder / name)
            _demand_not_emptied(folder)
            files.touch(folder / "journal.db")
            self.connection = sqlite3.connect(folder / "journal.db", isolation_level=None, timeout=10)
            try:
                self.prepare()
            except BaseException:
                self.connection.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def write(self, *statements: Statement) -> int:
        """Have all of it on the disk or none. The number of the row that was inserted last, 0 if none."""
        with storage_errors(self._folder):
            if len(statements) == 1:
                return self.connection.execute(*statements[0]).lastrowid or 0
            self.connection.execute("BEGIN IMMEDIATE")
            with self.connection:
                return max((self.connection.execute(*one).lastrowid or 0 for one in statements), default=0)

    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""
        with storage_errors(self._folder):
            return self.connection.execute(statement, values).fetchall()

    def prepare(self) -> None:
        """Check the file, and make its tables if it is new. Never go on with a damaged one."""
        self._use_wal()
        self.connection.execute("PRAGMA synchronous = FULL")
        # The quick check leaves out whether an index lacks a row: to us, a notification that is not sent.
        (verdict,) = self.connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            _log.debug("what SQLite has against the journal: %s", verdict)
            raise StorageFailed(
                f"The journal in {self._folder} cannot be used: it is damaged.", advice=_MOVE_AWAY
            )
        if self._kind() != _OURS:  # Else nothing is written: that costs a sync.
            self.connection.execute("BEGIN EXCLUSIVE")  # so that of two processes one makes the tables
            with self.connection:
                self.make_tables()

    def make_tables(self) -> None:
        """Make the tables of a new file, in the transaction that is open. Raises for another version."""
        application, version = self._kind()
        if (application, version) == _OURS:  # Another process was faster.
            return
        if version and application != tables.APPLICATION_ID:
            raise StorageFailed(
                f"The journal in {self._folder} was written before the first release of lpa, "
                "and this version does not read it.",
                advice=_SEND_RECEIPTS.format("journal.db"),
            )
        if version:
            raise StorageFailed(
                f"The journal in {self._folder} was written by a later version of lpa.",
                advice="Use that version, or choose another folder with --state-dir.",
            )
        for statement in tables.TABLES.split(";"):
            self.connection.execute(statement)
        self.connection.execute(f"PRAGMA application_id = {tables.APPLICATION_ID}")
        self.connection.execute(f"PRAGMA user_version = {tables.VERSION}")

    def _kind(self) -> tuple[int, int]:
        """Whose file it is, and of which version; zeros if it is new."""
        (application,) = self.connection.execute("PRAGMA application_id").fetchone()
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        return int(application), int(version)

    def _use_wal(self) -> None:
        """SQLite waits for other processes, but not in this: it might be them who wait for us. So we do."""
        import sqlite3

        for tries_left in reversed(range(_WAL_TRIES)):
            try:
                self.connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not tries_left:
                    raise
                time.sleep(_WAL_PAUSE)


def _demand_not_emptied(folder: Path) -> None:
    """Raise for a journal that has lost all it held: each receipt beside it once stood in it.

    To SQLite an empty file is a new database, and what it knew would be forgotten without a word.
    """
    file = folder / "journal.db"
    if files.is_plain(file) and not file.stat().st_size and any(folder.glob("receipts/*/*.der")):
        raise StorageFailed(f"The journal in {folder} cannot be used: it is empty.", advice=_MOVE_AWAY)


@contextlib.contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Say in our words what SQLite or the disk has against it."""
    import sqlite3

    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StorageFailed(
            f"The journal in {folder} cannot be used: {_why(error, folder)}.", advice=_advice(error)
        ) from error


def _why(error: Exception, folder: Path) -> str:
    """What stands against it, without numbers, and naming a file that is not the folder."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    file = Path(error.filename or folder)
    return error.strerror if file == folder else f"{file.name}: {error.strerror}"


def _advice(error: Exception) -> str:
    """What to do about a disk or a file that cannot be used."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in _DAMAGED:
        return _MOVE_AWAY
    if code in _UNWRITABLE or (isinstance(error, OSError) and error.errno in _FORBIDDEN):
        return "Have that folder be yours alone and writable, or choose another one with --state-dir."
    return "Free some disk space, or move a damaged journal.db away: the receipts stay."
