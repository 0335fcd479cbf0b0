"""Measure the memory of this process, of Python and of libraries in C.

Linux counts the pages that were touched. Memory that is requested and never touched, or reused, is not
counted; `tracemalloc` counts all of Python's own objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
KNOWN = _RESET.exists()  # without it all sizes are 0


def now() -> int:
    """The bytes that it has now."""
    return _bytes("VmRSS")


def peak() -> int:
    """The most bytes that it had since `reset_peak`."""
    return _bytes("VmHWM")


def reset_peak() -> None:
    """Restart the measurement of the peak."""
    if KNOWN:
        _RESET.write_text("5")


def taken_by(action: Callable[[], object]) -> int:
    """The additional bytes that it had while `action` ran."""
    reset_peak()
    before = now()
    action()
    return peak() - before


def _bytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text()) if KNOWN else None
    return int(found[1]) << 10 if found else 0
