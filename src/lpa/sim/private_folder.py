"""A folder that is private, written all or nothing, and held by one process at a time."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

from lpa.errors import CardBusy, StorageFailed


def make_private(folder: Path) -> None:
    """Make `folder` (and what is above it) if need be, and close it to other users."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` into the file at once: after a power cut there is the old content or the new one.

    Raises OSError; then the old content is still there.
    """
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    if sys.platform != "win32":  # There a folder cannot be opened.
        _sync_folder(path.parent)


def hold(folder: Path) -> sqlite3.Connection:
    """Hold `folder` until the answer is closed or the process ends. Raises `CardBusy` if another holds
    it, `StorageFailed` if it cannot be held at all.

    The lock is SQLite's: it works on every system and dies with its process, so none is ever left behind.
    """
    lock = sqlite3.connect(":memory:", timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("ATTACH ? AS lock", (str(folder / "lock"),))
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise CardBusy(f"Another program holds the simulated card in {folder}.") from error
        raise StorageFailed(f"The simulated card in {folder} cannot be held: {error}.") from error
    return lock


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
