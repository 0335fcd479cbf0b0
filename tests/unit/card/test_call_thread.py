"""Calls that return, fail, hang, and are interrupted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from threading import Event

import pytest

from lpa.card.call_thread import Abandoned, CallThread
from lpa.card.timeouts import Timeouts
from lpa.stop import Stop, StopRequested, heeding

USUAL = Timeouts()


@pytest.fixture
def released() -> Iterator[Event]:
    """An event that calls wait for. At the end of the test it is set, and their threads end."""
    event = Event()
    yield event
    event.set()


def test_a_call_returns_or_raises_what_its_function_does() -> None:
    calls = CallThread()
    assert calls.call(lambda: 5, 1, USUAL) == 5
    with pytest.raises(ZeroDivisionError):
        calls.call(lambda: 1 // 0, 1, USUAL)
    assert calls.call(threading.get_ident, 1, USUAL) != threading.get_ident()
    calls.end()


def test_a_call_that_hangs_is_given_up_and_none_is_made_after_it(released: Event) -> None:
    calls, made = CallThread(), Event()
    with pytest.raises(TimeoutError):
        calls.call(released.wait, 0.05, USUAL)
    assert calls.abandoned
    with pytest.raises(Abandoned):
        calls.call(made.set, 5, USUAL)
    calls.end()
    released.set()
    assert not made.is_set()


def test_what_ends_a_context_runs_when_the_call_that_hung_returns(released: Event) -> None:
    calls, ended = CallThread(), Event()
    with pytest.raises(TimeoutError):
        calls.call(released.wait, 0.05, USUAL)
    calls.end(ended.set)
    assert not ended.is_set()
    released.set()
    assert ended.wait(5)


def test_a_person_is_told_after_the_notice_and_when_the_wait_has_doubled(released: Event) -> None:
    sentences: list[str] = []
    timeouts = Timeouts(notice=0.05, on_silence=sentences.append)
    with pytest.raises(TimeoutError):
        CallThread().call(released.wait, 0.3, timeouts, lambda waited: f"{waited:g} s")
    assert sentences == ["0.05 s", "0.1 s", "0.2 s"]


def test_a_stop_ends_a_wait_once_so_that_the_card_can_be_released(released: Event) -> None:
    stop, calls = Stop(after=0.01), CallThread()
    with heeding(stop):
        with pytest.raises(StopRequested):
            calls.call(released.wait, 5, USUAL)
        released.set()
        assert calls.call(lambda: "released", 1, USUAL) == "released"
    calls.end()


def test_a_card_has_time_to_answer_after_a_stop() -> None:
    stop, asked, calls = Stop(), Event(), CallThread()
    stop.set()
    with heeding(stop):
        assert calls.call(lambda: asked.wait(0.3) or "answered", 5, USUAL, grace=3) == "answered"
    calls.end()


def test_a_card_that_does_not_answer_after_a_stop_is_left(released: Event) -> None:
    stop, calls = Stop(), CallThread()
    stop.set()
    with heeding(stop), pytest.raises(StopRequested):
        calls.call(released.wait, 60, USUAL, grace=0.3)
    released.set()
    calls.end()


def test_the_thread_does_not_keep_the_process_alive(released: Event) -> None:
    before = set(threading.enumerate())
    with pytest.raises(TimeoutError):
        CallThread().call(released.wait, 0.01, USUAL)
    left = set(threading.enumerate()) - before
    assert len(left) == 1
    assert all(thread.daemon for thread in left)
