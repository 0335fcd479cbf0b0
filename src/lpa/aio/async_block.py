"""A `with` block of the assistant as an `async with` block: it is entered and left in the card's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Generic, TypeVar

from lpa.aio.card_thread import CardThread
from lpa.errors import Stopped
from lpa.stop import Stop

_T = TypeVar("_T")


class AsyncBlock(Generic[_T]):
    """Entering it can be stopped; leaving it is completed, however often the task is cancelled."""

    def __init__(
        self, thread: CardThread, opener: Callable[[], AbstractContextManager[_T]], stop: Stop | None
    ) -> None:
        """`opener`: makes the `with` block, in the thread."""
        self._thread = thread
        self._opener = opener
        self._stop = stop
        self._entered: AbstractContextManager[_T] | None = None
        self._value: _T | None = None

    async def __aenter__(self) -> _T:
        try:
            return await self._thread.run(self._enter, self._stop)
        except BaseException as error:
            entered = self._value
            await self.__aexit__(type(error), error, error.__traceback__)
            if isinstance(error, asyncio.CancelledError) and entered is not None:
                message = "It was stopped before its block began, and ended."
                raise error from Stopped(message, outcome=entered, advice="")
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        left = self._thread.begin_last(partial(self._leave, kind, error, traceback))
        # Without a loop nobody can wait.
        return None if isinstance(error, GeneratorExit) else await left.result()

    def _enter(self) -> _T:
        block = self._opener()
        self._value = value = block.__enter__()
        self._entered = block
        return value

    def _leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Leave the block, if it was entered."""
        block, self._entered = self._entered, None
        return block.__exit__(kind, error, traceback) if block else None
