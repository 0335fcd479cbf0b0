"""Wherever a stop is requested, nothing is lost, and what the error says is true.

As `test_killed`: each procedure is stopped once at each point, before and after every command to the card,
exchange with a server, write of the journal and step of keeping a receipt. Its assistant is then still open,
and used once more. `LPA_SOAK=1` takes every point of every procedure; without it a fixed sample is taken.
"""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from lpa import Stop, Stopped
from lpa.sim.servers.ledger import Ledger
from tests.support.invariants import states
from tests.support.killed_child import CARD, DISK, JOURNAL, RECEIPT, SERVER, FaultInjector, Workspace, session
from tests.support.procedures import MEMORY, PROCEDURES, Stage
from tests.support.sweeps import WHOLE

_SAMPLE = ("delete", "download", "enable", "resume a temporary enable")
_NOTHING = re.compile("Nothing was (changed|installed)")
_NOTIFICATIONS = re.compile(r"Notifications: (\d+) acknowledged, (\d+) pending\.$")

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


@pytest.fixture(params=PROCEDURES if WHOLE else _SAMPLE)
def stage(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Stage:
    return stages(request.param)


def test_stopped_at_any_point_it_loses_nothing_and_says_what_is_true(stage: Stage) -> None:
    for point in stage.chosen(CARD, SERVER, JOURNAL, RECEIPT, DISK):
        workspace, stop = stage.workspace(), Stop()
        received = len(Ledger(workspace.server).received)
        stopped = None
        with session(workspace, FaultInjector(lambda *_, stop=stop: stop.set(), point, point)) as assistant:
            try:
                with assistant._turns.block(nullcontext, stop):
                    stage.procedure.act(assistant)
            except Stopped as error:
                stopped = error
            _check(stage, workspace, stopped, received)
            assert len(assistant.profiles()) == len(states(workspace)), "the assistant works after a stop"
        stage.finish(workspace)


def _check(stage: Stage, workspace: Workspace, stopped: Stopped | None, received: int) -> None:
    now = states(workspace)
    if stopped is None:
        assert now == stage.procedure.ends
        return
    said = stopped.message
    assert said.startswith("Stopped. ")
    if _NOTHING.search(said) and not stage.procedure.always:
        assert now == stage.begins, said
    elif "changed as requested" in said:
        assert now == stage.procedure.ends, said
    elif "unknown" in said:
        assert "lpa resume" in stopped.advice
    counts = _NOTIFICATIONS.search(said)
    if counts and stopped.outcome:
        new = len(Ledger(workspace.server).received) - received
        assert int(counts[1]) <= new, said
        assert int(counts[2]) > 0 or "0 acknowledged" not in said, said
