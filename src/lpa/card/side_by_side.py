"""Work on several cards at once, each in a thread that does not keep the process alive."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Thread
from typing import Generic, TypeVar

from lpa.stop import Stop, check, heeding

_T = TypeVar("_T")
_SLICE = 0.25  # seconds: Windows delivers Ctrl-C between two of them
_GRACE = 3.0  # seconds to release the cards after Ctrl-C


class SideBySide(Generic[_T]):
    """Functions that run at once, until they return or `stop` is called."""

    def __init__(self, functions: Sequence[Callable[[], _T]]) -> None:
        self._stopping = Stop()
        self._tasks = [_Task(function, self._stopping) for function in functions]
        for task in self._tasks:
            task.thread.start()

    def results(self) -> Iterator[_T]:
        """What each returns, in their order. Raises what one raises.

        Ctrl-C, or a stop of the caller, ends the wait, and stops all.
        """
        try:
            for task in self._tasks:
                while task.thread.is_alive():
                    task.thread.join(_SLICE)
                    check()
                yield task.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Have all end, and wait a little for that."""
        self._stopping.set()
        ends = time.monotonic() + _GRACE
        for task in self._tasks:
            task.thread.join(max(0.0, ends - time.monotonic()))


def side_by_side(functions: Sequence[Callable[[], _T]]) -> list[_T]:
    """The results of functions that run at once, in their order."""
    if len(functions) == 1:
        return [functions[0]()]
    return list(SideBySide(functions).results())


class _Task(Generic[_T]):
    def __init__(self, function: Callable[[], _T], stop: Stop) -> None:
        self._function, self._stop = function, stop
        self._returned: list[_T] = []
        self._error: BaseException | None = None
        run = contextvars.copy_context().run
        self.thread = Thread(target=run, args=(self._run,), daemon=True)

    def result(self) -> _T:
        if self._error:
            raise self._error
        return self._returned[0]

    def _run(self) -> None:
        try:
            with heeding(self._stop):
                self._returned.append(self._function())
        except BaseException as error:  # noqa: BLE001  (it is for the thread that waits)
            self._error = error
