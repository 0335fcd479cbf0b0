"""Steps are reported to whoever wants to know, and a callback that raises ends the work as Ctrl-C does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lpa import Progress, Step
from lpa.errors import OutcomeUnknown
from lpa.rsp import steps
from lpa.rsp.steps import ProgressFailed, Reported, counted, must_complete, report, reporting, shared


class Failed(Exception):
    """What a callback raises."""


def fails_at(name: str, seen: list[str]) -> Progress:
    def progress(step: Step) -> None:
        seen.append(step.name)
        if step.name == name:
            raise Failed

    return progress


def test_a_step_is_reported_to_the_innermost_block() -> None:
    outer: list[Step] = []
    inner: list[Step] = []
    report("nobody")
    with reporting(outer.append):
        report("a")
        with reporting(None):
            report("b", 1, 2)
        with reporting(inner.append):
            report("c")
        report("d")
    report("nobody")
    assert outer == [Step("a"), Step("b", 1, 2), Step("d")]
    assert inner == [Step("c", 0, 0)]


def test_a_step_that_is_repeated_at_once_is_reported_once() -> None:
    seen: list[Step] = []
    with reporting(seen.append):
        for name in ("GetProfilesInfo", "GetProfilesInfo", "EnableProfile", "GetProfilesInfo"):
            report(name)
    assert [step.name for step in seen] == ["GetProfilesInfo", "EnableProfile", "GetProfilesInfo"]


def test_items_are_counted_before_each_and_at_the_end() -> None:
    seen: list[Step] = []
    with reporting(seen.append):
        assert list(counted("delivery", "ab")) == ["a", "b"]
        assert list(counted("delivery", "")) == []
    assert seen == [Step("delivery", done, 2) for done in (0, 1, 2)]


def test_what_the_callback_raises_leaves_the_block_and_it_is_not_called_again() -> None:
    seen: list[str] = []
    ended: list[type[BaseException]] = []

    def work() -> None:
        report("a")
        try:
            report("b")
        except BaseException as error:
            ended.append(type(error))
            report("c")
            raise

    with pytest.raises(Failed), reporting(fails_at("b", seen)):
        work()
    assert seen == ["a", "b"]
    assert ended == [ProgressFailed]
    assert issubclass(ProgressFailed, KeyboardInterrupt)


def test_ctrl_c_in_the_callback_is_ctrl_c() -> None:
    def interrupted(_step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught, reporting(interrupted):
        report("a")
    assert type(caught.value) is KeyboardInterrupt


def test_an_error_of_the_card_that_follows_says_more() -> None:
    def work() -> None:
        try:
            report("DeleteProfile")
        except KeyboardInterrupt as error:
            raise OutcomeUnknown("The card was pulled.") from error

    with pytest.raises(OutcomeUnknown), reporting(fails_at("DeleteProfile", [])):
        work()


def test_what_must_complete_completes_before_the_failure_leaves_the_block() -> None:
    seen: list[str] = []
    done: list[str] = []

    def work() -> None:
        with must_complete():
            report("a")
            report("b")
            done.append("restored")
        done.append("and what follows")

    with pytest.raises(Failed), reporting(fails_at("a", seen)):
        work()
    assert (seen, done) == (["a"], ["restored", "and what follows"])


def test_the_failure_is_raised_at_once_where_the_work_can_end() -> None:
    done: list[str] = []

    def work() -> None:
        steps.raise_failure()
        with must_complete():
            report("a")
        steps.raise_failure()
        done.append("never")

    with pytest.raises(Failed), reporting(fails_at("a", [])):
        work()
    steps.raise_failure()
    assert not done


def test_a_failure_in_what_must_complete_does_not_replace_an_error() -> None:
    def work() -> None:
        with must_complete():
            report("a")
        raise OutcomeUnknown("The card was pulled.")

    with pytest.raises(OutcomeUnknown), reporting(fails_at("a", [])):
        work()


def test_outside_of_a_block_all_must_complete() -> None:
    with must_complete():
        report("a")


@contextmanager
def _block() -> Iterator[str]:
    report("begins")
    try:
        yield "made"
    finally:
        report("ends")


def test_of_a_with_block_the_beginning_and_the_end_are_reported() -> None:
    seen: list[Step] = []
    with Reported(_block(), seen.append) as made:
        report("within")
    assert made == "made"
    assert [step.name for step in seen] == ["begins", "ends"]


def test_the_end_after_an_error_is_not_reported() -> None:
    seen: list[str] = []
    with pytest.raises(OutcomeUnknown), Reported(_block(), fails_at("ends", seen)):
        raise OutcomeUnknown("The card was pulled.")
    assert seen == ["begins"]


def test_several_blocks_call_a_callback_that_raised_no_more() -> None:
    seen: list[str] = []
    progress = shared(fails_at("a", seen))
    assert shared(progress) is progress
    assert shared(None) is None
    with pytest.raises(Failed), reporting(progress):
        report("a")
    with reporting(progress):
        report("b")
    assert seen == ["a"]
