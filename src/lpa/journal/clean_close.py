"""Know whether the journal is still as it was closed: then its whole file need not be checked again.

The last process that closes the journal writes into a file beside it what the system says about `journal.db`
(inode, size, times), the versions of its tables and of SQLite, and a checksum of what is pending. The first
that writes to the journal changes that, and leaves a write-ahead log until it closes the journal in its turn.
So the two agree only if nobody wrote, restored or edited the file since, and nobody who wrote was killed.

It is never flushed to the disk. If a power cut takes it, the journal is checked once more.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from lpa.host import files
from lpa.journal import tables

_NAME = "journal.closed"
_BYTES = 500  # more than it has


def read(folder: Path) -> str:
    """What the last process that closed the journal wrote; empty if nobody did, or not all of it is there."""
    with contextlib.suppress(OSError), files.open_to_read(folder / _NAME) as file:
        return file.read(_BYTES).decode(errors="replace")
    return ""


def description(folder: Path, sqlite_version: str) -> str:
    """The journal's file as it is now; empty if there is none, or what was written to it is in its log."""
    log = files.status(folder / "journal.db-wal")
    status = files.status(folder / "journal.db")
    if status is None or (log and log.st_size):
        return ""
    times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
    return f"{tables.VERSION} {sqlite_version} {status.st_ino} {status.st_size} {times}"


def text(description: str, pending: int) -> str:
    """What `write` writes. `pending`: a checksum of what is pending."""
    return f"{description} {pending:08x}\n"


def write(folder: Path, text: str) -> None:
    """Record that the journal is closed. If that is not possible, it is checked when it is opened next."""
    with contextlib.suppress(OSError):
        files.write_unsynced(folder / _NAME, text.encode())


def forget(folder: Path) -> None:
    """Have the journal checked when it is opened next."""
    with contextlib.suppress(OSError):
        (folder / _NAME).unlink(missing_ok=True)
