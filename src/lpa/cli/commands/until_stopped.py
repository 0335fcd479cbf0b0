"""How the commands that run until Ctrl-C are stopped."""

from __future__ import annotations

import signal
from threading import Event


def stop_on_signal() -> Event:
    """An event that is set by Ctrl-C (SIGINT) and SIGTERM, which end these commands."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
