"""Postpone Ctrl-C while the simulated card carries out a command.

A real card is a processor of its own: it completes what it has begun, whatever happens to the program that
asked for it. Without this, a `KeyboardInterrupt` between storing a state and using it would leave the card
with the old one, which the next change would store over the new.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """Have a SIGINT that arrives during the `with` block handled after it, once, as it would have been.

    Only in the main thread, where Python handles signals. Nothing changes if SIGINT is ignored, or if its
    handler was not installed from Python.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield
        return
    arrived: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: arrived.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if arrived:
            signal.raise_signal(signal.SIGINT)
