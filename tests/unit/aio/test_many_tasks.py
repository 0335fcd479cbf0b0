"""32 tasks on four cards at once, cancelled at random: nothing is lost, and each task learns how it ended.

`LPA_SOAK=1` takes 32 numbers for chance, which is a thousand tasks; without it one is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lpa import ActivationCode, LpaError, Outcome
from lpa.aio import AsyncAssistant
from lpa.errors import Stopped
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.ledger import Ledger
from tests.support.async_session import cancelling, opened
from tests.support.invariants import check_invariants, resume_in_new_session
from tests.support.killed_child import SMDP, FaultInjector, Workspace
from tests.support.procedures import MEMORY, PROCEDURES
from tests.support.sweeps import sample

_CARDS, _TASKS_OF_A_CARD = 4, 8
_SELDOM = 0.03  # how probable it is at a step that a task of the card is cancelled

Act = Callable[[AsyncAssistant, random.Random], Awaitable[object]]


async def _enable(card: AsyncAssistant, chance: random.Random) -> object:
    return await card.enable(chance.choice(await card.profiles()))


async def _disable(card: AsyncAssistant, chance: random.Random) -> object:
    return await card.disable(chance.choice(await card.profiles()))


async def _delete(card: AsyncAssistant, chance: random.Random) -> object:
    plan = await card.plan_deletion(chance.choice(await card.profiles()), disable_first=True)
    return await card.delete(await card.review_deletion(plan))


async def _rename(card: AsyncAssistant, chance: random.Random) -> object:
    return await card.rename(chance.choice(await card.profiles()), str(chance.random()))


async def _send(card: AsyncAssistant, _chance: random.Random) -> object:
    return await card.send_notifications()


async def _look(card: AsyncAssistant, chance: random.Random) -> object:
    async with card.temporarily_enabled(chance.choice(await card.profiles())):
        return await card.profiles()


async def _download(card: AsyncAssistant, chance: random.Random) -> object:
    async with card.download(ActivationCode.parse(f"LPA:1${SMDP}$ABC-1")) as offer:
        installation = offer.install()
        async for _ in installation:
            if chance.random() < _SELDOM:
                break
        return await installation


ACTS: tuple[Act, ...] = (_enable, _disable, _delete, _rename, _send, _look, _download)


class Hammered:
    """A card, the tasks that use it, and what each of them was cause."""

    def __init__(self, workspace: Workspace, seed: int) -> None:
        self.workspace = workspace
        self.chance = random.Random(seed)  # noqa: S311 (repeatable)
        self.tasks: list[asyncio.Task[None]] = []
        self.endings: list[object] = []

    async def run(self) -> None:
        """Run all tasks until they have ended."""
        pick = cancelling(self._cancel_one)

        def fault(step: str, when: str) -> None:
            if self.chance.random() < _SELDOM:
                pick(step, when)

        async with opened(self.workspace, FaultInjector(fault, 0)) as card:
            names = range(_TASKS_OF_A_CARD)
            self.tasks = [asyncio.create_task(self._use(card, self.chance.random())) for _ in names]
            ended = await asyncio.gather(*self.tasks, return_exceptions=True)
            assert {type(one) for one in ended} <= {type(None), asyncio.CancelledError}

    async def _use(self, card: AsyncAssistant, seed: float) -> None:
        chance = random.Random(seed)  # noqa: S311 (repeatable)
        for act in chance.choices(ACTS, k=3):
            try:
                self.endings.append(await act(card, chance))
            except LpaError as error:
                self.endings.append(error)
            except asyncio.CancelledError as error:
                self.endings.append(error.__cause__)
                raise

    def _cancel_one(self) -> None:
        if running := [task for task in self.tasks if not task.done()]:
            self.chance.choice(running).cancel()

    def check(self) -> None:
        """Recover, and check that nothing is lost and no ending is untrue."""
        resume_in_new_session(self.workspace)
        check_invariants(self.workspace)
        assert None not in self.endings
        outcomes = [one.outcome if isinstance(one, Stopped) else one for one in self.endings]
        changes = [change for one in outcomes if isinstance(one, Outcome) for change in one.changes]
        received = Ledger(self.workspace.server).received
        assert {(one.event, str(one.profile.iccid)) for one in changes} <= {
            (one.event, str(one.iccid)) for one in received
        }


@pytest.mark.parametrize("seed", sample(range(32), 32))
def test_whoever_is_cancelled_nothing_is_lost(seed: int) -> None:
    with contextlib.ExitStack() as opened_folders:
        made = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        folder = Path(opened_folders.enter_context(made))
        cards = [Hammered(_workspace(folder / str(number)), seed * 10 + number) for number in range(_CARDS)]
        asyncio.run(_all(cards))
        for card in cards:
            card.check()


async def _all(cards: list[Hammered]) -> None:
    await asyncio.gather(*(card.run() for card in cards))


def _workspace(folder: Path) -> Workspace:
    workspace = Workspace(folder)
    SimulatedEuicc.create(workspace.card).close()
    PROCEDURES["download"].prepare(workspace)
    return workspace
