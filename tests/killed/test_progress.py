"""A progress callback that raises at any step ends the procedure as Ctrl-C does: nothing is lost.

Each procedure is run once to record its steps. Then it is run once for each step, with a callback that raises
there. A new session resumes, and `check_invariants` checks what the card, the disk and the server hold then.

`LPA_SOAK=1` takes every step; without it every nineteenth is taken, and each procedure begins at another one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpa import Step
from lpa.rsp.steps import reporting
from tests.support.invariants import states
from tests.support.killed_child import FaultInjector, session
from tests.support.procedures import MEMORY, PROCEDURES, Stage
from tests.support.sweeps import WHOLE, sample

_EVERY = 19

pytestmark = pytest.mark.usefixtures("states_by_the_table")


class CallbackFailed(Exception):
    """What the callback raises."""


class Callback:
    """Records the steps, and raises at one of them."""

    def __init__(self, last: int = -1) -> None:
        self.steps: list[Step] = []
        self._last = last

    def __call__(self, step: Step) -> None:
        self.steps.append(step)
        if len(self.steps) - 1 == self._last:
            raise CallbackFailed(step.name)


@pytest.fixture(params=PROCEDURES)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Stage(PROCEDURES[request.param], Path(folder))


def test_with_a_callback_that_raises_at_any_step_it_loses_nothing(stage: Stage) -> None:
    passed = _steps(stage)
    offset = 0 if WHOLE else list(PROCEDURES.values()).index(stage.procedure) % _EVERY
    for number in sample(range(offset, len(passed)), _EVERY):
        workspace, callback = stage.workspace(), Callback(number)
        with (
            session(workspace, FaultInjector()) as assistant,
            pytest.raises(CallbackFailed, match=passed[number].name),
            reporting(callback),
        ):
            stage.procedure.act(assistant)
        assert callback.steps == passed[: number + 1], "it is not called again"
        stage.finish(workspace)


def _steps(stage: Stage) -> list[Step]:
    """The steps of a run without faults."""
    workspace, callback = stage.workspace(), Callback()
    with session(workspace, FaultInjector()) as assistant, reporting(callback):
        stage.procedure.act(assistant)
    assert states(workspace) == stage.procedure.ends
    shutil.rmtree(workspace.folder)
    return callback.steps
