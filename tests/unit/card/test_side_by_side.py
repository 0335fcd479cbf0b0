"""Functions that run at once: their order, their errors, and Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from lpa.card.side_by_side import SideBySide, side_by_side
from lpa.card.timeouts import Timeouts, current, using
from lpa.stop import Stop, StopRequested, heeding, pause


def meeting(both: threading.Barrier, name: str) -> Callable[[], str]:
    def run() -> str:
        both.wait(5)
        return name

    return run


def test_functions_run_at_the_same_time_and_their_results_keep_their_order() -> None:
    both = threading.Barrier(2)
    assert side_by_side([meeting(both, "first"), meeting(both, "second")]) == ["first", "second"]


def test_each_has_the_timeouts_of_its_caller() -> None:
    with using(Timeouts(card=7)):
        assert side_by_side([lambda: current().card] * 2) == [7, 7]


def test_an_error_is_raised_and_stops_the_others() -> None:
    def fails() -> bool:
        raise ZeroDivisionError

    stopped = threading.Event()

    def waits() -> bool:
        try:
            pause(5)
        except StopRequested:
            stopped.set()
        return True

    with pytest.raises(ZeroDivisionError):
        side_by_side([fails, waits])
    assert stopped.is_set()


def stopped_while_it_waits() -> bool:
    with pytest.raises(StopRequested):
        pause(5)
    return True


def test_a_stop_reaches_all() -> None:
    tasks = SideBySide([stopped_while_it_waits] * 3)
    tasks.stop()
    assert list(tasks.results()) == [True, True, True]


def test_a_stop_of_the_caller_reaches_all() -> None:
    stop = Stop(after=0.05)
    with heeding(stop), pytest.raises(StopRequested):
        side_by_side([lambda: pause(5)] * 2)
