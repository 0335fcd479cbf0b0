"""Have what takes long end early: a request from any thread, or a time limit.

```python
stop = lpa.Stop(after=45)                # seconds; `stop.set()` from any thread asks for it at once
outcome = assistant.delete(plan, stop=stop)
```
Law: a stop is noticed between two commands to the card, before an exchange with a server and in a wait, never
between a command and its answer. It then goes the way of Ctrl-C, once: what must follow, such as ending a
session or releasing the card, is still done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event


class StopRequested(KeyboardInterrupt):
    """A `Stop` takes effect here. A verb of the assistant turns it into `Stopped`."""


class Stop:
    """A request to end, which stays. `after`: the seconds until it comes by itself; None for never.

    Raises ValueError for a time below zero. Threads may share one, and so may several verbs.
    """

    def __init__(self, *, after: float | None = None) -> None:
        if after is not None and not after >= 0:
            raise ValueError("a time limit is 0 seconds or more")
        self._asked = Event()
        self._ends = None if after is None else time.monotonic() + after

    def set(self) -> None:
        """Ask for it now."""
        self._asked.set()

    @property
    def requested(self) -> bool:
        """Whether it was asked for, or the time is over."""
        return self._asked.is_set() or self.left == 0

    @property
    def left(self) -> float | None:
        """The seconds that are left, 0 if the time is over; None without a time limit."""
        return None if self._ends is None else max(0.0, self._ends - time.monotonic())


class _Heeded:
    """The stops for what runs in a `heeding` block, which they end once."""

    def __init__(self, stops: tuple[Stop, ...]) -> None:
        self.stops = stops
        self.taken = False


_current: ContextVar[_Heeded | None] = ContextVar("stop", default=None)


@contextmanager
def heeding(stop: Stop | None) -> Iterator[None]:
    """Have `check` end what the block does. A block around it may do so too, and alone if this is None."""
    around = _current.get()
    before = _current.set(_Heeded((stop, *(around.stops if around else ()))) if stop else around)
    try:
        yield
    finally:
        _current.reset(before)


def check() -> None:
    """Raise `StopRequested` if the stop of the block around is requested, the first time."""
    heeded = _current.get()
    if heeded and not heeded.taken and any(stop.requested for stop in heeded.stops):
        heeded.taken = True
        raise StopRequested


def seconds_left() -> float | None:
    """The time that a wait may take before it should `check` again; None for any time."""
    heeded = _current.get()
    if heeded is None or heeded.taken:
        return None
    return min((stop.left for stop in heeded.stops if stop.left is not None), default=None)
