"""Wherever a session is interrupted, nothing is lost: the next session recovers and completes it.

Each procedure is run once to count the points before and after every command to the card, exchange with a
server, write of the journal and step of keeping a receipt. Then it is run once for each point, with a fault
there: SIGKILL, Ctrl-C, the card removed, the network cut, a wrong answer of the server, the disk full. So it
is for each of its steps, with a progress callback that raises there. A new session resumes, and
`check_invariants` checks what the card, the disk and the server hold then.

`LPA_SOAK=1` takes every point; without it every thirty-first is taken.
"""

from __future__ import annotations

import functools
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpa import Step
from lpa.errors import LpaError, OutcomeUnknown
from lpa.rsp.steps import reporting
from tests.support.invariants import states
from tests.support.killed_child import (
    CARD,
    DISK,
    JOURNAL,
    RECEIPT,
    SERVER,
    FaultInjector,
    answering,
    fill,
    hang_up,
    interrupt,
    kill,
    pull,
    session,
)
from tests.support.procedures import MEMORY, PROCEDURES, Stage, die
from tests.support.sweeps import WHOLE

_STEPS = 19  # one of so many is taken for a callback that raises

# Wrong answers: an error page of a proxy, a refusal, and bytes that are no JSON.
_ANSWERS = {
    "HTML": (500, b"<html><body><h1>Internal Server Error</h1></body></html>"),
    "a refusal": (
        200,
        b'{"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": '
        b'{"subjectCode": "8.1", "reasonCode": "4.8", "message": "no"}}}}',
    ),
    "nonsense": (200, b"\x00\xff{"),
}

pytestmark = pytest.mark.usefixtures("states_by_the_table")


@pytest.fixture(scope="module")
def stages() -> Iterator[Callable[[str], Stage]]:
    """The stage of a procedure by its name; each is made once, in whatever order the tests run."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:

        @functools.cache
        def made(name: str) -> Stage:
            own = Path(tempfile.mkdtemp(dir=folder))
            return Stage(PROCEDURES[name], own)

        yield made


@pytest.fixture(params=PROCEDURES)
def stage(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Stage:
    return stages(request.param)


def test_killed_at_any_point_it_loses_nothing(stage: Stage) -> None:
    for point in stage.chosen(CARD, SERVER, JOURNAL, RECEIPT, DISK):
        workspace = stage.workspace()
        die(workspace, stage.procedure.act, FaultInjector(kill, point))
        stage.finish(workspace)


def test_with_the_card_pulled_at_any_point_it_loses_nothing(stage: Stage) -> None:
    for point in stage.chosen(CARD):
        _survive(stage, FaultInjector(pull, point))


@pytest.mark.parametrize("lasting", [True, False])
def test_with_the_server_failing_at_any_point_it_loses_nothing(stage: Stage, lasting: bool) -> None:
    for point in stage.chosen(SERVER):
        _survive(stage, FaultInjector(hang_up, point, sys.maxsize if lasting else point))


@pytest.mark.parametrize("lasting", [True, False])
@pytest.mark.parametrize("answer", _ANSWERS)
def test_with_the_server_answering_wrongly_at_any_point_it_loses_nothing(
    stage: Stage, answer: str, lasting: bool
) -> None:
    for point in stage.chosen(SERVER):
        _survive(stage, FaultInjector(answering(*_ANSWERS[answer]), point, sys.maxsize if lasting else point))


@pytest.mark.parametrize("lasting", [True, False])
def test_with_the_disk_full_at_any_point_it_loses_nothing(stage: Stage, lasting: bool) -> None:
    for point in stage.chosen(JOURNAL, RECEIPT, DISK):
        _survive(stage, FaultInjector(fill, point, sys.maxsize if lasting else point))


def test_with_ctrl_c_at_any_point_it_loses_nothing(stage: Stage) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for point in stage.chosen(CARD, SERVER, JOURNAL, RECEIPT, DISK):
            workspace = stage.workspace()
            with (
                pytest.raises(KeyboardInterrupt),
                session(workspace, FaultInjector(interrupt, point, point)) as assistant,
            ):
                stage.procedure.act(assistant)
            stage.finish(workspace)
    finally:
        signal.signal(signal.SIGINT, before)


class _CallbackFailed(Exception):
    """What a progress callback raises."""


def test_with_a_progress_callback_that_raises_at_any_step_it_loses_nothing(stage: Stage) -> None:
    passed: list[Step] = []
    with session(stage.workspace(), FaultInjector()) as assistant, reporting(passed.append):
        stage.procedure.act(assistant)
    first = list(PROCEDURES.values()).index(stage.procedure) % _STEPS  # Each procedure begins at another one.
    for number in range(len(passed)) if WHOLE else range(first, len(passed), _STEPS):
        _fail_at(stage, passed[: number + 1])


def _fail_at(stage: Stage, steps: list[Step]) -> None:
    """Raise in the callback at the last of these steps."""
    workspace, seen = stage.workspace(), list[Step]()

    def progress(step: Step) -> None:
        seen.append(step)
        if len(seen) == len(steps):
            raise _CallbackFailed

    with (
        session(workspace, FaultInjector()) as assistant,
        pytest.raises(_CallbackFailed),
        reporting(progress),
    ):
        stage.procedure.act(assistant)
    assert seen == steps, "it is called again"
    stage.finish(workspace)


def _survive(stage: Stage, faults: FaultInjector) -> None:
    """Run with a fault that does not end the process. The error that it raises, or none, must be true."""
    workspace = stage.workspace()
    error = None
    try:
        with session(workspace, faults) as assistant:
            stage.procedure.act(assistant)
    except LpaError as raised:
        error = raised
    assert len(faults.points) > 0
    if stage.begins != stage.procedure.ends and not isinstance(error, OutcomeUnknown):
        assert (states(workspace) == stage.procedure.ends) is (error is None), error
    stage.finish(workspace)
