"""`CardThread`: what a task gets of a call that ended, was stopped, or never began."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from threading import Event
from typing import TypeVar

import pytest

from lpa import stop as stops
from lpa.aio.card_thread import CardThread
from lpa.errors import CardRemoved, Stopped
from lpa.stop import Stop

_T = TypeVar("_T")
Test = Callable[[CardThread], Awaitable[_T]]
EXPIRED = Stop(after=0)


def run(test: Test[_T]) -> _T:
    async def main() -> _T:
        thread = CardThread()
        try:
            return await test(thread)
        finally:
            thread.end()

    return asyncio.run(main())


class Work:
    """A call that works until it is stopped, or may end. `begun`, `ended`: when it did."""

    def __init__(self) -> None:
        self.begun, self.ended, self.may_end = Event(), Event(), Event()
        self.loop = asyncio.get_running_loop()

    def __call__(self) -> str:
        """Work, and look for a stop between two steps."""
        self.begun.set()
        try:
            while not self.may_end.wait(0.001):
                stops.check()
            return "the result"
        finally:
            self.ended.set()

    def blindly(self) -> str:
        """Work without looking for a stop."""
        self.begun.set()
        self.may_end.wait(10)
        return "the result"

    def fail(self) -> str:
        """Fail when it may end."""
        self.begun.set()
        self.may_end.wait(10)
        raise CardRemoved("The card was removed.")


async def begun(work: Work) -> None:
    await asyncio.to_thread(work.begun.wait, 10)


async def turns() -> None:
    """Let the other tasks run."""
    for _ in range(8):
        await asyncio.sleep(0)


def test_a_call_returns_what_its_function_returns_in_another_thread() -> None:
    async def test(thread: CardThread) -> str:
        work = Work()
        work.may_end.set()
        return await thread.run(work)

    assert run(test) == "the result"


def test_a_call_raises_what_its_function_raises() -> None:
    async def test(thread: CardThread) -> None:
        work = Work()
        work.may_end.set()
        await thread.run(work.fail)

    with pytest.raises(CardRemoved):
        run(test)


def test_a_cancelled_task_ends_when_its_call_has_ended_and_is_told_by_what() -> None:
    async def test(thread: CardThread) -> None:
        work = Work()
        task = asyncio.create_task(thread.run(work))
        await begun(work)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError, match="enough") as caught:
            await task
        assert work.ended.is_set()
        assert task.cancelled()
        assert isinstance(caught.value.__cause__, Stopped)
        assert caught.value.__cause__.message == "Stopped. Nothing was changed."

    run(test)


def test_a_call_that_ends_in_spite_of_it_gives_its_result_as_the_outcome() -> None:
    async def test(thread: CardThread) -> None:
        work = Work()
        task = asyncio.create_task(thread.run(work.blindly))
        await begun(work)
        for _ in range(3):  # however often
            task.cancel()
            await turns()
            assert not task.done()
        work.may_end.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        stopped = caught.value.__cause__
        assert isinstance(stopped, Stopped)
        assert (stopped.message, stopped.outcome, stopped.advice) == (
            "It was complete before it could be stopped.",
            "the result",
            "",
        )

    run(test)


def test_an_error_of_a_cancelled_call_is_told() -> None:
    async def test(thread: CardThread) -> None:
        work = Work()
        task = asyncio.create_task(thread.run(work.fail))
        await begun(work)
        task.cancel()
        await turns()
        work.may_end.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        stopped = caught.value.__cause__
        assert isinstance(stopped, Stopped)
        assert isinstance(stopped.__cause__, CardRemoved)
        assert (stopped.message, stopped.advice) == (stopped.__cause__.message, stopped.__cause__.advice)

    run(test)


def test_a_mistake_in_a_cancelled_call_is_its_cause() -> None:
    async def test(thread: CardThread) -> None:
        work = Work()

        def mistaken() -> None:
            work.blindly()
            raise ZeroDivisionError

        task = asyncio.create_task(thread.run(mistaken))
        await begun(work)
        task.cancel()
        await turns()
        work.may_end.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert isinstance(caught.value.__cause__, ZeroDivisionError)

    run(test)


def test_a_call_that_waits_for_its_turn_is_never_made_if_its_task_is_cancelled() -> None:
    async def test(thread: CardThread) -> None:
        first, second = Work(), Work()
        running, waiting = (asyncio.create_task(thread.run(work)) for work in (first, second))
        await begun(first)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await waiting
        assert isinstance(caught.value.__cause__, Stopped)
        assert caught.value.__cause__.message == "It was stopped before it began."
        assert caught.value.__cause__.advice == "Nothing was changed."
        assert not running.done()
        first.may_end.set()
        assert await running == "the result"
        assert await thread.run(second.begun.is_set) is False

    run(test)


def test_the_stop_of_the_caller_ends_a_call_with_stopped() -> None:
    async def test(thread: CardThread) -> None:
        work, stop = Work(), Stop()
        task = asyncio.create_task(thread.run(work, stop))
        await begun(work)
        stop.set()
        with pytest.raises(Stopped, match="Nothing was changed"):
            await task
        assert not task.cancelled()

    run(test)


def test_a_time_limit_ends_a_call() -> None:
    async def test(thread: CardThread) -> None:
        with pytest.raises(Stopped, match="Nothing was changed"):
            await thread.run(Work(), Stop(after=0.01))

    run(test)


def test_the_time_that_is_left_is_known_in_the_call() -> None:
    async def test(thread: CardThread) -> None:
        left = await thread.run(stops.seconds_left, Stop(after=100))
        assert left is not None
        assert 90 < left < 100
        assert await thread.run(stops.seconds_left) is None

    run(test)


def test_a_call_is_not_made_once_its_stop_is_requested() -> None:
    async def test(thread: CardThread) -> None:
        work = Work()
        with pytest.raises(Stopped, match="before it began"):
            await thread.run(work, EXPIRED)
        assert not work.begun.is_set()

    run(test)


def test_the_stop_of_a_call_that_waits_for_its_turn_is_not_kept_waiting() -> None:
    async def test(thread: CardThread) -> None:
        first, stop = Work(), Stop()
        running = asyncio.create_task(thread.run(first))
        await begun(first)
        waiting = asyncio.create_task(thread.run(Work(), stop))
        await turns()
        stop.set()
        with pytest.raises(Stopped, match="before it began"):
            await waiting
        assert not running.done()
        first.may_end.set()
        await running

    run(test)


def test_a_time_limit_of_asyncio_has_the_same_causes() -> None:
    async def test(thread: CardThread) -> None:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.01):
                await thread.run(Work())
        cancelled = caught.value.__cause__
        assert isinstance(cancelled, asyncio.CancelledError)
        assert isinstance(cancelled.__cause__, Stopped)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run(test)


def test_what_must_follow_is_done_however_often_its_task_is_cancelled() -> None:
    async def test(thread: CardThread) -> None:
        first, last = Work(), Work()
        running = asyncio.create_task(thread.run(first))
        await begun(first)
        task = asyncio.create_task(thread.begin_last(last).result())
        await turns()
        task.cancel()
        await turns()
        first.may_end.set()
        await running
        await begun(last)
        task.cancel()
        await turns()
        last.may_end.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert isinstance(caught.value.__cause__, Stopped)
        assert caught.value.__cause__.outcome == "the result"

    run(test)


def test_calls_are_made_in_the_order_in_which_they_were_begun() -> None:
    made: list[int] = []

    async def test(thread: CardThread) -> None:
        await asyncio.gather(*(thread.run(partial(made.append, number)) for number in range(50)))

    run(test)
    assert made == [*range(50)]


def test_a_call_may_end_what_another_one_began() -> None:
    """A `with` block of the library is entered and left by two calls."""

    async def test(thread: CardThread) -> None:
        block = stops.heeding(Stop(after=100))
        await thread.run(block.__enter__)
        await thread.run(lambda: block.__exit__(None, None, None))

    run(test)
