"""When a stop takes effect, when it does not, and what it says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from lpa import Stop, stop
from lpa.stop import StopRequested, check, ending, heeding, pause


def requested() -> Stop:
    made = Stop()
    made.set()
    return made


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_time_limit_below_zero_is_a_value_error(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 seconds or more"):
        Stop(after=seconds)


def test_a_stop_is_requested_by_any_thread_or_when_its_time_is_over() -> None:
    made, late = Stop(after=60), Stop(after=0)
    assert (made.requested, late.requested, Stop().requested) == (False, True, False)
    assert made.left is not None
    assert 50 < made.left <= 60
    assert Stop().left is None
    threading.Thread(target=made.set).start()
    with heeding(made), pytest.raises(StopRequested):
        pause(30)
    assert (made.requested, made.left) == (True, 0)


def test_it_takes_effect_once() -> None:
    with heeding(requested()):
        with pytest.raises(StopRequested):
            check()
        check()


def test_it_ends_nothing_outside_its_block() -> None:
    with heeding(requested()):
        pass
    check()
    assert not stop.leave_out()
    assert not stop.heeded()


def test_it_takes_effect_after_what_must_follow() -> None:
    with heeding(requested()):
        with ending():
            check()
            assert stop.leave_out()
        with pytest.raises(StopRequested):
            check()


def test_it_ends_a_part_that_can_be_left_out() -> None:
    with heeding(requested()) as heeded, ending():
        with stop.attempting(), pytest.raises(StopRequested):
            check()
        check()
        assert heeded
        assert not heeded.left_out
        assert stop.leave_out()
        assert heeded.left_out


def test_the_stop_of_a_block_around_counts_too() -> None:
    with heeding(requested()), heeding(Stop()), pytest.raises(StopRequested):
        check()
    with heeding(requested()), heeding(None), pytest.raises(StopRequested):
        check()


@pytest.mark.parametrize(
    ("block", "left"),
    [
        (lambda: heeding(None), 60.0),
        (lambda: heeding(Stop(after=5)), 5.0),
        (lambda: heeding(Stop()), 60.0),
        (lambda: heeding(Stop(after=90)), 60.0),
    ],
)
def test_a_wait_takes_no_longer_than_the_time_that_is_left(
    block: Callable[[], AbstractContextManager[object]], left: float
) -> None:
    with block():
        assert left - 1 < stop.limited(60) <= left


def test_what_must_follow_has_a_short_time_once_a_stop_is_requested() -> None:
    with heeding(requested()), ending():
        assert stop.limited(60) == 10
    with heeding(Stop()), ending():
        assert stop.limited(60) == 60


def test_another_thread_does_not_inherit_it() -> None:
    found: list[bool] = []
    with heeding(requested()):
        thread = threading.Thread(target=lambda: found.append(stop.leave_out()))
        thread.start()
        thread.join()
    assert found == [False]


def test_the_first_description_stays() -> None:
    asked = StopRequested()
    assert asked.message == "Nothing was changed."
    asked.describe("It was deleted.", outcome=1)
    asked.describe("The outcome is unknown.", "Look.", 2)
    assert (asked.message, asked.advice, asked.outcome) == ("It was deleted.", "", 1)


def test_a_pause_without_a_stop_lasts() -> None:
    began = time.monotonic()
    pause(0.02)
    assert time.monotonic() - began >= 0.02
