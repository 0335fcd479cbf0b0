"""End early what takes long: by a request from any thread, or a time limit.

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
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

# In seconds, for each wait of what must still follow once a stop is requested.
_ENDING = 10.0
_SLICE = 0.1  # between two looks at a stop, in a wait that nothing else ends


class StopRequested(KeyboardInterrupt):
    """A `Stop` takes effect here. A verb of the assistant turns it into `Stopped`.

    `message`, `advice`: what was done until then, and what to do about it; `outcome`: the same as a value.
    `described`: whether somebody did that. If nobody does, nothing was changed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.message, self.advice = "Nothing was changed.", ""
        self.outcome: object = None
        self.described = False

    def describe(self, message: str, advice: str = "", outcome: object = None) -> None:
        """Say what was done. Who says it first knows most."""
        if not self.described:
            self.message, self.advice, self.outcome, self.described = message, advice, outcome, True


class Stop:
    """A request to end, which stays. `after`: the seconds until it comes by itself; None for never.

    Raises ValueError for a time below zero. Threads may share one, and so may several verbs.
    """

    def __init__(self, *, after: float | None = None) -> None:
        if after is not None and not after >= 0:
            raise ValueError("a time limit is 0 seconds or more")
        self._ends = None if after is None else time.monotonic() + after

    def set(self) -> None:
        """Ask for it now."""
        now = time.monotonic()
        self._ends = now if self._ends is None else min(self._ends, now)

    @property
    def requested(self) -> bool:
        """Whether it was asked for, or the time is over."""
        return self.left == 0

    @property
    def left(self) -> float | None:
        """The seconds that are left, 0 once it is requested; None without a time limit."""
        return None if self._ends is None else max(0.0, self._ends - time.monotonic())

    @property
    def late(self) -> float:
        """The seconds since it was requested; 0 before."""
        return 0.0 if self._ends is None else max(0.0, time.monotonic() - self._ends)


class _Heeded:
    """The stops for what runs in a block, which they end once. `left_out`: something was, because of one."""

    def __init__(self, stops: tuple[Stop, ...], *, taken: bool = False) -> None:
        self.stops = stops
        self.taken = taken
        self.around: _Heeded | None = None
        self.left_out = False

    @property
    def requested(self) -> bool:
        return any(stop.requested for stop in self.stops)


_current: ContextVar[_Heeded | None] = ContextVar("stop", default=None)


@contextmanager
def _set(heeded: _Heeded | None) -> Iterator[_Heeded | None]:
    before = _current.set(heeded)
    try:
        yield heeded
    finally:
        _current.reset(before)


def heeding(stop: Stop | None) -> AbstractContextManager[_Heeded | None]:
    """Have `check` end what the block does. None: only what a block around it asks for."""
    around = _current.get()
    if stop is None:
        return _set(around)
    return _set(_Heeded((stop, *(around.stops if around else ()))))


def ending() -> AbstractContextManager[_Heeded | None]:
    """For what must follow: no stop ends what the block does. `leave_out` still tells of one."""
    return _set(_changed(taken=True))


def attempting() -> AbstractContextManager[_Heeded | None]:
    """Have `check` end what the block does, in an `ending` block too: for a part that can be left out."""
    return _set(_changed(taken=False))


def _changed(*, taken: bool) -> _Heeded | None:
    around = _current.get()
    if around is None:
        return None
    changed = _Heeded(around.stops, taken=taken)
    changed.around = around
    return changed


def check() -> None:
    """Raise `StopRequested` if the stop of the block around is requested, the first time."""
    heeded = _current.get()
    if heeded and not heeded.taken and heeded.requested:
        heeded.taken = True
        raise StopRequested


def leave_out() -> bool:
    """Whether to leave out a part of the work that somebody can do later, because a stop is requested."""
    heeded = _current.get()
    if heeded is None or not heeded.requested:
        return False
    left: _Heeded | None = heeded
    while left:
        left.left_out, left = True, left.around
    return True


def heeded() -> bool:
    """Whether there is a stop that may end what runs here, so that a wait should be in slices."""
    return _current.get() is not None


def seconds_left() -> float | None:
    """The time that a wait may take before it should `check` again; None for any time.

    What must follow after a stop has its own short time.
    """
    heeded = _current.get()
    if heeded is None or (heeded.taken and not heeded.requested):
        return None
    if heeded.taken:
        return _ENDING
    return min((stop.left for stop in heeded.stops if stop.left is not None), default=None)


def seconds_late() -> float:
    """The seconds since the stop of the block around was requested; 0 before, and without one."""
    heeded = _current.get()
    return max((stop.late for stop in heeded.stops), default=0.0) if heeded else 0.0


def limited(seconds: float) -> float:
    """`seconds`, or the time that is left if that is shorter."""
    left = seconds_left()
    return seconds if left is None else min(seconds, left)


def sliced(seconds: float) -> float:
    """`seconds`, or a slice of them, after which a wait should `check` again."""
    return min(seconds, _SLICE) if heeded() else seconds


def pause(seconds: float) -> None:
    """Wait so long, or until a stop is requested, which is raised as by `check`."""
    ends = time.monotonic() + seconds
    check()
    while (left := ends - time.monotonic()) > 0:
        time.sleep(sliced(left))
        check()
