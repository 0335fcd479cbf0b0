"""How much memory this process takes, whoever in it takes it: Python, or a library in C.

Linux counts the pages that were touched. What is asked for and never touched, and what fits into room that
was free already, is not seen; of Python's own objects `tracemalloc` sees all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
KNOWN = _FORGET.exists()  # elsewhere nothing is seen


def now() -> int:
    """The bytes that it has."""
    return _bytes("VmRSS")


def peak() -> int:
    """The most that it had since `forget_peak`."""
    return _bytes("VmHWM")


def forget_peak() -> None:
    """Begin anew with what it has now."""
    if KNOWN:
        _FORGET.write_text("5")


def taken_by(action: Callable[[], object]) -> int:
    """The bytes that it had more than before, while `action` ran."""
    forget_peak()
    before = now()
    action()
    return peak() - before


def _bytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text()) if KNOWN else None
    return int(found[1]) << 10 if found else 0
