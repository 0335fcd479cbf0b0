"""The thread in which an assistant works, and how a coroutine waits for it.

Law: a call that the thread has begun ends there. A task that is cancelled asks it to stop, which it does
between two steps, and waits for that. So a `CancelledError` is raised when the card is idle.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from lpa.advice.defaults import NOTHING_CHANGED
from lpa.errors import LpaError, Stopped
from lpa.stop import Stop, StopRequested, heeding

_T = TypeVar("_T")

_SLICE = 0.25  # seconds: a call that waits for its turn sees its stop between two of them


class CardThread:
    """A thread that makes one call after the other. It does not keep the process from ending."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[CardCall[Any] | None] = SimpleQueue()
        # All calls have one context, so a call may end what another one began (`using`, `heeding`).
        thread = Thread(target=copy_context().run, args=(_make_calls, self._calls), daemon=True)
        thread.name = f"lpa {thread.name}"
        thread.start()

    def begin(self, function: Callable[[], _T], stop: Stop | None = None) -> CardCall[_T]:
        """Have `function` called when all before it have ended. `stop`: that of the caller."""
        return self._put(CardCall(function, stop))

    def begin_last(self, function: Callable[[], _T]) -> CardCall[_T]:
        """As `begin`, for what must follow: nothing stops it, however often its task is cancelled."""
        return self._put(UnstoppedCall(function, None))

    async def run(self, function: Callable[[], _T], stop: Stop | None = None) -> _T:
        """What `function` returns, called in this thread. As `CardCall.result`."""
        return await self.begin(function, stop).result()

    def end(self) -> None:
        """End the thread after the calls that were begun."""
        self._calls.put(None)

    def _put(self, call: CardCall[_T]) -> CardCall[_T]:
        self._calls.put(call)
        return call


class CardCall(Generic[_T]):
    """A call in the thread of a card. It has a stop of its own beside that of the caller."""

    def __init__(self, function: Callable[[], _T], stop: Stop | None) -> None:
        self._function = function
        self._cancelled = Stop()
        self._stop = stop
        self.future: Future[_T] = Future()
        self.awaited = False
        """Whether a task knows how it ended."""

    def make(self) -> None:
        """Make the call, in the thread."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._call()
        except BaseException as error:  # noqa: BLE001  (it is for the task that waits)
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    def cancel(self) -> None:
        """Ask the call to end; if it has not begun, it never does."""
        self._cancelled.set()
        self.future.cancel()

    async def result(self, cancelled: asyncio.CancelledError | None = None) -> _T:
        """What the call returned or raised, when it has ended. `cancelled`: by what its task is already.

        Raises `Stopped` if the caller's stop ended it. If the task is cancelled, raises that `CancelledError`
        with a `Stopped` as its cause.
        """
        ended = asyncio.get_running_loop().create_future()
        self.when_ended(lambda: None if ended.done() else ended.set_result(None))
        if cancelled:
            self.cancel()
        while not ended.done():
            try:
                await asyncio.wait([ended], timeout=self._slice())
            except asyncio.CancelledError as error:
                cancelled = error
                self.cancel()
            except GeneratorExit:  # The loop is closed, so nobody can wait.
                self.cancel()
                raise
            if self._requested:
                self.cancel()
        self.awaited = True
        if cancelled:
            raise cancelled from self.cause()
        if self.future.cancelled():
            raise _not_begun()
        return self.future.result()

    def when_ended(self, function: Callable[[], object]) -> None:
        """Have `function` called in the running loop when the call has ended."""
        soon = in_loop(function)
        self.future.add_done_callback(lambda _: soon())

    def cause(self) -> BaseException:
        """The cause of the `CancelledError` of a task whose call has ended. Only a bug is no `Stopped`."""
        if self.future.cancelled():
            return _not_begun()
        error = self.future.exception()
        if error is None:
            message = "It was complete before it could be stopped."
            return Stopped(message, outcome=self.future.result(), advice="")
        if isinstance(error, LpaError) and not isinstance(error, Stopped):
            stopped = Stopped(error.message, advice=error.advice)
            stopped.__cause__ = error
            return stopped
        return error

    @property
    def _requested(self) -> bool:
        return self._cancelled.requested or (self._stop is not None and self._stop.requested)

    def _slice(self) -> float | None:
        return _SLICE if self._stop and not self.future.running() else None

    def _call(self) -> _T:
        if self._requested:
            raise _not_begun()
        try:
            with heeding(self._cancelled), heeding(self._stop):
                return self._function()
        except StopRequested as request:
            message = f"Stopped. {request.message}"
            raise Stopped(message, outcome=request.outcome, advice=request.advice) from request
        except KeyboardInterrupt as request:
            raise Stopped("It was stopped between two steps.") from request


class UnstoppedCall(CardCall[_T]):
    """A call that is made and completed, whoever is cancelled."""

    def cancel(self) -> None:
        """Do nothing."""


def in_loop(function: Callable[..., object]) -> Callable[..., None]:
    """`function` for another thread to call: it runs in the loop that runs now, unless that is closed."""
    loop = asyncio.get_running_loop()

    def soon(*arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is closed.
            loop.call_soon_threadsafe(function, *arguments)

    return soon


def _make_calls(calls: SimpleQueue[CardCall[Any] | None]) -> None:
    while call := calls.get():
        call.make()
        del call  # It holds what it was called with, and what it returned.


def _not_begun() -> Stopped:
    return Stopped("It was stopped before it began.", advice=NOTHING_CHANGED)
