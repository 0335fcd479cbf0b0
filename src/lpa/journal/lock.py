"""One process at a card at a time. A process that was killed holds nothing any more."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from lpa.errors import CardBusy
from lpa.journal.database import storage_errors, touch
from lpa.rsp.names import Eid


@contextlib.contextmanager
def alone(folder: Path, eid: Eid) -> Iterator[None]:
    """Hold the card among all processes that use this folder. Raises `CardBusy` if another one does."""
    import sqlite3

    path, holder = folder / f"{eid}.lock", folder / f"{eid}.holder"
    with storage_errors(folder):
        for file in (path, holder):
            touch(file)
        lock = sqlite3.connect(path, isolation_level=None, timeout=0)
    with contextlib.closing(lock):
        with storage_errors(folder):
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                raise CardBusy(f"Another lpa works on this card ({holder.read_text()}).") from error
            holder.write_text(f"process {os.getpid()}: {command()}")
        yield


def command() -> str:
    """The command of this process by name alone: arguments may hold what is never written down."""
    program, *words = sys.argv
    plain = [
        word
        for before, word in zip([program, *words], words, strict=False)
        if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-") and not before.startswith("--")
    ]
    return " ".join([Path(program).name, *plain[:2]])
