"""Private folders: closed to other users, atomic writes, and a lock for one process at a time."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

from lpa.advice.simulator import WRITABLE_OR_ANOTHER_CARD
from lpa.errors import CardBusy, StorageFailed


def make_private(folder: Path) -> None:
    """Create `folder` and its parents if they are missing, and close `folder` to other users."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write `content` atomically and durably: after a power cut the file has the old content or the new.

    Raises OSError, and then leaves the old content.
    """
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    if sys.platform != "win32":  # There a folder cannot be opened, and a rename is durable without it.
        _sync_folder(path.parent)


def lock(folder: Path) -> sqlite3.Connection:
    """Lock `folder` until the returned connection is closed or the process ends.

    Raises `CardBusy` if another process has the lock, `StorageFailed` if the folder cannot be locked at all.
    The lock is SQLite's: it works on every system and ends with its process, so it is never stale.
    """
    held = sqlite3.connect(":memory:", timeout=0, isolation_level=None, check_same_thread=False, uri=True)
    try:
        # As a URI: a path may have bytes that are no characters.
        held.execute("ATTACH ? AS lock", ((folder / "lock").absolute().as_uri(),))
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        held.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise CardBusy(f"Another program is using the simulated card in {folder}.") from error
        raise StorageFailed(
            f"Cannot lock the simulated card in {folder}: {error}.",
            advice=WRITABLE_OR_ANOTHER_CARD,
        ) from error
    return held


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
