"""A session of `lpa.aio` with the card of a workspace, and a task that is cancelled at a step of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event

from lpa import Assistant
from lpa.aio import AsyncAssistant
from lpa.card.apdu import Transport
from lpa.notifications.receipts import Receipts
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.killed_child import (
    Fault,
    FaultInjector,
    WatchedAssistant,
    WatchedCard,
    WatchedServer,
    Workspace,
)

_TURNS = 8  # of the loop, until a task that is cancelled has asked its verb to stop


def opened(workspace: Workspace, faults: FaultInjector | None = None) -> AsyncAssistant:
    """As `killed_child.session`, for coroutines."""
    return AsyncAssistant(lambda: _open(workspace, faults or FaultInjector()))


def cancelling(cancel: Callable[[], object]) -> Fault:
    """Call `cancel` in the running loop, and continue the step when its task knows that it is cancelled."""
    loop = asyncio.get_running_loop()

    def fault(step: str, when: str) -> None:
        loop.call_soon_threadsafe(cancel)
        _wait_for_tasks(loop)

    return fault


class PacedCard:
    """A card that is given a command when the tasks of the loop have done all that they can do before."""

    def __init__(self, card: Transport) -> None:
        self._card = card
        self._loop = asyncio.get_running_loop()
        self.reset, self.close = card.reset, card.close

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        _wait_for_tasks(self._loop)
        return self._card.transmit(apdu)


def _wait_for_tasks(loop: asyncio.AbstractEventLoop) -> None:
    known = Event()
    loop.call_soon_threadsafe(_after, loop, _TURNS, known.set)
    assert known.wait(10)


def _after(loop: asyncio.AbstractEventLoop, turns: int, function: Callable[[], object]) -> None:
    if turns:
        loop.call_soon(_after, loop, turns - 1, function)
    else:
        function()


class ThreadedAssistant(WatchedAssistant):
    """Its receipts are not watched: that changes `os.fsync` for all threads."""

    @property
    def receipts(self) -> Receipts:
        return Receipts(self.workspace.state / "receipts")


def _open(workspace: Workspace, faults: FaultInjector) -> Assistant:
    card = SimulatedEuicc.load(workspace.card)
    with ExitStack() as undo:
        server = WatchedServer(card, workspace, faults)
        undo.callback(server.close)
        assistant = ThreadedAssistant(WatchedCard(card, workspace, faults), server)
        assistant._opened.push(undo.pop_all())
    return assistant
