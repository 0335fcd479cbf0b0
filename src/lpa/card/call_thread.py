"""Calls that may hang, made in a thread that can be left behind.

A call of PC/SC cannot be interrupted, and a service, reader or card may never return from it. The thread does
not keep the process from ending, and Ctrl-C works while its caller waits. A stop ends a wait too; that for
the answer of a card only after a while, because the card carries out what it was asked for.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Event, Semaphore, Thread
from typing import Any

from lpa import stop
from lpa.card.timeouts import Timeouts

# In seconds.
_SLICE = 0.25  # Windows delivers Ctrl-C, and a stop is seen, between two of them
_GRACE = 1.0  # to return, for a call whose caller was interrupted
ANSWER_GRACE = 10.0  # to answer, for a card that was asked before a stop was requested


class Abandoned(TimeoutError):
    """The call was not made, because one before it has not returned."""


class CallThread:
    """A thread that makes one call after the other. `abandoned`: one was given up, so it makes no more."""

    def __init__(self) -> None:
        self._calls = _Calls()
        self._last: _Call | None = None
        self.abandoned = False
        Thread(target=_make_calls, args=(self._calls,), daemon=True).start()

    def call(
        self,
        function: Callable[[], Any],
        seconds: float,
        timeouts: Timeouts,
        sentence: Callable[[float], str] | None = None,
        *,
        grace: float = 0.0,
    ) -> Any:
        """What `function` returns. Raises TimeoutError if it does not return in time, `Abandoned` after that.

        `sentence`: for `on_silence`, from the seconds of the wait so far. `grace`: the seconds that it has to
        return after a stop, which then raises `StopRequested`.
        """
        if self.abandoned or not self._is_idle():
            self.abandoned = True
            raise Abandoned
        self._last = call = _Call(function)
        self._calls.put(call)
        self._wait(call, seconds, timeouts, sentence, grace)
        return call.result()

    def end(self, *last: Callable[[], Any]) -> None:
        """End the thread, after these calls; both when the call that it makes has returned."""
        for function in last:
            self._calls.put(_Call(function))
        self._calls.put(None)

    def _is_idle(self) -> bool:
        """Whether the call before has returned. If Ctrl-C came, nobody has waited for that."""
        return self._last is None or self._last.returned.wait(_GRACE)

    def _wait(
        self,
        call: _Call,
        seconds: float,
        timeouts: Timeouts,
        sentence: Callable[[float], str] | None,
        grace: float,
    ) -> None:
        began, notice = time.monotonic(), timeouts.notice
        waited = 0.0
        while not call.returned.wait(max(0.0, min(_SLICE, seconds - waited, notice - waited))):
            waited = time.monotonic() - began
            late = min(waited, stop.seconds_late())
            if late >= grace:
                stop.check()
            if waited >= seconds or late >= ANSWER_GRACE:
                self.abandoned = True
                raise TimeoutError
            if waited >= notice:
                if sentence:
                    timeouts.on_silence(sentence(notice))
                notice *= 2


class _Call:
    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._result: Any = None
        self._error: BaseException | None = None
        self.returned = Event()

    def make(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001  (it is for the thread that waits)
            self._error = error
        self.returned.set()

    def result(self) -> Any:
        if self._error:
            raise self._error
        return self._result


class _Calls:
    """A queue of calls; None ends the thread. (Importing `queue` takes long.)"""

    def __init__(self) -> None:
        self._waiting: deque[_Call | None] = deque()
        self._number = Semaphore(0)

    def put(self, call: _Call | None) -> None:
        self._waiting.append(call)
        self._number.release()

    def get(self) -> _Call | None:
        self._number.acquire()
        return self._waiting.popleft()


def _make_calls(calls: _Calls) -> None:
    while call := calls.get():
        call.make()
