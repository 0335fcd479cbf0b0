"""A named pipe, for tests of readers that must not wait for one."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def pipe(path: Path) -> Iterator[Path]:
    """A pipe that nobody writes to. A reader that waits gets an empty one after a while."""
    os.mkfifo(path)
    other_end = threading.Timer(5, lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)))
    other_end.start()
    yield path
    other_end.cancel()
