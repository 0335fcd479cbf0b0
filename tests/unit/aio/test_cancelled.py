"""Wherever a task is cancelled, nothing is lost, and the cause says how its verb ended.

`LPA_SOAK=1` cancels at every command, exchange and write; without it at every forty-seventh.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from lpa import ActivationCode, Outcome
from lpa.aio import AsyncAssistant
from lpa.errors import Stopped
from tests.support.async_session import cancelling, opened
from tests.support.invariants import states
from tests.support.killed_child import SMDP, FaultInjector, Workspace
from tests.support.procedures import MEMORY, PROCEDURES, Stage
from tests.support.sweeps import sample

FIRST = "8944994000000000017"
Act = Callable[[AsyncAssistant], Awaitable[Outcome]]

pytestmark = pytest.mark.usefixtures("states_by_the_table")


async def delete(card: AsyncAssistant) -> Outcome:
    plan = await card.plan_deletion(FIRST, disable_first=True)
    return await card.delete(await card.review_deletion(plan))


async def download(card: AsyncAssistant) -> Outcome:
    async with card.download(ActivationCode.parse(f"LPA:1${SMDP}$ABC-1")) as offer:
        return await offer.install()


async def download_in_steps(card: AsyncAssistant) -> Outcome:
    async with card.download(ActivationCode.parse(f"LPA:1${SMDP}$ABC-1")) as offer:
        installation = offer.install()
        async for _ in installation:
            pass
        return installation.outcome


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory, where a sync takes no time."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    ("name", "act"), [("delete", delete), ("download", download), ("download", download_in_steps)]
)
def test_a_task_that_is_cancelled_at_any_point_loses_nothing(name: str, act: Act, folder: Path) -> None:
    stage = Stage(PROCEDURES[name], folder)
    every = FaultInjector()
    asyncio.run(run(act, stage.workspace(), every))
    for point in sample(range(len(every.points)), 47):
        sys.stdout.write(f"point {point} of {len(every.points)}: {' '.join(every.points[point])}\n")
        workspace = stage.workspace()
        with pytest.raises(asyncio.CancelledError) as caught:
            asyncio.run(cancelled(act, workspace, point))
        check_cause(caught.value, workspace)
        stage.finish(workspace)


async def run(act: Act, workspace: Workspace, faults: FaultInjector) -> Outcome:
    async with opened(workspace, faults) as card:
        return await act(card)


async def cancelled(act: Act, workspace: Workspace, point: int) -> None:
    """Run, and be cancelled at this point."""
    task = asyncio.current_task()
    assert task
    await run(act, workspace, FaultInjector(cancelling(task.cancel), point, point))


def check_cause(error: asyncio.CancelledError, workspace: Workspace) -> None:
    """Check that the cause of the cancellation is what the card shows."""
    cause = error.__cause__
    assert isinstance(cause, Stopped)
    assert cause.message
    if isinstance(cause.outcome, Outcome):
        events = {(change.event, str(change.profile.iccid)) for change in cause.outcome.changes}
        assert (("delete", FIRST) in events) is (FIRST not in states(workspace))
