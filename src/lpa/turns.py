"""One verb of an assistant at a time, whichever thread calls it, and a stop as the error that callers get.

Law: a verb that changes nothing any more has ended for other threads too. A stop becomes `Stopped` here, and
only the stop that the caller gave: one of a block around the assistant goes on to that block.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from threading import Condition, get_ident
from typing import Any, TypeVar

from lpa.advice.cards import OPEN_ANOTHER, OPEN_IN_FORK, WAIT_LONGER
from lpa.advice.profiles import SEND_PENDING
from lpa.errors import CardBusy, Stopped, WireError
from lpa.rsp.steps import Progress, reporting, shared
from lpa.stop import Stop, StopRequested, check, ending, heeding

_T = TypeVar("_T")
_SLICE = 0.25  # seconds: Windows delivers Ctrl-C, and a stop is seen, between two of them


class Turns:
    """The turns of the threads that share an assistant. A thread that has the turn can take it again.

    `wait`: how many seconds to wait for another thread; None for as long as it takes, 0 for not at all.
    """

    def __init__(self, wait: float | None = None) -> None:
        if wait is not None and not wait >= 0:
            raise ValueError("a wait takes 0 seconds or more")
        self._wait = math.inf if wait is None else wait
        self._process = os.getpid()
        self._free = Condition()
        self._owner: int | None = None  # the thread that has the turn
        self._depth = 0  # how often it took it
        self._closed = False
        self._stop: Stop | None = None  # of the block that is open

    def run(self, verb: Callable[[], _T], stop: Stop | None = None, progress: Progress | None = None) -> _T:
        """What `verb` returns, in a turn of this thread. `stop`: that of the block around if None.

        `progress`: called with each of its steps.

        Raises `CardBusy` if another thread has the turn for longer than this waits, and in a process that the
        one of the assistant has forked; `WireError` after `close`; and `Stopped`.
        """
        with self._turn(stop):
            stop = stop or self._stop
            with stoppable(stop) as left_out, reporting(progress):
                result = verb()
            if stop and stop.requested and left_out():
                raise Stopped(_sentence(result), outcome=result, advice=SEND_PENDING)
            return result

    @contextmanager
    def block(
        self,
        opened: Callable[[], AbstractContextManager[_T]],
        stop: Stop | None = None,
        progress: Progress | None = None,
    ) -> Iterator[_T]:
        """A turn for as long as the block that `opened` gives. A stop does not end what ends the block.

        `progress`: called with the steps of its beginning, and of its end if no error ends it.
        Another thread waits until the block has ended, as `run` does. It may also be the one that ends it.
        """
        with self._turn(stop):
            inner = ExitStack()
            before, self._stop = self._stop, stop or self._stop
            progress = shared(progress)
            try:
                with stoppable(self._stop), reporting(progress):
                    value = inner.enter_context(opened())
                with ExitStack() as ends:
                    ends.push(partial(self._ended, inner, progress))
                    yield value
            finally:
                self._stop = before

    def close(self, last: Callable[[], object]) -> None:
        """Call `last` when the verb that runs has ended, and run none after it.

        Does nothing the second time, and in a forked process.
        """
        if os.getpid() == self._process:
            self._take(math.inf)
            try:
                if not self._closed:
                    self._closed = True
                    last()
            finally:
                self._give()

    @contextmanager
    def _turn(self, stop: Stop | None) -> Iterator[None]:
        if os.getpid() != self._process:
            raise CardBusy(
                "The card belongs to the process that forked this one.",
                advice=OPEN_IN_FORK,
            )
        with stoppable(stop):
            self._take(self._wait)
        try:
            if self._closed:
                raise WireError("This assistant was closed.", advice=OPEN_ANOTHER)
            yield
        finally:
            self._give()

    def _take(self, seconds: float) -> None:
        me, ends = get_ident(), time.monotonic() + seconds
        with self._free:
            while self._owner not in (None, me):
                left = ends - time.monotonic()
                if left <= 0:
                    raise CardBusy(
                        "Another thread uses this assistant.",
                        advice=WAIT_LONGER,
                    )
                self._free.wait(min(left, _SLICE))
                check()
            self._owner, self._depth = me, self._depth + 1

    def _give(self) -> None:
        with self._free:
            self._depth -= 1
            if not self._depth:
                self._owner = None
                self._free.notify()

    def _ended(self, inner: ExitStack, progress: Progress | None, *error: Any) -> bool | None:
        """End the block in the turn that it has, whichever thread does."""
        with self._free:
            self._owner = get_ident()
        progress = progress if error[0] is None else None  # An error says more.
        with heeding(self._stop), ending(), reporting(progress):
            return inner.__exit__(*error)


@contextmanager
def stoppable(stop: Stop | None) -> Iterator[Callable[[], bool]]:
    """Turn the end by this stop into `Stopped`. Gives whether something was left out because of it."""
    if stop is None:
        yield lambda: False
        return
    with heeding(stop) as heeded:
        try:
            yield lambda: heeded is not None and heeded.left_out
        except StopRequested as stopped:
            if not stop.requested:
                raise
            message = f"Stopped. {stopped.message}"
            raise Stopped(message, outcome=stopped.outcome, advice=stopped.advice) from stopped


def _sentence(result: object) -> str:
    """What was done before a stop, and which notifications it left pending."""
    deliveries = tuple(_deliveries(result))
    acknowledged = sum(delivery.acknowledged for delivery in deliveries)
    pending = len(deliveries) - acknowledged
    done = " The card was changed as requested." if getattr(result, "changes", ()) else ""
    return f"Stopped.{done} Notifications: {acknowledged} acknowledged, {pending} pending."


def _deliveries(result: Any) -> Iterator[Any]:
    """The deliveries in an outcome, in a tuple of recoveries, or in one of deliveries."""
    if isinstance(result, tuple):
        for one in result:
            yield from _deliveries(one)
    elif hasattr(result, "acknowledged"):
        yield result
    else:
        yield from getattr(result, "deliveries", ())
